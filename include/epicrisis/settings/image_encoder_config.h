#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"

namespace epicrisis {

// How a convolution with stride 2 is padded: torch pads both sides alike; TensorFlow's "SAME" pads
// the far side more. Weights made with one lose much of their worth with the other.
enum class ConvPadding { kSymmetric, kSameTf };

enum class VitActivation { kGelu, kQuickGelu, kGeluTanh };  // quick: x sigmoid(1.702 x)

// The sizes and parts of a vision transformer (Dosovitskiy et al. 2021).
struct VitForm {
  std::int64_t patch = 16;  // pixels a side
  std::int64_t width = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;      // divide the width
  std::int64_t hidden = 0;     // width between the two linear maps of a layer
  std::int64_t registers = 0;  // learnt tokens between the class token and the patches
  std::int64_t grid = 0;       // positions a side that the weights have
  VitActivation activation = VitActivation::kGelu;
  bool pre_norm = false;  // CLIP's: a norm before the first layer, patches without bias
  bool layer_scale = false;
  bool qkv_bias = true;
  bool class_position = true;    // the class token has a position of its own
  bool mean_of_patches = false;  // pooled, then normed, in place of the class token
  bool norm_twice = false;       // by one norm, before the pooling and after it

  bool operator==(const VitForm&) const = default;
};

// config.json of an image encoder's folder; docs/formats/model-folders.md.
struct ImageEncoderConfig {
  std::string architecture;                           // a name of image_encoders(), or kVitOfSizes
  std::int64_t feature_dim = 0;                       // width F of the pooled features
  int input_size = 224;                               // pixels a side the weights were trained at
  std::array<float, 3> mean{0.485F, 0.456F, 0.406F};  // RGB, of values in [0, 1]; ImageNet's
  std::array<float, 3> std{0.229F, 0.224F, 0.225F};
  ConvPadding padding = ConvPadding::kSymmetric;
  double norm_epsilon = 1e-5;  // what norms add to the variance
  // The weights were published with batch norm folded in ("batch_norm": "folded..."): its
  // statistics are no more than placeholders, and batch statistics in their place would undo the
  // weights.
  bool fixed_batch_norm = false;
  std::optional<VitForm> vit;  // of vision transformers alone
};
// The architecture of a vision transformer that is none of image_encoders(): `vit` says what it is.
inline constexpr std::string_view kVitOfSizes = "vit";
// As parse_image_encoder_config() reads it.
Json to_json(const ImageEncoderConfig& config);

// InputError naming the key for an unknown architecture, a width that is not the architecture's, a
// size outside [32, 1024], a standard deviation or epsilon that is not positive, an unknown
// padding. Reads timm's form and, of vision transformers, Hugging Face's (`model_type`), whose
// preprocessor_config.json is read from the same folder.
ImageEncoderConfig parse_image_encoder_config(const Json& json, std::string_view source);
ImageEncoderConfig read_image_encoder_config(const Path& folder);
// The defaults of an architecture: its width, ImageNet's statistics, symmetric padding; of "tf_"
// and an EfficientNet's name TensorFlow's padding, epsilon and, of Lite, statistics, as timm names
// them; of a vision transformer its form, input size and statistics. What follows a '.', timm's tag
// of the weights, is left out. UsageError for an unknown name, with the nearest.
ImageEncoderConfig default_image_encoder_config(std::string_view architecture);

// Hugging Face's, beside config.json.
inline constexpr std::string_view kPreprocessorFile = "preprocessor_config.json";
// Whether a config.json is Hugging Face's of an image encoder: by `model_type`.
bool is_hugging_face_image_model(const Json& json);

// UsageError that names both numbers where pictures of `height` x `width` pixels are no whole
// number of an encoder's patches.
void require_whole_patches(const ImageEncoderConfig& config, std::int64_t height,
                           std::int64_t width);

struct ImageEncoderInfo {
  std::string_view name;
  std::int64_t feature_dim;
  std::int64_t parameters;  // without the classifier
  std::string_view description;
};
Json to_json(const ImageEncoderInfo& info);
// The architectures there are. Parameter names are torchvision's, of EfficientNets and vision
// transformers timm's.
const std::vector<ImageEncoderInfo>& image_encoders();
// UsageError with the known names and the nearest for another one.
const ImageEncoderInfo& image_encoder_info(std::string_view architecture);

}  // namespace epicrisis
