#include "app/HelpDialogs.h"

#include <QCoreApplication>
#include <QDialogButtonBox>
#include <QFile>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QTextTable>
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

constexpr ActionGroup allGroups[] = {ActionGroup::File,  ActionGroup::Edit,   ActionGroup::Select,
                                     ActionGroup::View,  ActionGroup::Maps,   ActionGroup::Crystals,
                                     ActionGroup::Lobes, ActionGroup::Galaxy, ActionGroup::Tools,
                                     ActionGroup::Help};

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

QString keysPage(const ActionTable* actions)
{
  // A stroke ends a cell of a table.
  const auto cell = [](QString text) { return text.replace('|', QStringLiteral("\\|")); };
  QString page = HelpDialog::tr(
      "# Keys and gestures\n\n"
      "*Help ▸ Change keys…* gives commands other keys.\n\n"
      "## Mouse\n\n| Gesture | What it does |\n|---|---|\n");
  for (const Gesture& gesture : gestures)
    page += QStringLiteral("| %1 | %2 |\n")
                .arg(HelpDialog::tr(gesture.keys), cell(HelpDialog::tr(gesture.does)));
  for (const ActionGroup group : allGroups) {
    bool titled = false;
    for (const ActionSpec& spec : actionSpecs()) {
      const QList<QKeySequence> keys =
          actions ? actions->action(spec)->shortcuts() : defaultKeys(spec);
      if (spec.group != group || keys.isEmpty())
        continue;
      if (!titled)
        page += QStringLiteral("\n## %1\n\n").arg(plainName(groupTitle(group))) +
                HelpDialog::tr("| Key | Command | What it does |\n|---|---|---|\n");
      titled = true;
      QStringList texts;
      for (const QKeySequence& key : keys)
        texts << QStringLiteral("`%1`").arg(key.toString(QKeySequence::PortableText));
      page += QStringLiteral("| %1 | %2 | %3 |\n")
                  .arg(texts.join(QStringLiteral(", ")),
                       cell(plainName(QCoreApplication::translate("ActionTable", spec.text))),
                       cell(QCoreApplication::translate("ActionTable", spec.toolTip)));
    }
  }
  return page;
}

QStringList HelpDialog::pages()
{
  return {"start",  "selecting", "maps",  "crystals", "lobes",
          "galaxy", "figures",   "files", "commands", "keys"};
}

HelpDialog::HelpDialog(const ActionTable& actions, QWidget* parent)
    : QDialog(parent),
      m_actions(actions),
      m_list(new QListWidget(this)),
      m_text(new QTextBrowser(this))
{
  setWindowTitle(tr("Help"));
  setAccessibleName(tr("Help"));
  m_list->setAccessibleName(tr("Pages"));
  m_text->setAccessibleName(tr("Page"));
  m_text->setFrameShape(QFrame::NoFrame);
  // Pages lead to pages and to nothing else: no network, no other files.
  m_text->setOpenLinks(false);
  connect(m_text, &QTextBrowser::anchorClicked, this,
          [this](const QUrl& link) { showPage(link.toString().remove(QStringLiteral(".md"))); });
  const QStringList titles = {tr("Getting started"),
                              tr("Selecting and colouring"),
                              tr("Maps"),
                              tr("Crystals"),
                              tr("Lobes"),
                              tr("Galaxy"),
                              tr("Figures"),
                              tr("Files"),
                              tr("Command line"),
                              tr("Keys and gestures")};
  m_list->addItems(titles);
  m_list->setMaximumWidth(m_list->sizeHintForColumn(0) + 40);
  connect(m_list, &QListWidget::currentRowChanged, this, [this](int row) {
    const QString page = pages().value(row);
    QFile file(QStringLiteral(":/help/%1.md").arg(page));
    if (page == QLatin1String("keys"))
      showText(keysPage(&m_actions));
    else if (file.open(QIODevice::ReadOnly))
      showText(QString::fromUtf8(file.readAll()));
  });
  auto* line = new QHBoxLayout;
  line->addWidget(m_list);
  line->addWidget(m_text, 1);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(line);
  layout->addWidget(closeButtons(this));
  resize(860, 640);
  m_list->setCurrentRow(0);
}

void HelpDialog::showPage(const QString& page)
{
  if (const auto row = pages().indexOf(page); row >= 0)
    m_list->setCurrentRow(static_cast<int>(row));
}

QString HelpDialog::page() const
{
  return pages().value(m_list->currentRow());
}

void HelpDialog::showText(const QString& markdown)
{
  QTextDocument* document = m_text->document();
  document->setDocumentMargin(14);
  m_text->setMarkdown(markdown);
  // Markdown says nothing of how tables look; without room inside they cannot be read.
  QTextCursor cursor(document);
  for (QTextFrame* frame : document->rootFrame()->childFrames())
    if (auto* table = qobject_cast<QTextTable*>(frame)) {
      QTextTableFormat format = table->format();
      format.setCellPadding(5);
      format.setCellSpacing(0);
      format.setBorder(1);
      format.setBorderStyle(QTextFrameFormat::BorderStyle_Solid);
      format.setBorderBrush(palette().color(QPalette::Mid));
      format.setBorderCollapse(true);
      table->setFormat(format);
    }
  m_text->moveCursor(QTextCursor::Start);
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
  for (const Group group : allGroups) {
    const int side = group == Group::Select || group == Group::View ? 0 : 1;
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
             plainName(QCoreApplication::translate("ActionTable", spec.text)), content);
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
