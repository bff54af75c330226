#include "core/document/LobeState.h"

#include "core/base/Error.h"

#include <QByteArray>
#include <QJsonArray>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace orrery {
namespace {

constexpr int mostClusterings = 1000;
constexpr std::int32_t mostLobes = 4096;

QString measureName(const std::optional<AffinityMeasure>& measure)
{
  return measure ? QString::fromStdString(commandName(*measure)) : QStringLiteral("cosine");
}

QJsonObject choiceJson(const LobeChoice& choice)
{
  return {{QStringLiteral("affinity"), measureName(choice.measure)},
          {QStringLiteral("lobes"), choice.clusters}};
}

std::optional<LobeChoice> choiceOf(const QJsonObject& json)
{
  LobeChoice choice;
  choice.clusters = json[QStringLiteral("lobes")].toInt();
  if (choice.clusters < 1 || choice.clusters > mostLobes)
    return {};
  const QString name = json[QStringLiteral("affinity")].toString();
  if (name == QLatin1String("cosine"))
    return choice;
  for (const AffinityMeasure measure : allAffinityMeasures)
    if (name == measureName(measure)) {
      choice.measure = measure;
      return choice;
    }
  return {};
}

QJsonObject comparisonJson(const NullComparison& comparison)
{
  // A z that is no number is not written: JSON has none.
  QJsonObject json{{QStringLiteral("observed"), comparison.observed},
                   {QStringLiteral("mean"), comparison.mean},
                   {QStringLiteral("deviation"), comparison.standardDeviation},
                   {QStringLiteral("p"), comparison.p}};
  if (std::isfinite(comparison.z))
    json[QStringLiteral("z")] = comparison.z;
  return json;
}

NullComparison comparisonOf(const QJsonObject& json)
{
  NullComparison comparison;
  comparison.observed = json[QStringLiteral("observed")].toDouble();
  comparison.mean = json[QStringLiteral("mean")].toDouble();
  comparison.standardDeviation = json[QStringLiteral("deviation")].toDouble();
  comparison.z = json[QStringLiteral("z")].toDouble(std::nan(""));
  comparison.p = json[QStringLiteral("p")].toDouble(1.0);
  return comparison;
}

QJsonObject localityJson(const LobeLocality& locality)
{
  QJsonObject json{
      {QStringLiteral("compared"), static_cast<qint64>(locality.compared)},
      {QStringLiteral("ami"), comparisonJson(locality.ami)},
      {QStringLiteral("ami_within_deciles"), comparisonJson(locality.amiWithinDeciles)},
      {QStringLiteral("verdict"), static_cast<int>(locality.verdict)},
      {QStringLiteral("beyond_frequency"), static_cast<int>(locality.beyondFrequency)},
      {QStringLiteral("permutations"), locality.options.permutations}};
  if (locality.hasLogistic) {
    json[QStringLiteral("logistic")] = comparisonJson(locality.logistic);
    json[QStringLiteral("logistic_within_deciles")] =
        comparisonJson(locality.logisticWithinDeciles);
    json[QStringLiteral("train_only_lobes")] = static_cast<qint64>(locality.trainOnlyLobes);
  }
  return json;
}

Verdict verdictOf(const QJsonValue& value)
{
  return static_cast<Verdict>(std::clamp(value.toInt(), 0, static_cast<int>(Verdict::Clear)));
}

LobeLocality localityOf(const QJsonObject& json, const Lobes& lobes)
{
  LobeLocality locality;
  locality.clusters = lobes.clusters;
  locality.sizes = lobes.sizes;
  locality.compared = json[QStringLiteral("compared")].toInteger();
  locality.ami = comparisonOf(json[QStringLiteral("ami")].toObject());
  locality.amiWithinDeciles = comparisonOf(json[QStringLiteral("ami_within_deciles")].toObject());
  locality.verdict = verdictOf(json[QStringLiteral("verdict")]);
  locality.beyondFrequency = verdictOf(json[QStringLiteral("beyond_frequency")]);
  locality.options.permutations = json[QStringLiteral("permutations")].toInt();
  locality.hasLogistic = json.contains(QStringLiteral("logistic"));
  locality.logistic = comparisonOf(json[QStringLiteral("logistic")].toObject());
  locality.logisticWithinDeciles =
      comparisonOf(json[QStringLiteral("logistic_within_deciles")].toObject());
  locality.trainOnlyLobes = json[QStringLiteral("train_only_lobes")].toInteger();
  return locality;
}

QString labelsText(const std::vector<std::int32_t>& labels)
{
  const QByteArray bytes(reinterpret_cast<const char*>(labels.data()),
                         static_cast<qsizetype>(labels.size() * sizeof(std::int32_t)));
  return QString::fromLatin1(qCompress(bytes).toBase64());
}

/// Empty if it is no text of @p features labels below @p lobes.
std::vector<std::int32_t> labelsOf(const QString& text, std::int64_t features, std::int32_t lobes)
{
  const QByteArray packed = QByteArray::fromBase64(text.toLatin1());
  const auto size = static_cast<qsizetype>(features) * 4;
  // The first four bytes say how large it becomes: nothing larger is unpacked.
  if (packed.size() < 4)
    return {};
  quint32 said = 0;
  for (int i = 0; i < 4; ++i)
    said = said << 8 | static_cast<unsigned char>(packed[i]);
  if (qsizetype{said} != size)
    return {};
  const QByteArray bytes = qUncompress(packed);
  if (bytes.size() != size)
    return {};
  std::vector<std::int32_t> labels(static_cast<std::size_t>(features));
  std::memcpy(labels.data(), bytes.constData(), static_cast<std::size_t>(size));
  const bool known = std::all_of(labels.begin(), labels.end(), [lobes](std::int32_t label) {
    return label >= noLobe && label < lobes;
  });
  return known ? labels : std::vector<std::int32_t>();
}

std::optional<Lobes> lobesOf(const QJsonObject& json, const LobeChoice& choice,
                             std::int64_t features)
{
  Lobes lobes;
  lobes.clusters = choice.clusters;
  lobes.labels = labelsOf(json[QStringLiteral("labels")].toString(), features, choice.clusters);
  if (lobes.labels.empty())
    return {};
  lobes.sizes.assign(static_cast<std::size_t>(choice.clusters), 0);
  for (const std::int32_t label : lobes.labels)
    if (label != noLobe)
      ++lobes.sizes[static_cast<std::size_t>(label)];
  while (!lobes.sizes.empty() && lobes.sizes.back() == 0)
    lobes.sizes.pop_back();
  // Numbered by falling size, as everywhere.
  if (lobes.sizes.empty() || !std::is_sorted(lobes.sizes.rbegin(), lobes.sizes.rend()))
    return {};
  return lobes;
}

/// A permutation of 0 … k − 1; none if it is something else.
std::optional<std::vector<std::int32_t>> colorsOf(const QJsonArray& json, std::size_t lobes)
{
  std::vector<std::int32_t> colors;
  std::vector<bool> taken(lobes, false);
  for (const QJsonValue& value : json) {
    const int color = value.toInt(-1);
    if (color < 0 || static_cast<std::size_t>(color) >= lobes ||
        taken[static_cast<std::size_t>(color)])
      return {};
    taken[static_cast<std::size_t>(color)] = true;
    colors.push_back(color);
  }
  if (colors.size() != lobes)
    return {};
  return colors;
}

QJsonObject clusteringJson(const LobeState& state, const LobeChoice& choice)
{
  const Lobes& lobes = *state.result->lobes(choice);
  QJsonObject json = choiceJson(choice);
  json[QStringLiteral("labels")] = labelsText(lobes.labels);
  QJsonArray colors, suggested;
  if (const auto found = state.result->colors.find(choice); found != state.result->colors.end())
    for (const std::int32_t color : found->second)
      colors.append(color);
  json[QStringLiteral("colors")] = colors;
  if (const auto found = state.result->suggested.find(choice);
      found != state.result->suggested.end())
    for (const LobeName& name : found->second)
      suggested.append(QString::fromStdString(name.suggestion));
  if (!suggested.isEmpty())
    json[QStringLiteral("suggested")] = suggested;
  if (const auto own = state.names.find(choice); own != state.names.end()) {
    QJsonObject names;
    for (const auto& [lobe, name] : own->second)
      names[QString::number(lobe)] = QString::fromStdString(name);
    if (!names.isEmpty())
      json[QStringLiteral("names")] = names;
  }
  if (choice.measure)
    for (const LobeLocality& locality : state.result->analysis.find(*choice.measure)->locality)
      if (locality.clusters == choice.clusters)
        json[QStringLiteral("locality")] = localityJson(locality);
  return json;
}

void takeClustering(const QJsonObject& json, std::int64_t features, LobeResult& result,
                    LobeNames& names)
{
  const auto choice = choiceOf(json);
  if (!choice || result.lobes(*choice))
    return;
  auto lobes = lobesOf(json, *choice, features);
  if (!lobes)
    return;
  const std::size_t count = lobes->sizes.size();
  if (auto colors = colorsOf(json[QStringLiteral("colors")].toArray(), count))
    result.colors[*choice] = std::move(*colors);
  else
    return;
  const QJsonArray suggested = json[QStringLiteral("suggested")].toArray();
  for (qsizetype i = 0; i < std::min<qsizetype>(suggested.size(), std::ssize(lobes->sizes)); ++i)
    result.suggested[*choice].push_back({{}, suggested[i].toString().left(200).toStdString()});
  const QJsonObject own = json[QStringLiteral("names")].toObject();
  for (auto it = own.begin(); it != own.end(); ++it) {
    bool number = false;
    const int lobe = it.key().toInt(&number);
    if (number && lobe >= 0 && static_cast<std::size_t>(lobe) < count && it.value().isString())
      names[*choice][lobe] = it.value().toString().left(200).toStdString();
  }
  if (!choice->measure) {
    result.analysis.spatial.clusterings.push_back(std::move(*lobes));
    return;
  }
  auto& all = result.analysis.functional;
  auto functional = std::find_if(all.begin(), all.end(), [&](const FunctionalLobes& known) {
    return known.measure == *choice->measure;
  });
  if (functional == all.end()) {
    all.push_back({*choice->measure, {}, {}, {}});
    result.analysis.options.measures.push_back(*choice->measure);
    functional = std::prev(all.end());
  }
  if (json[QStringLiteral("locality")].isObject())
    functional->locality.push_back(localityOf(json[QStringLiteral("locality")].toObject(), *lobes));
  functional->clustering.clusterings.push_back(std::move(*lobes));
}

}  // namespace

QJsonObject lobeStateJson(const LobeState& state)
{
  if (!state.result)
    return {};
  QJsonArray clusterings;
  for (const LobeChoice& choice : state.result->choices())
    clusterings.append(clusteringJson(state, choice));
  const LobeFeatures& taking = state.result->analysis.features;
  QJsonArray counts;
  for (const std::int64_t count :
       {taking.never, taking.rarely, taking.always, taking.often, taking.unusable})
    counts.append(static_cast<qint64>(count));
  return {
      {QStringLiteral("shown"), choiceJson(state.shown)},
      {QStringLiteral("features"), counts},
      {QStringLiteral("clip"), state.result->analysis.options.shift == AffinityShift::Clip},
      {QStringLiteral("seed"), static_cast<qint64>(state.result->analysis.options.clustering.seed)},
      {QStringLiteral("clusterings"), clusterings}};
}

std::optional<LobeState> lobeState(const QJsonObject& json, std::int64_t features)
{
  auto result = std::make_shared<LobeResult>();
  result->analysis.options.measures.clear();
  LobeState state;
  const QJsonArray clusterings = json[QStringLiteral("clusterings")].toArray();
  for (qsizetype i = 0; i < std::min<qsizetype>(clusterings.size(), mostClusterings); ++i)
    takeClustering(clusterings[i].toObject(), features, *result, state.names);
  const std::vector<LobeChoice> choices = result->choices();
  if (choices.empty())
    return {};
  LobeAnalysis& analysis = result->analysis;
  const std::vector<std::int32_t>& any = result->lobes(choices.front())->labels;
  for (std::size_t i = 0; i < any.size(); ++i)
    if (any[i] != noLobe)
      analysis.features.used.push_back(static_cast<FeatureId>(i));
  const QJsonArray counts = json[QStringLiteral("features")].toArray();
  std::int64_t* const numbers[] = {&analysis.features.never, &analysis.features.rarely,
                                   &analysis.features.always, &analysis.features.often,
                                   &analysis.features.unusable};
  for (qsizetype i = 0; i < 5; ++i)
    *numbers[i] = std::clamp<std::int64_t>(counts.at(i).toInteger(), 0, features);
  analysis.options.shift =
      json[QStringLiteral("clip")].toBool() ? AffinityShift::Clip : AffinityShift::Add;
  analysis.options.clustering.seed =
      static_cast<std::uint64_t>(json[QStringLiteral("seed")].toInteger());
  const auto shown = choiceOf(json[QStringLiteral("shown")].toObject());
  state.shown = shown && result->lobes(*shown) ? *shown : choices.front();
  state.result = std::move(result);
  return state;
}

std::vector<std::int64_t> blocksOfFeatures(const Dictionary& dictionary)
{
  std::vector<std::int64_t> blocks;
  const Column* column = dictionary.column(blocksColumnName);
  if (column && column->kind == Column::Kind::Number)
    for (const double count : column->numbers)
      blocks.push_back(std::isfinite(count) && count >= 0 && count < 1e15
                           ? static_cast<std::int64_t>(std::llround(count))
                           : 0);
  return blocks;
}

}  // namespace orrery
