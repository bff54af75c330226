// What every picture in the window has beside its picture: a name and a sentence for screen
// readers, a table of its numbers, and a menu that saves and copies.
#pragma once

#include "core/io/ResultFile.h"

#include <QPixmap>
#include <QWidget>

#include <filesystem>
#include <optional>

namespace orrery {

/// A widget that shows a figure. Its context menu saves the figure and its numbers and copies the
/// picture.
class FigureWidget : public QWidget {
  Q_OBJECT
 public:
  /// @p name is what screen readers call it, and the title of saved figures.
  explicit FigureWidget(const QString& name, QWidget* parent = nullptr);

  /// The picture's numbers in a sentence: for screen readers, and the caption of figures.
  virtual void setSummary(const QString& summary);
  [[nodiscard]] QString summary() const { return m_summary; }
  /// What "Save the numbers" writes; its absence takes the action away.
  void setTable(std::optional<ResultTable> table) { m_table = std::move(table); }
  [[nodiscard]] const std::optional<ResultTable>& table() const { return m_table; }
  /// The name that is offered for files, without ending.
  void setFileStem(const QString& stem) { m_fileStem = stem; }

  /// Whether there is nothing to save.
  [[nodiscard]] virtual bool isEmpty() const = 0;
  /// Writes the figure as .pdf, .svg or .png; complete or not there. Throws Error.
  virtual void save(const std::filesystem::path& path) const = 0;
  /// As it is on the screen.
  [[nodiscard]] virtual QPixmap screenPicture() { return grab(); }

 public slots:
  /// Ask for a file name, then write; failures go to failed().
  void saveFigure();
  void saveTable();
  void copyPicture();

 signals:
  void failed(const QString& message);
  void saved(const QString& message);

 protected:
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  QString m_summary, m_fileStem;
  std::optional<ResultTable> m_table;
};

}  // namespace orrery
