// The readers behind readLabels, one for each kind of content.
#pragma once

#include "core/base/Progress.h"
#include "core/io/LabelFile.h"
#include "core/io/text/JsonStream.h"
#include "core/io/text/TextStream.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// One label per line; an empty line is an empty label.
LabelTable readLabelLines(const std::filesystem::path& path, const Progress& progress);

/// Tables parted by @p separator, with or without names over the columns; where @p quotes holds,
/// fields may stand in double quotes (RFC 4180).
LabelTable readDelimitedLabels(const std::filesystem::path& path, char separator, bool quotes,
                               const Progress& progress);

/// What parts the fields of a table of labels, '\0' if each line is a label. @p head is the file's
/// beginning, whole lines.
char labelSeparator(std::string_view head, const std::filesystem::path& path);

LabelTable readJsonLabels(const std::filesystem::path& path, const Progress& progress);
LabelTable readJsonLineLabels(const std::filesystem::path& path, const Progress& progress);

/// A folder: the batches of an export, or explanations in a file each, joined by feature.
LabelTable readLabelFolder(const std::filesystem::path& folder, const Progress& progress);

/// The index of a feature as files write it. Throws Error, with line and value, unless it is a
/// whole number that a feature can have.
FeatureId checkedFeature(const ByteSource& source, std::string_view text, std::int64_t line);

/// What a Neuronpedia export says it belongs to: modelId "gemma-2-2b" and layer
/// "12-gemmascope-res-16k__l0-41".
Origin neuronpediaOrigin(const std::string& model, const std::string& layer);

/// Collects the records of Neuronpedia's explanations, features and activations.
class NeuronpediaRecords {
 public:
  /// Whether @p record is one of theirs.
  [[nodiscard]] static bool isRecord(const Json& record);
  void add(const ByteSource& source, const Json& record, std::int64_t line);
  [[nodiscard]] bool isEmpty() const { return m_rows == 0; }
  LabelTable finish();

 private:
  void noteOrigin(const ByteSource& source, const Json& record, std::int64_t line);
  void addExplanation(FeatureId id, const Json& record);
  void addFeature(FeatureId id, const Json& record);
  void addActivation(FeatureId id, const Json& record);

  struct Explanation {
    std::string text;
    std::string kind;
  };
  struct Context {
    float largest = 0.0f;
    ActivationContext context;
  };
  std::int64_t m_rows = 0;
  std::int64_t m_explanationRows = 0, m_featureRows = 0, m_activationRows = 0;
  std::map<FeatureId, std::vector<Explanation>> m_explanations;
  std::map<FeatureId, std::vector<Context>> m_contexts;
  std::map<FeatureId, FeatureDetails> m_details;
  std::map<std::string, std::map<FeatureId, double>> m_numbers;
  std::vector<LabelTable::KnownNeighbor> m_neighbors;
  std::string m_model, m_layer;
};

}  // namespace orrery
