// The layouts under names: to go to one, rename or delete it.
#pragma once

#include <QDialog>
#include <QListWidget>
#include <QPushButton>

namespace orrery {

class ViewPart;

class LayoutDialog : public QDialog {
  Q_OBJECT
 public:
  explicit LayoutDialog(ViewPart* part, QWidget* parent = nullptr);

 private:
  void showLayouts();
  [[nodiscard]] QString chosen() const;

  ViewPart* m_part;
  QListWidget* m_list;
  QPushButton* m_apply;
  QPushButton* m_delete;
};

}  // namespace orrery
