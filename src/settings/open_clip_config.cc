#include "settings/open_clip_config.h"

#include <string>

#include "epicrisis/core/error.h"
#include "settings/config_values.h"
#include "settings/vit_config.h"

namespace epicrisis {
namespace {

constexpr std::int64_t kMaxWidth = 16384;
constexpr std::int64_t kMaxLayers = 256;
constexpr std::int64_t kMaxPatch = 256;
constexpr std::int64_t kMaxRatio = 64;
constexpr std::int64_t kMinSize = 32;
constexpr std::int64_t kMaxSize = 1024;

bool is_object_at(const Json& json, const char* key) {
  return json.is_object() && json.contains(key) && json[key].is_object();
}

void refuse(const Json& part, const char* key, const char* what, std::string_view source) {
  const auto value = part.find(key);
  throw InputError("{}: '{}' is {}; {}", source, key,
                   value == part.end() ? "not there" : shown(*value), what);
}

// Sizes that CLIP's towers and PanDerm's say alike.
void read_sizes(const Json& vision, std::int64_t size, VitForm& form, std::string_view source) {
  form.width = whole_number(vision, "width", 768, 1, kMaxWidth, source);
  form.layers = whole_number(vision, "layers", 12, 1, kMaxLayers, source);
  form.patch = square(vision, "patch_size", 16, 1, kMaxPatch, source);
  const std::int64_t head = whole_number(vision, "head_width", 64, 1, kMaxWidth, source);
  if (form.width % head != 0)
    refuse(vision, "head_width", "it must divide the width, and is 64 where it is not there",
           source);
  form.heads = form.width / head;
  form.hidden = hidden_by_ratio(vision, form.width, kMaxRatio * form.width, source);
  form.grid = size / form.patch;
}

VitForm panderm_form(const Json& vision, std::int64_t size, std::string_view source) {
  VitForm form;
  form.layer_scale = true;
  form.mean_of_patches = true;
  form.norm_twice = true;
  read_sizes(vision, size, form, source);
  return form;
}

VitForm form_of(const Json& vision, bool quick_gelu, std::int64_t size, std::string_view source) {
  if (vision.contains("layers") && vision["layers"].is_array()) {
    refuse(vision, "layers", "of towers that are no transformers those of timm are read", source);
  }
  for (const char* key : {"attentional_pool", "no_ln_pre", "final_ln_after_pool"}) {
    if (vision.contains(key) && vision[key] != false) {
      refuse(vision, key, "a tower with the class token's pooling alone is read", source);
    }
  }
  const auto pooling = json_get_or<std::string>(vision, "pool_type", "tok", source);
  if (pooling != "tok") refuse(vision, "pool_type", "'tok' alone is read", source);
  VitForm form;
  form.pre_norm = true;
  form.activation = quick_gelu ? VitActivation::kQuickGelu : VitActivation::kGelu;
  read_sizes(vision, size, form, source);
  form.layer_scale = vision.contains("ls_init_value");
  return form;
}

}  // namespace

bool is_open_clip_config(const Json& json) {
  if (is_object_at(json, "model_cfg")) return is_open_clip_config(json["model_cfg"]);
  return is_object_at(json, "vision_cfg") && is_object_at(json, "text_cfg");
}

bool is_panderm_tower(const Json& json) {
  if (is_object_at(json, "model_cfg")) return is_panderm_tower(json["model_cfg"]);
  return is_object_at(json, "vision_cfg") && json["vision_cfg"].contains("pretrain_path");
}

Json open_clip_model(const Json& json) {
  if (is_object_at(json, "model_cfg")) return open_clip_model(json["model_cfg"]);
  Json model = without_nulls(json);
  for (const char* part : {"vision_cfg", "text_cfg"}) model[part] = without_nulls(model[part]);
  return model;
}

ImageEncoderConfig parse_open_clip_vision(const Json& json, std::string_view source) {
  const Json model = open_clip_model(json);
  const Json& vision = model["vision_cfg"];
  const std::int64_t size = square(vision, "image_size", 224, kMinSize, kMaxSize, source);
  ImageEncoderConfig config;
  if (vision.contains("timm_model_name")) {
    const auto name = json_get<std::string>(vision, "timm_model_name", source);
    try {
      config = default_image_encoder_config(name);
    } catch (const UsageError& error) {
      throw InputError("{}: 'timm_model_name': {}", source, error.what());
    }
    if (config.vit) config.vit->grid = std::max<std::int64_t>(size / config.vit->patch, 1);
  } else {
    const bool quick = json_get_or<bool>(model, "quick_gelu", false, source);
    const bool panderm = is_panderm_tower(json);
    const VitForm form =
        panderm ? panderm_form(vision, size, source) : form_of(vision, quick, size, source);
    if (form.grid < 1) refuse(vision, "patch_size", "more than the picture's side", source);
    config.architecture = name_of_vit(form);
    config.feature_dim = form.width;
    config.norm_epsilon = panderm ? 1e-6 : 1e-5;
    config.vit = form;
  }
  config.input_size = static_cast<int>(size);
  const ImageEncoderConfig clip = default_image_encoder_config("vit_base_patch16_clip_224");
  const Json preprocessing =
      without_nulls(json_get_or<Json>(json, "preprocess_cfg", Json::object(), source));
  config.mean = three_numbers(preprocessing, "mean", clip.mean, false, source);
  config.std = three_numbers(preprocessing, "std", clip.std, true, source);
  return config;
}

}  // namespace epicrisis
