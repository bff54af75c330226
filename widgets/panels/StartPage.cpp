#include "widgets/panels/StartPage.h"

#include "core/io/ByteSource.h"
#include "widgets/models/FeatureText.h"
#include "widgets/panels/Theme.h"

#include <QCommandLinkButton>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QStyleOptionFocusRect>

namespace orrery {
namespace {

/// A file name as a link that begins where the words above it begin.
class LinkButton : public QPushButton {
 public:
  LinkButton(const QString& text, QWidget* parent) : QPushButton(parent), m_text(text)
  {
    setCursor(Qt::PointingHandCursor);
    setAttribute(Qt::WA_Hover);
  }

  [[nodiscard]] QSize sizeHint() const override
  {
    return {fontMetrics().horizontalAdvance(m_text) + 2, fontMetrics().height() + 8};
  }
  [[nodiscard]] QSize minimumSizeHint() const override { return {40, sizeHint().height()}; }

 protected:
  void paintEvent(QPaintEvent*) override
  {
    QPainter painter(this);
    QFont drawn = font();
    drawn.setUnderline(isEnabled() && (underMouse() || hasFocus()));
    painter.setFont(drawn);
    painter.setPen(isEnabled() ? palette().color(QPalette::Link)
                               : palette().color(QPalette::Disabled, QPalette::WindowText));
    painter.drawText(rect(), Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                     fontMetrics().elidedText(m_text, Qt::ElideMiddle, width()));
    if (hasFocus()) {
      QStyleOptionFocusRect option;
      option.initFrom(this);
      style()->drawPrimitive(QStyle::PE_FrameFocusRect, &option, &painter, this);
    }
  }

 private:
  QString m_text;
};

}  // namespace

StartPage::StartPage(QWidget* parent) : QWidget(parent)
{
  setAccessibleName(tr("Start page"));
  auto* logo = new QLabel(this);
  logo->setPixmap(QIcon(QStringLiteral(":/icons/orrery.svg")).pixmap(QSize(72, 72)));
  logo->setAccessibleName(tr("Orrery's sign"));
  auto* title = new QLabel(tr("Orrery"), this);
  QFont large = title->font();
  large.setPointSizeF(large.pointSizeF() * 2.4);
  large.setWeight(QFont::DemiBold);
  title->setFont(large);
  auto* subtitle =
      new QLabel(tr("The geometry of concepts in sparse-autoencoder dictionaries"), this);
  subtitle->setWordWrap(true);
  subtitle->setForegroundRole(QPalette::PlaceholderText);

  auto* head = new QHBoxLayout;
  head->setSpacing(18);
  auto* words = new QVBoxLayout;
  words->setSpacing(2);
  words->addWidget(title);
  words->addWidget(subtitle);
  head->addWidget(logo, 0, Qt::AlignVCenter);
  head->addLayout(words, 1);

  auto* open = new QCommandLinkButton(
      tr("Open a dictionary…"),
      tr("Gemma Scope, SAELens, npz, safetensors, HDF5, word vectors; or drop a file here"), this);
  open->setIcon(icon(QStringLiteral("open")));
  open->setAccessibleName(tr("Open a dictionary"));
  auto* demo = new QCommandLinkButton(
      tr("Demo"), tr("A synthetic dictionary with planted crystals and lobes; needs no data"),
      this);
  demo->setIcon(icon(QStringLiteral("demo")));
  demo->setAccessibleName(tr("Open the demo"));
  for (QCommandLinkButton* button : {open, demo})
    button->setIconSize(QSize(28, 28));
  connect(open, &QPushButton::clicked, this, &StartPage::openRequested);
  connect(demo, &QPushButton::clicked, this, &StartPage::demoRequested);

  m_recentGroup = new QWidget(this);
  m_recentGroup->setAccessibleName(tr("Recent files"));
  auto* recentLayout = new QVBoxLayout(m_recentGroup);
  recentLayout->setContentsMargins(0, 12, 0, 0);
  auto* recentTitle = new QLabel(tr("Recent"), m_recentGroup);
  QFont bold = recentTitle->font();
  bold.setWeight(QFont::DemiBold);
  recentTitle->setFont(bold);
  recentLayout->addWidget(recentTitle);
  m_recent = new QVBoxLayout;
  m_recent->setSpacing(0);
  recentLayout->addLayout(m_recent);
  m_recentGroup->setVisible(false);

  auto* content = new QWidget(this);
  content->setAccessibleName(tr("How to begin"));
  content->setMaximumWidth(60 * fontMetrics().averageCharWidth() + 300);
  auto* column = new QVBoxLayout(content);
  column->addStretch(2);
  column->addLayout(head);
  column->addSpacing(20);
  column->addWidget(open);
  column->addWidget(demo);
  column->addWidget(m_recentGroup);
  column->addStretch(3);
  auto* layout = new QHBoxLayout(this);
  layout->addStretch(1);
  layout->addWidget(content, 4);
  layout->addStretch(1);
}

void StartPage::setRecent(const QStringList& paths)
{
  while (QLayoutItem* item = m_recent->takeAt(0)) {
    delete item->widget();
    delete item;
  }
  for (const QString& path : paths) {
    const QFileInfo info(path);
    auto* button = new LinkButton(visibleText(info.fileName().toStdString(), 60), m_recentGroup);
    button->setAccessibleName(tr("Open %1").arg(visibleText(info.fileName().toStdString(), 60)));
    button->setToolTip(plainToolTip(visibleText(path.toStdString(), 400)));
    if (!info.exists()) {
      button->setEnabled(false);
      button->setToolTip(plainToolTip(tr("%1 is not there any more").arg(path)));
    }
    connect(button, &QPushButton::clicked, this, [this, path] { emit recentRequested(path); });
    m_recent->addWidget(button, 0, Qt::AlignLeft);
  }
  m_recentGroup->setVisible(!paths.isEmpty());
}

}  // namespace orrery
