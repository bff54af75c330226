// The address of a feature's public page, as far as the dictionary's identity tells. Nothing is
// looked up and nothing is opened.
#pragma once

#include "core/dictionary/Dictionary.h"

#include <string>

namespace orrery {

/// Model, source and feature, as public catalogues of features are laid out. No host is named: who
/// wants one writes it in front.
inline constexpr const char* defaultAddressTemplate = "{model}/{source}/{feature}";

/// @p pattern with {model}, {source}, {layer}, {site}, {width}, {l0}, {feature} and {label} filled
/// in, percent-encoded where an address needs it. {source} is what the labels' export calls itself;
/// else, for Gemma Scope, it is put together of layer, site, width and L0
/// ("12-gemmascope-res-16k__l0-41"). What the labels say they belong to goes before what the matrix
/// says. Throws Error that lists what is not known, or a name in braces that means nothing.
std::string featureAddress(const Dictionary& dictionary, FeatureId feature,
                           const std::string& pattern = defaultAddressTemplate);

}  // namespace orrery
