#include "widgets/lobes/LobeReplay.h"

#include "core/base/Error.h"
#include "widgets/models/FeatureText.h"
#include "widgets/panels/Theme.h"
#include "widgets/vtk/CameraMotion.h"
#include "widgets/vtk/CloudScene.h"
#include "widgets/vtk/Palette.h"

#include <QFileDialog>
#include <QFontMetricsF>
#include <QHBoxLayout>
#include <QInputDialog>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <limits>

namespace orrery {
namespace {

constexpr int wordsShown = 160;

void finish(ReplayTrack& track, const Lobes& lobes)
{
  track.shares.assign(lobes.sizes.size(), 0.0);
  for (std::size_t i = 0; i < track.activity.size(); ++i)
    if (track.activity[i] >= 1.0f && lobes.labels[i] >= 0)
      track.shares[static_cast<std::size_t>(lobes.labels[i])] += 1.0;
  double best = 0;
  for (std::size_t lobe = 0; lobe < track.shares.size(); ++lobe) {
    track.shares[lobe] /= static_cast<double>(std::max<std::int64_t>(1, lobes.sizes[lobe]));
    if (track.shares[lobe] > best) {
      best = track.shares[lobe];
      track.winner = static_cast<std::int32_t>(lobe);
    }
  }
}

QString typeSuffix(const std::vector<std::string>* types, std::int64_t block)
{
  return types && block < static_cast<std::int64_t>(types->size())
             ? QStringLiteral(" · ") + visibleText((*types)[static_cast<std::size_t>(block)], 60)
             : QString();
}

}  // namespace

std::int64_t replaySteps(const CooccurrenceData& data)
{
  return data.tokens ? data.tokens->tokens() : data.firings ? data.firings->blocks() : 0;
}

ReplayTrack replayTrack(const CooccurrenceData& data, const std::vector<std::string>* types,
                        const Lobes& lobes, const Dictionary& dictionary, std::int64_t step)
{
  ReplayTrack track;
  track.activity.assign(static_cast<std::size_t>(data.features()), 0.0f);
  const auto light = [&](const std::vector<std::int64_t>& starts, const std::vector<FeatureId>& ids,
                         std::int64_t at, double brightness) {
    const auto row = static_cast<std::size_t>(at);
    for (auto i = starts[row]; i < starts[row + 1]; ++i) {
      float& lit = track.activity[static_cast<std::size_t>(ids[static_cast<std::size_t>(i)])];
      lit = std::max(lit, static_cast<float>(brightness));
    }
  };
  if (const TokenActivations* tokens = data.tokens.get()) {
    const std::int64_t block = tokens->blockOf(step);
    const std::int64_t first = tokens->blockStarts[static_cast<std::size_t>(block)];
    for (int age = 0; age < replayMemory && step - age >= first; ++age)
      light(tokens->starts, tokens->ids, step - age, std::pow(replayFading, age));
    track.heading = QStringLiteral("Block %1, token %2 of %3%4")
                        .arg(displayCount(block + 1), displayCount(step - first + 1))
                        .arg(tokens->blockStarts[static_cast<std::size_t>(block) + 1] - first)
                        .arg(typeSuffix(types, block));
    for (std::int64_t t = std::max(first, step - wordsShown + 1); t <= step; ++t) {
      const auto place = static_cast<std::size_t>(t);
      const QString text = place < tokens->texts.size() ? visibleText(tokens->texts[place], 40)
                           : place < tokens->tokenIds.size()
                               ? QStringLiteral("#%1").arg(tokens->tokenIds[place])
                               : QStringLiteral("·");
      track.words.emplace_back(text, std::pow(replayFading, static_cast<double>(step - t)));
    }
  } else if (data.firings) {
    const Firings& firings = *data.firings;
    light(firings.starts, firings.ids, step, 1.0);
    if (step > 0)
      light(firings.starts, firings.ids, step - 1, 0.35);
    track.heading = QStringLiteral("Block %1 of %2%3")
                        .arg(displayCount(step + 1), displayCount(firings.blocks()))
                        .arg(typeSuffix(types, step));
    std::vector<FeatureId> firing(
        firings.ids.begin() + firings.starts[static_cast<std::size_t>(step)],
        firings.ids.begin() + firings.starts[static_cast<std::size_t>(step) + 1]);
    std::stable_sort(firing.begin(), firing.end(), [&](FeatureId a, FeatureId b) {
      return data.own[static_cast<std::size_t>(a)] < data.own[static_cast<std::size_t>(b)];
    });
    for (std::size_t i = 0; i < firing.size() && i < 40; ++i)
      track.words.emplace_back(labelText(dictionary, firing[i]), 1.0);
  }
  finish(track, lobes);
  return track;
}

namespace {

/// The first step after @p step of a text of another kind, or where kinds are not known of another
/// text; @p step if there is none.
std::int64_t otherText(const CooccurrenceData& data, const std::vector<std::string>* types,
                       std::int64_t step)
{
  const TokenActivations* tokens = data.tokens.get();
  const std::int64_t here = tokens ? tokens->blockOf(step) : step;
  const auto typeOf = [&](std::int64_t block) {
    return types && static_cast<std::size_t>(block) < types->size()
               ? (*types)[static_cast<std::size_t>(block)]
               : std::to_string(block);
  };
  const std::int64_t blocks =
      tokens ? static_cast<std::int64_t>(tokens->blockStarts.size()) - 1 : data.blocks();
  for (std::int64_t block = here + 1; block < blocks; ++block)
    if (typeOf(block) != typeOf(here))
      return tokens ? tokens->blockStarts[static_cast<std::size_t>(block)] : block;
  return step;
}

}  // namespace

Drawing replayDrawing(std::shared_ptr<const ReplayContent> content)
{
  struct Kept {
    std::vector<std::unique_ptr<CloudScene>> scenes;
  };
  auto kept = std::make_shared<Kept>();
  return [content, kept](QPainter& painter, const QSizeF& size, const DrawingStyle& style) {
    painter.setFont(style.font);
    const QFontMetricsF metrics(style.font);
    const double line = metrics.height();
    const auto count = content->tracks.size();
    const QColor dark = mixed(style.background, style.foreground, 0.13);
    while (kept->scenes.size() < count) {
      kept->scenes.push_back(std::make_unique<CloudScene>());
      kept->scenes.back()->setPositions(content->positions, content->planar);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const ReplayTrack& track = content->tracks[i];
      const double width = size.width() / static_cast<double>(count);
      const QRectF area(width * static_cast<double>(i) + line, 0.6 * line, width - 2 * line,
                        size.height() - 1.2 * line);
      QFont bold = style.font;
      bold.setBold(true);
      painter.setFont(bold);
      painter.setPen(style.foreground);
      drawElided(painter, QRectF(area.left(), area.top(), area.width(), 1.4 * line), track.heading,
                 Qt::AlignLeft | Qt::AlignVCenter);
      painter.setFont(style.font);

      const double words = std::max(4.2 * line, 0.19 * area.height());
      const auto lobes = static_cast<double>(track.shares.size());
      const double bars = std::min(0.34 * area.height(), 1.35 * line * lobes);
      const QRectF map(area.left(), area.top() + 1.7 * line, area.width(),
                       std::max(1.0, area.height() - words - bars - 3.3 * line));

      CloudScene& scene = *kept->scenes[i];
      CloudAppearance appearance;
      appearance.background = style.background;
      appearance.foreground = style.foreground;
      appearance.pointSize = recommendedPointSize(content->positions.cols());
      appearance.colors.resize(track.activity.size());
      appearance.sizes.resize(track.activity.size());
      for (std::size_t f = 0; f < track.activity.size(); ++f) {
        const std::int32_t rank =
            f < content->featureColors.size() ? content->featureColors[f] : -1;
        const QColor lit = rank < 0 ? style.muted : style.category(rank);
        appearance.colors[f] = mixed(dark, lit, track.activity[f]).rgba();
        appearance.sizes[f] = 0.7f + 1.1f * track.activity[f];
      }
      scene.setAppearance(std::move(appearance));
      FrameRequest request;
      request.camera =
          openingCamera(content->positions, content->planar, map.width() / map.height());
      request.pixelRatio = style.pixelRatio;
      request.size =
          QSize(std::max(1, static_cast<int>(std::lround(map.width() * style.pixelRatio))),
                std::max(1, static_cast<int>(std::lround(map.height() * style.pixelRatio))));
      if (scene.isUsable())
        painter.drawImage(map, scene.render(request));
      painter.setPen(QPen(style.grid, line / 16));
      painter.setBrush(Qt::NoBrush);
      painter.drawRect(map);

      // Bars of the lobes.
      const double step = lobes > 0 ? bars / lobes : 0;
      const double names = std::min(12 * line, 0.34 * area.width());
      const bool text = step >= 0.95 * line;
      for (std::size_t lobe = 0; lobe < track.shares.size(); ++lobe) {
        const double y = map.bottom() + 0.6 * line + step * static_cast<double>(lobe);
        const QRectF bar(area.left() + names, y + 0.12 * step, area.width() - names - 4 * line,
                         0.76 * step);
        painter.fillRect(bar, dark);
        QRectF filled = bar;
        filled.setWidth(bar.width() * std::min(1.0, track.shares[lobe] / content->fullBar));
        painter.fillRect(filled, style.category(content->lobeColors[lobe]));
        if (!text)
          continue;
        const bool wins = static_cast<std::int32_t>(lobe) == track.winner;
        painter.setFont(wins ? bold : style.font);
        painter.setPen(style.foreground);
        drawElided(painter, QRectF(area.left(), y, names - 0.5 * line, step),
                   content->names.value(static_cast<int>(lobe)), Qt::AlignRight | Qt::AlignVCenter);
        painter.drawText(QRectF(bar.right() + 0.4 * line, y, 3.6 * line, step),
                         Qt::AlignLeft | Qt::AlignVCenter,
                         QStringLiteral("%1 %").arg(100 * track.shares[lobe], 0, 'f', 1));
      }
      painter.setFont(style.font);

      // The words, line by line; the newest are always in sight.
      const QRectF box(area.left(), area.bottom() - words, area.width(), words);
      std::vector<std::vector<std::size_t>> lines(1);
      double x = 0;
      for (std::size_t w = 0; w < track.words.size(); ++w) {
        const double wide = metrics.horizontalAdvance(track.words[w].first) + 0.45 * line;
        if (x + wide > box.width() && !lines.back().empty()) {
          lines.emplace_back();
          x = 0;
        }
        lines.back().push_back(w);
        x += wide;
      }
      const auto fit = static_cast<std::size_t>(std::max(1.0, std::floor(words / (1.25 * line))));
      const std::size_t begin =
          track.words.empty() || track.words.front().second >= 1.0 || lines.size() <= fit
              ? 0
              : lines.size() - fit;
      double y = box.top();
      for (std::size_t l = begin; l < lines.size() && l < begin + fit; ++l, y += 1.25 * line) {
        x = box.left();
        for (const std::size_t w : lines[l]) {
          const auto& [word, lit] = track.words[w];
          const double wide = metrics.horizontalAdvance(word);
          if (lit > 0.05 && track.winner >= 0) {
            QColor ground =
                style.category(content->lobeColors[static_cast<std::size_t>(track.winner)]);
            ground.setAlphaF(
                static_cast<float>((track.words.front().second >= 1.0 ? 0.12 : 0.55) * lit));
            painter.fillRect(QRectF(x - 2, y, wide + 4, 1.2 * line), ground);
          }
          painter.setPen(lit >= 1.0 ? style.foreground : mixed(style.muted, style.foreground, lit));
          painter.drawText(QRectF(x, y, std::min(wide + 2, box.right() - x), 1.2 * line),
                           Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, word);
          x += wide + 0.45 * line;
        }
      }
    }
  };
}

// Widget ------------------------------------------------------------------------------------------

LobeReplay::LobeReplay(Document* document, LobeStudy* study, QWidget* parent)
    : QWidget(parent),
      m_document(document),
      m_study(study),
      m_view(new DrawingView(tr("Replay of activations"), this)),
      m_back(new QToolButton(this)),
      m_play(new QToolButton(this)),
      m_next(new QToolButton(this)),
      m_frames(new QToolButton(this)),
      m_slider(new QSlider(Qt::Horizontal, this)),
      m_place(new QSpinBox(this)),
      m_speed(new QSpinBox(this)),
      m_second(new QCheckBox(tr("Beside"), this)),
      m_secondPlace(new QSpinBox(this)),
      m_unit(new QLabel(this))
{
  setAccessibleName(tr("Replay"));
  // The window may be narrower than the line of controls.
  setMinimumSize(160, 120);
  m_view->setFileStem(QStringLiteral("lobes-replay"));
  const auto button = [](QToolButton* made, const QString& text, const QString& name,
                         const QString& tip) {
    made->setText(text);
    made->setAccessibleName(name);
    made->setToolTip(tip);
    made->setAutoRaise(true);
  };
  button(m_back, QStringLiteral("◀"), tr("Step back"), tr("One step back"));
  button(m_play, tr("Play"), tr("Play"), tr("Play from here, or pause"));
  button(m_next, QStringLiteral("▶"), tr("Step"), tr("One step on"));
  button(m_frames, tr("Save frames…"), tr("Save frames"),
         tr("Write the frames of a film as numbered PNG files; again: stop"));
  m_play->setCheckable(true);
  m_slider->setAccessibleName(tr("Place in the text"));
  m_place->setAccessibleName(tr("Step number"));
  m_place->setMinimum(1);
  m_speed->setAccessibleName(tr("Steps a second"));
  m_speed->setRange(1, 30);
  m_speed->setValue(4);
  m_speed->setSuffix(tr(" /s"));
  m_speed->setToolTip(tr("Steps a second"));
  m_second->setToolTip(tr("A second text side by side, from the step given"));
  m_secondPlace->setAccessibleName(tr("Step of the second text"));
  m_secondPlace->setMinimum(1);
  m_secondPlace->setEnabled(false);
  m_unit->setTextFormat(Qt::PlainText);
  m_unit->setAccessibleName(tr("What a step is"));

  auto* bar = new QHBoxLayout;
  bar->setContentsMargins(6, 3, 6, 3);
  bar->setSpacing(4);
  for (QWidget* widget : std::initializer_list<QWidget*>{m_back, m_play, m_next})
    bar->addWidget(widget);
  bar->addWidget(m_slider, 1);
  for (QWidget* widget :
       std::initializer_list<QWidget*>{m_unit, m_place, m_speed, m_second, m_secondPlace, m_frames})
    bar->addWidget(widget);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(m_view, 1);
  layout->addLayout(bar);

  connect(m_back, &QToolButton::clicked, this, [this] { setStep(m_step - 1); });
  connect(m_next, &QToolButton::clicked, this, [this] { setStep(m_step + 1); });
  connect(m_play, &QToolButton::toggled, this, &LobeReplay::setPlaying);
  connect(m_slider, &QSlider::valueChanged, this, [this](int value) { setStep(value); });
  connect(m_place, &QSpinBox::valueChanged, this, [this](int value) { setStep(value - 1); });
  connect(m_speed, &QSpinBox::valueChanged, this,
          [this](int speed) { m_clock.setInterval(1000 / speed); });
  connect(m_second, &QCheckBox::toggled, this, [this](bool on) {
    m_secondPlace->setEnabled(on);
    const auto known = m_study->data();
    if (on && known && m_secondPlace->value() == 1) {
      const QSignalBlocker quiet(m_secondPlace);
      const std::int64_t other = otherText(*known, m_study->documentTypes().get(), m_step);
      m_secondPlace->setValue(static_cast<int>(other - m_step + 1));
    }
    showStep();
  });
  connect(m_secondPlace, &QSpinBox::valueChanged, this, [this] { showStep(); });
  connect(m_frames, &QToolButton::clicked, this, [this] {
    if (m_framesLeft > 0) {
      m_framesLeft = 0;
      return;
    }
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Folder for the frames"));
    if (folder.isEmpty())
      return;
    bool agreed = false;
    const int count =
        QInputDialog::getInt(this, tr("Save frames"), tr("Frames from here on"), 100, 1,
                             static_cast<int>(std::min<std::int64_t>(m_steps, 100000)), 1, &agreed);
    if (agreed)
      writeFrames(folder, count);
  });
  m_clock.setInterval(250);
  connect(&m_clock, &QTimer::timeout, this, [this] {
    if (m_step + 1 >= m_steps)
      setPlaying(false);
    else
      setStep(m_step + 1);
  });
  for (const auto signal :
       {&LobeStudy::dataChanged, &LobeStudy::resultChanged, &LobeStudy::shownChanged})
    connect(study, signal, this, &LobeReplay::showData);
  connect(document, &Document::embeddingChanged, this, &LobeReplay::showData);
  connect(m_view, &DrawingView::failed, this, &LobeReplay::failed);
  connect(m_view, &DrawingView::saved, this, &LobeReplay::saved);
  showData();
}

void LobeReplay::showData()
{
  const auto known = m_study->data();
  const Lobes* lobes = m_study->shownLobes();
  m_steps = known && lobes && m_document->embedding() ? replaySteps(*known) : 0;
  if (m_steps == 0)
    setPlaying(false);
  m_step = std::clamp<std::int64_t>(m_step, 0, std::max<std::int64_t>(0, m_steps - 1));
  const int last = static_cast<int>(
      std::min<std::int64_t>(std::max<std::int64_t>(m_steps, 1), std::numeric_limits<int>::max()));
  {
    const QSignalBlocker slider(m_slider), place(m_place), second(m_secondPlace);
    m_slider->setRange(0, last - 1);
    m_place->setMaximum(last);
    m_secondPlace->setMaximum(last);
  }
  for (QWidget* widget : std::initializer_list<QWidget*>{m_back, m_play, m_next, m_slider, m_place,
                                                         m_second, m_frames})
    widget->setEnabled(m_steps > 0);
  m_unit->setText(known && known->tokens ? tr("token") : tr("block"));
  // Bars are drawn on one scale for all steps, else nothing would move: the largest share of some
  // hundred steps, evenly spread.
  m_fullBar = 0.0;
  if (m_steps > 0) {
    const std::int64_t every = std::max<std::int64_t>(1, m_steps / 60);
    for (std::int64_t step = 0; step < m_steps; step += every)
      for (const double share :
           replayTrack(*known, nullptr, *lobes, *m_document->dictionary(), step).shares)
        m_fullBar = std::max(m_fullBar, share);
  }
  m_fullBar = m_fullBar > 0 ? std::min(1.0, 1.1 * m_fullBar) : 1.0;
  showStep();
}

void LobeReplay::setStep(std::int64_t step)
{
  step = std::clamp<std::int64_t>(step, 0, std::max<std::int64_t>(0, m_steps - 1));
  if (step == m_step)
    return;
  m_step = step;
  showStep();
}

void LobeReplay::setPlaying(bool playing)
{
  playing = playing && m_steps > 0;
  if (playing)
    m_clock.start();
  else
    m_clock.stop();
  const QSignalBlocker blocker(m_play);
  m_play->setChecked(playing);
  m_play->setText(playing ? tr("Pause") : tr("Play"));
}

void LobeReplay::showStep()
{
  {
    const QSignalBlocker slider(m_slider), place(m_place);
    m_slider->setValue(static_cast<int>(m_step));
    m_place->setValue(static_cast<int>(m_step) + 1);
  }
  const auto known = m_study->data();
  const Lobes* lobes = m_study->shownLobes();
  const auto embedding = m_document->embedding();
  if (m_steps == 0 || !known || !lobes || !embedding) {
    m_view->setDrawing({});
    m_view->setSummary({});
    m_view->setEmptyText(
        known && !known->firings
            ? tr("The file holds counts, no blocks: there is nothing to replay.")
            : tr("Cut lobes in the Lobes panel: here the firing features light up, "
                 "token by token or block by block."));
    return;
  }
  const LobeChoice choice = m_study->shown();
  auto content = std::make_shared<ReplayContent>();
  content->positions = embedding->positions;
  content->planar = embedding->dimensions == 2;
  content->lobeColors = m_study->colors(choice);
  for (const std::int32_t lobe : lobes->labels)
    content->featureColors.push_back(
        lobe < 0 ? -1 : content->lobeColors[static_cast<std::size_t>(lobe)]);
  for (const std::string& name : m_study->names(choice))
    content->names << visibleText(name, 40);
  const auto types = m_study->documentTypes();
  content->fullBar = m_fullBar;
  const auto add = [&](std::int64_t step) {
    content->tracks.push_back(
        replayTrack(*known, types.get(), *lobes, *m_document->dictionary(), step));
  };
  add(m_step);
  if (m_second->isChecked())
    add(std::min(m_steps - 1, m_step + m_secondPlace->value() - 1));
  QStringList parts;
  for (const ReplayTrack& track : content->tracks)
    parts << track.heading + (track.winner >= 0
                                  ? tr(": %1 wins").arg(content->names.value(track.winner))
                                  : tr(": nothing fires"));
  m_view->setSummary(tr("%1. Lit: features that fire; bars: the share of each lobe's features "
                        "that fire now (%2, k = %3).")
                         .arg(parts.join(QStringLiteral("; ")),
                              QString::fromStdString(displayName(choice.measure)))
                         .arg(choice.clusters));
  m_view->setDrawing(replayDrawing(std::move(content)));
}

void LobeReplay::writeFrames(const QString& folder, int count)
{
  setPlaying(false);
  m_frameFolder = folder;
  m_framesLeft = count;
  m_framesDone = 0;
  m_frames->setText(tr("Stop saving"));
  QTimer::singleShot(0, this, &LobeReplay::writeNextFrame);
}

void LobeReplay::writeNextFrame()
{
  bool more = m_framesLeft > 0 && m_steps > 0;
  if (more) {
    try {
      DrawingFigure figure = m_view->figure();
      figure.caption.clear();
      figure.dpi = 192;
      writeDrawing(
          figure,
          std::filesystem::path(
              (m_frameFolder +
               QStringLiteral("/replay-%1.png").arg(++m_framesDone, 5, 10, QLatin1Char('0')))
                  .toStdString()));
      more = --m_framesLeft > 0 && m_step + 1 < m_steps;
      if (more)
        setStep(m_step + 1);
    } catch (const Error& error) {
      --m_framesDone;
      more = false;
      emit failed(QString::fromUtf8(error.what()));
    }
  }
  if (more) {
    QTimer::singleShot(0, this, &LobeReplay::writeNextFrame);
    return;
  }
  m_framesLeft = 0;
  m_frames->setText(tr("Save frames…"));
  if (m_framesDone > 0)
    emit saved(tr("%1 frames are saved as replay-00001.png … in %2.")
                   .arg(m_framesDone)
                   .arg(m_frameFolder));
  emit framesWritten(m_framesDone);
}

}  // namespace orrery
