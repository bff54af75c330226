#include "core/io/BoundedJson.h"

#include "core/base/Error.h"
#include "core/io/ByteSource.h"

#include <utility>

namespace orrery {
namespace {

constexpr std::size_t deepest = 64;

}  // namespace

CheckedSax::CheckedSax(FailFunction fail, std::string what, std::size_t offset)
    : m_fail(std::move(fail)), m_what(std::move(what)), m_offset(offset)
{
}

void CheckedSax::fail(const std::string& message) const
{
  m_fail(message);
  throw Error(message);
}

void CheckedSax::open()
{
  if (m_open.size() == deepest)
    fail(m_what + " is nested more than " + std::to_string(deepest) + " deep");
  m_open.emplace_back();
}

bool CheckedSax::start_object(std::size_t)
{
  open();
  return true;
}

bool CheckedSax::key(string_t& value)
{
  if (!m_open.back().insert(value).second)
    fail(m_what + " has the key \"" + displayText(value.substr(0, 200)) + "\" twice");
  return true;
}

bool CheckedSax::end_object()
{
  m_open.pop_back();
  return true;
}

bool CheckedSax::start_array(std::size_t)
{
  open();
  return true;
}

bool CheckedSax::end_array()
{
  m_open.pop_back();
  return true;
}

bool CheckedSax::parse_error(std::size_t position, const std::string& token,
                             const nlohmann::json::exception&)
{
  // The position is that of the last byte read, counted from one.
  const std::size_t byte = m_offset + (position > 0 ? position - 1 : 0);
  fail(m_what + " is not valid JSON at byte " + std::to_string(byte) + " (at \"" +
       displayText(token.substr(0, 40)) + "\")");
}

nlohmann::json parseBoundedJson(std::string_view text, const std::string& what,
                                const FailFunction& fail)
{
  CheckedSax checks(fail, what, 0);
  nlohmann::json::sax_parse(text.begin(), text.end(), &checks);
  return nlohmann::json::parse(text.begin(), text.end());
}

}  // namespace orrery
