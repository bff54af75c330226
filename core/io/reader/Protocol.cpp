#include "core/io/reader/Protocol.h"

#include <algorithm>
#include <cstring>

namespace orrery::reader {

void MessageWriter::text(std::string_view value)
{
  number(static_cast<std::uint32_t>(value.size()));
  m_bytes.append(value);
}

void MessageReader::copy(void* target, std::size_t count)
{
  if (count > m_rest.size())
    throw ProtocolError("message too short");
  if (count > 0)
    std::memcpy(target, m_rest.data(), count);
  m_rest = m_rest.subspan(count);
}

std::string MessageReader::text(std::size_t longest)
{
  const auto length = number<std::uint32_t>();
  if (length > longest || length > m_rest.size())
    throw ProtocolError("text too long");
  std::string value(length, '\0');
  copy(value.data(), length);
  return value;
}

std::uint32_t MessageReader::count(std::size_t bytesEach)
{
  const auto value = number<std::uint32_t>();
  if (value > m_rest.size() / bytesEach)
    throw ProtocolError("count too large");
  return value;
}

void MessageReader::expectEnd() const
{
  if (!m_rest.empty())
    throw ProtocolError("message too long");
}

namespace {

void write(MessageWriter& writer, const ElementFormat& format)
{
  writer.number(format.kind);
  writer.number(static_cast<std::uint8_t>(format.bigEndian));
  writer.number(format.bytes);
}

ElementFormat readFormat(MessageReader& reader)
{
  ElementFormat format;
  format.kind = reader.enumerator<ElementKind>();
  format.bigEndian = reader.number<std::uint8_t>() != 0;
  format.bytes = reader.number<std::uint32_t>();
  return format;
}

}  // namespace

void write(MessageWriter& writer, const Request& request)
{
  writer.number(request.task);
  writer.number(request.address);
  writer.text(request.name);
  writer.number(request.memoryBytes);
  writer.number(request.cpuSeconds);
}

Request readRequest(MessageReader& reader)
{
  Request request;
  request.task = reader.enumerator<Task>();
  request.address = reader.number<std::uint64_t>();
  request.name = reader.text(2 * maxNameBytes);
  request.memoryBytes = reader.number<std::uint64_t>();
  request.cpuSeconds = reader.number<std::uint32_t>();
  reader.expectEnd();
  return request;
}

void write(MessageWriter& writer, const ListedObject& object)
{
  writer.number(object.kind);
  writer.text(object.name);
  writer.text(object.aliasOf);
  writer.number(static_cast<std::uint32_t>(object.shape.size()));
  for (const std::uint64_t size : object.shape)
    writer.number(size);
  write(writer, object.format);
  writer.text(object.typeName);
  writer.number(object.storedBytes);
  writer.text(object.problem);
  writer.number(object.address);
  writer.number(object.offset);
  writer.number(static_cast<std::uint32_t>(object.attributes.size()));
  for (const auto& [name, value] : object.attributes) {
    writer.text(name);
    writer.text(value);
  }
}

ListedObject readObject(MessageReader& reader)
{
  ListedObject object;
  object.kind = reader.enumerator<ObjectKind>();
  object.name = reader.text(2 * maxNameBytes);
  object.aliasOf = reader.text(2 * maxNameBytes);
  object.shape.resize(reader.count(sizeof(std::uint64_t)));
  for (std::uint64_t& size : object.shape)
    size = reader.number<std::uint64_t>();
  object.format = readFormat(reader);
  object.typeName = reader.text(maxNameBytes);
  object.storedBytes = reader.number<std::uint64_t>();
  object.problem = reader.text(4 * maxNameBytes);
  object.address = reader.number<std::uint64_t>();
  object.offset = reader.number<std::uint64_t>();
  object.attributes.resize(reader.count(2 * sizeof(std::uint32_t)));
  for (auto& [name, value] : object.attributes) {
    name = reader.text(maxNameBytes);
    value = reader.text(2 * maxAttributeBytes);
  }
  reader.expectEnd();
  return object;
}

void write(MessageWriter& writer, const MatrixPlan& plan)
{
  writer.number(plan.layout);
  writer.number(plan.rows);
  writer.number(plan.columns);
  write(writer, plan.format);
  writer.number(plan.offset);
  writer.number(plan.chunkRows);
  writer.number(plan.chunkColumns);
  writer.number(static_cast<std::uint32_t>(plan.filters.size()));
  for (const FilterStep& step : plan.filters) {
    writer.number(step.filter);
    writer.number(step.elementBytes);
  }
  writer.number(plan.fillValue);
}

MatrixPlan readPlan(MessageReader& reader)
{
  MatrixPlan plan;
  plan.layout = reader.enumerator<Layout>();
  plan.rows = reader.number<std::uint64_t>();
  plan.columns = reader.number<std::uint64_t>();
  plan.format = readFormat(reader);
  plan.offset = reader.number<std::uint64_t>();
  plan.chunkRows = reader.number<std::uint64_t>();
  plan.chunkColumns = reader.number<std::uint64_t>();
  plan.filters.resize(reader.count(2 * sizeof(std::uint32_t)));
  for (FilterStep& step : plan.filters) {
    step.filter = static_cast<Filter>(reader.number<std::uint32_t>());
    step.elementBytes = reader.number<std::uint32_t>();
  }
  plan.fillValue = reader.number<double>();
  reader.expectEnd();
  return plan;
}

void write(MessageWriter& writer, const PlannedChunk& chunk)
{
  writer.number(chunk.row);
  writer.number(chunk.column);
  writer.number(chunk.offset);
  writer.number(chunk.bytes);
  writer.number(chunk.skippedFilters);
}

PlannedChunk readChunk(MessageReader& reader)
{
  PlannedChunk chunk;
  chunk.row = reader.number<std::uint64_t>();
  chunk.column = reader.number<std::uint64_t>();
  chunk.offset = reader.number<std::uint64_t>();
  chunk.bytes = reader.number<std::uint64_t>();
  chunk.skippedFilters = reader.number<std::uint32_t>();
  return chunk;
}

void write(MessageWriter& writer, const Block& block)
{
  writer.number(block.row);
  writer.number(block.rows);
  writer.number(block.column);
  writer.number(block.columns);
}

Block readBlock(MessageReader& reader)
{
  Block block;
  block.row = reader.number<std::uint64_t>();
  block.rows = reader.number<std::uint64_t>();
  block.column = reader.number<std::uint64_t>();
  block.columns = reader.number<std::uint64_t>();
  return block;
}

}  // namespace orrery::reader
