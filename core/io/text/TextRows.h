// Rows of numbers in text, with or without a word in each: parsed on all threads.
#pragma once

#include "core/io/TextMatrixFile.h"
#include "core/io/text/LineIndex.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// How every row of a file is laid out.
struct RowLayout {
  /// What parts the fields; ' ' stands for any run of blanks and tabs.
  char separator = ' ';
  /// Fields may stand in double quotes (RFC 4180).
  bool quotes = false;
  /// The row begins with a word, which may itself hold blanks, and the numbers follow (GloVe).
  bool wordFirst = false;
  /// Fields of a row, all counted; not used with wordFirst.
  int fields = 0;
  /// The field that holds the label, and one that only counts the rows: −1 if there is none.
  int labelField = -1;
  int indexField = -1;
  std::int64_t dimensions = 0;
  /// Who says how many numbers a row has: "the header", "the first row".
  std::string authority = "the first row";

  [[nodiscard]] bool isLabelled() const { return wordFirst || labelField >= 0; }
};

/// Splits a line at @p separator (see RowLayout); fields in quotes come without them when @p quotes
/// holds. Blanks around a field are dropped unless @p trim is off, inside quotes they stay.
std::vector<std::string> splitFields(std::string_view line, char separator, bool quotes,
                                     bool trim = true);

/// Whether all fields stand in quotes. In TSV, where a lone quote is text like any other, this is
/// what tells that quotes are meant as such.
bool hasOnlyQuotedFields(std::string_view line, char separator);

/// What a matrix of this size takes, refused if it is over @p maxMemory.
void checkMatrixMemory(const ByteSource& source, std::int64_t features, std::int64_t dimensions,
                       std::optional<std::uint64_t> maxMemory);

/// Parses all rows of @p index on all threads. The first bad row, by its place in the file, is
/// refused with its line and field, whatever the number of threads. Notes what was replaced,
/// repeated or too large.
TextMatrix readRows(const ByteSource& source, const LineIndex& index, const RowLayout& layout,
                    std::optional<std::uint64_t> maxMemory, const Progress& progress);

/// Notes that labels occur more than once (both rows are kept).
void noteRepeatedLabels(const std::vector<std::string>& labels, std::vector<std::string>& notes);

/// Notes that bytes which were not UTF-8 were replaced.
void noteReplacedText(std::int64_t replaced, std::vector<std::string>& notes);

}  // namespace orrery
