#include "epicrisis/settings/image_encoder_config.h"

#include <cmath>
#include <filesystem>
#include <system_error>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/settings/model_folders.h"
#include "settings/config_values.h"
#include "settings/open_clip_config.h"
#include "settings/vit_config.h"

namespace epicrisis {
namespace {

constexpr int kMinSize = 32;
constexpr int kMaxSize = 1024;
constexpr std::string_view kEfficientNet = "efficientnet_";
constexpr std::string_view kFromTensorFlow = "tf_efficientnet_";

// Hugging Face's preprocessor_config.json: what pixels are normalised with, and how large pictures
// are.
void parse_preprocessor(const Json& file, ImageEncoderConfig& config, std::string_view source) {
  const Json json = without_nulls(file);
  if (json_get_or<bool>(json, "do_normalize", true, source)) {
    config.mean = three_numbers(json, "image_mean", config.mean, false, source);
    config.std = three_numbers(json, "image_std", config.std, true, source);
  } else {
    config.mean = {0, 0, 0};
    config.std = {1, 1, 1};
  }
  const bool crops =
      json.contains("crop_size") && json_get_or<bool>(json, "do_center_crop", true, source);
  const std::string key = crops ? "crop_size" : "size";
  if (!json.contains(key)) return;
  // A number, {"height", "width"} or {"shortest_edge"}.
  Json size = json[key];
  if (size.is_object() && !size.empty()) size = Json(size.front());
  if (!size.is_number_integer() || size < kMinSize || size > kMaxSize) {
    throw InputError("{}: '{}' is {}; a size from {} to {} was expected", source, key,
                     dump_json(json[key]), kMinSize, kMaxSize);
  }
  config.input_size = size.get<int>();
}

bool grid_is_told(const Json& json) {
  const auto vit = json.find("vit");
  return vit != json.end() && vit->is_object() && vit->contains("grid");
}

ImageEncoderConfig architecture_defaults(const Json& json, const std::string& architecture,
                                         std::string_view source) {
  ImageEncoderConfig config;
  if (architecture == kVitOfSizes) {
    config.architecture = architecture;
    config.vit.emplace();
  } else {
    try {
      config = default_image_encoder_config(architecture);
    } catch (const UsageError& error) {
      throw InputError("{}: {}", source, error.what());
    }
  }
  if (!config.vit) return config;
  parse_vit_form(json_get_or<Json>(json, "vit", Json::object(), source), *config.vit, source);
  config.feature_dim = config.vit->width;
  return config;
}

}  // namespace

// A new architecture is a line here and one in image_architectures.cc.
const std::vector<ImageEncoderInfo>& image_encoders() {
  static const std::vector<ImageEncoderInfo> all{
      {"mobilenet_v2", 1280, 2223872, "MobileNetV2 1.0 (Sandler et al. 2018)"},
      {"densenet121", 1024, 6953856, "DenseNet-121 (Huang et al. 2017), the method's encoder"},
      {"densenet169", 1664, 12484480, "DenseNet-169"},
      {"densenet201", 1920, 18092928, "DenseNet-201"},
      {"resnet18", 512, 11176512, "ResNet-18 (He et al. 2016)"},
      {"resnet34", 512, 21284672, "ResNet-34"},
      {"resnet50", 2048, 23508032, "ResNet-50 (He et al. 2016)"},
      {"resnet101", 2048, 42500160, "ResNet-101"},
      {"resnet152", 2048, 58143808, "ResNet-152"},
      {"resnext50_32x4d", 2048, 22979904, "ResNeXt-50 32x4d (Xie et al. 2017)"},
      {"resnext101_32x8d", 2048, 86742336, "ResNeXt-101 32x8d"},
      {"efficientnet_b0", 1280, 4007548, "EfficientNet-B0 (Tan and Le 2019)"},
      {"efficientnet_b1", 1280, 6513184, "EfficientNet-B1"},
      {"efficientnet_b2", 1408, 7700994, "EfficientNet-B2"},
      {"efficientnet_b3", 1536, 10696232, "EfficientNet-B3"},
      {"efficientnet_b4", 1792, 17548616, "EfficientNet-B4"},
      {"efficientnet_b5", 2048, 28340784, "EfficientNet-B5"},
      {"efficientnet_b6", 2304, 40735704, "EfficientNet-B6"},
      {"efficientnet_b7", 2560, 63786960, "EfficientNet-B7"},
      {"efficientnet_lite0", 1280, 3371008, "EfficientNet-Lite0: no gates, ReLU6"},
      {"efficientnet_lite1", 1280, 4135680, "EfficientNet-Lite1"},
      {"efficientnet_lite2", 1280, 4811072, "EfficientNet-Lite2"},
      {"efficientnet_lite3", 1280, 6916096, "EfficientNet-Lite3"},
      {"efficientnet_lite4", 1280, 11725568, "EfficientNet-Lite4"},
      {"vit_tiny_patch16_224", 192, 5524416, "ViT-Ti/16 (Dosovitskiy et al. 2021)"},
      {"vit_small_patch16_224", 384, 21665664, "ViT-S/16"},
      {"vit_base_patch16_224", 768, 85798656, "ViT-B/16"},
      {"vit_base_patch32_224", 768, 87455232, "ViT-B/32"},
      {"vit_large_patch16_224", 1024, 303301632, "ViT-L/16"},
      {"vit_base_patch32_clip_224", 768, 87456000, "CLIP's ViT-B/32 (Radford et al. 2021)"},
      {"vit_base_patch16_clip_224", 768, 85799424, "CLIP's ViT-B/16"},
      {"vit_large_patch14_clip_224", 1024, 303179776, "CLIP's ViT-L/14"},
      {"vit_base_patch32_clip_quickgelu_224", 768, 87456000, "CLIP's ViT-B/32, OpenAI's GELU"},
      {"vit_base_patch16_clip_quickgelu_224", 768, 85799424, "CLIP's ViT-B/16, OpenAI's GELU"},
      {"vit_large_patch14_clip_quickgelu_224", 1024, 303179776, "CLIP's ViT-L/14, OpenAI's GELU"},
      {"vit_small_patch14_dinov2", 384, 22056192, "DINOv2's ViT-S/14 (Oquab et al. 2023)"},
      {"vit_base_patch14_dinov2", 768, 86579712, "DINOv2's ViT-B/14"},
      {"vit_large_patch14_dinov2", 1024, 304367616, "DINOv2's ViT-L/14"},
      {"vit_small_patch14_reg4_dinov2", 384, 22057344, "DINOv2's ViT-S/14 with 4 registers"},
      {"vit_base_patch14_reg4_dinov2", 768, 86582016, "DINOv2's ViT-B/14 with 4 registers"},
      {"vit_large_patch14_reg4_dinov2", 1024, 304370688, "DINOv2's ViT-L/14 with 4 registers"},
      {"panderm_base_patch16_224", 768, 85817088, "PanDerm's ViT-B/16 (Yan et al. 2025)"},
      {"panderm_large_patch16_224", 1024, 303350784, "PanDerm's ViT-L/16"},
  };
  return all;
}

const ImageEncoderInfo& image_encoder_info(std::string_view architecture) {
  std::vector<std::string> names;
  for (const ImageEncoderInfo& known : image_encoders()) {
    if (known.name == architecture) return known;
    names.emplace_back(known.name);
  }
  const auto nearest = nearest_name(architecture, names);
  throw UsageError("'{}' is no image encoder; there are {}{}", architecture, join(names, ", "),
                   nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
}

ImageEncoderConfig default_image_encoder_config(std::string_view architecture) {
  ImageEncoderConfig config;
  std::string_view name = architecture.substr(0, architecture.find('.'));  // without timm's tag
  if (const NamedVit* vit = named_vit(name)) return named_vit_config(*vit);
  if (name.starts_with(kFromTensorFlow)) {
    name.remove_prefix(kFromTensorFlow.size() - kEfficientNet.size());
    config.padding = ConvPadding::kSameTf;
    config.norm_epsilon = 1e-3;
    if (name.find("_lite") != std::string_view::npos) config.mean = config.std = {.5F, .5F, .5F};
  }
  config.feature_dim = image_encoder_info(name).feature_dim;
  config.architecture = name;
  return config;
}

ImageEncoderConfig parse_image_encoder_config(const Json& json, std::string_view source) {
  if (is_hugging_face_image_model(json)) return parse_hugging_face_vit(json, source);
  if (is_open_clip_config(json)) return parse_open_clip_vision(json, source);
  const auto architecture = json_get<std::string>(json, "architecture", source);
  ImageEncoderConfig config = architecture_defaults(json, architecture, source);
  // timm's folders say "num_features" and keep the rest in "pretrained_cfg".
  for (const std::string_view key : {"feature_dim", "num_features"}) {
    const auto width = json_get_or<std::int64_t>(json, key, config.feature_dim, source);
    if (width != config.feature_dim) {
      throw InputError("{}: '{}' is {}, {} has {}", source, key, width, architecture,
                       config.feature_dim);
    }
  }
  const bool timm = json.contains("pretrained_cfg");
  const Json input =
      json_get_or<Json>(json, timm ? "pretrained_cfg" : "input", Json::object(), source);
  if (!input.is_object()) throw InputError("{}: 'input' is no object", source);
  std::int64_t size = config.input_size;
  if (timm && input.contains("input_size")) {
    const Json& sizes = input["input_size"];  // [3, height, width]
    const bool numbers = sizes.is_array() && sizes.size() == 3 && sizes[2].is_number_integer();
    size = numbers ? sizes[2].get<std::int64_t>() : 0;
  } else {
    size = json_get_or<std::int64_t>(input, "size", size, source);
  }
  if (size < kMinSize || size > kMaxSize) {
    throw InputError("{}: the input size {} is outside [{}, {}]", source, size, kMinSize, kMaxSize);
  }
  config.input_size = static_cast<int>(size);
  if (config.vit && !grid_is_told(json)) {
    config.vit->grid = std::max<std::int64_t>(size / config.vit->patch, 1);
  }
  const auto channels = json_get_or<std::string>(input, "channels", "RGB", source);
  if (channels != "RGB") {
    throw InputError("{}: channels '{}'; only RGB is read", source, channels);
  }
  config.mean = three_numbers(input, "mean", config.mean, false, source);
  config.std = three_numbers(input, "std", config.std, true, source);
  const bool same_tf = config.padding == ConvPadding::kSameTf;
  const auto padding =
      json_get_or<std::string>(json, "padding", same_tf ? "same_tf" : "symmetric", source);
  if (padding != "symmetric" && padding != "same_tf") {
    throw InputError("{}: padding '{}'; there are symmetric and same_tf", source, padding);
  }
  config.padding = padding == "same_tf" ? ConvPadding::kSameTf : ConvPadding::kSymmetric;
  config.norm_epsilon = epsilon_of(json, "norm_epsilon", config.norm_epsilon, source);
  config.fixed_batch_norm =
      json_get_or<std::string>(json, "batch_norm", "", source).starts_with("folded");
  return config;
}

ImageEncoderConfig read_image_encoder_config(const Path& folder) {
  const auto [json, source] = read_model_config(folder);
  ImageEncoderConfig config = parse_image_encoder_config(json, source);
  const Path preprocessor = folder / kPreprocessorFile;
  std::error_code error;
  if (is_hugging_face_image_model(json) && std::filesystem::exists(preprocessor, error)) {
    constexpr std::uint64_t kMaxConfig = 1 << 20;
    parse_preprocessor(parse_json(read_file(preprocessor, kMaxConfig), preprocessor.string()),
                       config, preprocessor.string());
  }
  return config;
}

void require_whole_patches(const ImageEncoderConfig& config, std::int64_t height,
                           std::int64_t width) {
  if (!config.vit) return;
  const std::int64_t patch = config.vit->patch;
  if (height % patch == 0 && width % patch == 0) return;
  const std::int64_t side = height % patch != 0 ? height : width;
  const std::int64_t below = side / patch * patch;
  throw UsageError(
      "{} takes pictures in patches of {} pixels a side, of which {} pixels are no multiple; {}{} "
      "is the next",
      config.architecture, patch, side, below > 0 ? fmt::format("{} or ", below) : "",
      below + patch);
}

Json to_json(const ImageEncoderConfig& config) {
  Json json;
  json["architecture"] = config.architecture;
  json["feature_dim"] = config.feature_dim;
  json["input"] = {
      {"size", config.input_size}, {"channels", "RGB"}, {"mean", config.mean}, {"std", config.std}};
  if (config.vit) {
    json["vit"] = to_json(*config.vit);
    json["norm_epsilon"] = config.norm_epsilon;
    return json;
  }
  json["padding"] = config.padding == ConvPadding::kSameTf ? "same_tf" : "symmetric";
  // Where it is not the default alone: what is computed of earlier encoders stays known as theirs.
  if (config.norm_epsilon != ImageEncoderConfig().norm_epsilon) {
    json["norm_epsilon"] = config.norm_epsilon;
  }
  if (config.fixed_batch_norm) json["batch_norm"] = "folded";
  return json;
}

Json to_json(const ImageEncoderInfo& info) {
  return {{"name", info.name},
          {"width", info.feature_dim},
          {"parameters", info.parameters},
          {"description", info.description}};
}

}  // namespace epicrisis
