#include "app/KeyDialog.h"

#include "app/CommandPalette.h"

#include <QCoreApplication>
#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QVBoxLayout>

namespace orrery {
namespace {

constexpr int IdRole = Qt::UserRole;

QString keysText(const QList<QKeySequence>& keys)
{
  QStringList texts;
  for (const QKeySequence& key : keys)
    texts << key.toString(QKeySequence::NativeText);
  return texts.join(QStringLiteral(", "));
}

const ActionSpec* specOf(const QString& id)
{
  for (const ActionSpec& spec : actionSpecs())
    if (id == QLatin1String(spec.id))
      return &spec;
  return nullptr;
}

QString nameOf(const QString& id)
{
  const ActionSpec* spec = specOf(id);
  return spec ? plainName(QCoreApplication::translate("ActionTable", spec->text)) : QString();
}

}  // namespace

QString whyReserved(const QKeySequence& key)
{
  if (key.isEmpty())
    return {};
  const QKeyCombination combination = key[0];
  const bool plain = (combination.keyboardModifiers() & ~Qt::ShiftModifier) == Qt::NoModifier;
  switch (combination.key()) {
    case Qt::Key_Escape:
      return KeyDialog::tr("Esc gives drawings and dialogs up.");
    case Qt::Key_Tab:
    case Qt::Key_Backtab:
      return KeyDialog::tr("Tab goes from one control to the next.");
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
    case Qt::Key_Left:
    case Qt::Key_Right:
    case Qt::Key_Up:
    case Qt::Key_Down:
      return plain ? KeyDialog::tr("Enter, Space and the arrows work in lists and buttons.")
                   : QString();
    default:
      return {};
  }
}

KeyDialog::KeyDialog(const ActionTable& actions, QWidget* parent)
    : QDialog(parent),
      m_actions(actions),
      m_filter(new QLineEdit(this)),
      m_list(new QTreeWidget(this)),
      m_name(new QLabel(this)),
      m_edit(new QKeySequenceEdit(this)),
      m_use(new QPushButton(this)),
      m_add(new QPushButton(tr("&Add"), this)),
      m_none(new QPushButton(tr("&No key"), this)),
      m_reset(new QPushButton(tr("As &it was made"), this)),
      m_resetAll(new QPushButton(tr("&Reset all"), this)),
      m_problem(new QLabel(this))
{
  setWindowTitle(tr("Change keys"));
  setAccessibleName(windowTitle());
  m_filter->setPlaceholderText(tr("Find a command or a key"));
  m_filter->setAccessibleName(tr("Find a command or a key"));
  m_filter->setClearButtonEnabled(true);
  m_list->setAccessibleName(tr("Commands and their keys"));
  m_list->setHeaderLabels({tr("Command"), tr("Keys")});
  m_list->setRootIsDecorated(false);
  m_list->setUniformRowHeights(true);
  m_list->header()->setAccessibleName(tr("Headings"));
  m_list->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  m_list->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
  m_name->setTextFormat(Qt::PlainText);
  m_name->setAccessibleName(tr("Command"));
  m_edit->setAccessibleName(tr("Key to use"));
  m_edit->setToolTip(tr("Press the key here"));
  m_edit->installEventFilter(this);
  m_use->setToolTip(tr("Give the command this key in place of those it has"));
  m_add->setToolTip(tr("Give the command this key beside those it has"));
  m_add->setAccessibleName(tr("Add the key"));
  m_none->setToolTip(tr("Take the command's keys away"));
  m_none->setAccessibleName(tr("No key"));
  m_reset->setToolTip(tr("The keys that the program comes with"));
  m_reset->setAccessibleName(tr("The command's keys as it was made"));
  m_resetAll->setAccessibleName(tr("Reset all keys"));
  m_problem->setTextFormat(Qt::PlainText);
  m_problem->setWordWrap(true);
  m_problem->setAccessibleName(tr("Conflict"));
  m_problem->setMinimumHeight(2 * fontMetrics().lineSpacing());
  m_problem->setAlignment(Qt::AlignTop | Qt::AlignLeft);

  auto* line = new QHBoxLayout;
  line->addWidget(m_edit, 1);
  for (QPushButton* button : {m_use, m_add, m_none, m_reset}) {
    button->setAutoDefault(false);
    line->addWidget(button);
  }
  m_resetAll->setAutoDefault(false);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
  buttons->setAccessibleName(tr("OK or cancel"));
  buttons->addButton(m_resetAll, QDialogButtonBox::ResetRole);
  for (const auto button : {QDialogButtonBox::Ok, QDialogButtonBox::Cancel})
    buttons->button(button)->setAccessibleName(buttons->button(button)->text().remove('&'));
  connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(m_filter);
  layout->addWidget(m_list, 1);
  layout->addWidget(m_name);
  layout->addLayout(line);
  layout->addWidget(m_problem);
  layout->addWidget(buttons);
  resize(640, 560);

  for (const ActionSpec& spec : actionSpecs())
    m_keys[QString::fromLatin1(spec.id)] = actions.action(spec)->shortcuts();
  fill();
  connect(m_filter, &QLineEdit::textChanged, this, &KeyDialog::filter);
  connect(m_list, &QTreeWidget::currentItemChanged, this, &KeyDialog::showChoice);
  connect(m_edit, &QKeySequenceEdit::keySequenceChanged, this, &KeyDialog::showKey);
  connect(m_use, &QPushButton::clicked, this, [this] { use(true); });
  connect(m_add, &QPushButton::clicked, this, [this] { use(false); });
  connect(m_none, &QPushButton::clicked, this, [this] {
    setKeys(current(), {});
    showChoice();
  });
  connect(m_reset, &QPushButton::clicked, this, [this] {
    const QString id = current();
    for (const QKeySequence& key : defaultKeys(*specOf(id)))
      if (const QString other = ownerOf(key); !other.isEmpty() && other != id) {
        m_edit->setKeySequence(key);  // says whose it is now
        return;
      }
    setKeys(id, defaultKeys(*specOf(id)));
    showChoice();
  });
  connect(m_resetAll, &QPushButton::clicked, this, [this] {
    for (const ActionSpec& spec : actionSpecs())
      setKeys(QString::fromLatin1(spec.id), defaultKeys(spec));
    showChoice();
  });
  showChoice();
  m_filter->setFocus();
}

void KeyDialog::fill()
{
  ActionGroup group = ActionGroup::File;
  QTreeWidgetItem* heading = nullptr;
  std::map<ActionGroup, QTreeWidgetItem*> headings;
  for (const ActionSpec& spec : actionSpecs()) {
    group = spec.group;
    heading = headings[group];
    if (!heading) {
      heading = headings[group] = new QTreeWidgetItem(m_list, {plainName(groupTitle(group))});
      heading->setFlags(Qt::ItemIsEnabled);
      QFont font = m_list->font();
      font.setWeight(QFont::DemiBold);
      heading->setFont(0, font);
      heading->setExpanded(true);
    }
    const QString id = QString::fromLatin1(spec.id);
    auto* item = new QTreeWidgetItem(heading, {nameOf(id), keysText(m_keys[id])});
    item->setData(0, IdRole, id);
    item->setToolTip(0, QCoreApplication::translate("ActionTable", spec.toolTip));
  }
}

void KeyDialog::filter(const QString& text)
{
  for (int i = 0; i < m_list->topLevelItemCount(); ++i) {
    QTreeWidgetItem* heading = m_list->topLevelItem(i);
    bool any = false;
    for (int j = 0; j < heading->childCount(); ++j) {
      QTreeWidgetItem* item = heading->child(j);
      const bool found = matchesWords(heading->text(0) + QLatin1Char(' ') + item->text(0), text) ||
                         item->text(1).contains(text, Qt::CaseInsensitive);
      item->setHidden(!found);
      any = any || found;
    }
    heading->setHidden(!any);
  }
}

QString KeyDialog::current() const
{
  const QTreeWidgetItem* item = m_list->currentItem();
  return item ? item->data(0, IdRole).toString() : QString();
}

QKeySequence KeyDialog::entered() const
{
  const QKeySequence keys = m_edit->keySequence();
  return keys.isEmpty() ? keys : QKeySequence(keys[0]);  // one key, not a sequence of several
}

QString KeyDialog::ownerOf(const QKeySequence& key) const
{
  for (const auto& [id, keys] : m_keys)
    if (keys.contains(key))
      return id;
  return {};
}

void KeyDialog::choose(const QString& id)
{
  for (QTreeWidgetItemIterator item(m_list); *item; ++item)
    if ((*item)->data(0, IdRole).toString() == id)
      m_list->setCurrentItem(*item);
}

void KeyDialog::enter(const QKeySequence& key)
{
  m_edit->setKeySequence(key);
}

void KeyDialog::showChoice()
{
  const QString id = current();
  m_name->setText(id.isEmpty() ? tr("Choose a command above.")
                               : tr("%1: press the key it should have").arg(nameOf(id)));
  m_edit->clear();
  m_edit->setEnabled(!id.isEmpty());
  m_none->setEnabled(!id.isEmpty() && !m_keys[id].isEmpty());
  m_reset->setEnabled(!id.isEmpty() && m_keys[id] != defaultKeys(*specOf(id)));
  showKey();
}

void KeyDialog::showKey()
{
  if (m_edit->keySequence().count() > 1) {
    m_edit->setKeySequence(entered());  // comes back here
    return;
  }
  const QString id = current();
  const QKeySequence key = entered();
  const QString reserved = whyReserved(key);
  const QString other = id.isEmpty() || key.isEmpty() ? QString() : ownerOf(key);
  const bool usable = !id.isEmpty() && !key.isEmpty() && reserved.isEmpty() && other != id;
  m_use->setEnabled(usable);
  m_add->setEnabled(usable && !m_keys[id].isEmpty());
  const bool taken = usable && !other.isEmpty();
  m_use->setText(taken ? tr("&Take it from there") : tr("&Use it"));
  m_use->setAccessibleName(taken ? tr("Take the key from %1").arg(nameOf(other))
                                 : tr("Use the key"));
  const QString text = key.toString(QKeySequence::NativeText);
  if (!reserved.isEmpty())
    m_problem->setText(tr("%1 cannot be a command's key. %2").arg(text, reserved));
  else if (taken)
    m_problem->setText(
        tr("%1 is the key of “%2”. Taken from there, that has %3.")
            .arg(text, nameOf(other), m_keys[other].size() > 1 ? tr("one less") : tr("none")));
  else
    m_problem->setText(other == id && !id.isEmpty() && !key.isEmpty()
                           ? tr("%1 is its key already.").arg(text)
                           : QString());
}

void KeyDialog::use(bool instead)
{
  const QString id = current();
  const QKeySequence key = entered();
  if (const QString other = ownerOf(key); !other.isEmpty()) {
    QList<QKeySequence> rest = m_keys[other];
    rest.removeAll(key);
    setKeys(other, rest);
  }
  setKeys(id, instead ? QList<QKeySequence>{key} : m_keys[id] + QList<QKeySequence>{key});
  showChoice();
}

void KeyDialog::setKeys(const QString& id, const QList<QKeySequence>& keys)
{
  m_keys[id] = keys;
  for (QTreeWidgetItemIterator item(m_list); *item; ++item)
    if ((*item)->data(0, IdRole).toString() == id)
      (*item)->setText(1, keysText(keys));
}

ChosenKeys KeyDialog::chosen() const
{
  ChosenKeys chosen;
  for (const ActionSpec& spec : actionSpecs()) {
    const QString id = QString::fromLatin1(spec.id);
    if (m_keys.at(id) != defaultKeys(spec))
      chosen[id] = m_keys.at(id);
  }
  return chosen;
}

/// Tab is no key that could be chosen: without this it would never leave the field.
bool KeyDialog::eventFilter(QObject* watched, QEvent* event)
{
  if (watched == m_edit &&
      (event->type() == QEvent::KeyPress || event->type() == QEvent::ShortcutOverride)) {
    const int key = static_cast<QKeyEvent*>(event)->key();
    if (key == Qt::Key_Tab || key == Qt::Key_Backtab) {
      if (event->type() == QEvent::KeyPress)
        focusNextPrevChild(key == Qt::Key_Tab);
      return true;
    }
  }
  return QDialog::eventFilter(watched, event);
}

}  // namespace orrery
