#include "core/io/FileKind.h"

#include "core/io/ByteSource.h"
#include "core/io/Zip.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string_view>

namespace orrery {
namespace {

constexpr std::size_t sniffedBytes = 4096;

std::string lowerCase(std::string_view text)
{
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  });
  return lower;
}

std::string endingOf(const std::filesystem::path& path)
{
  return lowerCase(path.extension().native());
}

bool hasHdf5Signature(const ByteSource& source)
{
  // At 0 or, after a user block, at 512 and its doublings.
  static constexpr unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1A, '\n'};
  for (std::uint64_t at = 0; at + sizeof signature <= source.size(); at = at == 0 ? 512 : at * 2) {
    char bytes[sizeof signature];
    source.read(at, bytes, sizeof bytes);
    if (std::memcmp(bytes, signature, sizeof bytes) == 0)
      return true;
  }
  return false;
}

bool looksLikeSafetensors(std::string_view start, std::uint64_t size)
{
  if (start.size() < 10 || start[8] != '{')
    return false;
  std::uint64_t length = 0;
  std::memcpy(&length, start.data(), sizeof length);
  return length >= 2 && length <= 100'000'000 && length <= size - 8;
}

bool looksLikePickle(std::string_view start)
{
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(start[i]); };
  if (start.size() >= 4 && byte(0) == 0x80 && byte(1) >= 2 && byte(1) <= 5)
    return true;
  return start.starts_with("(dp") || start.starts_with("(lp") || start.starts_with("ccopy_reg\n") ||
         start.starts_with("cnumpy");
}

struct Signature {
  std::string_view bytes;
  const char* name;
};

constexpr Signature others[] = {
    {"\x1F\x8B", "gzip-compressed data; unpack it first (gunzip)"},
    {"BZh", "bzip2-compressed data; unpack it first (bunzip2)"},
    {"\xFD"
     "7zXZ",
     "xz-compressed data; unpack it first (unxz)"},
    {"\x28\xB5\x2F\xFD", "zstd-compressed data; unpack it first (unzstd)"},
    {"7z\xBC\xAF", "a 7z archive; unpack it first"},
    {"PAR1", "a Parquet table; save the vectors as .npy first"},
    {"ARROW1", "an Arrow table; save the vectors as .npy first"},
    {"MATLAB 5.0", "a MATLAB file; save the vectors as HDF5 (-v7.3) or .npy first"},
    {"\x89PNG", "a PNG picture"},
    {"\xFF\xD8\xFF", "a JPEG picture"},
    {"%PDF", "a PDF document"},
    {"\x7F"
     "ELF",
     "a program"},
    {"SQLite format 3", "an SQLite database"},
    {"GGUF", "a GGUF model"}};

[[noreturn]] void refuse(const ByteSource& source, const std::string& what)
{
  source.fail("is no dictionary: it seems to be " + what);
}

void refuseOthers(const ByteSource& source, std::string_view start)
{
  if (looksLikePickle(start))
    source.fail("is a Python pickle, which could run code and is never loaded; " +
                pickleAdvice(source.path()));
  for (const Signature& signature : others) {
    if (start.starts_with(signature.bytes))
      refuse(source, signature.name);
  }
  if (start.starts_with("version https://git-lfs"))
    refuse(source, "a git-lfs pointer, not the file itself; fetch it with git lfs pull");
  const std::size_t first = start.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == std::string_view::npos || start[first] != '<')
    return;
  const std::string markup = lowerCase(start.substr(first, 64));
  if (markup.starts_with("<!doctype html") || markup.starts_with("<html") ||
      markup.starts_with("<head"))
    refuse(source, "an HTML page; a download may have saved an error or log-in page instead");
  if (markup.starts_with("<?xml") || markup.starts_with("<svg"))
    refuse(source, "an XML document");
}

/// A PyTorch file is a zip archive around a pickle.
void refuseTorch(const std::filesystem::path& path)
{
  const ZipFile zip(path);
  const bool torch = std::ranges::any_of(zip.members(), [](const ZipMember& member) {
    return member.name == "data.pkl" || member.name.ends_with("/data.pkl");
  });
  if (torch)
    zip.source().fail(
        "is a PyTorch file (a zip archive around a pickle), which could run code and "
        "is never loaded; " +
        pickleAdvice(path));
}

struct KindName {
  FileKind kind;
  const char* name;
  std::vector<std::string_view> endings;
};

const std::vector<KindName>& kindNames()
{
  static const std::vector<KindName> names = {
      {FileKind::Npy, "a NumPy array (.npy)", {".npy"}},
      {FileKind::Npz, "a NumPy archive (.npz)", {".npz"}},
      {FileKind::Safetensors, "a safetensors file", {".safetensors"}},
      {FileKind::Hdf5, "an HDF5 file", {".h5", ".hdf5", ".h5ad", ".he5", ".hdf"}}};
  return names;
}

std::optional<FileKind> kindByEnding(const std::filesystem::path& path)
{
  const std::string ending = endingOf(path);
  for (const KindName& known : kindNames()) {
    if (std::ranges::find(known.endings, ending) != known.endings.end())
      return known.kind;
  }
  return std::nullopt;
}

SniffedFile found(FileKind kind, const std::filesystem::path& path)
{
  SniffedFile result;
  result.kind = kind;
  const auto named = kindByEnding(path);
  if (named && *named != kind) {
    const auto known = std::ranges::find(kindNames(), kind, &KindName::kind);
    result.notes.push_back(
        "The name ends in " + displayText(path.extension().native()) + ", but the content is " +
        (known != kindNames().end() ? known->name : "text") + " and was read as such.");
  }
  return result;
}

}  // namespace

std::string pickleAdvice(const std::filesystem::path& path)
{
  const std::string name = displayName(path.filename());
  const std::string stem = displayName(path.stem());
  return "convert it where PyTorch is installed: import torch, safetensors.torch as s; "
         "s.save_file({k: v.contiguous() for k, v in torch.load('" +
         name + "', map_location='cpu', weights_only=True).items() if torch.is_tensor(v)}, '" +
         stem + ".safetensors')";
}

SniffedFile sniffFile(const std::filesystem::path& path, const ReadOptions& options)
{
  const ByteSource source(path);
  const auto bytes = source.readUpTo(0, sniffedBytes);
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (start.empty())
    source.fail("is empty: 0 bytes, expected a matrix (npy, npz, safetensors, HDF5 or text)");
  if (options.shape) {
    // Raw floats say nothing of themselves: whoever gives a shape has decided.
    SniffedFile raw;
    raw.textFormat = TextMatrixFormat::RawBytes;
    return raw;
  }
  if (start.starts_with("\x93NUMPY"))
    return found(FileKind::Npy, path);
  if (start.starts_with("PK\x03\x04") || start.starts_with("PK\x05\x06")) {
    refuseTorch(path);
    return found(FileKind::Npz, path);
  }
  if (hasHdf5Signature(source))
    return found(FileKind::Hdf5, path);
  if (looksLikeSafetensors(start, source.size()))
    return found(FileKind::Safetensors, path);
  refuseOthers(source, start);
  // Content that is nothing known under a known ending: a damaged file of that kind, most likely.
  if (const auto kind = kindByEnding(path); kind && *kind != FileKind::Hdf5)
    return found(*kind, path);
  if (kindByEnding(path) == FileKind::Hdf5)
    source.fail(
        "is no HDF5 file: the signature \\x89HDF is missing, the file may be cut or damaged");
  if (const auto format = sniffTextMatrix(path)) {
    SniffedFile text = found(FileKind::Text, path);
    text.textFormat = format;
    return text;
  }
  const std::size_t first = start.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && start[first] == '{')
    return found(FileKind::Json, path);
  source.fail("is of no known kind (" + displayBytes(source.size()) +
              "): expected npy, npz, safetensors, HDF5, word2vec, GloVe, or numbers as text");
}

}  // namespace orrery
