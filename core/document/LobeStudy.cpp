#include "core/document/LobeStudy.h"

#include "core/base/Error.h"
#include "core/document/ChangeCommand.h"
#include "core/io/ByteSource.h"
#include "core/io/DictionaryFile.h"
#include "core/lobes/LobeFile.h"
#include "core/lobes/TokenTexts.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <QTimer>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace orrery {
namespace {

constexpr int mostNamedLobes = 64;

QString fileNameOf(const std::filesystem::path& path)
{
  return QString::fromStdString(displayName(path.filename()));
}

/// Arrays of co-occurrences are no dictionaries; a file that could be either is a dictionary.
bool holdsCooccurrences(const std::filesystem::path& path, const Progress& progress)
{
  try {
    const FilePreview preview = inspectDictionaryFile(path, {}, progress);
    const bool counts = std::any_of(preview.tensors.begin(), preview.tensors.end(),
                                    [](const TensorInfo& t) { return t.name == "n_chunks"; });
    if (!preview.candidates.empty() && !counts)
      return false;
  } catch (const Error&) {
    // Then it may still be the other.
  }
  try {
    inspectCooccurrenceFile(path, {}, progress);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::shared_ptr<const LobeResult> resultOf(LobeAnalysis analysis, const Dictionary& dictionary,
                                           const std::vector<std::int64_t>& own,
                                           const LobesBeside& beside, const Progress& progress)
{
  auto result = std::make_shared<LobeResult>();
  result->colors = lobeColors(analysis, *dictionary.decoder, beside);
  result->analysis = std::move(analysis);
  for (const LobeChoice& choice : result->choices()) {
    progress.checkStopped();
    if (choice.clusters <= mostNamedLobes && !dictionary.labels.empty())
      result->suggested[choice] =
          suggestNames(*result->lobes(choice), dictionary.labels, own, 0.05);
  }
  return result;
}

/// The firings that the demo's layer @p dictionary was made with.
CooccurrenceData demoFirings(const Dictionary& dictionary, const Progress& progress)
{
  progress.checkStopped();
  std::string names;
  for (SyntheticDictionary& made : makeDemo()) {
    if (made.firings.features.empty())
      continue;
    names += (names.empty() ? "" : ", ") + made.dictionary.name;
    if (made.dictionary.name != dictionary.name || made.dictionary.origin != dictionary.origin)
      continue;
    auto firings = std::make_shared<Firings>();
    firings->features = made.dictionary.features();
    firings->starts = made.firings.starts;
    firings->ids = made.firings.features;
    CooccurrenceData data;
    data.facts.kind = CooccurrenceFacts::Kind::Firings;
    data.facts.format = "made with the demo (synthetic)";
    data.facts.features = firings->features;
    data.facts.blocks = firings->blocks();
    data.facts.firings = static_cast<std::int64_t>(firings->ids.size());
    data.own.assign(static_cast<std::size_t>(firings->features), 0);
    for (const FeatureId id : firings->ids)
      ++data.own[static_cast<std::size_t>(id)];
    data.blockTypes = made.firings.documentTypes;
    data.firings = std::move(firings);
    return data;
  }
  throw Error("Of the demo's layers only one has firings: " + names + ".");
}

/// Of each lobe, twenty features.
std::vector<TopFeatures> mostFrequent(const Lobes& lobes, const std::vector<std::int64_t>& own)
{
  std::vector<TopFeatures> top(lobes.sizes.size());
  for (std::size_t lobe = 0; lobe < top.size(); ++lobe) {
    std::vector<FeatureId> members = lobes.members(static_cast<std::int32_t>(lobe));
    const auto few = std::min<std::size_t>(members.size(), 20);
    std::partial_sort(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(few),
                      members.end(), [&](FeatureId a, FeatureId b) {
                        const auto first = own[static_cast<std::size_t>(a)];
                        const auto second = own[static_cast<std::size_t>(b)];
                        return first != second ? first > second : a < b;
                      });
    for (std::size_t i = 0; i < few; ++i)
      top[lobe].byFrequency.push_back({members[i], own[static_cast<std::size_t>(members[i])], 0.0});
  }
  return top;
}

}  // namespace

std::string displayName(const std::optional<AffinityMeasure>& measure)
{
  return measure ? displayName(*measure) : "cosine";
}

std::string columnName(const LobeChoice& choice)
{
  return "lobe (" + displayName(choice.measure) + ", k = " + std::to_string(choice.clusters) + ")";
}

const Lobes* LobeResult::lobes(const LobeChoice& choice) const
{
  if (!choice.measure)
    return analysis.spatial.find(choice.clusters);
  const FunctionalLobes* functional = analysis.find(*choice.measure);
  return functional ? functional->clustering.find(choice.clusters) : nullptr;
}

std::vector<LobeChoice> LobeResult::choices() const
{
  std::vector<LobeChoice> all;
  for (const FunctionalLobes& functional : analysis.functional)
    for (const Lobes& lobes : functional.clustering.clusterings)
      all.push_back({functional.measure, lobes.clusters});
  for (const Lobes& lobes : analysis.spatial.clusterings)
    all.push_back({std::nullopt, lobes.clusters});
  return all;
}

std::map<LobeChoice, std::vector<std::int32_t>> lobeColors(const LobeAnalysis& analysis)
{
  return lobeColors(analysis, FeatureMatrix(), {});
}

std::map<LobeChoice, std::vector<std::int32_t>> lobeColors(const LobeAnalysis& analysis,
                                                           const FeatureMatrixView& decoder,
                                                           const LobesBeside& beside)
{
  std::map<LobeChoice, std::vector<std::int32_t>> colors;
  if (analysis.functional.empty())
    return colors;
  const FunctionalLobes& first = analysis.functional.front();
  const bool hasNeighbor =
      beside.result && beside.dictionary && beside.dictionary->decoder->rows() == decoder.rows();
  const Lobes* before = nullptr;
  std::vector<std::int32_t> last;
  for (const Lobes& lobes : first.clustering.clusterings) {
    const LobeChoice choice{first.measure, lobes.clusters};
    const Lobes* neighbor = hasNeighbor ? beside.result->lobes(choice) : nullptr;
    if (neighbor && beside.result->colors.count(choice)) {
      last = matchLobesOfLayers(*neighbor, *beside.dictionary->decoder, lobes, decoder,
                                beside.result->colors.at(choice))
                 .colors;
    } else if (before) {
      last = matchLobes(*before, lobes, last).colors;
    } else {
      last.resize(lobes.sizes.size());
      std::iota(last.begin(), last.end(), 0);
    }
    colors[choice] = last;
    before = &lobes;
  }
  const auto follow = [&](std::optional<AffinityMeasure> measure,
                          const std::vector<Lobes>& clusterings) {
    for (const Lobes& lobes : clusterings)
      if (const Lobes* leading = first.clustering.find(lobes.clusters))
        colors[{measure, lobes.clusters}] =
            matchLobes(*leading, lobes, colors[{first.measure, lobes.clusters}]).colors;
  };
  for (std::size_t i = 1; i < analysis.functional.size(); ++i)
    follow(analysis.functional[i].measure, analysis.functional[i].clustering.clusterings);
  follow(std::nullopt, analysis.spatial.clusterings);
  // A lobe that shares nothing with its partner may have been given a new number; the smallest that
  // is free among its own clustering's keeps them a permutation, and all within the palette.
  for (auto& [choice, numbers] : colors) {
    std::vector<bool> taken(numbers.size(), false);
    for (std::int32_t& number : numbers)
      if (number >= 0 && number < static_cast<std::int32_t>(taken.size()) &&
          !taken[static_cast<std::size_t>(number)])
        taken[static_cast<std::size_t>(number)] = true;
      else
        number = -1;
    for (std::int32_t& number : numbers)
      if (number < 0) {
        const auto free = std::find(taken.begin(), taken.end(), false);
        number = static_cast<std::int32_t>(free - taken.begin());
        *free = true;
      }
  }
  return colors;
}

CooccurrenceData fitToDictionary(CooccurrenceData data, const Dictionary& dictionary)
{
  const std::int64_t n = dictionary.features();
  if (data.features() == n)
    return data;
  if (data.features() > n || !data.firings)
    throw Error(displayName(data.path) + ": holds " + std::to_string(data.features()) +
                " features, but " + dictionary.name + " has " + std::to_string(n));
  for (std::size_t i = 0; i < data.featureNames.size() && i < dictionary.labels.size(); ++i)
    if (data.featureNames[i] != dictionary.labels[i])
      throw Error(displayName(data.path) + ": holds " + std::to_string(data.features()) +
                  " features, but " + dictionary.name + " has " + std::to_string(n) +
                  ", and their names differ from feature " + std::to_string(i) + " on (found '" +
                  displayText(data.featureNames[i]) + "', expected '" +
                  displayText(dictionary.labels[i]) + "')");
  auto firings = std::make_shared<Firings>(*data.firings);
  firings->features = n;
  data.notes.push_back("It holds the first " + std::to_string(data.features()) + " of " +
                       std::to_string(n) + " features; the others never fire.");
  data.firings = std::move(firings);
  data.own.resize(static_cast<std::size_t>(n), 0);
  return data;
}

// Construction ------------------------------------------------------------------------------------

LobeStudy::LobeStudy(Document* document, QObject* parent) : QObject(parent), m_document(document)
{
  connect(document, &Document::layerClosed, this, [this](int id) { m_states.erase(id); });
  connect(document, &Document::currentLayerChanged, this, [this] {
    m_openJob.cancel();
    m_analysisJob.cancel();
    m_useJob.cancel();
    // Files that open several layers end with the one that is shown: the last counts.
    if (m_document->layer() && m_waiting)
      QTimer::singleShot(0, this, [this] {
        if (const auto waiting = std::exchange(m_waiting, std::nullopt); waiting)
          openCooccurrence(waiting->first, waiting->second);
      });
    emit dataChanged();
    emit resultChanged();
    emit shownChanged();
  });
  connect(&m_analysisJob, &JobRunner::runningChanged, this, &LobeStudy::runningChanged);
}

LobeStudy::~LobeStudy()
{
  for (JobRunner* job : {&m_openJob, &m_analysisJob, &m_useJob, &m_sortJob})
    job->cancel();
}

const LobeStudy::State* LobeStudy::state() const
{
  const auto layer = m_document->layer();
  if (!layer)
    return nullptr;
  const auto found = m_states.find(layer->id);
  return found == m_states.end() ? nullptr : &found->second;
}

std::shared_ptr<const CooccurrenceData> LobeStudy::data() const
{
  const State* current = state();
  return current ? current->data : nullptr;
}

std::shared_ptr<const std::vector<std::string>> LobeStudy::documentTypes() const
{
  const State* current = state();
  return current ? current->types : nullptr;
}

std::shared_ptr<const LobeResult> LobeStudy::result() const
{
  const State* current = state();
  return current ? current->result : nullptr;
}

std::shared_ptr<const LobeResult> LobeStudy::result(int layer) const
{
  const auto found = m_states.find(layer);
  return found == m_states.end() ? nullptr : found->second.result;
}

LobeChoice LobeStudy::shown(int layer) const
{
  const auto found = m_states.find(layer);
  return found == m_states.end() ? LobeChoice{} : found->second.shown;
}

LobeNames LobeStudy::ownNames(int layer) const
{
  const auto found = m_states.find(layer);
  return found == m_states.end() ? LobeNames() : found->second.names;
}

std::shared_ptr<const LobePurpose> LobeStudy::purpose() const
{
  const State* current = state();
  return current ? current->purpose : nullptr;
}

LobeChoice LobeStudy::shown() const
{
  const State* current = state();
  return current ? current->shown : LobeChoice{};
}

const Lobes* LobeStudy::shownLobes() const
{
  const State* current = state();
  return current && current->result ? current->result->lobes(current->shown) : nullptr;
}

std::vector<std::int32_t> LobeStudy::colors(const LobeChoice& choice) const
{
  const auto all = result();
  if (!all)
    return {};
  const auto found = all->colors.find(choice);
  return found == all->colors.end() ? std::vector<std::int32_t>() : found->second;
}

std::vector<std::string> LobeStudy::names(const LobeChoice& choice) const
{
  const State* current = state();
  const Lobes* lobes = current && current->result ? current->result->lobes(choice) : nullptr;
  if (!lobes)
    return {};
  std::vector<std::string> names;
  const auto suggested = current->result->suggested.find(choice);
  const auto own = current->names.find(choice);
  for (std::size_t i = 0; i < lobes->sizes.size(); ++i) {
    std::string name = "lobe " + std::to_string(i + 1);
    if (suggested != current->result->suggested.end() && i < suggested->second.size() &&
        !suggested->second[i].suggestion.empty() &&
        suggested->second[i].suggestion.rfind("lobe ", 0) != 0)
      name = suggested->second[i].suggestion;
    if (own != current->names.end())
      if (const auto given = own->second.find(static_cast<std::int32_t>(i));
          given != own->second.end())
        name = given->second;
    names.push_back(std::move(name));
  }
  return names;
}

// Reading -----------------------------------------------------------------------------------------

void LobeStudy::openCooccurrence(const std::filesystem::path& path, CooccurrenceReadOptions options)
{
  const auto layer = m_document->layer();
  if (!layer) {
    m_waiting = {path, std::move(options)};
    return;
  }
  options.keepTokens = true;
  if (options.besideDataset.empty())
    options.besideDataset = layer->dictionary->source.dataset;
  if (!options.maxMemory)
    if (const std::uint64_t free = availableMemory())
      options.maxMemory = free / 10 * 9;
  m_openJob.start(
      tr("Reading co-occurrences of %1").arg(fileNameOf(path)),
      [path, options, dictionary = layer->dictionary](const Progress& progress) {
        return std::make_shared<const CooccurrenceData>(
            fitToDictionary(readCooccurrenceFile(path, options, progress), *dictionary));
      },
      [this, id = layer->id](std::shared_ptr<const CooccurrenceData> data) {
        takeData(id, std::move(data));
      });
}

bool LobeStudy::isDemo() const
{
  const auto dictionary = m_document->dictionary();
  return dictionary && dictionary->synthetic && dictionary->source.path.empty();
}

void LobeStudy::useDemoFirings()
{
  const auto layer = m_document->layer();
  if (!layer || !isDemo())
    return;
  m_openJob.start(
      tr("Making the demo's firings"),
      [dictionary = layer->dictionary](const Progress& progress) {
        return std::make_shared<const CooccurrenceData>(demoFirings(*dictionary, progress));
      },
      [this, id = layer->id](std::shared_ptr<const CooccurrenceData> data) {
        takeData(id, std::move(data));
      });
}

void LobeStudy::setCooccurrence(int layer, std::shared_ptr<const CooccurrenceData> data)
{
  if (m_document->layer(layer))
    takeData(layer, std::move(data));
}

void LobeStudy::takeData(int layer, std::shared_ptr<const CooccurrenceData> data, bool again)
{
  if (!m_document->layer(layer))
    return;
  m_analysisJob.cancel();
  m_useJob.cancel();
  State& state = m_states[layer];
  if (!again)
    state = {};
  if (!data->blockTypes.empty())
    state.types = std::make_shared<const std::vector<std::string>>(data->blockTypes);
  Column frequency;
  frequency.name = blocksColumnName;
  frequency.description =
      "Blocks of text in which the feature fires, of " + std::to_string(data->blocks()) + ".";
  frequency.numbers.assign(data->own.begin(), data->own.end());
  QStringList details;
  for (const std::string& note : data->notes)
    details << QString::fromStdString(note);
  const QString what = data->path.empty() ? tr("The demo") : fileNameOf(data->path);
  state.data = std::move(data);
  // A session that is opened again has the column already.
  const auto& columns = m_document->layer(layer)->dictionary->columns;
  if (std::none_of(columns.begin(), columns.end(), [&](const Column& column) {
        return column.name == frequency.name && column.numbers == frequency.numbers;
      }))
    m_document->setColumns(layer, {std::move(frequency)});
  emit m_document->messageRaised(
      {Message::Kind::Note,
       tr("%1: which of %2 features fire in %3 blocks. The Lobes panel cuts lobes from it.")
           .arg(what, displayCount(state.data->features()), displayCount(state.data->blocks())),
       details.join(QLatin1Char('\n')), state.data->path, false});
  emit dataChanged();
  emit resultChanged();
  emit shownChanged();
  if (again)
    computePurpose(layer);
}

std::vector<LobeSource> LobeStudy::sources() const
{
  std::vector<LobeSource> sources;
  for (const auto& [layer, state] : m_states)
    if (state.data) {
      LobeSource source;
      source.layer = layer;
      source.cooccurrence = state.data->path;
      source.options = state.data->options;
      source.documents = state.typesPath;
      sources.push_back(std::move(source));
    }
  return sources;
}

void LobeStudy::reopen(const std::vector<LobeSource>& sources)
{
  struct Reopened {
    std::shared_ptr<const CooccurrenceData> data;
    std::shared_ptr<const std::vector<std::string>> types;
    std::string failure;
  };
  std::vector<std::shared_ptr<const Dictionary>> dictionaries;
  for (const LobeSource& source : sources) {
    const auto layer = m_document->layer(source.layer);
    dictionaries.push_back(layer ? layer->dictionary : nullptr);
  }
  m_openJob.start(
      tr("Reading co-occurrences"),
      [sources, dictionaries](const Progress& progress) {
        std::vector<Reopened> all(sources.size());
        for (std::size_t i = 0; i < sources.size(); ++i) {
          if (!dictionaries[i])
            continue;
          try {
            CooccurrenceReadOptions options = sources[i].options;
            options.keepTokens = true;
            all[i].data = std::make_shared<const CooccurrenceData>(
                sources[i].cooccurrence.empty()
                    ? demoFirings(*dictionaries[i], progress)
                    : fitToDictionary(
                          readCooccurrenceFile(sources[i].cooccurrence, options, progress),
                          *dictionaries[i]));
            if (!sources[i].documents.empty())
              all[i].types = std::make_shared<const std::vector<std::string>>(
                  readDocumentTypes(sources[i].documents, all[i].data->blocks()));
          } catch (const Error& error) {
            all[i].failure = error.what();
          }
        }
        return all;
      },
      [this, sources](std::vector<Reopened> all) {
        for (std::size_t i = 0; i < all.size(); ++i) {
          if (!all[i].failure.empty())
            emit m_document->messageRaised({Message::Kind::Failure,
                                            QString::fromStdString(all[i].failure),
                                            {},
                                            sources[i].cooccurrence,
                                            false});
          if (!all[i].data || !m_document->layer(sources[i].layer))
            continue;
          takeData(sources[i].layer, std::move(all[i].data), true);
          if (all[i].types) {
            State& state = m_states[sources[i].layer];
            state.types = std::move(all[i].types);
            state.typesPath = sources[i].documents;
            emit dataChanged();
            computePurpose(sources[i].layer);
          }
        }
      });
}

void LobeStudy::openDocuments(const std::filesystem::path& path)
{
  const auto layer = m_document->layer();
  const auto known = data();
  if (!layer || !known)
    return;
  m_openJob.start(
      tr("Reading document types of %1").arg(fileNameOf(path)),
      [path, blocks = known->blocks()](const Progress& progress) {
        progress.checkStopped();
        return std::make_shared<const std::vector<std::string>>(readDocumentTypes(path, blocks));
      },
      [this, path, id = layer->id](std::shared_ptr<const std::vector<std::string>> types) {
        const auto found = m_states.find(id);
        if (found == m_states.end())
          return;
        found->second.types = std::move(types);
        found->second.typesPath = path;
        emit dataChanged();
        computePurpose(id);
      });
}

void LobeStudy::openTokenTexts(const std::filesystem::path& path)
{
  const auto layer = m_document->layer();
  const auto known = data();
  if (!layer || !known || !known->tokens)
    return;
  m_openJob.start(
      tr("Reading token texts of %1").arg(fileNameOf(path)),
      [path, known](const Progress& progress) {
        const std::vector<std::string> texts = readTokenTexts(path);
        progress.checkStopped();
        auto named = std::make_shared<CooccurrenceData>(*known);
        named->tokens = std::make_shared<const TokenActivations>(withTexts(*known->tokens, texts));
        return std::shared_ptr<const CooccurrenceData>(std::move(named));
      },
      [this, known, id = layer->id](std::shared_ptr<const CooccurrenceData> named) {
        const auto found = m_states.find(id);
        if (found == m_states.end() || found->second.data != known)
          return;
        found->second.data = std::move(named);
        emit dataChanged();
      });
}

void LobeStudy::sortFiles(const std::vector<std::filesystem::path>& paths,
                          std::function<void(std::vector<std::filesystem::path>)> rest)
{
  struct Sorted {
    std::vector<std::filesystem::path> cooccurrences, others;
  };
  // A second drop while the first is looked at: both together.
  m_sorting.insert(m_sorting.end(), paths.begin(), paths.end());
  const auto mayHold = [](const std::filesystem::path& path) {
    std::error_code ignored;
    const std::filesystem::path ending = path.extension();
    return ending == ".npz" || ending == ".h5" || ending == ".hdf5" || ending == ".safetensors" ||
           std::filesystem::is_directory(path, ignored);
  };
  if (std::none_of(m_sorting.begin(), m_sorting.end(), mayHold)) {
    rest(std::exchange(m_sorting, {}));
    return;
  }
  m_sortJob.start(
      tr("Looking at the files"),
      [files = m_sorting](const Progress& progress) {
        Sorted sorted;
        for (const auto& path : files)
          (holdsCooccurrences(path, progress) ? sorted.cooccurrences : sorted.others)
              .push_back(path);
        return sorted;
      },
      [this, rest = std::move(rest)](Sorted sorted) {
        m_sorting.clear();
        if (!sorted.cooccurrences.empty()) {
          // With a dictionary beside it, it belongs to that one, which opens later.
          if (!sorted.others.empty())
            m_waiting = {sorted.cooccurrences.back(), CooccurrenceReadOptions{}};
          else if (m_document->layer())
            openCooccurrence(sorted.cooccurrences.back());
          else
            emit m_document->messageRaised(
                {Message::Kind::Failure,
                 tr("%1 holds co-occurrences, and there is no dictionary that they belong to: "
                    "open one first.")
                     .arg(fileNameOf(sorted.cooccurrences.back())),
                 {},
                 sorted.cooccurrences.back(),
                 false});
        }
        if (!sorted.others.empty())
          rest(std::move(sorted.others));
      });
}

// Analysing ---------------------------------------------------------------------------------------

LobeEstimate LobeStudy::estimate(const LobeAnalysisOptions& options) const
{
  LobeEstimate estimate;
  const auto layer = m_document->layer();
  const auto known = data();
  if (!layer || !known)
    return estimate;
  const auto n = static_cast<double>(known->features());
  const auto d = static_cast<double>(layer->dictionary->dimensions());
  const auto taking = static_cast<double>(
      std::count_if(known->own.begin(), known->own.end(), [&](std::int64_t own) {
        return own >= std::max<std::int64_t>(1, options.filter.minBlocks) &&
               static_cast<double>(own) <=
                   options.filter.maxShare * static_cast<double>(known->blocks());
      }));
  const auto& counts = options.clustering.clusters;
  const double largest = counts.empty() ? 2 : *std::max_element(counts.begin(), counts.end());
  const double levels = static_cast<double>(counts.size());
  const auto measures = static_cast<double>(options.measures.size());
  // Products of a dense m × m matrix with blocks of vectors until the basis stands; k-means by
  // products; a fit of the regression per draw of the null. 2e10 operations a second and two
  // threads: measured on the machine of the README.
  const double products = 40 + 4 * std::sqrt(largest);
  double operations = (measures + 1) * 2 * taking * taking * (largest + 8) * products / 8;
  operations +=
      (measures + 1) * levels * 2 * taking * largest * largest * 20 * options.clustering.starts;
  operations += taking * taking * 2 * d;
  if (options.measureLocality && options.locality.logistic) {
    const int draws = options.locality.logisticDraws >= 0 ? options.locality.logisticDraws
                                                          : options.locality.permutations;
    double lobes = 0;
    for (const int count : counts)
      lobes += count;
    operations += (1 + 2 * draws) * 4 * taking * d * lobes * measures * 20;
  }
  double seconds = operations / 2e10;
  if (known->firings)
    seconds += static_cast<double>(known->facts.firings) * n * 1e-11;
  estimate.seconds = seconds;
  estimate.bytes = lobeAnalysisMemory(*known, known->features(), options);
  return estimate;
}

void LobeStudy::analyze(const LobeAnalysisOptions& options)
{
  const auto layer = m_document->layer();
  const auto known = data();
  if (!layer || !known)
    return;
  m_analysisJob.start(
      tr("Lobes"),
      [known, dictionary = layer->dictionary, options,
       beside = lobesBeside(layer->id)](const Progress& progress) {
        return resultOf(analyzeLobes(*known, *dictionary->decoder, dictionary->rows.nonFinite,
                                     options, progress),
                        *dictionary, known->own, beside, progress);
      },
      [this, id = layer->id](std::shared_ptr<const LobeResult> result) {
        setResult(id, std::move(result));
      });
}

LobesBeside LobeStudy::lobesBeside(int layer) const
{
  // The first layer that has lobes gives the colours; all others follow it.
  for (const auto& other : m_document->layers())
    if (const auto found = m_states.find(other->id);
        other->id != layer && found != m_states.end() && found->second.result)
      return {found->second.result, other->dictionary};
  return {};
}

void LobeStudy::openLobes(const std::filesystem::path& path)
{
  const auto layer = m_document->layer();
  if (!layer)
    return;
  const auto known = data();
  m_analysisJob.start(
      tr("Reading lobes of %1").arg(fileNameOf(path)),
      [path, known, dictionary = layer->dictionary,
       beside = lobesBeside(layer->id)](const Progress& progress) {
        LobeAnalysis analysis;
        analysis.options.measures.clear();
        analysis.notes.push_back("Read from " + displayName(path.filename()) + ".");
        for (StoredLobes& stored : readLobeFile(path, dictionary->features(), progress)) {
          if (!stored.measure) {
            analysis.spatial.clusterings.push_back(std::move(stored.lobes));
            continue;
          }
          if (analysis.functional.empty() ||
              analysis.functional.back().measure != *stored.measure) {
            analysis.functional.push_back({*stored.measure, {}, {}, {}});
            analysis.options.measures.push_back(*stored.measure);
          }
          analysis.functional.back().clustering.clusterings.push_back(std::move(stored.lobes));
        }
        std::vector<std::int64_t> own;
        if (known)
          own = known->own;
        const Lobes& any = analysis.functional.empty()
                               ? analysis.spatial.clusterings.front()
                               : analysis.functional.front().clustering.clusterings.front();
        for (std::size_t i = 0; i < any.labels.size(); ++i)
          if (any.labels[i] != noLobe)
            analysis.features.used.push_back(static_cast<FeatureId>(i));
        analysis.features.rarely =
            dictionary->features() - static_cast<std::int64_t>(analysis.features.used.size());
        return resultOf(std::move(analysis), *dictionary, own, beside, progress);
      },
      [this, id = layer->id](std::shared_ptr<const LobeResult> result) {
        m_states[id];  // lobes may be shown without co-occurrences
        setResult(id, std::move(result));
      });
}

void LobeStudy::setResult(int layer, std::shared_ptr<const LobeResult> result)
{
  const auto found = m_states.find(layer);
  if (found == m_states.end() || !m_document->layer(layer))
    return;
  const auto put = [this, layer](const std::shared_ptr<const LobeResult>& wanted,
                                 const LobeNames& names, const LobeChoice& shown) {
    const auto kept = m_states.find(layer);
    if (kept == m_states.end())
      return;
    kept->second.result = wanted;
    kept->second.names = names;
    kept->second.purpose = nullptr;
    kept->second.shown = {};
    emit resultChanged();
    putShown(layer, shown);
  };
  const State& state = found->second;
  const LobeChoice before = state.shown;
  const std::vector<LobeChoice> choices = result->choices();
  // What was shown before, if it is there again; else three lobes, the paper's telling number.
  auto show = std::find(choices.begin(), choices.end(), before);
  if (show == choices.end())
    show = std::find_if(choices.begin(), choices.end(),
                        [](const LobeChoice& choice) { return choice.clusters == 3; });
  if (show == choices.end())
    show = choices.begin();
  QUndoStack* undo = m_document->undoStack();
  undo->beginMacro(tr("Cut lobes"));
  undo->push(new ChangeCommand(
      0, tr("Cut lobes"), [put, result] { put(result, {}, {}); },
      [put, former = state.result, names = state.names, before] { put(former, names, before); }));
  if (const auto current = m_document->layer();
      show != choices.end() && current && current->id == layer)
    this->show(*show);
  undo->endMacro();
}

void LobeStudy::restore(int layer, std::shared_ptr<const LobeResult> result, LobeNames names,
                        const LobeChoice& shown)
{
  if (!m_document->layer(layer))
    return;
  State& state = m_states[layer];
  state.result = std::move(result);
  state.names = std::move(names);
  state.shown = {};
  state.purpose = nullptr;
  emit resultChanged();
  putShown(layer, shown);
}

std::optional<Column> LobeStudy::column(int layer, const LobeChoice& choice) const
{
  const auto found = m_states.find(layer);
  const Lobes* lobes = found != m_states.end() && found->second.result
                           ? found->second.result->lobes(choice)
                           : nullptr;
  const auto current = m_document->layer();
  if (!lobes || !current || current->id != layer)
    return {};
  // The category is the colour number, so that the palette gives every lobe the colour it keeps.
  const std::vector<std::int32_t> numbers = colors(choice);
  const std::vector<std::string> lobeNames = names(choice);
  Column column;
  column.name = columnName(choice);
  column.kind = Column::Kind::Category;
  column.categoryNames.resize(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    column.categoryNames[static_cast<std::size_t>(numbers[i])] = lobeNames[i];
  column.categories.reserve(lobes->labels.size());
  for (const std::int32_t lobe : lobes->labels)
    column.categories.push_back(lobe < 0 ? -1 : numbers[static_cast<std::size_t>(lobe)]);
  column.description =
      (choice.measure ? "Features that fire together: spectral clustering of the " +
                            displayName(*choice.measure) + " affinity into "
                      : "Features that point alike: spectral clustering of the angles into ") +
      std::to_string(choice.clusters) + " lobes.";
  return column;
}

void LobeStudy::putShown(int layer, const LobeChoice& choice)
{
  const auto found = m_states.find(layer);
  if (found == m_states.end())
    return;
  State& state = found->second;
  if (state.shown == choice && state.purpose)
    return;
  state.shown = choice;
  state.purpose = nullptr;
  computePurpose(layer);
  emit shownChanged();
}

void LobeStudy::show(const LobeChoice& choice)
{
  const auto layer = m_document->layer();
  const auto all = result();
  if (!layer || !all || !all->lobes(choice))
    return;
  const LobeChoice before = m_states[layer->id].shown;
  Appearance appearance = m_document->appearance();
  if (before == choice && appearance.colorBy == columnName(choice) &&
      layer->dictionary->column(columnName(choice))) {
    putShown(layer->id, choice);
    return;
  }
  const QString step = tr("Show lobes");
  QUndoStack* undo = m_document->undoStack();
  undo->beginMacro(step);
  if (before != choice)
    undo->push(new ChangeCommand(
        0, step, [this, id = layer->id, choice] { putShown(id, choice); },
        [this, id = layer->id, before] { putShown(id, before); }));
  else
    putShown(layer->id, choice);
  if (auto made = column(layer->id, choice))
    m_document->computeColumns(layer->id, {std::move(*made)}, step);
  appearance.colorBy = columnName(choice);
  m_document->setAppearance(appearance);
  undo->endMacro();
}

LobePurpose purposeOf(const LobeChoice& choice, const Lobes& lobes, const CooccurrenceData& data,
                      const std::vector<std::string>* types, const Progress& progress)
{
  const auto count = static_cast<std::int32_t>(lobes.sizes.size());
  LobePurpose purpose;
  purpose.choice = choice;
  progress.checkStopped();
  if (!data.firings) {
    purpose.top = mostFrequent(lobes, data.own);
    return purpose;
  }
  purpose.hasBlocks = true;
  purpose.blocks = scoreBlocks(*data.firings, lobes);
  purpose.won.assign(static_cast<std::size_t>(count), 0);
  for (const std::int32_t winner : purpose.blocks.winners)
    if (winner >= 0)
      ++purpose.won[static_cast<std::size_t>(winner)];
  progress.checkStopped();
  purpose.top = topFeatures(*data.firings, lobes, purpose.blocks);
  if (types && types->size() == purpose.blocks.winners.size()) {
    purpose.hasDocuments = true;
    purpose.documents = scoreDocuments(purpose.blocks, *types, count);
    purpose.typeOrder = orderByLobe(purpose.documents);
  }
  return purpose;
}

void LobeStudy::computePurpose(int layer)
{
  const auto found = m_states.find(layer);
  if (found == m_states.end() || !found->second.result ||
      !found->second.result->lobes(found->second.shown))
    return;
  const State& state = found->second;
  m_useJob.start(
      tr("What the lobes are for"),
      [data = state.data, types = state.types, result = state.result,
       choice = state.shown](const Progress& progress) {
        const Lobes& lobes = *result->lobes(choice);
        if (data)
          return std::make_shared<const LobePurpose>(
              purposeOf(choice, lobes, *data, types.get(), progress));
        LobePurpose none;
        none.choice = choice;
        none.top.resize(lobes.sizes.size());
        return std::make_shared<const LobePurpose>(std::move(none));
      },
      [this, layer](std::shared_ptr<const LobePurpose> purpose) {
        const auto kept = m_states.find(layer);
        if (kept == m_states.end() || kept->second.shown != purpose->choice)
          return;
        kept->second.purpose = std::move(purpose);
        emit shownChanged();
      });
}

// Names -------------------------------------------------------------------------------------------

void LobeStudy::rename(const LobeChoice& choice, std::int32_t lobe, const std::string& name)
{
  const auto layer = m_document->layer();
  const auto all = names(choice);
  if (!layer || lobe < 0 || lobe >= static_cast<std::int32_t>(all.size()) ||
      all[static_cast<std::size_t>(lobe)] == name)
    return;
  const State& state = m_states[layer->id];
  std::string before;  // empty: the suggested one
  if (const auto own = state.names.find(choice); own != state.names.end())
    if (const auto given = own->second.find(lobe); given != own->second.end())
      before = given->second;
  if (name == before)
    return;
  m_document->undoStack()->push(new ChangeCommand(
      0, tr("Rename a lobe"),
      [this, id = layer->id, choice, lobe, name] { applyName(id, choice, lobe, name); },
      [this, id = layer->id, choice, lobe, before] { applyName(id, choice, lobe, before); }));
}

void LobeStudy::applyName(int layer, const LobeChoice& choice, std::int32_t lobe,
                          const std::string& name)
{
  const auto found = m_states.find(layer);
  if (found == m_states.end())
    return;
  if (name.empty())
    found->second.names[choice].erase(lobe);
  else
    found->second.names[choice][lobe] = name;
  if (auto made = column(layer, choice))
    m_document->setColumns(layer, {std::move(*made)});
  emit shownChanged();
}

void LobeStudy::selectFeatures(std::vector<FeatureId> features)
{
  m_document->selection()->setFeatures(std::move(features));
}

ResultTable LobeStudy::table() const
{
  ResultTable table;
  const auto all = result();
  const auto dictionary = m_document->dictionary();
  if (!all || !dictionary)
    return table;
  ResultArray ids{"feature", {dictionary->features()}, std::vector<std::int64_t>()};
  auto& numbers = std::get<std::vector<std::int64_t>>(ids.values);
  numbers.resize(static_cast<std::size_t>(dictionary->features()));
  std::iota(numbers.begin(), numbers.end(), 0);
  table.arrays.push_back(std::move(ids));
  if (!dictionary->labels.empty())
    table.arrays.push_back({"label", {dictionary->features()}, dictionary->labels});
  for (const LobeChoice& choice : all->choices()) {
    const std::string measure = choice.measure ? commandName(*choice.measure) : "cosine";
    table.arrays.push_back({measure + "/" + std::to_string(choice.clusters),
                            {dictionary->features()},
                            all->lobes(choice)->labels});
  }
  table.options["features"] = all->analysis.features.sentence();
  table.options["shift"] = all->analysis.options.shift == AffinityShift::Clip ? "clip" : "add";
  table.options["seed"] = std::to_string(all->analysis.options.clustering.seed);
  return table;
}

}  // namespace orrery
