// The middle of the window: one to four views at once, each under a stable name.
#pragma once

#include <QJsonObject>
#include <QLabel>
#include <QSplitter>
#include <QString>
#include <QStringList>
#include <QTabBar>
#include <QToolButton>
#include <QWidget>

#include <array>
#include <vector>

class QMenu;

namespace orrery {

class ViewPane;

/// How the views share the middle: which stands where, and what is enlarged for a while.
struct ViewArrangement {
  enum class Shape { Single, Columns, Rows, OneAndTwo, Grid };
  Shape shape = Shape::Single;
  QStringList views;   ///< One for each pane: left to right, then top to bottom.
  int maximized = -1;  ///< The pane that has all the room; −1: each has its own.
  /// How the room is divided: the share of the first of the columns, then of the first pane within
  /// each column. Halves where there are none.
  std::vector<double> shares;

  [[nodiscard]] int panes() const;
  bool operator==(const ViewArrangement&) const = default;
};

/// Holds views under stable names, one to four of them shown side by side. With one pane, tabs
/// above choose the view; with more, every pane has a title line of its own. A view stands in one
/// pane at a time: chosen for another, the two change places. Whatever the shape, the room within
/// is divided by dragging.
class ViewArea : public QWidget {
  Q_OBJECT
 public:
  using Shape = ViewArrangement::Shape;

  explicit ViewArea(QWidget* parent = nullptr);
  ~ViewArea() override;

  /// @p id is what sessions and commands call it; the area owns @p view. The first is shown.
  /// @p extra: one more of a kind, offered only where several panes are shown.
  void addView(const QString& id, const QString& title, QWidget* view, bool extra = false);
  /// What the view shows, in a sentence below it; empty where the picture says so itself.
  void setSentence(const QString& id, const QString& sentence);
  [[nodiscard]] QString sentence(const QString& id) const;
  /// What the title line of this view opens beside its name; the view's own settings.
  void setViewMenu(const QString& id, QMenu* menu);
  /// Behind the button that chooses the arrangement.
  void setArrangementMenu(QMenu* menu);

  /// Where it is already, else in the active pane. Nothing happens if there is no view of this
  /// name.
  void showView(const QString& id);
  /// Of the active pane: the one that had the focus last.
  [[nodiscard]] QString currentView() const;
  [[nodiscard]] QWidget* view(const QString& id) const;
  /// Whether it stands in a pane that can be seen now.
  [[nodiscard]] bool isShown(const QString& id) const;

  [[nodiscard]] const ViewArrangement& arrangement() const { return m_arrangement; }
  /// Panes that name no view, or one twice, get the next that is not shown. Tells nobody: see
  /// changed().
  void setArrangement(ViewArrangement arrangement);
  /// As a user chooses it: arranged() follows.
  void chooseShape(Shape shape);
  void toggleMaximized();
  void choosePane(int pane);
  [[nodiscard]] int activePane() const { return m_active; }

  /// The arrangement and how the room is divided, as JSON; and back, checked.
  [[nodiscard]] QJsonObject state() const;
  void restoreState(const QJsonObject& state);

 signals:
  void currentChanged(const QString& id);
  /// The user has arranged the views, or divided the room, otherwise; it is done already.
  void arranged(const orrery::ViewArrangement& before, const orrery::ViewArrangement& after);
  /// Views came or went, whoever wanted it.
  void changed();

 private:
  struct View {
    QString id, title, sentence;
    QWidget* widget = nullptr;
    QMenu* menu = nullptr;
    bool extra = false;
  };

  [[nodiscard]] View* find(const QString& id);
  [[nodiscard]] const View* find(const QString& id) const;
  void complete(ViewArrangement& arrangement) const;
  void apply();
  void placePanes();
  void activate(int pane);
  void chooseView(int pane, const QString& id);
  void showTabs();
  void change(const ViewArrangement& wanted);
  [[nodiscard]] std::array<QSplitter*, 3> splitters() const
  {
    return {m_outer, m_columns[0], m_columns[1]};
  }
  void divide();
  void takeDivision();

  QWidget* m_bar;
  QTabBar* m_tabs;
  QToolButton* m_arrange;
  QSplitter* m_outer;
  std::array<QSplitter*, 2> m_columns;
  std::array<ViewPane*, 4> m_panes;
  QWidget* m_store;  ///< Of the views that are not shown.
  std::vector<View> m_views;
  ViewArrangement m_arrangement;
  int m_active = 0;
};

/// One place for a view: a title line where there are several, the view, and its sentence.
class ViewPane : public QWidget {
  Q_OBJECT
 public:
  ViewPane(int number, QWidget* parent);

  void setView(QWidget* view);
  [[nodiscard]] QWidget* view() const { return m_view; }
  /// @p choices: ids and titles.
  void setChoices(const std::vector<std::pair<QString, QString>>& choices, const QString& chosen);
  void setSentence(const QString& sentence);
  void setMenu(QMenu* menu);
  void setHeaderShown(bool shown);
  void setActive(bool active);
  void setMaximized(bool maximized);

 signals:
  void viewChosen(const QString& id);
  void maximizeRequested();
  void closeRequested();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  QWidget* m_header;
  QToolButton* m_title;
  QMenu* m_titleMenu;
  QToolButton* m_options;
  QToolButton* m_maximize;
  QToolButton* m_close;
  QWidget* m_view = nullptr;
  QLabel* m_sentence;
};

}  // namespace orrery
