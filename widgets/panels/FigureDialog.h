// A figure for a paper: millimetres, dots per inch, background, legend, with a preview.
#pragma once

#include "widgets/figure/Figure.h"
#include "widgets/figure/Turntable.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialog>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QTimer>

#include <functional>
#include <memory>

namespace orrery {

class FigureDialog : public QDialog {
  Q_OBJECT
 public:
  /// @p view is everything the figure shows, as the window shows it now; the dialog sets size,
  /// resolution, background, texts.
  explicit FigureDialog(FigureRequest view, const QString& stem, QWidget* parent = nullptr);
  ~FigureDialog() override;

  [[nodiscard]] FigureRequest request() const;
  /// Writes to @p path, a tile per turn of the event loop, so that the window goes on answering.
  void write(const QString& path);

 signals:
  void written(const QString& path);

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void done(int result) override;

 private:
  void showEstimate();
  void showPreview();
  void save();
  void advance();
  void writeNext();
  void endWriting();

  FigureRequest m_view;
  QString m_stem;
  QComboBox* m_preset;
  QDoubleSpinBox* m_width;
  QDoubleSpinBox* m_height;
  QSpinBox* m_dpi;
  QComboBox* m_background;
  QDoubleSpinBox* m_fontPoints;
  QComboBox* m_legend;
  QCheckBox* m_caption;
  QCheckBox* m_labels;
  QSpinBox* m_frames;
  QLabel* m_preview;
  QLabel* m_estimate;
  QLabel* m_problem;
  QProgressBar* m_progress;
  QPushButton* m_save;
  QTimer m_later;
  QTimer m_turn;
  std::unique_ptr<FigureRenderer> m_renderer;
  std::unique_ptr<TurntableRenderer> m_turntable;  ///< In its place, for a film.
  QString m_path;
};

}  // namespace orrery
