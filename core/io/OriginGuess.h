// Which dictionary a file is, from its path and from the configuration beside it.
#pragma once

#include "core/dictionary/Dictionary.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace orrery {

/// What a path tells: gemma-scope-2b-pt-res/layer_12/width_16k/average_l0_41/params.npz,
/// blocks.8.hook_resid_pre, gemma2-2b_l12_16k_l0-41 …
Origin originFromPath(const std::filesystem::path& path);

/// Layer and site of a hook's name: blocks.12.hook_resid_post, model.layers.5.mlp.
void readHookName(const std::string& hook, Origin& origin);

/// Fills what @p origin does not know yet from @p other.
void completeOrigin(Origin& origin, const Origin& other);

/// What a configuration of a sparse autoencoder says, whoever wrote it.
struct SaeConfig {
  std::filesystem::path path;
  std::string layout;  ///< "SAELens", "sparsify" …: by its keys, for people.
  Origin origin;
  std::optional<std::int64_t> dimensions;  ///< d_in, d_model, activation_dim.
  std::optional<std::int64_t> features;    ///< d_sae, num_latents, dict_size.
  std::vector<std::string> notes;
};

/// The configuration of the weights at @p weights: cfg.json, config.json or hyperparams.json in its
/// folder, or in the folder above a `checkpoints`. Nothing if there is none; a broken one is a
/// note, not a fault (`path` is set, the rest empty).
std::optional<SaeConfig> findSaeConfig(const std::filesystem::path& weights);

}  // namespace orrery
