// A session as JSON text and back. Everything read is checked: kind, range and count, with the
// place in the sentence.
#include "core/base/Error.h"
#include "core/document/Session.h"
#include "core/io/BoundedJson.h"
#include "core/io/ByteSource.h"

#include <QByteArray>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace orrery {
namespace {

using Json = nlohmann::json;

constexpr char kind[] = "orrery session";
constexpr std::int64_t mostFeatures = std::numeric_limits<std::int32_t>::max();

// Writing ----------------------------------------------------------------------------------------

/// File names are bytes; JSON is UTF-8.
Json pathJson(const std::filesystem::path& path)
{
  const std::string& bytes = path.native();
  const QByteArray raw = QByteArray::fromStdString(bytes);
  if (QString::fromUtf8(raw).toUtf8() == raw)
    return bytes;
  return {{"bytes", raw.toBase64().toStdString()}};
}

Json inputJson(const SessionInput& input)
{
  return {{"path", pathJson(input.relative)},
          {"absolute", pathJson(input.absolute)},
          {"size", input.size},
          {"mtime_ns", input.modifiedNs},
          {"hash", input.hash}};
}

Json cameraJson(const std::optional<Camera>& camera)
{
  if (!camera)
    return nullptr;
  Json numbers = Json::array();
  for (const Eigen::Vector3d& part : {camera->position, camera->focalPoint, camera->viewUp})
    for (int i = 0; i < 3; ++i)
      numbers.push_back(part[i]);
  numbers.push_back(camera->parallelScale);
  return {{"numbers", numbers}, {"orthographic", camera->orthographic}};
}

/// Numbers inside the text: compressed, in base64.
Json inlineJson(const void* values, std::size_t bytes)
{
  return QByteArray::fromRawData(static_cast<const char*>(values), static_cast<qsizetype>(bytes))
                 .isEmpty()
             ? std::string()
             : qCompress(static_cast<const uchar*>(values), static_cast<qsizetype>(bytes), 1)
                   .toBase64()
                   .toStdString();
}

/// Infinities mean "no bound" and are no JSON.
Json boundJson(double bound)
{
  return std::isfinite(bound) ? Json(bound) : Json(nullptr);
}

Json viewJson(const LayerView& view)
{
  const Appearance& look = view.appearance;
  return {{"look",
           {{"color_by", look.colorBy},
            {"size_by", look.sizeBy},
            {"palette", look.palette},
            {"point_size", look.pointSize},
            {"opacity", look.opacity},
            {"names", look.showLabels}}},
          {"search",
           {{"text", view.search.text},
            {"regular_expression", view.search.regularExpression},
            {"match_case", view.search.matchCase}}},
          {"camera", cameraJson(view.camera)},
          {"selection", rangesText(view.selection)},
          {"current", view.current}};
}

Json annotationsJson(const LayerAnnotations& annotations)
{
  Json notes = Json::array();
  for (const auto& [feature, note] : annotations.notes)
    notes.push_back({{"feature", feature}, {"text", note.text}, {"tags", note.tags}});
  Json selections = Json::array();
  for (const NamedSelection& kept : annotations.selections) {
    Json polygon = Json::array();
    for (const QPointF& corner : kept.polygon)
      polygon.push_back({corner.x(), corner.y()});
    selections.push_back({{"name", kept.name},
                          {"features", rangesText(kept.features)},
                          {"polygon", polygon},
                          {"camera", cameraJson(kept.camera)},
                          {"aspect", kept.aspect},
                          {"visible_only", kept.visibleOnly}});
  }
  Json filter = nullptr;
  if (annotations.filter)
    filter = {{"column", annotations.filter->column},
              {"minimum", boundJson(annotations.filter->minimum)},
              {"maximum", boundJson(annotations.filter->maximum)}};
  return {{"notes", notes}, {"selections", selections}, {"filter", filter}};
}

/// What no file holds. Large vectors are not written inside a text: a recovery file or a picture
/// would take minutes.
Json madeJson(const SessionLayer& layer, bool inside)
{
  constexpr std::int64_t mostInside = (std::int64_t{16} << 20) / 4;
  Json made = {{"synthetic", layer.synthetic}, {"labels", layer.madeLabels}};
  if (inside && layer.vectors && layer.vectors->size() <= mostInside)
    made["vectors"] = inlineJson(layer.vectors->data(),
                                 static_cast<std::size_t>(layer.vectors->size()) * sizeof(float));
  return made;
}

Json mapJson(const Embedding& embedding, bool inside)
{
  Json map = {{"method", displayName(embedding.method)},
              {"dimensions", embedding.dimensions},
              {"description", embedding.description},
              {"options", embedding.options},
              {"seconds", embedding.seconds},
              {"explained_variance", embedding.explainedVariance}};
  if (inside)
    map["positions"] = inlineJson(embedding.positions.data(),
                                  static_cast<std::size_t>(embedding.positions.size()) * 4);
  return map;
}

Json columnJson(const Column& column, bool inside)
{
  const bool numbers = column.kind == Column::Kind::Number;
  Json written = {{"name", column.name},
                  {"kind", numbers ? "number" : "category"},
                  {"categories", column.categoryNames},
                  {"description", column.description}};
  if (inside)
    written["values"] = numbers
                            ? inlineJson(column.numbers.data(), column.numbers.size() * 8)
                            : inlineJson(column.categories.data(), column.categories.size() * 4);
  return written;
}

// Reading ----------------------------------------------------------------------------------------

/// A value and where it stands, for the sentence that refuses it.
class Place {
 public:
  Place(const Json& value, std::string where, const FailFunction& fail)
      : m_value(&value), m_where(std::move(where)), m_fail(&fail)
  {
  }

  [[noreturn]] void fail(const std::string& expected) const
  {
    (*m_fail)(m_where + ": expected " + expected + ", found " + found());
    throw Error(m_where);  // not reached: a FailFunction throws
  }
  [[nodiscard]] bool isNull() const { return m_value->is_null(); }
  [[nodiscard]] bool isText() const { return m_value->is_string(); }

  [[nodiscard]] Place operator[](const char* key) const
  {
    if (!m_value->is_object())
      fail("an object");
    const auto member = m_value->find(key);
    static const Json missing;
    return {member == m_value->end() ? missing : *member, m_where + "." + key, *m_fail};
  }
  [[nodiscard]] std::vector<Place> list() const
  {
    if (!m_value->is_array())
      fail("a list");
    std::vector<Place> places;
    for (std::size_t i = 0; i < m_value->size(); ++i)
      places.emplace_back((*m_value)[i], m_where + "[" + std::to_string(i) + "]", *m_fail);
    return places;
  }
  [[nodiscard]] std::vector<std::pair<std::string, Place>> members() const
  {
    if (!m_value->is_object())
      fail("an object");
    std::vector<std::pair<std::string, Place>> places;
    for (const auto& [key, value] : m_value->items())
      places.emplace_back(key, Place(value, m_where + "." + key, *m_fail));
    return places;
  }
  [[nodiscard]] std::string text() const
  {
    if (!m_value->is_string())
      fail("a text");
    return m_value->get<std::string>();
  }
  [[nodiscard]] bool flag() const
  {
    if (!m_value->is_boolean())
      fail("true or false");
    return m_value->get<bool>();
  }
  [[nodiscard]] double number() const
  {
    if (!m_value->is_number())
      fail("a number");
    return m_value->get<double>();
  }
  [[nodiscard]] std::int64_t integer(std::int64_t least, std::int64_t most) const
  {
    if (!m_value->is_number_integer() ||
        (m_value->is_number_unsigned() &&
         m_value->get<std::uint64_t>() > static_cast<std::uint64_t>(most)) ||
        m_value->get<std::int64_t>() < least || m_value->get<std::int64_t>() > most)
      fail("a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return m_value->get<std::int64_t>();
  }
  [[nodiscard]] std::vector<std::string> texts() const
  {
    std::vector<std::string> all;
    for (const Place& place : list())
      all.push_back(place.text());
    return all;
  }
  [[nodiscard]] std::vector<double> numbers() const
  {
    std::vector<double> all;
    for (const Place& place : list())
      all.push_back(place.number());
    return all;
  }
  [[nodiscard]] std::filesystem::path path() const
  {
    if (m_value->is_object())
      return QByteArray::fromBase64(QByteArray::fromStdString((*this)["bytes"].text()))
          .toStdString();
    const std::string written = text();
    if (written.find('\0') != std::string::npos)
      fail("a path without NUL");
    return written;
  }
  /// What inlineJson wrote; nothing if there is nothing. The size is known before anything is
  /// allocated.
  [[nodiscard]] QByteArray bytes(std::size_t expected) const
  {
    const QByteArray packed = QByteArray::fromBase64(QByteArray::fromStdString(text()));
    std::uint32_t declared = 0;
    if (packed.size() >= 4)
      for (int i = 0; i < 4; ++i)
        declared = declared << 8 | static_cast<std::uint8_t>(packed[i]);
    const QByteArray values = declared == expected ? qUncompress(packed) : QByteArray();
    if (static_cast<std::size_t>(values.size()) != expected)
      fail(std::to_string(expected) + " bytes of numbers");
    return values;
  }
  [[nodiscard]] std::vector<FeatureId> ranges(std::int64_t features) const
  {
    try {
      return featuresOfRanges(text(), features);
    } catch (const Error&) {
      fail("ids below " + std::to_string(features) + " as \"0-5,9\"");
    }
  }
  [[nodiscard]] std::string dump() const { return m_value->dump(); }
  [[nodiscard]] bool isObject() const { return m_value->is_object(); }

 private:
  [[nodiscard]] std::string found() const
  {
    if (m_value->is_null())
      return "nothing";
    const std::string written = m_value->dump(-1, ' ', false, Json::error_handler_t::replace);
    return displayText(written.size() > 40 ? written.substr(0, 40) + "…" : written);
  }

  const Json* m_value;
  std::string m_where;
  const FailFunction* m_fail;
};

std::optional<Camera> readCamera(const Place& place)
{
  if (place.isNull())
    return std::nullopt;
  const std::vector<double> numbers = place["numbers"].numbers();
  if (numbers.size() != 10 || !(numbers[9] > 0) || !std::isfinite(numbers[9]))
    place.fail("10 numbers, the last positive");
  Camera camera;
  camera.position = {numbers[0], numbers[1], numbers[2]};
  camera.focalPoint = {numbers[3], numbers[4], numbers[5]};
  camera.viewUp = {numbers[6], numbers[7], numbers[8]};
  camera.parallelScale = numbers[9];
  camera.orthographic = place["orthographic"].flag();
  if (camera.position == camera.focalPoint)
    place.fail("a camera that looks somewhere");
  return camera;
}

SessionInput readInput(const Place& place)
{
  SessionInput input;
  input.relative = place["path"].path();
  input.absolute = place["absolute"].path();
  input.size = static_cast<std::uint64_t>(
      place["size"].integer(0, std::numeric_limits<std::int64_t>::max()));
  input.modifiedNs = place["mtime_ns"].integer(std::numeric_limits<std::int64_t>::min(),
                                               std::numeric_limits<std::int64_t>::max());
  input.hash = place["hash"].text();
  return input;
}

LayerView readView(const Place& place, std::int64_t features)
{
  LayerView view;
  const Place look = place["look"];
  view.appearance.colorBy = look["color_by"].text();
  view.appearance.sizeBy = look["size_by"].text();
  view.appearance.palette = look["palette"].text();
  view.appearance.pointSize = std::clamp(look["point_size"].number(), 0.0, 200.0);
  view.appearance.opacity = std::clamp(look["opacity"].number(), 0.0, 1.0);
  view.appearance.showLabels = look["names"].flag();
  const Place search = place["search"];
  view.search = {search["text"].text(), search["regular_expression"].flag(),
                 search["match_case"].flag()};
  view.camera = readCamera(place["camera"]);
  view.selection = place["selection"].ranges(features);
  view.current = static_cast<FeatureId>(place["current"].integer(noFeature, features - 1));
  return view;
}

LayerAnnotations readAnnotations(const Place& place, std::int64_t features)
{
  LayerAnnotations annotations;
  for (const Place& written : place["notes"].list()) {
    const auto feature = static_cast<FeatureId>(written["feature"].integer(0, features - 1));
    annotations.notes[feature] = {written["text"].text(), written["tags"].texts()};
  }
  for (const Place& written : place["selections"].list()) {
    NamedSelection kept;
    kept.name = written["name"].text();
    kept.features = written["features"].ranges(features);
    for (const Place& corner : written["polygon"].list()) {
      const std::vector<double> numbers = corner.numbers();
      if (numbers.size() != 2)
        corner.fail("two numbers");
      kept.polygon.emplace_back(numbers[0], numbers[1]);
    }
    kept.camera = readCamera(written["camera"]);
    kept.aspect = written["aspect"].number();
    kept.visibleOnly = written["visible_only"].flag();
    annotations.selections.push_back(std::move(kept));
  }
  const Place filter = place["filter"];
  if (!filter.isNull()) {
    ColumnFilter read;
    read.column = filter["column"].text();
    if (!filter["minimum"].isNull())
      read.minimum = filter["minimum"].number();
    if (!filter["maximum"].isNull())
      read.maximum = filter["maximum"].number();
    annotations.filter = read;
  }
  return annotations;
}

std::shared_ptr<Embedding> readMap(const Place& place, std::int64_t features)
{
  if (place.isNull())
    return nullptr;
  auto map = std::make_shared<Embedding>();
  const std::string method = place["method"].text();
  bool known = false;
  for (const EmbeddingMethod candidate :
       {EmbeddingMethod::Given, EmbeddingMethod::Pca, EmbeddingMethod::Tsne, EmbeddingMethod::Umap})
    if (displayName(candidate) == method) {
      map->method = candidate;
      known = true;
    }
  if (!known)
    place["method"].fail("PCA, t-SNE, UMAP or \"as given\"");
  map->dimensions = static_cast<int>(place["dimensions"].integer(2, 3));
  map->description = place["description"].text();
  for (const auto& [key, value] : place["options"].members())
    map->options[key] = value.text();
  map->seconds = place["seconds"].number();
  map->explainedVariance = place["explained_variance"].numbers();
  const Place positions = place["positions"];
  if (!positions.isNull()) {
    const QByteArray bytes = positions.bytes(static_cast<std::size_t>(features) * 12);
    map->positions.resize(3, features);
    if (!bytes.isEmpty())
      std::memcpy(map->positions.data(), bytes.data(), static_cast<std::size_t>(bytes.size()));
  }
  return map;
}

Column readColumn(const Place& place, std::int64_t features)
{
  Column column;
  column.name = place["name"].text();
  const std::string type = place["kind"].text();
  if (type != "number" && type != "category")
    place["kind"].fail("number or category");
  column.kind = type == "number" ? Column::Kind::Number : Column::Kind::Category;
  column.categoryNames = place["categories"].texts();
  column.description = place["description"].text();
  const Place values = place["values"];
  if (values.isNull())
    return column;
  const auto count = static_cast<std::size_t>(features);
  if (column.kind == Column::Kind::Number) {
    const QByteArray bytes = values.bytes(count * 8);
    column.numbers.resize(count);
    if (count > 0)
      std::memcpy(column.numbers.data(), bytes.data(), count * 8);
    return column;
  }
  const QByteArray bytes = values.bytes(count * 4);
  column.categories.resize(count);
  if (count > 0)
    std::memcpy(column.categories.data(), bytes.data(), count * 4);
  for (const std::int32_t category : column.categories)
    if (category < -1 || category >= static_cast<std::int32_t>(column.categoryNames.size()))
      values.fail("categories that have names");
  return column;
}

void readMade(const Place& place, SessionLayer& layer)
{
  layer.synthetic = place["synthetic"].flag();
  layer.madeLabels = place["labels"].texts();
  if (!layer.madeLabels.empty() &&
      static_cast<std::int64_t>(layer.madeLabels.size()) != layer.features)
    place["labels"].fail(std::to_string(layer.features) + " labels or none");
  const Place vectors = place["vectors"];
  if (vectors.isNull())
    return;
  const auto count =
      static_cast<std::size_t>(layer.features) * static_cast<std::size_t>(layer.dimensions);
  const QByteArray bytes = vectors.bytes(count * sizeof(float));
  FeatureMatrix read(layer.dimensions, layer.features);
  if (!bytes.isEmpty())
    std::memcpy(read.data(), bytes.data(), static_cast<std::size_t>(bytes.size()));
  layer.vectors = std::make_shared<const FeatureMatrix>(std::move(read));
}

SessionLayer readLayer(const Place& place)
{
  SessionLayer layer;
  layer.name = place["name"].text();
  layer.features = place["features"].integer(0, mostFeatures);
  layer.dimensions = place["dimensions"].integer(0, mostFeatures);
  layer.demo = place["demo"].flag();
  const Place made = place["made"];
  layer.made = !made.isNull();
  if (layer.made)
    readMade(made, layer);
  else if (!layer.demo)
    layer.input = readInput(place["input"]);
  layer.format = place["format"].text();
  layer.dataset = place["dataset"].text();
  layer.orientation = place["orientation"].text();
  if (!place["labels"].isNull())
    layer.labels = readInput(place["labels"]);
  layer.view = readView(place["view"], layer.features);
  layer.annotations = readAnnotations(place["annotations"], layer.features);
  layer.embedding = readMap(place["map"], layer.features);
  for (const Place& column : place["columns"].list())
    layer.columns.push_back(readColumn(column, layer.features));
  return layer;
}

}  // namespace

// `results`: where they lie and their hash; null: inside.
std::string sessionJson(const Session& session, const std::filesystem::path& folder,
                        const std::pair<std::string, std::string>* results)
{
  Json layers = Json::array();
  for (const SessionLayer& layer : session.layers) {
    const auto withRelative = [&](SessionInput input) {
      input.relative = input.absolute.empty() || folder.empty()
                           ? std::filesystem::path()
                           : input.absolute.lexically_relative(folder);
      return input;
    };
    Json columns = Json::array();
    for (const Column& column : layer.columns)
      columns.push_back(columnJson(column, !results));
    layers.push_back(
        {{"name", layer.name},
         {"features", layer.features},
         {"dimensions", layer.dimensions},
         {"demo", layer.demo},
         {"made", layer.made ? madeJson(layer, !results) : Json(nullptr)},
         {"input", layer.hasFile() ? inputJson(withRelative(layer.input)) : Json(nullptr)},
         {"format", layer.format},
         {"dataset", layer.dataset},
         {"orientation", layer.orientation},
         {"labels", layer.labels ? inputJson(withRelative(*layer.labels)) : Json(nullptr)},
         {"view", viewJson(layer.view)},
         {"annotations", annotationsJson(layer.annotations)},
         {"map", layer.embedding ? mapJson(*layer.embedding, !results) : Json(nullptr)},
         {"columns", columns}});
  }
  Json parts = Json::object();
  for (const auto& [name, text] : session.parts)
    parts[name] = Json::parse(text, nullptr, false);
  Json written = {{"kind", kind},
                  {"format", session.format},
                  {"min_reader", session.minReader},
                  {"program", session.program},
                  {"original", pathJson(session.original)},
                  {"current", session.current},
                  {"results", nullptr},
                  {"layers", layers},
                  {"parts", parts}};
  if (results && !results->first.empty())
    written["results"] = {{"file", results->first}, {"hash", results->second}};
  // A stranger's label may be no UTF-8; the session must still be.
  return written.dump(1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Session parseSession(const std::string& text, const std::string& name,
                     std::pair<std::string, std::string>& results)
{
  const FailFunction fail = [&](const std::string& message) { throw Error(name + ": " + message); };
  const Json json = parseBoundedJson(text, "the session", fail);
  const Place root(json, "session", fail);
  if (!json.is_object() || !json.contains("kind") || json["kind"] != kind)
    fail("is no session of Orrery (expected \"kind\": \"" + std::string(kind) + "\")");
  Session session;
  session.format = static_cast<int>(root["format"].integer(1, 1'000'000));
  session.minReader = static_cast<int>(root["min_reader"].integer(1, 1'000'000));
  if (session.minReader > sessionFormat)
    fail("was written in format " + std::to_string(session.format) +
         " and needs a program that reads format " + std::to_string(session.minReader) +
         "; this one reads up to " + std::to_string(sessionFormat));
  session.program = root["program"].text();
  session.original = root["original"].path();
  for (const Place& layer : root["layers"].list())
    session.layers.push_back(readLayer(layer));
  session.current = static_cast<std::size_t>(root["current"].integer(
      0, std::max<std::int64_t>(0, static_cast<std::int64_t>(session.layers.size()) - 1)));
  for (const auto& [part, value] : root["parts"].members()) {
    if (!value.isObject())
      value.fail("an object");
    session.parts[part] = value.dump();
  }
  if (!root["results"].isNull()) {
    results.first = root["results"]["file"].text();
    results.second = root["results"]["hash"].text();
    const std::filesystem::path file(results.first);
    if (file.filename() != file || results.first == "." || results.first == "..")
      root["results"]["file"].fail("the name of a file beside the session");
  }
  return session;
}

std::string rangesText(const std::vector<FeatureId>& features)
{
  std::string text;
  for (std::size_t i = 0; i < features.size();) {
    std::size_t last = i;
    while (last + 1 < features.size() && features[last + 1] == features[last] + 1)
      ++last;
    if (!text.empty())
      text += ',';
    text += std::to_string(features[i]);
    if (last > i)
      text += '-' + std::to_string(features[last]);
    i = last + 1;
  }
  return text;
}

std::vector<FeatureId> featuresOfRanges(const std::string& text, std::int64_t features)
{
  std::vector<FeatureId> ids;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto refuse = [&] {
    throw Error("'" + displayText(text.substr(0, 40)) + "' is no list of ids");
  };
  std::int64_t previous = -1;
  while (at != end) {
    std::int64_t first = 0, last = 0;
    auto read = std::from_chars(at, end, first);
    if (read.ec != std::errc())
      refuse();
    last = first;
    at = read.ptr;
    if (at != end && *at == '-') {
      read = std::from_chars(at + 1, end, last);
      if (read.ec != std::errc())
        refuse();
      at = read.ptr;
    }
    // Ascending and below the count: so a short text can never ask for more memory than that.
    if (first <= previous || last < first || last >= features)
      refuse();
    for (std::int64_t id = first; id <= last; ++id)
      ids.push_back(static_cast<FeatureId>(id));
    previous = last;
    if (at == end)
      break;
    if (*at != ',' || ++at == end)
      refuse();
  }
  return ids;
}

}  // namespace orrery
