// The layers of the galaxy view as a table: layer number, width and L0 are typed over where path
// and configuration did not tell them, or wrongly.
#pragma once

#include "core/document/GalaxyStudy.h"

#include <QTableWidget>

namespace orrery {

class GalaxyLayersTable : public QTableWidget {
  Q_OBJECT
 public:
  explicit GalaxyLayersTable(GalaxyStudy* study, QWidget* parent = nullptr);

  enum Column { Name, LayerNumber, Width, L0, Size, State, Columns };

  void showEntries();

 signals:
  void messageRaised(const orrery::Message& message);

 private:
  void takeEdit(QTableWidgetItem* cell);

  GalaxyStudy* m_study;
  bool m_filling = false;
};

}  // namespace orrery
