#include "app/commands/RenderCrystals.h"

#include "core/base/Error.h"
#include "core/crystals/RelationPlanes.h"
#include "core/document/CrystalState.h"
#include "core/document/CrystalStudy.h"
#include "core/embedding/VectorAlgebra.h"
#include "core/io/ByteSource.h"
#include "widgets/models/CrystalTables.h"
#include "widgets/models/FeatureText.h"
#include "widgets/vtk/Palette.h"

#include <QFontMetricsF>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {
namespace {

/// Quads of more relations than this could not be told apart.
constexpr std::size_t mostRelations = 5;

/// What is drawn: the crystal that is looked at, and others around it.
struct ChosenCrystals {
  std::optional<Crystal> chosen;
  QString relation;  ///< Of the chosen one; empty: not known.
  struct Other {
    Crystal crystal;
    int relation = -1;
  };
  std::vector<Other> others;
  std::vector<Relation> relations;
};

std::string cleaningName(const Arguments& arguments)
{
  return arguments.choice("clean", arguments.textList("pairs").empty() ? "none" : "lda",
                          {"none", "lda", "pca", "length"});
}

std::vector<Relation> readRelations(const Arguments& arguments, const Dictionary& dictionary,
                                    CommandOutput& result, const Progress& progress)
{
  std::vector<Relation> relations;
  const LabelIndex index(dictionary.labels);
  for (const std::string& path : arguments.textList("pairs"))
    for (const WordPairTask& task : readWordPairs(path, progress))
      relations.push_back(matchLabels(task, index));
  for (const Relation& relation : relations)
    if (relation.missing > 0)
      result.notes.push_back(relation.name + ": " + std::to_string(relation.missing) + " of " +
                             std::to_string(relation.given) + " pairs are not among the labels");
  return relations;
}

ChosenCrystals chooseCrystals(const CommandContext& context, const Dictionary& dictionary,
                              const CrystalSpace& space, const std::string& state,
                              CommandOutput& result, const Progress& progress)
{
  const Arguments& arguments = context.arguments;
  ChosenCrystals chosen;
  if (dictionary.labels.empty() && !arguments.textList("pairs").empty())
    throw Error("word pairs need labels: the features have none (give --labels)");
  chosen.relations = readRelations(arguments, dictionary, result, progress);
  std::vector<std::pair<double, ChosenCrystals::Other>> best;
  for (std::size_t i = 0; i < chosen.relations.size(); ++i)
    for (const Crystal& crystal : bestCrystals(space, chosen.relations[i], 1, progress))
      best.push_back(
          {crystalScore(measureCrystal(space, crystal, false), CrystalMode::Parallelogram),
           {crystal, static_cast<int>(i)}});
  std::stable_sort(best.begin(), best.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  if (best.size() > mostRelations)
    result.notes.push_back("quads are drawn of the " + std::to_string(mostRelations) +
                           " relations with the best crystals");
  for (std::size_t i = 0; i < std::min(best.size(), mostRelations); ++i)
    chosen.others.push_back(best[i].second);
  if (const std::vector<std::string> labels = arguments.textList("check"); !labels.empty()) {
    Crystal asked;
    FeatureId* const corners[] = {&asked.a, &asked.b, &asked.c, &asked.d};
    for (std::size_t i = 0; i < 4; ++i)
      *corners[i] = findFeature(labels[i], dictionary);
    chosen.chosen = asked;
  } else if (!state.empty()) {
    const CrystalState kept = crystalState(state, dictionary.features());
    chosen.chosen = kept.crystal;
    for (const Crystal& crystal : kept.family)
      chosen.others.push_back({crystal, -1});
  }
  if (!chosen.chosen && !best.empty())
    chosen.chosen = best.front().second.crystal;
  if (!chosen.chosen)
    throw Error(displayName(arguments.files().front()) +
                ": no crystal to draw (no relation has two pairs among the labels, and a session "
                "has to have a chosen crystal): give --pairs or --check");
  std::erase_if(chosen.others, [&](const auto& other) { return other.crystal == *chosen.chosen; });
  return chosen;
}

CrystalAspect aspectOf(const CrystalSpace& space, const Crystal& crystal, const Progress& progress)
{
  CrystalAspect aspect;
  aspect.quality = measureCrystal(space, crystal, true, progress);
  aspect.drawing = drawCrystal(space, crystal);
  aspect.space = space.description;
  return aspect;
}

CrystalReport reportOf(const CommandContext& context, const Dictionary& dictionary,
                       const CrystalSpace& space, const ChosenCrystals& chosen,
                       CommandOutput& result, const Progress& progress)
{
  const Arguments& arguments = context.arguments;
  CrystalReport report;
  report.crystal = *chosen.chosen;
  report.raw = aspectOf(space, report.crystal, progress);
  const std::string clean = cleaningName(arguments);
  if (clean == "none")
    return report;
  Cleaning cleaning;
  cleaning.components = static_cast<int>(arguments.integer("components", 8, 1, 100000));
  if (clean == "length") {
    if (dictionary.labels.empty())
      throw Error("--clean length needs labels: the features have none (give --labels)");
    cleaning.method = CleaningMethod::Column;
    cleaning.columns = {labelLengths(dictionary.labels)};
  } else {
    cleaning.method = clean == "lda" ? CleaningMethod::Lda : CleaningMethod::Pca;
  }
  const FittedCleaning fitted = fitCleaning(space, chosen.relations, cleaning, progress);
  const CrystalSpace cleaned = applyCleaning(space, fitted, progress);
  report.cleaned = aspectOf(cleaned, report.crystal, progress);
  report.effect =
      cleaningEffect(space, chosen.relations, cleaning, fitted, report.crystal, progress);
  result.notes.push_back("cleaned: " + fitted.description + ". " + report.effect->sentence());
  return report;
}

/// Quads in the cloud: of a colour for each relation. Gives what the colours mean.
std::vector<LegendEntry> addQuads(FigureRequest& cloud, const Dictionary& dictionary,
                                  const ChosenCrystals& chosen)
{
  const auto relationOf = [&](const Crystal& crystal) {
    for (std::size_t i = 0; i < chosen.relations.size(); ++i) {
      const auto& pairs = chosen.relations[i].pairs;
      const auto has = [&](FeatureId first, FeatureId second) {
        return std::find(pairs.begin(), pairs.end(), std::pair(first, second)) != pairs.end();
      };
      if (has(crystal.a, crystal.b) || has(crystal.c, crystal.d))
        return static_cast<int>(i);
    }
    return -1;
  };
  std::vector<LegendEntry> legend;
  std::vector<int> ranks(chosen.relations.size(), -1);
  const auto colorOf = [&](int relation) {
    if (relation < 0)
      return categoryColor(5, false);
    int& rank = ranks[static_cast<std::size_t>(relation)];
    if (rank < 0) {
      rank = static_cast<int>(legend.size());
      legend.push_back(
          {categoryColor(rank, false),
           visibleText(chosen.relations[static_cast<std::size_t>(relation)].name, 32)});
    }
    return categoryColor(rank, false);
  };
  CrystalShape strong;
  strong.corners = chosen.chosen->corners();
  strong.color = colorOf(relationOf(*chosen.chosen));
  strong.chosen = true;
  for (std::size_t i = 0; i < 4; ++i)
    strong.names[i] = labelText(dictionary, strong.corners[i]).left(32);
  for (const auto& other : chosen.others) {
    CrystalShape shape;
    shape.corners = other.crystal.corners();
    shape.color = colorOf(other.relation);
    cloud.crystals.push_back(std::move(shape));
  }
  cloud.crystals.push_back(std::move(strong));
  return legend;
}

/// Entries in lines of @p width, each with its place; one line is 1.25 of the font's height.
struct LegendRow {
  std::vector<QPointF> places;
  double height = 0.0;
};

LegendRow layoutLegend(const std::vector<LegendEntry>& legend, const QFont& font, double width)
{
  const QFontMetricsF metrics(font);
  const double em = metrics.height();
  LegendRow row;
  QPointF at(0.6 * em, 0.0);
  for (const LegendEntry& entry : legend) {
    const double wide = metrics.horizontalAdvance(entry.text) + 1.8 * em;
    if (at.x() + wide > width && at.x() > em)
      at = QPointF(0.6 * em, at.y() + 1.25 * em);
    row.places.push_back(at);
    at.rx() += wide;
  }
  row.height = legend.empty() ? 0.0 : at.y() + 1.5 * em;
  return row;
}

void paintLegend(QPainter& painter, const std::vector<LegendEntry>& legend, const LegendRow& row,
                 const QPointF& origin, const QFont& font, const QColor& color)
{
  const QFontMetricsF metrics(font);
  const double em = metrics.height();
  painter.setFont(font);
  for (std::size_t i = 0; i < legend.size(); ++i) {
    const QPointF at = origin + row.places[i];
    painter.setPen(Qt::NoPen);
    painter.setBrush(legend[i].color);
    painter.drawEllipse(at + QPointF(0.35 * em, 0.6 * em), 0.28 * em, 0.28 * em);
    painter.setPen(color);
    painter.drawText(at + QPointF(0.9 * em, metrics.ascent()), legend[i].text);
  }
}

}  // namespace

void checkCrystalFigure(const CommandContext& context, bool session)
{
  const Arguments& arguments = context.arguments;
  const auto pairs = arguments.textList("pairs");
  const auto check = arguments.textList("check");
  if (pairs.empty() && check.empty() && !session)
    throw UsageError("--view crystals needs --pairs, --check with four labels, or a session");
  const std::string clean = cleaningName(arguments);
  static_cast<void>(arguments.integer("components", 8, 1, 100000));
  if ((clean == "lda" || clean == "pca") && pairs.empty())
    throw UsageError("--clean " + clean + " needs --pairs");
}

void renderCrystals(const CommandContext& context, std::shared_ptr<const Dictionary> dictionary,
                    FigureRequest cloud, const std::string& state,
                    const std::filesystem::path& output, CommandOutput& result)
{
  const Progress progress = context.progress.stage("Crystals", 0.6, 0.8);
  const CrystalSpace space = rawSpace(*dictionary, true, progress);
  const ChosenCrystals chosen =
      chooseCrystals(context, *dictionary, space, state, result, progress);
  cloud.crystals.clear();  // a session's own are among those chosen
  const CrystalReport report = reportOf(context, *dictionary, space, chosen, result, progress);
  const std::vector<LegendEntry> legend = addQuads(cloud, *dictionary, chosen);

  Page page = figurePage(cloud);
  // The cloud beside the drawing; above it where the page is narrow.
  const bool beside = page.widthMm >= 1.2 * page.heightMm;
  const DrawingFigure drawing = planarFigure(planarPicture(*dictionary, report));
  const double share = report.cleaned ? 0.42 : 0.5;
  if (beside)
    cloud.widthMm *= share;
  else
    cloud.heightMm *= 0.55;
  page.title = drawing.title;
  const QFont font = page.font(cloud.fontPoints);
  const LegendRow row = layoutLegend(legend, font, cloud.widthMm * page.unitsPerMm());
  cloud.heightMm -= row.height / page.unitsPerMm();
  context.progress.checkStopped();
  FigureRenderer renderer(cloud);
  const Progress stage = context.progress.stage("Drawing", 0.8, 1.0);
  while (renderer.advance())
    stage.update(static_cast<std::int64_t>(1000 * renderer.fraction()), 1000);
  writePage(page, output, [&](QPainter& painter) {
    renderer.paint(painter);
    QSizeF used = figurePage(cloud).size();
    paintLegend(painter, legend, row, QPointF(0.0, used.height()), font,
                figureForeground(cloud.background));
    used.rheight() += row.height;
    painter.translate(beside ? used.width() : 0.0, beside ? 0.0 : used.height());
    const QSizeF left(beside ? page.size().width() - used.width() : page.size().width(),
                      beside ? page.size().height() : page.size().height() - used.height());
    // Drawings are composed in half points, figures in twentieths.
    const DrawingStyle style = drawing.style();
    const double units = page.unitsPerMm() / drawing.page().unitsPerMm();
    painter.scale(units, units);
    drawing.drawing(painter, left / units, style);
  });

  result.json["file"] = output.native();
  result.json["width_px"] = page.pixels().width();
  result.json["height_px"] = page.pixels().height();
  result.json["dpi"] = page.dpi;
  result.json["view"] = "crystals";
  result.json["quads"] = cloud.crystals.size();
  Json labels = Json::array();
  for (const FeatureId corner : chosen.chosen->corners())
    labels.push_back(dictionary->labels.empty()
                         ? std::string()
                         : dictionary->labels[static_cast<std::size_t>(corner)]);
  result.json["labels"] = labels;
  result.json["cos_ab_cd"] = report.raw.quality.cosAbCd;
  result.json["cos_ab_cd_after"] =
      report.cleaned ? Json(report.cleaned->quality.cosAbCd) : Json(nullptr);
  result.text = displayName(output) + ": " + std::to_string(cloud.crystals.size()) +
                " crystals, one of them in its plane: " +
                crystalText(*dictionary, *chosen.chosen).toStdString() + "\n";
}

}  // namespace orrery
