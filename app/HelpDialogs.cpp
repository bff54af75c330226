#include "app/HelpDialogs.h"

#include <QDialogButtonBox>
#include <QFile>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QTabWidget>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace orrery {
namespace {

QDialogButtonBox* closeButtons(QDialog* dialog)
{
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
  buttons->setAccessibleName(HelpDialog::tr("Close"));
  buttons->button(QDialogButtonBox::Close)->setAccessibleName(HelpDialog::tr("Close"));
  QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
  return buttons;
}

struct Gesture {
  const char* keys;
  const char* does;
};

/// What the mouse does; keys come from the table of actions.
constexpr Gesture gestures[] = {
    {"Left drag", "turn (in a 2-D map: move)"},
    {"Middle drag, Shift+left drag", "move"},
    {"Wheel", "zoom to the cursor"},
    {"Click", "select; on empty space: select none"},
    {"Shift+click, Ctrl+click", "add, toggle"},
    {"Double click", "make the point the centre of rotation"},
    {"Rest on a point", "its label and numbers"},
    {"Shift, Ctrl while drawing", "add to, remove from the selection"},
    {"Esc while drawing", "give the region up"},
};

QLabel* headingLabel(const QString& text, QWidget* parent)
{
  auto* label = new QLabel(text, parent);
  QFont font = label->font();
  font.setWeight(QFont::DemiBold);
  label->setFont(font);
  label->setContentsMargins(0, 8, 0, 2);
  return label;
}

void addRow(QGridLayout* grid, int row, const QString& keys, const QString& does, QWidget* parent)
{
  auto* keyLabel = new QLabel(keys, parent);
  keyLabel->setTextFormat(Qt::PlainText);
  keyLabel->setForegroundRole(QPalette::Link);
  auto* doesLabel = new QLabel(does, parent);
  doesLabel->setTextFormat(Qt::PlainText);
  doesLabel->setWordWrap(true);
  grid->addWidget(keyLabel, row, 0, Qt::AlignTop);
  grid->addWidget(doesLabel, row, 1);
}

}  // namespace

HelpDialog::HelpDialog(QWidget* parent) : QDialog(parent)
{
  setWindowTitle(tr("Help"));
  setAccessibleName(tr("Help"));
  resize(720, 600);
  auto* pages = new QTabWidget(this);
  pages->setAccessibleName(tr("Pages"));
  const struct {
    const char* file;
    QString title;
  } contents[] = {{"start", tr("Getting started")},
                  {"files", tr("Files")},
                  {"selecting", tr("Selecting and colouring")}};
  for (const auto& page : contents) {
    auto* text = new QTextBrowser(pages);
    text->setAccessibleName(page.title);
    text->document()->setDocumentMargin(14);
    text->setFrameShape(QFrame::NoFrame);
    QFile file(QStringLiteral(":/help/%1.md").arg(QLatin1String(page.file)));
    if (file.open(QIODevice::ReadOnly))
      text->setMarkdown(QString::fromUtf8(file.readAll()));
    pages->addTab(text, page.title);
  }
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(pages);
  layout->addWidget(closeButtons(this));
}

CheatSheet::CheatSheet(const ActionTable& actions, QWidget* parent) : QDialog(parent)
{
  setWindowTitle(tr("Keys and gestures"));
  setAccessibleName(windowTitle());
  auto* content = new QWidget(this);
  content->setAccessibleName(windowTitle());
  QGridLayout* columns[2];
  auto* sides = new QHBoxLayout(content);
  sides->setSpacing(28);
  for (QGridLayout*& grid : columns) {
    auto* side = new QVBoxLayout;
    grid = new QGridLayout;
    grid->setHorizontalSpacing(14);
    grid->setVerticalSpacing(3);
    grid->setColumnStretch(1, 1);
    side->addLayout(grid);
    side->addStretch(1);
    sides->addLayout(side, 1);
  }
  int rows[2] = {0, 0};
  const auto heading = [&](int side, const QString& text) {
    columns[side]->addWidget(headingLabel(text, content), rows[side]++, 0, 1, 2);
  };
  heading(0, tr("Mouse"));
  for (const Gesture& gesture : gestures)
    addRow(columns[0], rows[0]++, tr(gesture.keys), tr(gesture.does), content);

  using Group = ActionGroup;
  for (const Group group :
       {Group::Select, Group::View, Group::File, Group::Edit, Group::Tools, Group::Help}) {
    const int side = group == Group::Select ? 0 : 1;
    bool titled = false;
    for (const ActionSpec& spec : actionSpecs()) {
      const QAction* action = actions.action(spec);
      if (spec.group != group || action->shortcuts().isEmpty())
        continue;
      if (!titled)
        heading(side, groupTitle(group).remove(QLatin1Char('&')));
      titled = true;
      QStringList keys;
      for (const QKeySequence& key : action->shortcuts())
        keys << key.toString(QKeySequence::NativeText);
      addRow(columns[side], rows[side]++, keys.join(QStringLiteral(", ")),
             QString(action->text()).remove(QLatin1Char('&')).remove(QStringLiteral("…")), content);
    }
  }
  auto* scroll = new QScrollArea(this);
  scroll->setAccessibleName(windowTitle());
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidgetResizable(true);
  scroll->setWidget(content);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(scroll);
  layout->addWidget(closeButtons(this));
  resize(780, 620);
}

AboutDialog::AboutDialog(const QString& renderer, QWidget* parent) : QDialog(parent)
{
  setWindowTitle(tr("About Orrery"));
  setAccessibleName(windowTitle());
  auto* logo = new QLabel(this);
  logo->setPixmap(QIcon(QStringLiteral(":/icons/orrery.svg")).pixmap(QSize(64, 64)));
  logo->setAccessibleName(tr("Orrery's sign"));
  auto* text = new QLabel(
      tr("Orrery %1\n\nSparse-autoencoder dictionaries at the three scales of “The Geometry of "
         "Concepts” (Li et al., arXiv:2410.19750).\n\nFree software under the licence in the file "
         "LICENSE. No network, no account, no telemetry.\n\nDraws with: %2")
          .arg(QStringLiteral(ORRERY_VERSION),
               renderer.isEmpty() ? tr("nothing, there is no OpenGL") : renderer),
      this);
  text->setTextFormat(Qt::PlainText);
  text->setWordWrap(true);
  text->setTextInteractionFlags(Qt::TextSelectableByMouse);
  text->setMinimumWidth(380);
  auto* line = new QHBoxLayout;
  line->addWidget(logo, 0, Qt::AlignTop);
  line->addSpacing(12);
  line->addWidget(text, 1);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(line);
  layout->addWidget(closeButtons(this));
}

}  // namespace orrery
