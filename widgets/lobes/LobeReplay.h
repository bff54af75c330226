// Activations as a film: token by token where they are given, else block by block.
#pragma once

#include "core/document/LobeStudy.h"
#include "widgets/figure/Drawing.h"

#include <QCheckBox>
#include <QLabel>
#include <QSlider>
#include <QSpinBox>
#include <QTimer>
#include <QToolButton>

#include <memory>
#include <utility>
#include <vector>

namespace orrery {

/// One text at one moment.
struct ReplayTrack {
  QString heading;
  /// The running text up to the moment: words and how brightly each is lit, 0 … 1, the newest last.
  /// Block by block: the firing features that few blocks have, the rarest first.
  std::vector<std::pair<QString, double>> words;
  std::vector<float> activity;  ///< Per feature, 0 dark … 1 firing now; fades by `fading` a step.
  std::vector<double> shares;   ///< Per lobe: the share of its features that fire now.
  std::int32_t winner = noLobe;
};
inline constexpr double replayFading = 0.62;
inline constexpr int replayMemory = 8;  ///< Steps after which a feature is dark again.

/// Tokens if @p data has them, else blocks.
std::int64_t replaySteps(const CooccurrenceData& data);
/// @p types: of the blocks; may be null. Needs firings or tokens.
ReplayTrack replayTrack(const CooccurrenceData& data, const std::vector<std::string>* types,
                        const Lobes& lobes, const Dictionary& dictionary, std::int64_t step);

struct ReplayContent {
  Positions positions = Positions(3, 0);
  bool planar = true;
  std::vector<std::int32_t> featureColors;  ///< Colour number, −1 none.
  std::vector<std::int32_t> lobeColors;
  QStringList names;
  std::vector<ReplayTrack> tracks;  ///< One, or two side by side.
  double fullBar = 1.0;             ///< The share that fills a bar.
};
Drawing replayDrawing(std::shared_ptr<const ReplayContent> content);

class LobeReplay : public QWidget {
  Q_OBJECT
 public:
  explicit LobeReplay(Document* document, LobeStudy* study, QWidget* parent = nullptr);

  [[nodiscard]] DrawingView* view() { return m_view; }
  [[nodiscard]] std::int64_t step() const { return m_step; }
  void setStep(std::int64_t step);
  void setPlaying(bool playing);
  /// Writes @p count frames from here on as PICTURE-00001.png … into @p folder, one per turn of the
  /// event loop; framesWritten when they are there or writing was stopped.
  void writeFrames(const QString& folder, int count);

 signals:
  void framesWritten(int count);
  void failed(const QString& message);
  void saved(const QString& message);

 private:
  void showData();
  void showStep();
  void writeNextFrame();

  Document* m_document;
  LobeStudy* m_study;
  DrawingView* m_view;
  QToolButton *m_back, *m_play, *m_next, *m_frames;
  QSlider* m_slider;
  QSpinBox* m_place;
  QSpinBox* m_speed;
  QCheckBox* m_second;
  QSpinBox* m_secondPlace;
  QLabel* m_unit;
  QTimer m_clock;
  std::int64_t m_step = 0, m_steps = 0;
  double m_fullBar = 1.0;
  QString m_frameFolder;
  int m_framesLeft = 0, m_framesDone = 0;
};

}  // namespace orrery
