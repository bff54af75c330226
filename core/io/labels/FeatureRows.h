// Rows about features, gathered column by column before it is known what each column is.
#pragma once

#include "core/io/ByteSource.h"
#include "core/io/LabelFile.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// What readers of label files fill, and what decides which column is the label, which are numbers
/// and which are categories.
class FeatureRows {
 public:
  /// Faults are told in the name of @p source, which must outlive this.
  explicit FeatureRows(const ByteSource& source) : m_source(source) {}

  /// Begins a row about feature @p id.
  void addRow(FeatureId id) { m_ids.push_back(id); }
  [[nodiscard]] std::int64_t rows() const { return static_cast<std::int64_t>(m_ids.size()); }

  /// The column of that name, made where there is none yet. Throws Error past 256 columns.
  std::size_t column(std::string_view name);
  /// Sets a cell of the row begun last. Text that reads as a number may become one in finish().
  void setText(std::size_t column, std::string text);
  void setNumber(std::size_t column, double number);
  /// Declares that the column's texts are classes, however many there are.
  void setCategory(std::size_t column) { m_columns[column].isCategory = true; }

  /// Sorts by feature, takes the first row of each as its label and numbers, and keeps the labels
  /// of further rows as explanations.
  LabelTable finish();
  /// The name of the column that finish() took for the labels; empty if there is none.
  [[nodiscard]] const std::string& labelColumn() const { return m_labelColumn; }

 private:
  struct Cells {
    std::string name;
    std::vector<std::string> texts;  ///< Empty, or one for each row up to the last that has one.
    std::vector<double> numbers;     ///< The same.
    bool isCategory = false;
  };
  enum class Kind { Empty, Number, Category, Label, Tokens, Text };

  Kind kindOf(const Cells& cells, std::string& problem) const;
  std::size_t chooseLabel(const std::vector<Kind>& kinds) const;
  void addLabels(const Cells& cells, Kind kind, const std::vector<std::size_t>& order,
                 LabelTable& table) const;
  void addAlternatives(const Cells& cells, Kind kind, LabelTable& table) const;
  Column numberColumn(const Cells& cells, const std::vector<std::size_t>& firstRows) const;
  Column categoryColumn(const Cells& cells, const std::vector<std::size_t>& firstRows) const;

  void countCells(std::size_t more);

  const ByteSource& m_source;
  std::size_t m_cells = 0;
  std::vector<FeatureId> m_ids;
  std::vector<Cells> m_columns;
  std::string m_labelColumn;
};

/// Whether a column of this name counts the features ("index", "feature_id" …) or holds their
/// labels (rank 1 the best; 0 if it does not).
[[nodiscard]] bool isIndexName(std::string_view name);
[[nodiscard]] int labelRank(std::string_view name);

/// A category column for all rows of @p texts; "" is missing.
[[nodiscard]] Column makeCategoryColumn(std::string name,
                                        const std::vector<std::string_view>& texts);

}  // namespace orrery
