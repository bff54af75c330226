#include "core/document/Session.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/DictionaryFile.h"
#include "core/io/LabelFile.h"
#include "core/io/ResultFile.h"
#include "core/io/TensorFile.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <QCryptographicHash>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <random>
#include <utility>

namespace orrery {

// Of SessionText.cpp.
std::string sessionJson(const Session& session, const std::filesystem::path& folder,
                        const std::pair<std::string, std::string>* results);
Session parseSession(const std::string& text, const std::string& name,
                     std::pair<std::string, std::string>& results);

namespace {

constexpr std::uint64_t mostBytes = std::uint64_t{1} << 30;
constexpr char ending[] = ".h5";

SessionInput inputOf(const std::filesystem::path& path,
                     const std::map<std::filesystem::path, SessionInput>& known)
{
  SessionInput input;
  input.absolute = path;
  try {
    const ByteSource source(path);
    input.size = source.size();
    input.modifiedNs = source.modifiedNs();
  } catch (const Error&) {
    return input;  // gone, or a folder
  }
  const auto before = known.find(path);
  if (before != known.end() && before->second.size == input.size &&
      before->second.modifiedNs == input.modifiedNs)
    input.hash = before->second.hash;
  return input;
}

std::string arrayName(std::size_t layer, const std::string& what)
{
  return "layers/" + std::to_string(layer) + "/" + what;
}

ResultTable resultsOf(const Session& session)
{
  ResultTable table;
  for (std::size_t k = 0; k < session.layers.size(); ++k) {
    const SessionLayer& layer = session.layers[k];
    if (layer.embedding) {
      const Positions& positions = layer.embedding->positions;
      table.arrays.push_back(
          {arrayName(k, "positions"),
           {positions.cols(), 3},
           std::vector<float>(positions.data(), positions.data() + positions.size())});
    }
    if (layer.vectors) {
      const FeatureMatrix& vectors = *layer.vectors;
      table.arrays.push_back({arrayName(k, "decoder"),
                              {vectors.cols(), vectors.rows()},
                              std::vector<float>(vectors.data(), vectors.data() + vectors.size())});
    }
    for (std::size_t j = 0; j < layer.columns.size(); ++j) {
      const Column& column = layer.columns[j];
      ResultArray array{arrayName(k, "columns/" + std::to_string(j)), {}, {}};
      if (column.kind == Column::Kind::Number) {
        array.shape = {static_cast<std::int64_t>(column.numbers.size())};
        array.values = column.numbers;
      } else {
        array.shape = {static_cast<std::int64_t>(column.categories.size())};
        array.values = column.categories;
      }
      table.arrays.push_back(std::move(array));
    }
  }
  table.options["kind"] = "results of an Orrery session";
  return table;
}

/// Of `NAME-xxxxxxxx.h5`: the part before the eight digits. Empty for other files.
std::string stemOfResults(const std::string& name)
{
  const std::size_t tail = 9 + std::strlen(ending);
  if (name.size() <= tail || !name.ends_with(ending) || name[name.size() - tail] != '-')
    return {};
  const std::string digits = name.substr(name.size() - tail + 1, 8);
  return digits.find_first_not_of("0123456789abcdef") == std::string::npos
             ? name.substr(0, name.size() - tail)
             : std::string();
}

std::string freshResultsName(const std::filesystem::path& session)
{
  std::random_device source;
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08x", static_cast<unsigned>(source()));
  return session.stem().string() + "-" + digits + ending;
}

std::string textOf(const std::filesystem::path& path)
{
  const ByteSource source(path);
  if (source.size() > mostBytes)
    source.fail("is too large for a session (" + displayBytes(source.size()) + ", at most " +
                displayBytes(mostBytes) + ")");
  std::string text(source.size(), '\0');
  source.read(0, text.data(), text.size());
  return text;
}

/// The file of results that a session on disk names; empty if it cannot be read.
std::string resultsNamedBy(const std::filesystem::path& path)
{
  try {
    std::pair<std::string, std::string> results;
    static_cast<void>(parseSession(textOf(path), displayName(path), results));
    return results.first;
  } catch (const Error&) {
    return {};
  }
}

const TensorInfo* find(const TensorFile& file, const std::string& name)
{
  for (const TensorInfo& tensor : file.tensors())
    if (tensor.name == "/" + name || tensor.name == name)
      return &tensor;
  return nullptr;
}

void loadResults(Session& session, const std::filesystem::path& path, const std::string& hash,
                 const Progress& progress)
{
  std::unique_ptr<TensorFile> file;
  const bool wanted =
      std::any_of(session.layers.begin(), session.layers.end(), [](const SessionLayer& layer) {
        return layer.embedding || layer.made || !layer.columns.empty();
      });
  if (!wanted)
    return;
  const auto drop = [&](const std::string& why) {
    session.notes.push_back("What was computed could not be read and is left out: " + why);
    for (SessionLayer& layer : session.layers) {
      layer.embedding.reset();
      layer.columns.clear();
    }
  };
  try {
    if (fileHash(path, progress) != hash)
      throw Error(displayName(path) + ": holds other bytes than were saved (by its hash)");
    file = openHdf5(path, progress);
    for (std::size_t k = 0; k < session.layers.size(); ++k) {
      SessionLayer& layer = session.layers[k];
      const auto array = [&](const std::string& what, std::vector<std::int64_t> shape) {
        const TensorInfo* tensor = find(*file, arrayName(k, what));
        if (!tensor || tensor->shape != shape)
          throw Error(displayName(path) + ": has no " + arrayName(k, what) +
                      " of the shape that the session says");
        return *tensor;
      };
      if (layer.made)
        layer.vectors = std::make_shared<const FeatureMatrix>(file->readMatrix(
            array("decoder", {layer.features, layer.dimensions}), FeatureAxis::Rows, progress));
      if (layer.embedding) {
        auto map = std::make_shared<Embedding>(*layer.embedding);
        map->positions =
            file->readMatrix(array("positions", {layer.features, 3}), FeatureAxis::Rows, progress);
        layer.embedding = std::move(map);
      }
      for (std::size_t j = 0; j < layer.columns.size(); ++j) {
        Column& column = layer.columns[j];
        const std::vector<double> values =
            file->readNumbers(array("columns/" + std::to_string(j), {layer.features}), progress);
        if (column.kind == Column::Kind::Number) {
          column.numbers = values;
          continue;
        }
        const auto names = static_cast<double>(column.categoryNames.size());
        for (const double value : values) {
          if (!(value >= -1 && value < names))
            throw Error(displayName(path) + ": column '" + column.name +
                        "' has a category without a name");
          column.categories.push_back(static_cast<std::int32_t>(value));
        }
      }
    }
  } catch (const Error& error) {
    drop(error.what());
  }
}

}  // namespace

Session sessionOf(const Document& document, const Annotations& annotations,
                  const std::map<std::filesystem::path, SessionInput>& known)
{
  Session session;
  const auto current = document.layer();
  for (const auto& open : document.layers()) {
    const Dictionary& dictionary = *open->dictionary;
    SessionLayer layer;
    layer.name = dictionary.name;
    layer.features = dictionary.features();
    layer.dimensions = dictionary.dimensions();
    layer.demo = dictionary.source.path.empty() && dictionary.synthetic &&
                 dictionary.source.format == syntheticFormat;
    layer.made = dictionary.source.path.empty() && !layer.demo;
    if (layer.made) {
      layer.synthetic = dictionary.synthetic;
      layer.vectors = dictionary.decoder;
      layer.madeLabels = dictionary.labels;
      session.format = session.minReader = sessionFormat;
    } else if (!layer.demo) {
      layer.input = inputOf(dictionary.source.path, known);
    }
    layer.format = dictionary.source.format;
    layer.dataset = dictionary.source.dataset;
    layer.orientation = dictionary.source.orientation;
    if (!dictionary.labelPath.empty())
      layer.labels = inputOf(dictionary.labelPath, known);
    layer.view = document.viewState(open->id);
    layer.annotations = annotations.of(open->id);
    layer.embedding = open->embedding;
    layer.columns = layer.made ? dictionary.columns : document.computedColumns(open->id);
    if (open == current)
      session.current = session.layers.size();
    session.layers.push_back(std::move(layer));
  }
  return session;
}

std::string fileHash(const std::filesystem::path& path, const Progress& progress)
{
  const ByteSource source(path);
  QCryptographicHash hash(QCryptographicHash::Blake2b_256);
  std::vector<char> piece(std::size_t{4} << 20);
  for (std::uint64_t at = 0; at < source.size(); at += piece.size()) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), source.size() - at));
    source.read(at, piece.data(), count);
    hash.addData(QByteArrayView(piece.data(), static_cast<qsizetype>(count)));
    progress.update(static_cast<std::int64_t>(at + count),
                    static_cast<std::int64_t>(source.size()));
  }
  return "blake2b-256:" + hash.result().toHex().toStdString();
}

void hashInputs(Session& session, const Progress& progress)
{
  std::map<std::filesystem::path, std::string> taken;
  const auto take = [&](SessionInput& input) {
    if (!input.hash.empty() || input.absolute.empty())
      return;
    auto& hash = taken[input.absolute];
    try {
      if (hash.empty())
        hash = fileHash(input.absolute, progress);
    } catch (const Error&) {
      return;
    }
    input.hash = hash;
  };
  for (SessionLayer& layer : session.layers) {
    if (layer.hasFile())
      take(layer.input);
    if (layer.labels)
      take(*layer.labels);
  }
}

std::string sessionText(const Session& session, const std::filesystem::path& folder)
{
  return sessionJson(session, folder, nullptr);
}

std::filesystem::path sessionBackup(const std::filesystem::path& path)
{
  return path.native() + "~";
}

void saveSession(const std::filesystem::path& path, Session session, const Progress& progress)
{
  // One save at a time: the later wins, and nothing of an earlier one comes after it.
  static std::mutex saving;
  const std::lock_guard lock(saving);
  progress.checkStopped();
  checkFileWritable(path);
  std::error_code fault;
  const std::filesystem::path absolute = std::filesystem::absolute(path, fault);
  const std::filesystem::path folder = absolute.parent_path();
  hashInputs(session, progress.stage("looking over the inputs", 0.0, 0.6));
  for (const SessionLayer& layer : session.layers)
    if (layer.hasFile() &&
        (std::filesystem::equivalent(layer.input.absolute, absolute, fault) ||
         (layer.labels && std::filesystem::equivalent(layer.labels->absolute, absolute, fault))))
      throw Error(displayName(path) + ": is an input of this session; choose another name");
  std::pair<std::string, std::string> results;
  const ResultTable table = resultsOf(session);
  if (!table.arrays.empty()) {
    results.first = freshResultsName(absolute);
    writeResult(folder / results.first, table);
    results.second = fileHash(folder / results.first, progress.stage("saving", 0.6, 0.9));
  }
  try {
    const std::string text = sessionJson(session, folder, &results);
    // What is about to be replaced stays as the backup, if it is a session at all.
    if (std::filesystem::exists(absolute, fault) && looksLikeSession(absolute))
      writeFileAtomically(sessionBackup(absolute), textOf(absolute));
    writeFileAtomically(absolute, text);
  } catch (const Error&) {
    if (!results.first.empty())
      std::filesystem::remove(folder / results.first, fault);
    throw;
  }
  // Results that neither the session nor its backup names are nobody's.
  const std::string kept = resultsNamedBy(sessionBackup(absolute));
  for (const auto& entry : std::filesystem::directory_iterator(folder, fault)) {
    const std::string name = entry.path().filename().string();
    if (name != results.first && name != kept && stemOfResults(name) == absolute.stem().string())
      std::filesystem::remove(entry.path(), fault);
  }
  progress.update(1, 1);
}

Session readSessionText(const std::string& text, const std::string& name,
                        const std::filesystem::path& folder, const Progress& progress)
{
  std::pair<std::string, std::string> results;
  Session session = parseSession(text, name, results);
  if (!results.first.empty())
    loadResults(session, folder / results.first, results.second, progress);
  // What no file holds and the session does not either is no layer.
  for (std::size_t i = session.layers.size(); i-- > 0;) {
    const SessionLayer& layer = session.layers[i];
    if (!layer.made || layer.vectors)
      continue;
    session.notes.push_back("'" + displayText(layer.name) +
                            "' was made in the program, and its vectors are not in " + name +
                            ": it is left out");
    session.layers.erase(session.layers.begin() + static_cast<std::ptrdiff_t>(i));
    if (session.current > i)
      --session.current;
  }
  if (!session.layers.empty())
    session.current = std::min(session.current, session.layers.size() - 1);
  // A map without places is none.
  for (SessionLayer& layer : session.layers) {
    if (layer.embedding && layer.embedding->positions.cols() != layer.features)
      layer.embedding.reset();
    std::erase_if(layer.columns, [&](const Column& column) {
      const std::size_t values =
          column.kind == Column::Kind::Number ? column.numbers.size() : column.categories.size();
      return values != static_cast<std::size_t>(layer.features);
    });
  }
  return session;
}

Session readSession(const std::filesystem::path& path, const Progress& progress)
{
  return readSessionText(textOf(path), displayName(path),
                         std::filesystem::absolute(path).parent_path(), progress);
}

bool looksLikeSession(const std::filesystem::path& path)
{
  try {
    const auto bytes = ByteSource(path).readUpTo(0, std::size_t{1} << 20);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    return path.extension() == ".orrery" ||
           (first != std::string_view::npos && text[first] == '{' &&
            text.find("\"orrery session\"") != std::string_view::npos);
  } catch (const Error&) {
    return false;
  }
}

std::optional<std::filesystem::path> placeOf(const SessionInput& input,
                                             const std::filesystem::path& folder)
{
  std::error_code fault;
  if (!input.relative.empty() && input.relative.is_relative()) {
    const std::filesystem::path beside = (folder / input.relative).lexically_normal();
    if (std::filesystem::exists(beside, fault))
      return beside;
  }
  if (input.absolute.is_absolute() && std::filesystem::exists(input.absolute, fault))
    return input.absolute;
  return std::nullopt;
}

bool isOutside(const std::filesystem::path& path, const std::filesystem::path& folder)
{
  std::error_code fault;
  const auto real = std::filesystem::weakly_canonical(path, fault);
  const auto home = std::filesystem::weakly_canonical(folder, fault);
  const auto way = real.lexically_relative(home);
  return way.empty() || *way.begin() == "..";
}

RestoredLayer restoreLayer(const SessionLayer& layer, const std::filesystem::path& path,
                           const std::optional<std::filesystem::path>& labels,
                           const Progress& progress)
{
  RestoredLayer restored;
  restored.view = layer.view;
  restored.annotations = layer.annotations;
  restored.embedding = layer.embedding;
  std::vector<Column> columns = layer.columns;
  Dictionary dictionary;
  bool same = true;
  if (layer.demo) {
    bool found = false;
    for (SyntheticDictionary& made : makeDemo())
      if (!found && made.dictionary.name == layer.name) {
        dictionary = std::move(made.dictionary);
        found = true;
      }
    if (!found)
      throw Error("The demo of this version has no layer '" + displayText(layer.name) +
                  "'; it is left out.");
  } else if (layer.made) {
    dictionary.name = layer.name;
    dictionary.decoder = layer.vectors;
    dictionary.labels = layer.madeLabels;
    dictionary.synthetic = layer.synthetic;
    dictionary.source.format = layer.format;
    dictionary.source.elementType = "float32";
    dictionary.source.orientation = layer.orientation;
    dictionary.rows = inspectRows(*dictionary.decoder);
  } else {
    ReadOptions options;
    if (!layer.dataset.empty())
      options.dataset = layer.dataset;
    options.withoutLabels = true;
    if (path.extension() == ".bytes")
      options.shape = {layer.features, layer.dimensions};
    const FilePreview preview = inspectDictionaryFile(path, options, progress);
    if (!preview.candidates.empty() && !layer.orientation.empty()) {
      const auto chosen = std::find_if(
          preview.candidates.begin(), preview.candidates.end(),
          [&](const MatrixCandidate& candidate) { return candidate.tensor.name == layer.dataset; });
      const MatrixCandidate& candidate =
          chosen == preview.candidates.end() ? preview.candidates.front() : *chosen;
      options.transpose =
          (candidate.axis == FeatureAxis::Rows) != (layer.orientation == "rows are features");
    }
    dictionary = readDictionary(path, options, progress);
    if (labels)
      dictionary = attachLabels(dictionary, readLabels(*labels, progress), *labels);
    const SessionInput now = inputOf(path, {});
    if (now.size != layer.input.size)
      same = false;
    else if (now.modifiedNs != layer.input.modifiedNs && !layer.input.hash.empty() && now.size > 0)
      same = fileHash(path, progress) == layer.input.hash;
  }
  const std::string who = "'" + displayText(layer.name) + "'";
  if (dictionary.features() != layer.features) {
    restored.warnings.push_back(
        who + " has " + std::to_string(dictionary.features()) + " features now, had " +
        std::to_string(layer.features) +
        " when the session was saved: selections, notes and what was computed are left out.");
    restored.embedding.reset();
    columns.clear();
    restored.view.selection.clear();
    restored.view.current = noFeature;
    restored.view.camera.reset();
    restored.annotations = {};
  } else if (!same) {
    restored.warnings.push_back(who +
                                " has changed since the session was saved: its map and computed "
                                "columns are of the data as they were.");
    if (restored.embedding) {
      auto stale = std::make_shared<Embedding>(*restored.embedding);
      stale->description = "Stale: computed before the file changed. " + stale->description;
      restored.embedding = std::move(stale);
    }
    for (Column& column : columns)
      column.description = "Stale: computed before the file changed. " + column.description;
  }
  for (Column& column : columns) {
    restored.computed.insert(column.name);
    auto& all = dictionary.columns;
    const auto present = std::find_if(
        all.begin(), all.end(), [&](const Column& other) { return other.name == column.name; });
    if (present == all.end())
      all.push_back(std::move(column));
    else
      *present = std::move(column);
  }
  restored.dictionary = std::make_shared<const Dictionary>(std::move(dictionary));
  return restored;
}

}  // namespace orrery
