// The loaded vectors, and buttons for what can be done with them.
#pragma once

#include "core/document/VectorStudy.h"

#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QWidget>

#include <vector>

namespace orrery {

class VectorPanel : public QWidget {
  Q_OBJECT
 public:
  VectorPanel(Document* document, VectorStudy* study, QWidget* parent = nullptr);

  /// Those that are marked in the list; all that fit if none is.
  [[nodiscard]] std::vector<std::size_t> chosen() const;

 signals:
  void loadRequested();

 private:
  void showVectors();
  void showButtons();

  Document* m_document;
  VectorStudy* m_study;
  QLabel* m_about;
  QListWidget* m_list;
  QPushButton *m_load, *m_mean, *m_remove, *m_rank, *m_add, *m_takeOut;
};

}  // namespace orrery
