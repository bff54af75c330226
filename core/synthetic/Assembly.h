// Puts layout, vectors and firings together: what makeSyntheticDictionary and the demo share.
#pragma once

#include "core/synthetic/Geometry.h"
#include "core/synthetic/Layout.h"

namespace orrery::synthetic {

SyntheticDictionary assemble(const Layout& layout, const SyntheticOptions& options,
                             const Drift& drift);

}  // namespace orrery::synthetic
