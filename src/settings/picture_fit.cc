#include "epicrisis/settings/picture_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/settings/image_encoder_config.h"
#include "epicrisis/settings/model_folders.h"
#include "settings/config_values.h"
#include "settings/open_clip_config.h"

namespace epicrisis {
namespace {

constexpr int kMinSide = 32;
constexpr int kMaxSide = 2048;
constexpr std::array kFilters = {ResampleFilter::kBox, ResampleFilter::kBilinear,
                                 ResampleFilter::kHamming, ResampleFilter::kBicubic,
                                 ResampleFilter::kLanczos};
constexpr std::array kFittings = {PictureFitting::kShortest, PictureFitting::kSquash,
                                  PictureFitting::kLongest};
// Pillow's numbers of filters, as `resample` has them.
constexpr std::array<std::pair<int, ResampleFilter>, 5> kFilterNumbers = {
    {{1, ResampleFilter::kLanczos},
     {2, ResampleFilter::kBilinear},
     {3, ResampleFilter::kBicubic},
     {4, ResampleFilter::kBox},
     {5, ResampleFilter::kHamming}}};

// The member of `all` that `name_of` calls as the key's value does.
template <typename Value, std::size_t kCount>
Value named(const Json& json, const std::string& key, Value fallback,
            const std::array<Value, kCount>& all, std::string_view (*name_of)(Value),
            std::string_view source) {
  const auto name = json_get_or<std::string>(json, key, std::string(name_of(fallback)), source);
  std::vector<std::string> names;
  for (const Value value : all) {
    if (name_of(value) == name) return value;
    names.emplace_back(name_of(value));
  }
  throw InputError("{}: '{}' is {}; there are {}", source, key, shown(json[key]),
                   join(names, ", "));
}

ResampleFilter numbered_filter(const Json& json, ResampleFilter fallback, std::string_view source) {
  if (!json.contains("resample")) return fallback;
  for (const auto& [number, filter] : kFilterNumbers) {
    if (json["resample"] == number) return filter;
  }
  throw InputError(
      "{}: 'resample' is {}; read are 1 (lanczos), 2 (bilinear), 3 (bicubic), 4 (box) and 5 "
      "(hamming)",
      source, shown(json["resample"]));
}

int side_of(const Json& value, const char* key, std::string_view source) {
  if (value.is_number_integer() && value >= kMinSide && value <= kMaxSide) return value.get<int>();
  throw InputError("{}: '{}' is {}; a size from {} to {} was expected", source, key, shown(value),
                   kMinSide, kMaxSide);
}

// `size`: a number, {"shortest_edge"} or {"height", "width"}. A number alone means what the class
// of the file makes of it, which `fit` has.
void read_hugging_face_size(const Json& json, PictureFit& fit, std::string_view source) {
  if (!json.contains("size")) return;
  const Json& size = json["size"];
  if (!size.is_object()) {
    fit.resized = side_of(size, "size", source);
  } else if (size.contains("shortest_edge")) {
    fit.fitting = PictureFitting::kShortest;
    fit.resized = side_of(size["shortest_edge"], "size", source);
  } else {
    const Json height = json_get_or<Json>(size, "height", Json(), source);
    if (height != json_get_or<Json>(size, "width", Json(), source)) {
      throw InputError("{}: 'size' is {}; height and width must be equal", source, shown(size));
    }
    fit.fitting = PictureFitting::kSquash;
    fit.resized = side_of(height, "size", source);
  }
}

// Hugging Face's preprocessor_config.json.
void read_preprocessor(const Path& file, PictureFit& fit) {
  constexpr std::uint64_t kMaxConfig = 1 << 20;
  const std::string source = file.string();
  const Json json = without_nulls(parse_json(read_file(file, kMaxConfig), source));
  if (!json_get_or<bool>(json, "do_resize", true, source)) {
    throw InputError("{}: 'do_resize' is false; pictures of one size are needed", source);
  }
  std::string type = json_get_or<std::string>(json, "feature_extractor_type", "", source);
  type = json_get_or<std::string>(json, "image_processor_type", type, source);
  if (type.starts_with("ViT")) fit.fitting = PictureFitting::kSquash;
  if (type.starts_with("CLIP") || type.starts_with("Bit")) fit.fitting = PictureFitting::kShortest;
  fit.filter = numbered_filter(json, fit.filter, source);
  read_hugging_face_size(json, fit, source);
  const bool squash = fit.fitting == PictureFitting::kSquash;
  if (json_get_or<bool>(json, "do_center_crop", json.contains("crop_size") || !squash, source)) {
    Json crop = json_get_or<Json>(json, "crop_size", Json(fit.size), source);
    if (crop.is_object() && !crop.empty()) crop = Json(crop.front());
    fit.size = side_of(crop, "crop_size", source);
  } else {
    fit.size = fit.resized;
  }
}

PictureFit hugging_face_fit(const Path& folder, const Json& json, const ImageEncoderConfig& model) {
  PictureFit fit;
  fit.resized = fit.size = model.input_size;
  const auto type = json_get<std::string>(json, "model_type", "");
  if (type == "vit") {
    fit.fitting = PictureFitting::kSquash;
    fit.filter = ResampleFilter::kBilinear;
  } else if (type.starts_with("dinov2")) {
    constexpr int kResized = 256;
    fit.resized = std::max(kResized, fit.size);
  }
  std::error_code error;
  const Path file = folder / kPreprocessorFile;
  if (std::filesystem::exists(file, error)) read_preprocessor(file, fit);
  return fit;
}

PictureFit open_clip_fit(const Json& json, const ImageEncoderConfig& model,
                         std::string_view source) {
  PictureFit fit;
  fit.resized = fit.size = model.input_size;
  const Json own = without_nulls(json_get_or<Json>(json, "preprocess_cfg", Json::object(), source));
  fit.filter = named(own, "interpolation", fit.filter, kFilters, &resample_filter_name, source);
  fit.fitting = named(own, "resize_mode", fit.fitting, kFittings, &picture_fitting_name, source);
  constexpr int kWhite = 255;
  fit.fill = static_cast<std::uint8_t>(whole_number(own, "fill_color", 0, 0, kWhite, source));
  return fit;
}

// timm's `pretrained_cfg`, or our `input` with the same keys.
PictureFit timm_fit(const Json& json, const ImageEncoderConfig& model, std::string_view source) {
  const bool timm = json.contains("pretrained_cfg");
  const Json own = without_nulls(
      json_get_or<Json>(json, timm ? "pretrained_cfg" : "input", Json::object(), source));
  // Of weights that say nothing: torchvision's way, which is PanDerm's too, of other transformers
  // timm's, of CLIP's its own.
  const bool other_vit = model.vit && !model.architecture.starts_with("panderm_");
  const bool clip = model.vit && model.vit->pre_norm;
  double share = timm || !other_vit ? .875 : clip ? 1 : .9;
  const auto usual = timm || other_vit ? ResampleFilter::kBicubic : ResampleFilter::kBilinear;
  share = json_get_or<double>(own, "crop_pct", share, source);
  if (!(share > .1 && share <= 1)) {
    throw InputError("{}: 'crop_pct' is {}; a share above 0.1, at most 1, was expected", source,
                     shown(own["crop_pct"]));
  }
  PictureFit fit;
  fit.size = model.input_size;
  fit.resized = static_cast<int>(std::floor(fit.size / share));
  fit.filter = named(own, "interpolation", usual, kFilters, &resample_filter_name, source);
  const auto mode = json_get_or<std::string>(own, "crop_mode", "center", source);
  if (mode == "squash") {
    fit.fitting = PictureFitting::kSquash;
  } else if (mode != "center") {
    throw InputError("{}: 'crop_mode' is {}; center and squash are read", source,
                     shown(own["crop_mode"]));
  }
  return fit;
}

}  // namespace

PictureFit read_picture_fit(const Path& folder) {
  const auto [json, source] = read_model_config(folder);
  const ImageEncoderConfig model = read_image_encoder_config(folder);
  if (is_hugging_face_image_model(json)) return hugging_face_fit(folder, json, model);
  if (is_open_clip_config(json)) return open_clip_fit(json, model, source);
  return timm_fit(json, model, source);
}

Json to_json(const PictureFit& fit) {
  return {{"fitting", picture_fitting_name(fit.fitting)},
          {"resized", fit.resized},
          {"size", fit.size},
          {"filter", resample_filter_name(fit.filter)},
          {"fill", fit.fill}};
}

}  // namespace epicrisis
