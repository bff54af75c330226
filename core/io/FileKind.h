// What a file is, by its content; its name only decides which fault is told.
#pragma once

#include "core/io/DictionaryFile.h"
#include "core/io/TextMatrixFile.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

enum class FileKind { Npy, Npz, Safetensors, Hdf5, Text, Json };

struct SniffedFile {
  FileKind kind = FileKind::Text;
  std::optional<TextMatrixFormat> textFormat;  ///< Set for FileKind::Text.
  std::vector<std::string> notes;
};

/// Throws Error, naming what the file seems to be, if it is of no kind that can hold a dictionary:
/// empty, a pickle (with the conversion to run), gzip, HTML, a git-lfs pointer, a picture …
SniffedFile sniffFile(const std::filesystem::path& path, const ReadOptions& options);

/// The end of the sentence that refuses a pickle: the conversion to run instead.
[[nodiscard]] std::string pickleAdvice(const std::filesystem::path& path);

}  // namespace orrery
