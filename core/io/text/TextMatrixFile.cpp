#include "core/io/TextMatrixFile.h"

#include "core/io/ByteSource.h"
#include "core/io/text/DelimitedMatrix.h"
#include "core/io/text/ProjectorFile.h"
#include "core/io/text/TextDecoding.h"
#include "core/io/text/Word2Vec.h"

#include <algorithm>
#include <string_view>

namespace orrery {
namespace {

/// Behind a word2vec header come words with numbers as text, or words with bytes. Told apart by the
/// row after it: as text it has more than the two fields that a table of two columns would have.
std::optional<TextMatrixFormat> sniffBehindHeader(const ByteSource& source,
                                                  const Word2VecHeader& header)
{
  const std::vector<std::byte> bytes = source.readUpTo(header.end, 1u << 20);
  const std::string_view body(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t begin = std::min(body.find_first_not_of("\r\n"), body.size());
  const std::string_view line = body.substr(begin, body.find('\n', begin) - begin);
  const std::vector<std::string> fields = splitFields(line, ' ', false);
  if (fields.size() > 1 && isNumber(fields.back()))
    return fields.size() > 2 || header.dimensions == "1"
               ? std::optional(TextMatrixFormat::Word2VecText)
               : std::nullopt;
  const std::string_view start = body.substr(0, 4096);
  const bool binary = std::any_of(start.begin(), start.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r' && c != '\n';
  });
  if (binary)
    return TextMatrixFormat::Word2VecBinary;
  // Text without a number at the end of its first row: reading it says which cell is wrong.
  return fields.size() > 2 ? std::optional(TextMatrixFormat::Word2VecText) : std::nullopt;
}

}  // namespace

std::optional<TextMatrixFormat> sniffTextMatrix(const std::filesystem::path& path)
{
  const ByteSource source(path);
  const std::vector<std::byte> bytes = source.readUpTo(0, 64u << 10);
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (head.empty())
    return std::nullopt;
  if (looksLikeProjectorConfig(head))
    return TextMatrixFormat::ProjectorConfig;
  if (const std::optional<Word2VecHeader> header = findWord2VecHeader(head)) {
    const std::optional<TextMatrixFormat> format = sniffBehindHeader(source, *header);
    if (format)
      return format;
  }
  if (const std::optional<DelimitedMatrix> matrix = recognizeDelimitedMatrix(source))
    return matrix->layout.wordFirst ? TextMatrixFormat::Glove : TextMatrixFormat::DelimitedText;
  // Bare floats carry no sign of what they are; here the name has to speak as well.
  if (path.extension() == ".bytes" && source.size() % sizeof(float) == 0)
    return TextMatrixFormat::RawBytes;
  return std::nullopt;
}

std::pair<std::int64_t, std::int64_t> textMatrixShape(const std::filesystem::path& path,
                                                      TextMatrixFormat format,
                                                      const ReadOptions& options)
{
  const ByteSource source(path);
  if (format == TextMatrixFormat::Word2VecText || format == TextMatrixFormat::Word2VecBinary) {
    const std::vector<std::byte> bytes = source.readUpTo(0, 256);
    const std::optional<Word2VecHeader> header =
        findWord2VecHeader({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return header ? checkedWord2VecShape(source, *header)
                  : std::pair<std::int64_t, std::int64_t>(-1, -1);
  }
  if (format == TextMatrixFormat::ProjectorConfig)
    return projectorConfigShape(source, options);
  if (format == TextMatrixFormat::RawBytes)
    return checkedRawShape(source, options.shape);
  const std::optional<DelimitedMatrix> matrix = recognizeDelimitedMatrix(source);
  return {-1, matrix ? matrix->layout.dimensions : -1};
}

TextMatrix readTextMatrix(const std::filesystem::path& path, TextMatrixFormat format,
                          const ReadOptions& options, const Progress& progress)
{
  const ByteSource source(path);
  switch (format) {
    case TextMatrixFormat::Word2VecText:
      return readWord2VecText(source, options.maxMemory, progress);
    case TextMatrixFormat::Word2VecBinary:
      return readWord2VecBinary(source, options.maxMemory, progress);
    case TextMatrixFormat::ProjectorConfig:
      return readProjectorConfig(source, options, progress);
    case TextMatrixFormat::RawBytes:
      return readRawBytes(source, options.shape, options.maxMemory, progress);
    case TextMatrixFormat::Glove:
    case TextMatrixFormat::DelimitedText:
      break;
  }
  return readDelimitedMatrix(source, options.maxMemory, progress);
}

}  // namespace orrery
