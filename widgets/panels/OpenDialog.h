// What is in a file and how it will be read, before it is.
#pragma once

#include "core/document/Document.h"
#include "core/document/JobRunner.h"
#include "core/io/DictionaryFile.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialog>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QTreeWidget>

#include <filesystem>
#include <optional>

namespace orrery {

/// Lists the arrays of a file with shapes and types, says how the chosen one would be read and why,
/// which labels come with it and how much memory it takes; lets the user choose another array, turn
/// rows and columns, and choose the labels. The file is looked into on a worker.
class OpenDialog : public QDialog {
  Q_OBJECT
 public:
  explicit OpenDialog(std::filesystem::path path, QWidget* parent = nullptr);

  /// One request for every chosen array: several of one file open as layers.
  [[nodiscard]] std::vector<OpenRequest> requests() const;
  [[nodiscard]] bool isInspecting() const { return m_job.isRunning(); }
  [[nodiscard]] QString explanation() const { return m_how->text(); }

 signals:
  void inspected();

 private:
  void inspect();
  void showPreview();
  void showChoice();
  void chooseLabels();
  [[nodiscard]] std::vector<const MatrixCandidate*> chosen() const;

  std::filesystem::path m_path;
  std::optional<FilePreview> m_preview;
  JobRunner m_job;
  QLabel* m_file;
  QTreeWidget* m_arrays;
  QLabel* m_how;
  QCheckBox* m_transpose;
  QComboBox* m_labels;
  QLabel* m_memory;
  QLabel* m_notes;
  QWidget* m_shape;
  QSpinBox* m_rows;
  QSpinBox* m_columns;
  QProgressBar* m_busy;
  QPushButton* m_open;
};

}  // namespace orrery
