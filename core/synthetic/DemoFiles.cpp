#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/ResultFile.h"
#include "core/synthetic/SyntheticDictionary.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <system_error>

namespace orrery {
namespace {

using std::filesystem::path;

/// Everything that is written carries this, where the format has a place for it.
const std::map<std::string, std::string> syntheticOptions = {
    {"synthetic", "true"},
    {"description", "Planted by Orrery's generator; of no model."},
};

class DemoWriter {
 public:
  DemoWriter(path folder, const Progress& progress)
      : m_folder(std::move(folder)), m_progress(progress)
  {
  }

  std::vector<path> write()
  {
    const std::vector<SyntheticDictionary> layers = makeDemo();
    m_total = static_cast<std::int64_t>(2 * layers.size() + 4);
    for (const SyntheticDictionary& layer : layers) {
      writeLayer(layer);
      // Firings were made for one layer; what belongs to them stands beside the layers.
      if (!layer.firings.documentTypes.empty()) {
        writeCooccurrences(layer);
        writeBlocks(layer);
        writeDocuments(layer);
        writePairs(layer);
      }
    }
    writeFigureLayout();
    writeReadme();
    return std::move(m_files);
  }

 private:
  void save(const path& name, const ResultTable& table)
  {
    m_progress.checkStopped();
    writeResult(prepared(name), table);
    finished(name);
  }

  void save(const path& name, const std::string& bytes)
  {
    m_progress.checkStopped();
    writeFileAtomically(prepared(name), bytes);
    finished(name);
  }

  path prepared(const path& name)
  {
    const path file = m_folder / name;
    std::error_code error;
    std::filesystem::create_directories(file.parent_path(), error);
    if (error)
      throw Error(displayName(file.parent_path()) + ": cannot be made (" + error.message() + ")");
    return file;
  }

  void finished(const path& name)
  {
    m_files.push_back(m_folder / name);
    m_progress.update(std::min(++m_done, m_total), m_total);
  }

  /// The layout of Gemma Scope, so that layer, width and L0 can be read off the path.
  void writeLayer(const SyntheticDictionary& layer)
  {
    const Dictionary& dictionary = layer.dictionary;
    const path folder = path("synthetic-demo") /
                        ("layer_" + std::to_string(*dictionary.origin.layer)) / "width_4k" /
                        ("average_l0_" + std::to_string(std::lround(*dictionary.origin.l0)));
    const FeatureMatrix& decoder = *dictionary.decoder;
    ResultTable table;
    table.options = syntheticOptions;
    table.arrays.push_back({"W_dec",
                            {decoder.cols(), decoder.rows()},
                            std::vector<float>(decoder.data(), decoder.data() + decoder.size())});
    save(folder / "synthetic-params.npz", table);
    save(folder / "synthetic-params.tsv", labelTable(dictionary));
  }

  static ResultTable labelTable(const Dictionary& dictionary)
  {
    const std::int64_t n = dictionary.features();
    ResultTable table;
    table.options = syntheticOptions;
    std::vector<std::int32_t> index(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < index.size(); ++i)
      index[i] = static_cast<std::int32_t>(i);
    table.arrays.push_back({"index", {n}, std::move(index)});
    table.arrays.push_back({"label", {n}, dictionary.labels});
    for (const Column& column : dictionary.columns) {
      if (column.kind == Column::Kind::Number) {
        table.arrays.push_back({column.name, {n}, column.numbers});
        continue;
      }
      std::vector<std::string> names;
      for (const std::int32_t category : column.categories)
        names.push_back(column.categoryNames[static_cast<std::size_t>(category)]);
      table.arrays.push_back({column.name, {n}, std::move(names)});
    }
    return table;
  }

  /// As the paper's authors publish theirs: histogram (n × n) and n_chunks.
  void writeCooccurrences(const SyntheticDictionary& layer)
  {
    const std::int64_t n = layer.dictionary.features();
    const CooccurrenceCounts counts = countCooccurrences(layer.firings, n);
    ResultTable table;
    table.options = syntheticOptions;
    table.arrays.push_back(
        {"histogram", {n, n}, std::vector<std::int32_t>(counts.data(), counts.data() + n * n)});
    table.arrays.push_back(
        {"n_chunks",
         {},
         std::vector<std::int64_t>{static_cast<std::int64_t>(layer.firings.documentTypes.size())}});
    save("synthetic-cooccurrences.npz", table);
  }

  /// Blocks × features, a sparse 0/1 matrix as SciPy's save_npz writes it.
  void writeBlocks(const SyntheticDictionary& layer)
  {
    const SyntheticFirings& firings = layer.firings;
    const auto fired = static_cast<std::int64_t>(firings.features.size());
    const auto blocks = static_cast<std::int64_t>(firings.documentTypes.size());
    ResultTable table;
    table.options = syntheticOptions;
    table.arrays.push_back({"indices", {fired}, firings.features});
    table.arrays.push_back({"indptr", {blocks + 1}, firings.starts});
    table.arrays.push_back({"format", {}, std::vector<std::string>{"csr"}});
    table.arrays.push_back(
        {"shape", {2}, std::vector<std::int64_t>{blocks, layer.dictionary.features()}});
    table.arrays.push_back(
        {"data", {fired}, std::vector<float>(static_cast<std::size_t>(fired), 1.0f)});
    save("synthetic-blocks.npz", table);
  }

  void writeDocuments(const SyntheticDictionary& layer)
  {
    std::string text;
    for (const std::string& type : layer.firings.documentTypes)
      text += type + "\n";
    save("synthetic-documents.txt", text);
  }

  /// A file for each relation: a list of {input, output}.
  void writePairs(const SyntheticDictionary& layer)
  {
    for (const PlantedRelation& relation : layer.relations) {
      nlohmann::ordered_json list = nlohmann::ordered_json::array();
      for (const auto& [first, second] : relation.pairs)
        list.push_back({{"input", layer.dictionary.labels[static_cast<std::size_t>(first)]},
                        {"output", layer.dictionary.labels[static_cast<std::size_t>(second)]}});
      std::string name = relation.name;
      std::replace(name.begin(), name.end(), ' ', '-');
      save(path("synthetic-pairs") / ("synthetic-" + name + ".json"), list.dump(2) + "\n");
    }
  }

  /// A figure of four panels of these files, for `orrery render FILE --layout`.
  void writeFigureLayout()
  {
    const auto find = [&](const std::string& layer) {
      for (const path& file : m_files)
        if (file.native().find(layer) != std::string::npos && file.extension() == ".npz")
          return file.lexically_relative(m_folder).native();
      return std::string();
    };
    const std::string middle = find("layer_3"), last = find("layer_5");
    const nlohmann::ordered_json layout = {
        {"width_mm", 170},
        {"height_mm", 124},
        {"columns", 2},
        {"font_points", 8},
        {"panels",
         {{{"title", "Lobes of layer 3 (synthetic)"},
           {"file", middle},
           {"color_by", "lobe"},
           {"legend", "beside"}},
          {{"title", "How often each feature fires"},
           {"file", middle},
           {"color_by", "frequency"},
           {"size_by", "frequency"},
           {"legend", "beside"}},
          {{"title", "Male and female: a planted crystal"},
           {"file", middle},
           {"crystals", nlohmann::ordered_json::array({nlohmann::ordered_json::array(
                            {"duke", "duchess", "hero", "heroine"})})},
           {"frame", "crystals"},
           {"legend", false},
           {"names", false}},
          {{"title", "Lobes of layer 5 (synthetic)"},
           {"file", last},
           {"color_by", "lobe"},
           {"legend", "beside"}}}}};
    save("synthetic-four-panels.json", layout.dump(2) + "\n");
  }

  void writeReadme()
  {
    save(
        "synthetic-README.txt",
        "These files are synthetic. Orrery's generator made them; they are of no model.\n"
        "\n"
        "synthetic-demo/layer_*/   decoder vectors of six layers, 4096 features x 256 dimensions,\n"
        "                          with their labels; spectra are steepest in layer 3\n"
        "synthetic-cooccurrences.npz, synthetic-blocks.npz, synthetic-documents.txt\n"
        "                          which features of layer 3 fire in which of 3000 blocks\n"
        "synthetic-pairs/          word pairs whose differences are planted as parallelograms and\n"
        "                          trapezoids, hidden under a direction of word length\n"
        "synthetic-four-panels.json\n"
        "                          a figure of them: orrery render FILE --layout this\n");
  }

  path m_folder;
  const Progress& m_progress;
  std::vector<path> m_files;
  std::int64_t m_done = 0;
  std::int64_t m_total = 1;
};

}  // namespace

std::vector<path> writeDemo(const path& folder, const Progress& progress)
{
  const Progress writing = progress.stage("writing the demo", 0.0, 1.0);
  return DemoWriter(folder, writing).write();
}

}  // namespace orrery
