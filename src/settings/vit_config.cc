#include "settings/vit_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "epicrisis/core/error.h"
#include "settings/config_values.h"

namespace epicrisis {
namespace {

constexpr std::int64_t kMaxPatch = 256;
constexpr std::int64_t kMaxGrid = 1024;
constexpr std::int64_t kMaxWidth = 16384;
constexpr std::int64_t kMaxHidden = 65536;
constexpr std::int64_t kMaxLayers = 256;
constexpr std::int64_t kMaxRegisters = 64;
constexpr int kMinSize = 32;
constexpr int kMaxSize = 1024;

constexpr std::string_view kHalf = "half";
constexpr std::string_view kClip = "clip";
constexpr std::string_view kImageNet = "imagenet";

struct Size {
  std::int64_t width, layers, heads;
};
constexpr Size kTiny{192, 12, 3};
constexpr Size kSmall{384, 12, 6};
constexpr Size kBase{768, 12, 12};
constexpr Size kLarge{1024, 24, 16};

constexpr VitForm form_of(const Size& size, std::int64_t patch, int input_size) {
  VitForm form;
  form.patch = patch;
  form.width = size.width;
  form.layers = size.layers;
  form.heads = size.heads;
  form.hidden = 4 * size.width;
  form.grid = input_size / patch;
  return form;
}

constexpr NamedVit plain(std::string_view name, const Size& size, std::int64_t patch) {
  return {name, form_of(size, patch, 224), 224, kHalf};
}

// Radford et al. 2021.
constexpr NamedVit clip(std::string_view name, const Size& size, std::int64_t patch,
                        VitActivation activation) {
  NamedVit named{name, form_of(size, patch, 224), 224, kClip};
  named.form.pre_norm = true;
  named.form.activation = activation;
  return named;
}

// Oquab et al. 2023; Darcet et al. 2023, registers.
constexpr NamedVit dinov2(std::string_view name, const Size& size, std::int64_t registers) {
  NamedVit named{name, form_of(size, 14, 518), 518, kImageNet};
  named.form.layer_scale = true;
  named.form.registers = registers;
  named.form.class_position = registers == 0;
  return named;
}

// Yan et al. 2025, of CAE v2's form.
constexpr NamedVit panderm(std::string_view name, const Size& size) {
  NamedVit named{name, form_of(size, 16, 224), 224, kImageNet};
  named.form.layer_scale = true;
  return named;
}

constexpr VitActivation kGelu = VitActivation::kGelu;
constexpr VitActivation kQuick = VitActivation::kQuickGelu;

// A new one is a line here and one in image_encoder_config.cc.
constexpr std::array kNamed{plain("vit_tiny_patch16_224", kTiny, 16),
                            plain("vit_small_patch16_224", kSmall, 16),
                            plain("vit_base_patch16_224", kBase, 16),
                            plain("vit_base_patch32_224", kBase, 32),
                            plain("vit_large_patch16_224", kLarge, 16),
                            clip("vit_base_patch32_clip_224", kBase, 32, kGelu),
                            clip("vit_base_patch16_clip_224", kBase, 16, kGelu),
                            clip("vit_large_patch14_clip_224", kLarge, 14, kGelu),
                            clip("vit_base_patch32_clip_quickgelu_224", kBase, 32, kQuick),
                            clip("vit_base_patch16_clip_quickgelu_224", kBase, 16, kQuick),
                            clip("vit_large_patch14_clip_quickgelu_224", kLarge, 14, kQuick),
                            dinov2("vit_small_patch14_dinov2", kSmall, 0),
                            dinov2("vit_base_patch14_dinov2", kBase, 0),
                            dinov2("vit_large_patch14_dinov2", kLarge, 0),
                            dinov2("vit_small_patch14_reg4_dinov2", kSmall, 4),
                            dinov2("vit_base_patch14_reg4_dinov2", kBase, 4),
                            dinov2("vit_large_patch14_reg4_dinov2", kLarge, 4),
                            panderm("panderm_base_patch16_224", kBase),
                            panderm("panderm_large_patch16_224", kLarge)};

void set_statistics(ImageEncoderConfig& config, std::string_view statistics) {
  if (statistics == kHalf) config.mean = config.std = {.5F, .5F, .5F};
  if (statistics == kClip) {
    config.mean = {0.48145466F, 0.4578275F, 0.40821073F};
    config.std = {0.26862954F, 0.26130258F, 0.27577711F};
  }
}

// A model class of the package transformers, with the defaults of what its files leave out.
struct HuggingFaceFamily {
  std::string_view type;
  VitForm form;
  int image_size;
  double epsilon;
  std::string_view statistics;
  bool relative_hidden;  // mlp_ratio, not intermediate_size
};

constexpr HuggingFaceFamily vit_family() {
  return {"vit", form_of(kBase, 16, 224), 224, 1e-12, kHalf, false};
}
constexpr HuggingFaceFamily dinov2_family(std::string_view type, std::int64_t registers) {
  HuggingFaceFamily family{type, form_of(kBase, 14, 224), 224, 1e-6, kImageNet, true};
  family.form.layer_scale = true;
  family.form.registers = registers;
  return family;
}
constexpr HuggingFaceFamily clip_family(std::string_view type) {
  HuggingFaceFamily family{type, form_of(kBase, 32, 224), 224, 1e-5, kClip, false};
  family.form.pre_norm = true;
  family.form.activation = VitActivation::kQuickGelu;
  return family;
}
constexpr std::string_view kWholeClip = "clip";
constexpr std::array kFamilies{vit_family(), dinov2_family("dinov2", 0),
                               dinov2_family("dinov2_with_registers", 4),
                               clip_family("clip_vision_model"), clip_family(kWholeClip)};

const HuggingFaceFamily* family_of(const Json& json) {
  if (!json.is_object() || json.contains("architecture")) return nullptr;
  const auto type = json.find("model_type");
  if (type == json.end() || !type->is_string()) return nullptr;
  const auto* found =
      std::ranges::find(kFamilies, type->get<std::string>(), &HuggingFaceFamily::type);
  return found == kFamilies.end() ? nullptr : found;
}

std::int64_t hidden_of(const Json& json, const HuggingFaceFamily& family, std::int64_t width,
                       std::string_view source) {
  if (!family.relative_hidden) {
    return whole_number(json, "intermediate_size", family.form.hidden, 1, kMaxHidden, source);
  }
  return hidden_by_ratio(json, width, kMaxHidden, source);
}

}  // namespace

std::span<const NamedVit> named_vits() { return kNamed; }

const NamedVit* named_vit(std::string_view name) {
  const auto* found = std::ranges::find(kNamed, name, &NamedVit::name);
  return found == kNamed.end() ? nullptr : found;
}

std::string name_of_vit(const VitForm& form) {
  for (const NamedVit& named : kNamed) {
    VitForm same = named.form;
    same.grid = form.grid;
    same.class_position = form.class_position;
    if (same == form) return std::string(named.name);
  }
  return std::string(kVitOfSizes);
}

ImageEncoderConfig named_vit_config(const NamedVit& named) {
  ImageEncoderConfig config;
  config.architecture = named.name;
  config.feature_dim = named.form.width;
  config.input_size = named.input_size;
  config.norm_epsilon = named.form.pre_norm ? 1e-5 : 1e-6;
  set_statistics(config, named.statistics);
  config.vit = named.form;
  return config;
}

void parse_vit_form(const Json& json, VitForm& form, std::string_view source) {
  if (!json.is_object()) {
    throw InputError("{}: 'vit' is {}; an object was expected", source, shown(json));
  }
  const auto read = [&](std::string_view key, std::int64_t& value, std::int64_t low,
                        std::int64_t high) {
    value = whole_number(json, key, value, low, high, source);
  };
  read("patch", form.patch, 1, kMaxPatch);
  read("width", form.width, 1, kMaxWidth);
  read("layers", form.layers, 1, kMaxLayers);
  read("heads", form.heads, 1, kMaxWidth);
  read("hidden", form.hidden, 1, kMaxHidden);
  read("registers", form.registers, 0, kMaxRegisters);
  read("grid", form.grid, 1, kMaxGrid);
  form.activation = activation_of(json, "activation", form.activation, source);
  form.pre_norm = json_get_or<bool>(json, "pre_norm", form.pre_norm, source);
  form.layer_scale = json_get_or<bool>(json, "layer_scale", form.layer_scale, source);
  form.qkv_bias = json_get_or<bool>(json, "qkv_bias", form.qkv_bias, source);
  form.class_position = json_get_or<bool>(json, "class_position", form.class_position, source);
  form.mean_of_patches = json_get_or<bool>(json, "mean_of_patches", form.mean_of_patches, source);
  form.norm_twice = json_get_or<bool>(json, "norm_twice", form.norm_twice, source);
  for (const auto& [key, value] :
       {std::pair("width", form.width), std::pair("layers", form.layers),
        std::pair("heads", form.heads), std::pair("hidden", form.hidden)}) {
    if (value < 1) throw InputError("{}: 'vit' has no '{}'", source, key);
  }
  require_even_heads(form.width, form.heads, "heads", source);
}

Json to_json(const VitForm& form) {
  Json json{{"patch", form.patch},
            {"width", form.width},
            {"layers", form.layers},
            {"heads", form.heads},
            {"hidden", form.hidden},
            {"registers", form.registers},
            {"grid", form.grid},
            {"activation", activation_name(form.activation)},
            {"pre_norm", form.pre_norm},
            {"layer_scale", form.layer_scale},
            {"qkv_bias", form.qkv_bias},
            {"class_position", form.class_position},
            {"mean_of_patches", form.mean_of_patches}};
  // Where it is set alone: what is computed of earlier encoders stays known as theirs.
  if (form.norm_twice) json["norm_twice"] = true;
  return json;
}

bool is_hugging_face_image_model(const Json& json) { return family_of(json) != nullptr; }

ImageEncoderConfig parse_hugging_face_vit(const Json& json, std::string_view source) {
  const HuggingFaceFamily* family = family_of(json);
  if (family == nullptr) throw InternalError("{}: no vision transformer's config.json", source);
  const bool whole = family->type == kWholeClip;
  const Json sizes = without_nulls(whole ? part_of_whole(json, "vision_config", source) : json);
  VitForm form = family->form;
  const auto read = [&](std::string_view key, std::int64_t& value, std::int64_t low,
                        std::int64_t high) {
    value = whole_number(sizes, key, value, low, high, source);
  };
  form.patch = square(sizes, "patch_size", form.patch, 1, kMaxPatch, source);
  read("hidden_size", form.width, 1, kMaxWidth);
  read("num_hidden_layers", form.layers, 1, kMaxLayers);
  read("num_attention_heads", form.heads, 1, kMaxWidth);
  if (form.registers > 0) read("num_register_tokens", form.registers, 0, kMaxRegisters);
  form.hidden = hidden_of(sizes, *family, form.width, source);
  form.activation = activation_of(sizes, "hidden_act", form.activation, source);
  form.qkv_bias = json_get_or<bool>(sizes, "qkv_bias", true, source);
  require_even_heads(form.width, form.heads, "num_attention_heads", source);
  std::int64_t channels = 3;
  read("num_channels", channels, 3, 3);
  if (json_get_or<bool>(sizes, "use_swiglu_ffn", false, source)) {
    throw InputError("{}: 'use_swiglu_ffn' is true; layers with SwiGLU are not read", source);
  }
  ImageEncoderConfig config;
  config.input_size =
      static_cast<int>(square(sizes, "image_size", family->image_size, kMinSize, kMaxSize, source));
  form.grid = config.input_size / form.patch;
  if (form.grid < 1) {
    throw InputError("{}: 'patch_size' is {}, more than the 'image_size' {}", source, form.patch,
                     config.input_size);
  }
  config.norm_epsilon = epsilon_of(sizes, "layer_norm_eps", family->epsilon, source);
  config.feature_dim = form.width;
  config.architecture = name_of_vit(form);
  set_statistics(config, family->statistics);
  config.vit = form;
  return config;
}

}  // namespace epicrisis
