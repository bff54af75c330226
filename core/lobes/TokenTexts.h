// What tokens read like: caches of activations hold their numbers only.
#pragma once

#include "core/io/CooccurrenceFile.h"

#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

/// The text of every token number: one per line, or a JSON object from text to number
/// (`vocab.json`; in `tokenizer.json` under model / vocab). Marks that stand for a blank before the
/// word (▁ Ġ) are made blanks. Throws Error: neither of the two, numbers below 0, or above 16
/// million.
std::vector<std::string> readTokenTexts(const std::filesystem::path& path);

/// @p tokens with texts; numbers that the vocabulary does not know become "#12". Throws Error if
/// the activations come without token numbers.
TokenActivations withTexts(const TokenActivations& tokens, const std::vector<std::string>& texts);

}  // namespace orrery
