// The one table behind menus, tool bar, shortcuts, the command palette and the cheat sheet.
#pragma once

#include <QAction>
#include <QKeySequence>
#include <QObject>
#include <QString>

#include <map>
#include <span>
#include <string_view>
#include <vector>

namespace orrery {

/// What must be there for an action to make sense.
/// Part: whoever answers it enables it.
enum class ActionNeeds { Nothing, Dictionary, Map, Selection, Matches, Undo, Redo, Part };

/// The menu an action stands in, and its heading in the cheat sheet.
enum class ActionGroup { File, Edit, Select, View, Maps, Crystals, Lobes, Galaxy, Tools, Help };

struct ActionSpec {
  const char* id;  ///< "select.lasso": what the program calls it; stable.
  ActionGroup group;
  const char* text;
  const char* toolTip;   ///< A sentence; the shortcut is added by the table.
  const char* icon;      ///< File name in resources/icons without ending; empty: none.
  const char* shortcut;  ///< QKeySequence's portable text, several separated by "; "; may be empty.
  ActionNeeds needs = ActionNeeds::Nothing;
  bool checkable = false;
  bool onToolBar = false;
  bool separatorBefore = false;
};

std::span<const ActionSpec> actionSpecs();
QString groupTitle(ActionGroup group);
/// The keys that the table gives.
QList<QKeySequence> defaultKeys(const ActionSpec& spec);
/// "Open…" without the mark of its mnemonic and without dots: "Open".
QString plainName(const QString& text);

/// Keys that somebody has chosen, by the action's id; an empty list: no key.
using ChosenKeys = std::map<QString, QList<QKeySequence>>;

/// Makes the QActions and keeps them enabled as they should be.
class ActionTable : public QObject {
  Q_OBJECT
 public:
  /// @p owner gets all actions, so that their shortcuts work in the whole window.
  explicit ActionTable(QWidget* owner);

  [[nodiscard]] QAction* action(std::string_view id) const;
  [[nodiscard]] QAction* action(const ActionSpec& spec) const { return action(spec.id); }

  struct State {
    bool dictionary = false, map = false, selection = false, matches = false;
    bool undo = false, redo = false;
  };
  void setState(const State& state);

  /// Gives every action the keys of @p chosen, and all others those of the table. Unknown ids are
  /// left out; of two actions with one key the later in the table goes without it.
  void setKeys(const ChosenKeys& chosen);

 protected:
  /// Text fields take keys of old editors (Ctrl+E, Ctrl+K …) for themselves where the platform has
  /// them; here commands go first.
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  std::map<std::string_view, QAction*> m_actions;
};

}  // namespace orrery
