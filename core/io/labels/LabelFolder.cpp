#include "core/base/Error.h"
#include "core/io/labels/FeatureRows.h"
#include "core/io/labels/LabelReaders.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace orrery {
namespace {

constexpr std::size_t mostFiles = 2'000'000;

/// Batches of an export, or explanations in a file each.
bool isLabelFile(const std::filesystem::path& path)
{
  const std::string name = path.filename().string();
  const std::string extension = path.extension().string();
  return name.ends_with(".jsonl") || name.ends_with(".jsonl.gz") || extension == ".json" ||
         (extension == ".txt" && name.find("latent") != std::string::npos);
}

std::vector<std::filesystem::path> labelFilesIn(const std::filesystem::path& folder)
{
  std::vector<std::filesystem::path> files;
  std::error_code fault;
  for (std::filesystem::directory_iterator entry(folder, fault), end; !fault && entry != end;
       entry.increment(fault)) {
    if (isLabelFile(entry->path()) && entry->is_regular_file(fault))
      files.push_back(entry->path());
    if (files.size() > mostFiles)
      throw Error(displayName(folder) + ": holds more than " + std::to_string(mostFiles) +
                  " files");
  }
  if (fault)
    throw Error(displayName(folder) + ": cannot be listed: " + fault.message());
  if (files.empty())
    throw Error(displayName(folder) +
                ": is a folder without label files (expected batch-….jsonl.gz, …_latentN.txt or "
                "….json)");
  std::sort(files.begin(), files.end());
  return files;
}

/// Puts tables with indices together: what an earlier one says of a feature stays.
class Merger {
 public:
  void add(const std::filesystem::path& path, LabelTable&& part)
  {
    if (!part.hasIndices)
      throw Error(displayName(path) +
                  ": does not name the features of its rows, so it cannot be joined with the other "
                  "files of the folder");
    if (m_files == 0)
      m_table.origin = part.origin;
    else if (!(part.origin == m_table.origin))
      throw Error(displayName(path) + ": belongs to another dictionary (" + part.origin.source +
                  ") than the files before it (" + m_table.origin.source + ")");
    ++m_files;
    m_table.rows += part.rows;
    m_table.format = part.format;
    m_formats.insert(part.format);
    for (std::size_t i = 0; i < part.ids.size(); ++i) {
      std::string& label = m_labels[part.ids[i]];
      if (label.empty())
        label = std::move(part.labels[i]);
      for (const Column& column : part.columns)
        addCell(column, i, part.ids[i]);
    }
    for (auto& [id, details] : part.details)
      addDetails(m_table.details[id], std::move(details));
    m_table.knownNeighbors.insert(m_table.knownNeighbors.end(), part.knownNeighbors.begin(),
                                  part.knownNeighbors.end());
    for (std::string& note : part.notes)
      if (m_notes.insert(note).second)
        m_table.notes.push_back(std::move(note));
  }

  LabelTable finish()
  {
    m_table.hasIndices = true;
    for (auto& [id, label] : m_labels) {
      m_table.ids.push_back(id);
      m_table.labels.push_back(std::move(label));
    }
    for (const auto& [name, cells] : m_cells)
      m_table.columns.push_back(columnOf(name, cells));
    if (m_formats.size() > 1)
      m_table.format = "a folder of label files";
    m_table.notes.push_back("Joined from " + std::to_string(m_files) +
                            (m_files == 1 ? " file." : " files."));
    return std::move(m_table);
  }

 private:
  struct Cells {
    Column::Kind kind = Column::Kind::Number;
    std::string description;
    std::map<FeatureId, double> numbers;
    std::map<FeatureId, std::string> categories;
  };

  void addCell(const Column& column, std::size_t row, FeatureId id)
  {
    Cells& cells = m_cells[column.name];
    cells.kind = column.kind;
    cells.description = column.description;
    if (column.kind == Column::Kind::Number)
      cells.numbers.emplace(id, column.numbers[row]);
    else if (column.categories[row] >= 0)
      cells.categories.emplace(
          id, column.categoryNames[static_cast<std::size_t>(column.categories[row])]);
  }

  static void addDetails(FeatureDetails& target, FeatureDetails&& part)
  {
    const auto append = [](auto& to, auto& from) {
      to.insert(to.end(), std::make_move_iterator(from.begin()),
                std::make_move_iterator(from.end()));
    };
    append(target.explanations, part.explanations);
    append(target.contexts, part.contexts);
    if (target.positiveLogits.empty())
      target.positiveLogits = std::move(part.positiveLogits);
    if (target.negativeLogits.empty())
      target.negativeLogits = std::move(part.negativeLogits);
  }

  Column columnOf(const std::string& name, const Cells& cells) const
  {
    std::vector<std::string_view> texts;
    Column column;
    for (const FeatureId id : m_table.ids) {
      const auto number = cells.numbers.find(id);
      const auto text = cells.categories.find(id);
      column.numbers.push_back(number == cells.numbers.end()
                                   ? std::numeric_limits<double>::quiet_NaN()
                                   : number->second);
      texts.push_back(text == cells.categories.end() ? std::string_view()
                                                     : std::string_view(text->second));
    }
    if (cells.kind == Column::Kind::Category)
      column = makeCategoryColumn(name, texts);
    column.name = name;
    column.description = cells.description;
    return column;
  }

  LabelTable m_table;
  std::int64_t m_files = 0;
  std::set<std::string> m_formats, m_notes;
  std::map<FeatureId, std::string> m_labels;
  std::map<std::string, Cells> m_cells;
};

}  // namespace

LabelTable readLabelFolder(const std::filesystem::path& folder, const Progress& progress)
{
  const std::vector<std::filesystem::path> files = labelFilesIn(folder);
  Merger merger;
  for (std::size_t i = 0; i < files.size(); ++i) {
    progress.update(static_cast<std::int64_t>(i), static_cast<std::int64_t>(files.size()));
    merger.add(files[i], readLabels(files[i], Progress(progress.stopToken(), {})));
  }
  return merger.finish();
}

}  // namespace orrery
