// Vectors from elsewhere, and what is done with them: ranking features, standing among them, being
// taken out of their space.
#pragma once

#include "core/document/Annotations.h"
#include "core/document/Document.h"
#include "core/io/VectorFile.h"

#include <QJsonObject>
#include <QObject>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace orrery {

struct LoadedVector {
  std::string name;
  Eigen::VectorXf values;
  std::string source;  ///< A file, or "mean of 12 features of …".
};

/// Vectors that go into a layer, or out of its space.
struct VectorStep {
  enum class Kind { Added, TakenOut };
  Kind kind = Kind::Added;
  std::shared_ptr<const FeatureMatrix> vectors;  ///< d × m; null where none fits.
  std::vector<std::string> names;                ///< m.
};

/// Keeps the vectors that were loaded, whatever layer is shown; those of another length than the
/// features' wait. GUI thread only.
class VectorStudy : public QObject {
  Q_OBJECT
 public:
  /// More are not kept: what is kept goes into sessions, and every use is a column or a feature.
  static constexpr std::size_t most = 256;

  VectorStudy(Document* document, Annotations* annotations, QObject* parent = nullptr);

  [[nodiscard]] const std::vector<LoadedVector>& vectors() const { return m_vectors; }
  /// Whether it has as many numbers as the current layer's features.
  [[nodiscard]] bool fits(std::size_t index) const;

  /// Any file that readVectors() reads, on a worker, of the length of the current layer's features.
  void load(std::vector<std::filesystem::path> paths);
  /// What is loaded, made a mean of, or removed can be undone.
  /// The mean of the selected features, each of length one.
  void addMeanOfSelection();
  void remove(const std::vector<std::size_t>& indices);

  /// A column "cosine with NAME" for each, and colours by the first (undoable).
  void rank(const std::vector<std::size_t>& indices);
  /// Columns with the cosines of every feature's nearest and most opposite one, and which they are;
  /// colours by the first, and says how many near-duplicates and antipodes there are (undoable).
  void findTwins();
  /// A new layer: the features with these vectors after them, placed on the map that is shown.
  void addAsPoints(const std::vector<std::size_t>& indices);
  /// A new layer: the features without what they have in common with these vectors.
  void takeOut(const std::vector<std::size_t>& indices);

  [[nodiscard]] std::vector<JobRunner*> jobs() { return {&m_loadJob, &m_useJob}; }
  /// As sessions keep them; and back, checked.
  [[nodiscard]] QJsonObject state() const;
  void restoreState(const QJsonObject& state);

 signals:
  void changed();
  void messageRaised(const orrery::Message& message);

 private:
  struct Made;
  [[nodiscard]] VectorStep step(VectorStep::Kind kind, const std::vector<std::size_t>& indices);
  /// Adds to @p vectors under a name that is free there.
  static void addTo(std::vector<LoadedVector>& vectors, LoadedVector vector);
  void change(const QString& step, std::vector<LoadedVector> after);
  /// Adds them to the layer, and colours by the first where it is shown: one step.
  void takeColumns(int layer, std::vector<Column> columns, const QString& step);
  void make(const QString& name, VectorStep step);
  void take(Made made);

  Document* m_document;
  Annotations* m_annotations;
  std::vector<LoadedVector> m_vectors;
  JobRunner m_loadJob, m_useJob;
};

}  // namespace orrery
