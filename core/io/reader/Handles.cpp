#include "core/io/reader/Handles.h"

namespace orrery::reader {
namespace {

constexpr std::size_t maxDetails = 8192;

herr_t appendFrame(unsigned, const H5E_error2_t* error, void* target)
{
  auto& text = *static_cast<std::string*>(target);
  if (text.size() > maxDetails)
    return 0;
  if (!text.empty())
    text += '\n';
  text += error->func_name ? error->func_name : "?";
  text += ": ";
  text += error->desc ? error->desc : "";
  return 0;
}

}  // namespace

std::string takeErrorStack()
{
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, appendFrame, &text);
  H5Eclear2(H5E_DEFAULT);
  return text.substr(0, maxDetails);
}

void failWithStack(const std::string& sentence)
{
  throw Failure(sentence, takeErrorStack());
}

}  // namespace orrery::reader
