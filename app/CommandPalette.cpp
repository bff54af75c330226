#include "app/CommandPalette.h"

#include <QKeyEvent>
#include <QVBoxLayout>

#include <algorithm>
#include <vector>

namespace orrery {
namespace {

QString plain(QString text)
{
  return text.remove(QLatin1Char('&'));
}

}  // namespace

bool matchesWords(const QString& name, const QString& text)
{
  const QStringList words = name.toLower().split(QLatin1Char(' '), Qt::SkipEmptyParts);
  const QStringList wanted = text.toLower().split(QLatin1Char(' '), Qt::SkipEmptyParts);
  return std::all_of(wanted.begin(), wanted.end(), [&](const QString& part) {
    return std::any_of(words.begin(), words.end(),
                       [&](const QString& word) { return word.startsWith(part); });
  });
}

CommandPalette::CommandPalette(const ActionTable& actions, QWidget* parent)
    : QDialog(parent, Qt::Dialog | Qt::FramelessWindowHint),
      m_actions(actions),
      m_text(new QLineEdit(this)),
      m_list(new QListWidget(this))
{
  setWindowTitle(tr("Commands"));
  setAccessibleName(tr("Commands"));
  m_text->setPlaceholderText(tr("Type a command"));
  m_text->setAccessibleName(tr("Command"));
  m_text->installEventFilter(this);
  m_list->setAccessibleName(tr("Commands found"));
  m_list->setFrameShape(QFrame::NoFrame);
  m_list->setUniformItemSizes(true);
  m_list->setFocusPolicy(Qt::NoFocus);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(8, 8, 8, 8);
  layout->addWidget(m_text);
  layout->addWidget(m_list);
  resize(520, 380);
  connect(m_text, &QLineEdit::textChanged, this, &CommandPalette::filter);
  connect(m_list, &QListWidget::itemClicked, this, &CommandPalette::choose);
  filter({});
}

void CommandPalette::filter(const QString& text)
{
  struct Found {
    QAction* action = nullptr;
    QString name;
    int rank = 0;  ///< The name itself counts more than its menu, and that more than what it says.
  };
  std::vector<Found> all;
  for (const ActionSpec& spec : actionSpecs()) {
    QAction* action = m_actions.action(spec);
    const QString title = plain(action->text());
    const QString name = plain(groupTitle(spec.group)) + QStringLiteral(": ") + title;
    if (std::string_view(spec.id) == "help.commands" ||
        !matchesWords(name + QLatin1Char(' ') + plain(action->statusTip()), text))
      continue;
    const int rank = title.startsWith(text.trimmed(), Qt::CaseInsensitive) ? 0
                     : matchesWords(title, text)                           ? 1
                     : matchesWords(name, text)                            ? 2
                                                                           : 3;
    all.push_back({action, name, rank});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Found& a, const Found& b) { return a.rank < b.rank; });
  m_list->clear();
  for (const auto& [action, name, rank] : all) {
    QString shown = name;
    if (!action->shortcut().isEmpty())
      shown += QStringLiteral("    ") + action->shortcut().toString(QKeySequence::NativeText);
    auto* item = new QListWidgetItem(action->icon(), shown, m_list);
    item->setData(Qt::UserRole, QVariant::fromValue(action));
    item->setToolTip(action->toolTip());
    if (!action->isEnabled())
      item->setFlags(item->flags() & ~Qt::ItemIsEnabled);
  }
  for (int row = 0; row < m_list->count(); ++row)
    if (m_list->item(row)->flags() & Qt::ItemIsEnabled) {
      m_list->setCurrentRow(row);
      break;
    }
}

void CommandPalette::choose(const QListWidgetItem* item)
{
  if (!item || !(item->flags() & Qt::ItemIsEnabled))
    return;
  m_chosen = item->data(Qt::UserRole).value<QAction*>();
  accept();
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event)
{
  if (watched == m_text && event->type() == QEvent::KeyPress) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Return || key == Qt::Key_Enter) {
      choose(m_list->currentItem());
      return true;
    }
    const int step = key == Qt::Key_Down       ? 1
                     : key == Qt::Key_Up       ? -1
                     : key == Qt::Key_PageDown ? 8
                     : key == Qt::Key_PageUp   ? -8
                                               : 0;
    if (step != 0 && m_list->count() > 0) {
      m_list->setCurrentRow(std::clamp(m_list->currentRow() + step, 0, m_list->count() - 1));
      return true;
    }
  }
  return QDialog::eventFilter(watched, event);
}

}  // namespace orrery
