// Controls in a row that go on in the next row where the window is too narrow for them.
#pragma once

#include <QLayout>

#include <memory>
#include <vector>

namespace orrery {

class WrappingLayout : public QLayout {
  Q_OBJECT
 public:
  explicit WrappingLayout(QWidget* parent = nullptr) : QLayout(parent) {}
  ~WrappingLayout() override;

  void addItem(QLayoutItem* item) override;
  [[nodiscard]] int count() const override { return static_cast<int>(m_items.size()); }
  [[nodiscard]] QLayoutItem* itemAt(int index) const override;
  QLayoutItem* takeAt(int index) override;
  [[nodiscard]] Qt::Orientations expandingDirections() const override { return {}; }
  [[nodiscard]] bool hasHeightForWidth() const override { return true; }
  [[nodiscard]] int heightForWidth(int width) const override;
  [[nodiscard]] QSize sizeHint() const override { return minimumSize(); }
  /// As wide as the widest control.
  [[nodiscard]] QSize minimumSize() const override;
  void setGeometry(const QRect& area) override;

 private:
  /// Places the items within @p area (or only measures); returns the height.
  int arrange(const QRect& area, bool place) const;

  std::vector<QLayoutItem*> m_items;
};

}  // namespace orrery
