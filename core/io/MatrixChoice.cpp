#include "core/io/MatrixChoice.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"
#include "core/io/Npy.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace orrery {
namespace {

struct Convention {
  std::string_view name;
  TensorRole role;
  FeatureAxis axis;
};

constexpr Convention conventions[] = {
    {"W_dec", TensorRole::Decoder, FeatureAxis::Rows},
    {"w_dec", TensorRole::Decoder, FeatureAxis::Rows},
    {"W_D", TensorRole::Decoder, FeatureAxis::Rows},
    {"decoder.weight", TensorRole::Decoder, FeatureAxis::Columns},
    {"decoder_linear.weight", TensorRole::Decoder, FeatureAxis::Columns},
    {"W_enc", TensorRole::Encoder, FeatureAxis::Columns},
    {"w_enc", TensorRole::Encoder, FeatureAxis::Columns},
    {"W_E", TensorRole::Encoder, FeatureAxis::Columns},
    {"encoder.weight", TensorRole::Encoder, FeatureAxis::Rows},
    {"encoder_linear.weight", TensorRole::Encoder, FeatureAxis::Rows}};

/// Widths of the residual streams of models that people train dictionaries on.
constexpr std::int64_t modelWidths[] = {768, 2048, 2304, 3584, 4096, 4608, 5120, 8192};

/// Names that stand for the vectors themselves where nothing else is said, best first.
constexpr std::string_view plainNames[] = {"embeddings", "embedding",  "vectors", "X",
                                           "features",   "directions", "weights", "weight"};

constexpr std::size_t mostListed = 12;

std::string_view lastPart(std::string_view name)
{
  const std::size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

bool isReadableMatrix(const TensorInfo& tensor)
{
  return tensor.isMatrix() && tensor.problem.empty() && tensor.type != ElementType::Text &&
         tensor.type != ElementType::Other && tensor.shape[0] > 0 && tensor.shape[1] > 0;
}

std::string listed(const std::vector<TensorInfo>& tensors)
{
  std::string text;
  for (std::size_t i = 0; i < tensors.size() && i < mostListed; ++i) {
    text += (i > 0 ? ", " : "") + displayText(tensors[i].name.substr(0, 100)) + " " +
            shapeText(tensors[i].shape) + " " + displayText(tensors[i].typeName.substr(0, 60));
  }
  if (tensors.size() > mostListed)
    text += " and " + std::to_string(tensors.size() - mostListed) + " more";
  return text;
}

bool isSparse(const TensorFile& file)
{
  std::set<std::string_view> names;
  for (const TensorInfo& tensor : file.tensors())
    names.insert(lastPart(tensor.name));
  return names.contains("data") && names.contains("indices") && names.contains("indptr");
}

std::string axesText(const TensorInfo& tensor)
{
  static constexpr const char* words[] = {"a single number", "one-dimensional", "two-dimensional",
                                          "three-dimensional"};
  const std::size_t axes = tensor.shape.size();
  return axes < std::size(words) ? words[axes] : std::to_string(axes) + "-dimensional";
}

/// Why one array cannot be the dictionary, as the end of a sentence.
std::string whyNot(const TensorInfo& tensor)
{
  if (!tensor.problem.empty())
    return tensor.problem;
  if (tensor.type == ElementType::Text)
    return "holds text, not numbers";
  if (tensor.shape.size() == 3 && roleOf(tensor.name).name.starts_with("W_dec"))
    return "is three-dimensional " + shapeText(tensor.shape) +
           ": a cross-layer transcoder writes to several layers; choose one output layer and save "
           "W_dec[:, layer, :] as an array of its own";
  if (tensor.shape.size() != 2)
    return "is " + axesText(tensor) + " " + shapeText(tensor.shape) +
           "; expected two axes, features × dimensions";
  if (tensor.shape[0] == 0 || tensor.shape[1] == 0)
    return "has no features: its shape is " + shapeText(tensor.shape);
  return "cannot be read as a matrix";
}

/// The array of that name; a unique last part will do. Nothing if there is none.
const TensorInfo* find(const std::vector<TensorInfo>& tensors, const std::string& name)
{
  const TensorInfo* byPart = nullptr;
  std::size_t parts = 0;
  for (const TensorInfo& tensor : tensors) {
    if (tensor.name == name || tensor.name == "/" + name)
      return &tensor;
    if (lastPart(tensor.name) == name) {
      byPart = &tensor;
      ++parts;
    }
  }
  return parts == 1 ? byPart : nullptr;
}

void moveFirst(std::vector<TensorInfo>& candidates, std::size_t chosen)
{
  const auto first = candidates.begin();
  std::rotate(first, first + static_cast<std::ptrdiff_t>(chosen),
              first + static_cast<std::ptrdiff_t>(chosen) + 1);
}

/// Index of the only candidate for which @p test holds, how many there are in @p count.
template <typename Test>
std::size_t onlyOne(const std::vector<TensorInfo>& candidates, std::size_t& count, Test test)
{
  std::size_t index = 0;
  count = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (test(candidates[i])) {
      index = count == 0 ? i : index;
      ++count;
    }
  }
  return index;
}

void choose(Choice& choice)
{
  std::vector<TensorInfo>& all = choice.candidates;
  std::size_t count = 0;
  const std::size_t decoder =
      onlyOne(all, count, [](const auto& t) { return roleOf(t.name).role == TensorRole::Decoder; });
  if (count > 0) {
    moveFirst(all, decoder);
    choice.ambiguous = count > 1;
    return;
  }
  for (const bool floats : {true, false}) {
    const std::size_t only =
        onlyOne(all, count, [&](const auto& t) { return t.isFloat() == floats; });
    if (count == 1 && (floats || all.size() == 1)) {
      moveFirst(all, only);
      if (!all.front().name.empty())
        choice.reason = "No array has a decoder's name; " + displayText(all.front().name) +
                        " was taken, the only two-dimensional one of numbers.";
      return;
    }
    for (const std::string_view name : plainNames) {
      const std::size_t plain = onlyOne(all, count, [&](const auto& t) {
        return t.isFloat() == floats && lastPart(t.name) == name;
      });
      if (count == 1) {
        moveFirst(all, plain);
        choice.reason = "Of several arrays " + displayText(all.front().name) +
                        " was taken, for its name; choose another by --dataset.";
        return;
      }
    }
  }
  choice.ambiguous = all.size() > 1;
}

bool isModelWidth(std::int64_t length)
{
  return std::ranges::find(modelWidths, length) != std::end(modelWidths);
}

std::string count(std::int64_t number)
{
  return std::to_string(number);
}

/// Rows or columns, if @p length of the dimensions (or the features) fits one axis only.
std::optional<FeatureAxis> axisOf(const std::vector<std::int64_t>& shape,
                                  const std::optional<std::int64_t>& length)
{
  if (!length || shape[0] == shape[1] || (shape[0] != *length && shape[1] != *length))
    return std::nullopt;
  return shape[0] == *length ? FeatureAxis::Rows : FeatureAxis::Columns;
}

FeatureAxis otherAxis(FeatureAxis axis)
{
  return axis == FeatureAxis::Rows ? FeatureAxis::Columns : FeatureAxis::Rows;
}

/// What the configuration says of a shape, with the sentence's end.
std::optional<std::pair<FeatureAxis, std::string>> axisByConfig(
    const std::vector<std::int64_t>& shape, const SaeConfig* config)
{
  if (!config)
    return std::nullopt;
  const std::string name = displayName(config->path.filename());
  if (const auto axis = axisOf(shape, config->dimensions))
    return std::pair{otherAxis(*axis),
                     name + " gives " + count(*config->dimensions) + " dimensions"};
  if (const auto axis = axisOf(shape, config->features))
    return std::pair{*axis, name + " gives " + count(*config->features) + " features"};
  return std::nullopt;
}

const char* plural(FeatureAxis axis)
{
  return axis == FeatureAxis::Rows ? "rows" : "columns";
}

}  // namespace

NamedRole roleOf(const std::string& tensorName)
{
  const std::string_view name = tensorName;
  for (const Convention& convention : conventions) {
    // "W_dec_7" of a cross-layer transcoder is a decoder too.
    std::string_view stem = name;
    const std::size_t end = stem.find_last_not_of("0123456789");
    if (end != std::string_view::npos && end + 1 < stem.size() && stem[end] == '_')
      stem = stem.substr(0, end);
    for (const std::string_view tried : {name, stem}) {
      if (!tried.ends_with(convention.name))
        continue;
      const std::string_view prefix = tried.substr(0, tried.size() - convention.name.size());
      if (prefix.empty() || prefix.back() == '/' || prefix.back() == '.')
        return {convention.role, convention.axis, std::string(convention.name),
                std::string(prefix)};
    }
  }
  return {};
}

Orientation decideOrientation(const std::vector<std::int64_t>& shape, const NamedRole& role,
                              const OrientationHints& hints)
{
  Orientation result;
  const auto byConfig = axisByConfig(shape, hints.config);
  if (role.role != TensorRole::Unknown) {
    result.axis = role.axis;
    result.rule = "because features are the " + std::string(plural(role.axis)) + " of " +
                  role.name + " by convention";
    if (byConfig && byConfig->first != role.axis) {
      result.axis = byConfig->first;
      result.rule = "because " + byConfig->second + ", against the convention of " + role.name;
      result.warning = "The array " + role.name +
                       " lies the other way than its name promises: " + byConfig->second + ".";
    }
    return result;
  }
  if (byConfig) {
    result.axis = byConfig->first;
    result.rule = "because " + byConfig->second;
    return result;
  }
  if (const auto axis = axisOf(shape, hints.labelCount)) {
    result.axis = *axis;
    result.rule = "because there are " + count(*hints.labelCount) + " labels";
    return result;
  }
  if (isModelWidth(shape[0]) != isModelWidth(shape[1])) {
    const bool rowsAreDimensions = isModelWidth(shape[0]);
    result.axis = rowsAreDimensions ? FeatureAxis::Columns : FeatureAxis::Rows;
    result.rule =
        "because " + count(rowsAreDimensions ? shape[0] : shape[1]) + " is a known model width";
    return result;
  }
  result.rule = "because features are rows where nothing else is known";
  result.certain = false;
  if (shape[0] < shape[1])
    result.warning = "The matrix has fewer rows (" + count(shape[0]) + ") than columns (" +
                     count(shape[1]) + "): if features are its columns, turn it (--transpose).";
  return result;
}

bool isAnnData(const TensorFile& file)
{
  return file.formatName().find("AnnData") != std::string::npos;
}

TensorInfo squeezed(const TensorInfo& tensor)
{
  if (tensor.shape.size() != 3 || std::ranges::count(tensor.shape, 1) != 1)
    return tensor;
  TensorInfo flat = tensor;
  std::erase(flat.shape, 1);
  return flat;
}

Choice chooseMatrix(const TensorFile& file, const std::filesystem::path& path,
                    const std::optional<std::string>& dataset)
{
  Choice choice;
  for (const TensorInfo& tensor : file.tensors()) {
    TensorInfo flat = squeezed(tensor);
    // Another name of an array that is listed already is no second choice, unless it is asked for.
    const bool isChoice = tensor.aliasOf.empty() ||
                          (dataset && (tensor.name == *dataset || tensor.name == "/" + *dataset));
    if (isChoice && isReadableMatrix(flat))
      choice.candidates.push_back(std::move(flat));
  }
  if (!dataset) {
    const auto isMain = [](const TensorInfo& tensor) { return tensor.name == "/X"; };
    const auto main = std::ranges::find_if(choice.candidates, isMain);
    if (isAnnData(file) && main != choice.candidates.end())
      moveFirst(choice.candidates, static_cast<std::size_t>(main - choice.candidates.begin()));
    else
      choose(choice);
    return choice;
  }
  const TensorInfo* wanted = find(choice.candidates, *dataset);
  if (!wanted) {
    if (const TensorInfo* other = find(file.tensors(), *dataset))
      throw Error(displayName(path) + ": " + displayText(other->name) + " " + whyNot(*other));
    throw Error(displayName(path) + ": has no array '" + displayText(*dataset) +
                "'; it has: " + listed(file.tensors()));
  }
  moveFirst(choice.candidates, static_cast<std::size_t>(wanted - choice.candidates.data()));
  return choice;
}

void refuseNoMatrix(const TensorFile& file, const std::filesystem::path& path)
{
  const std::vector<TensorInfo>& tensors = file.tensors();
  const std::string name = displayName(path) + ": ";
  if (tensors.empty())
    throw Error(name + "holds no arrays; expected a matrix of features × dimensions");
  if (isSparse(file))
    throw Error(name +
                "holds a sparse matrix (data, indices, indptr), such as counts of what fires "
                "where, not a dictionary of vectors; open it as co-occurrence");
  // The decoder's own fault, or that of a lone array, says more than a list.
  const TensorInfo* telling = tensors.size() == 1 ? &tensors.front() : nullptr;
  for (const TensorInfo& tensor : tensors) {
    if (!telling && roleOf(tensor.name).role == TensorRole::Decoder)
      telling = &tensor;
  }
  if (telling)
    throw Error(name +
                (telling->name.empty() ? "" : displayText(telling->name.substr(0, 200)) + " ") +
                whyNot(*telling));
  throw Error(name + "holds no matrix of numbers; it has: " + listed(tensors));
}

void refuseAmbiguous(const Choice& choice, const std::filesystem::path& path)
{
  throw Error(displayName(path) +
              ": several arrays could be the dictionary; choose one by --dataset: " +
              listed(choice.candidates));
}

}  // namespace orrery
