#include "settings/clip_text_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "epicrisis/core/error.h"
#include "settings/clip_text_names.h"
#include "settings/config_values.h"
#include "settings/open_clip_config.h"
#include "settings/tensor_account.h"

namespace epicrisis {
namespace {

constexpr std::int64_t kMaxWidth = 16384;
constexpr std::int64_t kMaxHidden = 65536;
constexpr std::int64_t kMaxLayers = 256;
constexpr std::int64_t kMaxTokens = 1 << 21;
constexpr std::int64_t kMaxPositions = 1 << 16;

// Names of one size in the publisher's file.
struct Keys {
  std::string_view layers, width, heads, vocabulary, positions;
};
constexpr Keys kHuggingFace{"num_hidden_layers", "hidden_size", "num_attention_heads", "vocab_size",
                            "max_position_embeddings"};
constexpr Keys kOpenClip{"layers", "width", "heads", "vocab_size", "context_length"};

void read_sizes(const Json& json, const Keys& keys, ClipTextConfig& config,
                std::string_view source) {
  config.layers = whole_number(json, keys.layers, config.layers, 1, kMaxLayers, source);
  config.width = whole_number(json, keys.width, config.width, 1, kMaxWidth, source);
  config.heads = whole_number(json, keys.heads, config.heads, 1, kMaxWidth, source);
  config.vocabulary = whole_number(json, keys.vocabulary, config.vocabulary, 1, kMaxTokens, source);
  config.positions = whole_number(json, keys.positions, config.positions, 2, kMaxPositions, source);
  require_even_heads(config.width, config.heads, keys.heads, source);
}

ClipTextConfig parse_open_clip(const Json& json, std::string_view source) {
  const Json model = open_clip_model(json);
  const Json& text = model["text_cfg"];
  ClipTextConfig config;
  read_sizes(text, kOpenClip, config, source);
  const auto pooling = json_get_or<std::string>(text, "pool_type", "argmax", source);
  if (pooling != "argmax" && pooling != "eos") {
    throw InputError(
        "{}: 'pool_type' of the text encoder is '{}'; 'argmax' and 'eos', the last "
        "token, are read",
        source, pooling);
  }
  for (const char* key : {"embed_cls", "no_causal_mask"}) {
    if (json_get_or<bool>(text, key, false, source)) {
      throw InputError("{}: '{}' is true; text encoders of this form are not read", source, key);
    }
  }
  config.hidden = hidden_by_ratio(text, config.width, kMaxHidden, source);
  config.projection = whole_number(model, "embed_dim", 512, 1, kMaxWidth, source);
  config.activation = json_get_or<bool>(model, "quick_gelu", false, source)
                          ? VitActivation::kQuickGelu
                          : VitActivation::kGelu;
  return config;
}

bool has_projection(const Json& json, bool whole) {
  if (whole) return true;
  const auto classes = json.find("architectures");
  return classes != json.end() && classes->is_array() && !classes->empty() &&
         classes->front() == "CLIPTextModelWithProjection";
}

}  // namespace

ClipTextConfig parse_clip_text_config(const Json& json, std::string_view source) {
  if (is_open_clip_config(json)) return parse_open_clip(json, source);
  const bool whole = json_get_or<std::string>(json, "model_type", "", source) == "clip";
  const Json text = without_nulls(whole ? part_of_whole(json, "text_config", source) : json);
  ClipTextConfig config;
  read_sizes(text, kHuggingFace, config, source);
  config.hidden = whole_number(text, "intermediate_size", config.hidden, 1, kMaxHidden, source);
  config.activation = activation_of(text, "hidden_act", config.activation, source);
  config.norm_epsilon = epsilon_of(text, "layer_norm_eps", config.norm_epsilon, source);
  if (has_projection(json, whole)) {
    config.projection = whole_number(json, "projection_dim", 512, 1, kMaxWidth, source);
  }
  return config;
}

WeightFit clip_text_fit(const ClipTextConfig& config, const TensorFile& file) {
  TensorAccount account(file);
  const std::int64_t width = config.width;
  account.want("token_embedding.weight", {config.vocabulary, width});
  account.want("positional_embedding", {config.positions, width});
  for (std::int64_t i = 0; i < config.layers && !account.full(); ++i) {
    const std::string name = fmt::format("transformer.resblocks.{}.", i);
    account.want_norm(name + "ln_1", width);
    if (account.has(name + "attn.q_proj.weight")) {
      for (const char* part : {"q", "k", "v"}) {
        account.want_map(fmt::format("{}attn.{}_proj", name, part), width, width);
      }
    } else {
      account.want(name + "attn.in_proj_weight", {3 * width, width});
      account.want(name + "attn.in_proj_bias", {3 * width});
    }
    account.want_map(name + "attn.out_proj", width, width);
    account.want_norm(name + "ln_2", width);
    account.want_map(name + "mlp.c_fc", config.hidden, width);
    account.want_map(name + "mlp.c_proj", width, config.hidden);
  }
  account.want_norm("ln_final", width);
  if (config.projection > 0 && account.has("text_projection")) {
    account.want("text_projection", {width, config.projection});
  } else if (config.projection > 0) {
    account.want("text_projection.weight", {config.projection, width});
  }
  return account.finish([](const std::string& name) { return !is_clip_text_tensor(name); });
}

void require_clip_text_tensors(const ClipTextConfig& config, const TensorFile& file) {
  require_fit(clip_text_fit(config, file), file);
}

}  // namespace epicrisis
