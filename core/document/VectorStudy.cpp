#include "core/document/VectorStudy.h"

#include "core/base/Error.h"
#include "core/dictionary/Directions.h"
#include "core/document/ChangeCommand.h"
#include "core/document/CountText.h"
#include "core/embedding/Twins.h"
#include "core/io/ByteSource.h"
#include "core/io/MapFile.h"

#include <QJsonArray>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace orrery {
namespace {

/// The map of @p layer with the vectors placed after its features; null where the map cannot take
/// others.
std::shared_ptr<const Embedding> extendedMap(const Layer& layer, const FeatureMatrix& vectors,
                                             const Progress& progress)
{
  if (!layer.embedding || layer.embedding->method == EmbeddingMethod::Given)
    return nullptr;
  const UsableFeatures usable = usableFeatures(*layer.dictionary);
  Embedding map = *layer.embedding;
  map.positions.resize(3, usable.decoder->cols());
  for (Eigen::Index i = 0; i < map.positions.cols(); ++i)
    map.positions.col(i) = layer.embedding->positions.col(usable.id(i));
  const Embedding placed =
      applyFittedMap(fitMap(map, *usable.decoder, progress), vectors, progress);
  auto extended = std::make_shared<Embedding>(*layer.embedding);
  const Eigen::Index n = layer.embedding->positions.cols();
  extended->positions.conservativeResize(3, n + vectors.cols());
  extended->positions.rightCols(vectors.cols()) = placed.positions;
  extended->description += " " + std::to_string(vectors.cols()) +
                           (vectors.cols() == 1 ? " vector was" : " vectors were") +
                           " placed on it afterwards.";
  return extended;
}

}  // namespace

struct VectorStudy::Made {
  std::shared_ptr<const Layer> from;
  std::shared_ptr<const Dictionary> dictionary;
  std::shared_ptr<const Embedding> embedding;
  VectorStep step;
  std::string note;  ///< Of the dictionary: what was done.
};

VectorStudy::VectorStudy(Document* document, Annotations* annotations, QObject* parent)
    : QObject(parent), m_document(document), m_annotations(annotations)
{
  connect(document, &Document::currentLayerChanged, this, &VectorStudy::changed);
}

bool VectorStudy::fits(std::size_t index) const
{
  const auto dictionary = m_document->dictionary();
  return dictionary && index < m_vectors.size() &&
         m_vectors[index].values.size() == dictionary->dimensions();
}

void VectorStudy::addTo(std::vector<LoadedVector>& vectors, LoadedVector vector)
{
  // Loaded again, it is the newer one; another one of the same name gets a number.
  const auto taken = [&](const std::string& name) {
    return std::any_of(vectors.begin(), vectors.end(),
                       [&](const LoadedVector& known) { return known.name == name; });
  };
  const auto same = std::find_if(vectors.begin(), vectors.end(), [&](const LoadedVector& known) {
    return known.source == vector.source && known.name == vector.name;
  });
  if (same != vectors.end()) {
    *same = std::move(vector);
    return;
  }
  const std::string name = vector.name;
  for (int number = 2; taken(vector.name); ++number)
    vector.name = name + " (" + std::to_string(number) + ")";
  if (vectors.size() < most)
    vectors.push_back(std::move(vector));
}

void VectorStudy::change(const QString& step, std::vector<LoadedVector> after)
{
  const auto put = [this](const std::shared_ptr<const std::vector<LoadedVector>>& vectors) {
    m_vectors = *vectors;
    emit changed();
  };
  const auto former = std::make_shared<const std::vector<LoadedVector>>(m_vectors);
  const auto wanted = std::make_shared<const std::vector<LoadedVector>>(std::move(after));
  m_document->undoStack()->push(new ChangeCommand(
      0, step, [put, wanted] { put(wanted); }, [put, former] { put(former); }));
}

void VectorStudy::load(std::vector<std::filesystem::path> paths)
{
  const auto dictionary = m_document->dictionary();
  if (!dictionary || paths.empty())
    return;
  struct Loaded {
    std::vector<LoadedVector> vectors;
    std::vector<std::string> notes;
  };
  m_loadJob.start(
      tr("Loading vectors"),
      [paths = std::move(paths), d = dictionary->dimensions()](const Progress& progress) {
        Loaded loaded;
        for (const auto& path : paths) {
          const VectorSet set =
              readVectors(path, d, static_cast<std::int64_t>(VectorStudy::most), progress);
          for (std::size_t i = 0; i < set.names.size(); ++i)
            loaded.vectors.push_back({set.names[i], set.vectors.col(static_cast<Eigen::Index>(i)),
                                      displayName(path.filename())});
          loaded.notes.insert(loaded.notes.end(), set.notes.begin(), set.notes.end());
        }
        return loaded;
      },
      [this](Loaded loaded) {
        const auto count = static_cast<std::int64_t>(loaded.vectors.size());
        const std::size_t before = m_vectors.size();
        std::vector<LoadedVector> vectors = m_vectors;
        for (LoadedVector& vector : loaded.vectors)
          addTo(vectors, std::move(vector));
        if (count > 0)
          change(tr("Load vectors"), std::move(vectors));
        if (before + static_cast<std::size_t>(count) > most)
          loaded.notes.push_back("At most " + std::to_string(most) + " vectors are kept.");
        QString details;
        for (const std::string& note : loaded.notes)
          details += QString::fromStdString(note) + QLatin1Char('\n');
        emit messageRaised({Message::Kind::Note,
                            count == 1 ? tr("1 vector is loaded: rank features by it, set it among "
                                            "the points, or take it out.")
                                       : tr("%1 vectors are loaded: rank features by them, set "
                                            "them among the points, or take them out.")
                                             .arg(displayCount(count)),
                            details.trimmed(),
                            {},
                            false});
      });
}

void VectorStudy::addMeanOfSelection()
{
  const auto dictionary = m_document->dictionary();
  const auto& features = m_document->selection()->features();
  if (!dictionary || features.empty())
    return;
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(dictionary->dimensions());
  std::int64_t used = 0;
  for (const FeatureId id : features) {
    const Eigen::VectorXd feature = dictionary->decoder->col(id).cast<double>();
    const double norm = feature.stableNorm();
    if (!(norm > 0) || !feature.allFinite())
      continue;
    sum += feature / norm;
    ++used;
  }
  const Eigen::VectorXf mean =
      (sum / static_cast<double>(std::max<std::int64_t>(used, 1))).cast<float>();
  if (used == 0 || mean.isZero(0.0f)) {
    emit messageRaised({Message::Kind::Warning,
                        tr("The selected features have no mean direction."),
                        {},
                        {},
                        false});
    return;
  }
  const auto& labels = dictionary->labels;
  const auto first = static_cast<std::size_t>(features.front());
  LoadedVector vector;
  vector.values = mean;
  vector.source = "mean of " + std::to_string(used) + " features of " + dictionary->name;
  vector.name = used == 1 && first < labels.size() && !labels[first].empty()
                    ? labels[first]
                    : "mean of " + std::to_string(used) + " features";
  // Two means of as many features are two vectors.
  if (std::any_of(m_vectors.begin(), m_vectors.end(),
                  [&](const LoadedVector& known) { return known.source == vector.source; }))
    vector.source += " " + std::to_string(m_vectors.size() + 1);
  std::vector<LoadedVector> vectors = m_vectors;
  addTo(vectors, std::move(vector));
  change(tr("Keep a mean"), std::move(vectors));
}

void VectorStudy::remove(const std::vector<std::size_t>& indices)
{
  std::vector<LoadedVector> rest;
  for (std::size_t i = 0; i < m_vectors.size(); ++i)
    if (std::find(indices.begin(), indices.end(), i) == indices.end())
      rest.push_back(m_vectors[i]);
  if (rest.size() < m_vectors.size())
    change(tr("Remove vectors"), std::move(rest));
}

VectorStep VectorStudy::step(VectorStep::Kind kind, const std::vector<std::size_t>& indices)
{
  VectorStep made;
  made.kind = kind;
  auto matrix = std::make_shared<FeatureMatrix>();
  std::vector<const LoadedVector*> used;
  for (const std::size_t index : indices)
    if (fits(index))
      used.push_back(&m_vectors[index]);
  if (used.empty())
    return made;
  matrix->resize(used.front()->values.size(), static_cast<Eigen::Index>(used.size()));
  for (std::size_t i = 0; i < used.size(); ++i) {
    matrix->col(static_cast<Eigen::Index>(i)) = used[i]->values;
    made.names.push_back(used[i]->name);
  }
  made.vectors = std::move(matrix);
  return made;
}

void VectorStudy::takeColumns(int layer, std::vector<Column> columns, const QString& step)
{
  const std::string first = columns.front().name;
  QUndoStack* undo = m_document->undoStack();
  undo->beginMacro(step);
  m_document->computeColumns(layer, std::move(columns), step);
  if (const auto now = m_document->layer(); now && now->id == layer) {
    Appearance appearance = m_document->appearance();
    appearance.colorBy = first;
    m_document->setAppearance(appearance);
  }
  undo->endMacro();
}

void VectorStudy::rank(const std::vector<std::size_t>& indices)
{
  const auto layer = m_document->layer();
  const VectorStep directions = step(VectorStep::Kind::Added, indices);
  if (!layer || !directions.vectors)
    return;
  m_useJob.start(
      tr("Ranking by direction"),
      [layer, directions](const Progress& progress) {
        std::vector<Column> columns;
        for (std::size_t i = 0; i < directions.names.size(); ++i) {
          Column column;
          column.name = "cosine with " + directions.names[i];
          column.numbers =
              cosinesWith(*layer->dictionary->decoder,
                          directions.vectors->col(static_cast<Eigen::Index>(i)), progress);
          column.description = "The cosine of every feature's vector with the direction \"" +
                               directions.names[i] + "\", from -1 to 1.";
          columns.push_back(std::move(column));
        }
        return columns;
      },
      [this, id = layer->id](std::vector<Column> columns) {
        takeColumns(id, std::move(columns), tr("Rank by direction"));
      });
}

namespace {

Column numberColumn(const char* name, const char* description, std::vector<double> numbers)
{
  Column column;
  column.name = name;
  column.numbers = std::move(numbers);
  column.description = description;
  return column;
}

std::vector<double> numbersOf(const std::vector<FeatureId>& features)
{
  std::vector<double> numbers;
  for (const FeatureId feature : features)
    numbers.push_back(feature == noFeature ? std::nan("") : static_cast<double>(feature));
  return numbers;
}

}  // namespace

void VectorStudy::findTwins()
{
  const auto layer = m_document->layer();
  if (!layer)
    return;
  m_useJob.start(
      tr("Nearest and most opposite features"),
      [layer](const Progress& progress) {
        return orrery::findTwins(*layer->dictionary->decoder, progress);
      },
      [this, id = layer->id](Twins twins) {
        constexpr double near = 0.95;
        const auto duplicates = std::ranges::count_if(twins.nearestCosine,
                                                      [](double cosine) { return cosine >= near; });
        const auto antipodes = std::ranges::count_if(twins.oppositeCosine,
                                                     [](double cosine) { return cosine <= -near; });
        std::vector<Column> columns;
        columns.push_back(numberColumn("cosine of nearest",
                                       "The largest cosine of the feature's vector with another's.",
                                       std::move(twins.nearestCosine)));
        columns.push_back(numberColumn("nearest feature",
                                       "The id of the feature of the largest cosine.",
                                       numbersOf(twins.nearest)));
        columns.push_back(
            numberColumn("cosine of most opposite",
                         "The smallest cosine of the feature's vector with another's.",
                         std::move(twins.oppositeCosine)));
        columns.push_back(numberColumn("most opposite feature",
                                       "The id of the feature of the smallest cosine.",
                                       numbersOf(twins.opposite)));
        takeColumns(id, std::move(columns), tr("Find near-duplicates"));
        emit messageRaised(
            {Message::Kind::Note,
             tr("%1 a near-duplicate (cosine .95 or more), %2 an antipode (−.95 or less). The "
                "columns “cosine of nearest” and “cosine of most opposite” sort and filter by it.")
                 .arg(countText(duplicates, tr("feature has"), tr("features have")),
                      displayCount(antipodes)),
             {},
             {},
             false});
      });
}

void VectorStudy::addAsPoints(const std::vector<std::size_t>& indices)
{
  make(tr("Setting vectors among the points"), step(VectorStep::Kind::Added, indices));
}

void VectorStudy::takeOut(const std::vector<std::size_t>& indices)
{
  make(tr("Taking directions out"), step(VectorStep::Kind::TakenOut, indices));
}

void VectorStudy::make(const QString& name, VectorStep step)
{
  const auto layer = m_document->layer();
  if (!layer || !step.vectors)
    return;
  m_useJob.start(
      name,
      [layer, step = std::move(step)](const Progress& progress) {
        Made made;
        made.from = layer;
        made.step = step;
        Dictionary dictionary =
            step.kind == VectorStep::Kind::Added
                ? withVectors(*layer->dictionary, *step.vectors, step.names)
                : withoutDirections(*layer->dictionary, *step.vectors, step.names, progress);
        made.note = dictionary.notes.back();
        if (step.kind == VectorStep::Kind::Added)
          made.embedding = extendedMap(*layer, *step.vectors, progress);
        made.dictionary = std::make_shared<const Dictionary>(std::move(dictionary));
        return made;
      },
      [this](Made made) { take(std::move(made)); });
}

/// The new layer begins as the old one is looked at: ids are the same.
void VectorStudy::take(Made made)
{
  const int from = made.from->id;
  LayerView view = m_document->viewState(from);
  std::set<std::string> computed;
  for (const Column& column : m_document->computedColumns(from))
    computed.insert(column.name);
  if (made.step.kind == VectorStep::Kind::TakenOut) {
    // Another space, another map: the first one is computed at once.
    view.camera.reset();
  } else {
    view.selection.clear();
    const auto n = static_cast<FeatureId>(made.from->dictionary->features());
    for (FeatureId id = n; id < static_cast<FeatureId>(made.dictionary->features()); ++id)
      view.selection.push_back(id);
    view.current = n;
  }
  const int id =
      m_document->addLayer(made.dictionary, made.embedding, std::move(view), std::move(computed));
  m_annotations->restore(id, m_annotations->of(from));
  m_document->setCurrentLayer(id);
  emit messageRaised({Message::Kind::Note, QString::fromStdString(made.note), {}, {}, false});
}

// Kept -------------------------------------------------------------------------------------------

QJsonObject VectorStudy::state() const
{
  QJsonArray vectors;
  for (const LoadedVector& vector : m_vectors) {
    const QByteArray bytes(reinterpret_cast<const char*>(vector.values.data()),
                           static_cast<qsizetype>(vector.values.size()) * 4);
    vectors.append(QJsonObject{{QStringLiteral("name"), QString::fromStdString(vector.name)},
                               {QStringLiteral("source"), QString::fromStdString(vector.source)},
                               {QStringLiteral("numbers"), qint64{vector.values.size()}},
                               {QStringLiteral("values"), QString::fromLatin1(bytes.toBase64())}});
  }
  return {{QStringLiteral("vectors"), vectors}};
}

void VectorStudy::restoreState(const QJsonObject& state)
{
  m_vectors.clear();
  const QJsonArray vectors = state[QStringLiteral("vectors")].toArray();
  for (const QJsonValue& value : vectors) {
    const QJsonObject kept = value.toObject();
    const QByteArray bytes =
        QByteArray::fromBase64(kept[QStringLiteral("values")].toString().toLatin1());
    const qint64 numbers = kept[QStringLiteral("numbers")].toInteger();
    LoadedVector vector;
    vector.name = kept[QStringLiteral("name")].toString().toStdString();
    vector.source = kept[QStringLiteral("source")].toString().toStdString();
    if (numbers <= 0 || bytes.size() != numbers * 4 || vector.name.empty() ||
        m_vectors.size() >= most)
      continue;
    vector.values.resize(numbers);
    std::memcpy(vector.values.data(), bytes.constData(), static_cast<std::size_t>(bytes.size()));
    if (vector.values.allFinite() && !vector.values.isZero(0.0f))
      m_vectors.push_back(std::move(vector));
  }
  emit changed();
}

}  // namespace orrery
