#include "widgets/panels/MessageBar.h"

#include "widgets/panels/Theme.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QVBoxLayout>

namespace orrery {
namespace {

constexpr int noteMs = 12000;

QColor ground(Message::Kind kind, bool dark)
{
  switch (kind) {
    case Message::Kind::Warning:
      return dark ? QColor(0x4D, 0x3B, 0x0C) : QColor(0xFF, 0xF1, 0xC9);
    case Message::Kind::Failure:
      return dark ? QColor(0x56, 0x22, 0x22) : QColor(0xFD, 0xE3, 0xE1);
    case Message::Kind::Note:
      break;
  }
  return dark ? QColor(0x22, 0x3A, 0x52) : QColor(0xE3, 0xEF, 0xFB);
}

QString iconName(Message::Kind kind)
{
  return kind == Message::Kind::Warning   ? QStringLiteral("warning")
         : kind == Message::Kind::Failure ? QStringLiteral("failure")
                                          : QStringLiteral("note");
}

}  // namespace

MessageBar::MessageBar(QWidget* parent)
    : QFrame(parent),
      m_icon(new QLabel(this)),
      m_text(new QLabel(this)),
      m_details(new QPushButton(tr("Details"), this)),
      m_choose(new QPushButton(tr("How it is read…"), this)),
      m_close(new QToolButton(this)),
      m_detailText(new QPlainTextEdit(this))
{
  setAccessibleName(tr("Messages"));
  setAutoFillBackground(true);
  m_icon->setAccessibleName(tr("Kind of message"));
  m_text->setTextFormat(Qt::PlainText);
  m_text->setWordWrap(true);
  m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_text->setAccessibleName(tr("Message"));
  m_details->setCheckable(true);
  m_details->setAccessibleName(tr("Details of the message"));
  m_choose->setAccessibleName(tr("Choose how the file is read"));
  m_close->setIcon(icon(QStringLiteral("close")));
  m_close->setToolTip(tr("Close this message"));
  m_close->setAccessibleName(tr("Close the message"));
  m_close->setAutoRaise(true);
  m_detailText->setReadOnly(true);
  m_detailText->setAccessibleName(tr("Details"));
  m_detailText->setMaximumHeight(120);
  m_detailText->setVisible(false);

  auto* line = new QHBoxLayout;
  line->addWidget(m_icon, 0, Qt::AlignTop);
  line->addWidget(m_text, 1);
  line->addWidget(m_choose, 0, Qt::AlignTop);
  line->addWidget(m_details, 0, Qt::AlignTop);
  line->addWidget(m_close, 0, Qt::AlignTop);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(10, 6, 6, 6);
  layout->addLayout(line);
  layout->addWidget(m_detailText);

  m_timer.setSingleShot(true);
  connect(&m_timer, &QTimer::timeout, this, [this] {
    // Somebody reading the details is not interrupted.
    if (!m_details->isChecked() && !underMouse())
      closeMessage();
    else
      m_timer.start(noteMs);
  });
  connect(m_close, &QToolButton::clicked, this, &MessageBar::closeMessage);
  connect(m_details, &QPushButton::toggled, m_detailText, &QWidget::setVisible);
  connect(m_choose, &QPushButton::clicked, this, [this] {
    const auto path = m_messages.front().path;
    closeMessage();
    emit choiceRequested(path);
  });
  setVisible(false);
}

void MessageBar::add(const Message& message)
{
  // A note waits for nobody: the newer one is the one that matters.
  std::erase_if(m_messages, [](const Message& m) { return m.kind == Message::Kind::Note; });
  m_messages.push_back(message);
  showFirst();
}

void MessageBar::closeMessage()
{
  if (!m_messages.empty())
    m_messages.pop_front();
  showFirst();
}

QString MessageBar::text() const
{
  return m_messages.empty() ? QString() : m_messages.front().text;
}

void MessageBar::showFirst()
{
  m_timer.stop();
  m_details->setChecked(false);
  if (m_messages.empty()) {
    setVisible(false);
    return;
  }
  const Message& message = m_messages.front();
  QString text = message.text;
  if (m_messages.size() > 1)
    text += m_messages.size() == 2 ? tr("  (1 more message waits)")
                                   : tr("  (%1 more messages wait)").arg(m_messages.size() - 1);
  m_text->setText(text);
  m_icon->setPixmap(icon(iconName(message.kind)).pixmap(QSize(20, 20), devicePixelRatioF()));
  m_detailText->setPlainText(message.details);
  m_details->setVisible(!message.details.isEmpty());
  m_choose->setVisible(message.offersChoice);
  colorize();
  setVisible(true);
  if (message.kind == Message::Kind::Note)
    m_timer.start(noteMs);
}

void MessageBar::colorize()
{
  if (m_messages.empty())
    return;
  QPalette colors;
  colors.setColor(QPalette::Window, ground(m_messages.front().kind, isDark(colors)));
  setPalette(colors);
}

void MessageBar::changeEvent(QEvent* event)
{
  QFrame::changeEvent(event);
  // Our own change of palette comes by once more and changes nothing.
  if (event->type() == QEvent::PaletteChange)
    showFirst();
}

}  // namespace orrery
