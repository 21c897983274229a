#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"

namespace epicrisis {

// How a convolution with stride 2 is padded: torch pads both sides alike; TensorFlow's "SAME" pads
// the far side more. Weights made with one lose much of their worth with the other.
enum class ConvPadding { kSymmetric, kSameTf };

// config.json of an image encoder's folder; docs/formats/model-folders.md.
struct ImageEncoderConfig {
  std::string architecture;                           // a name of image_encoders()
  std::int64_t feature_dim = 0;                       // width F of the pooled features
  int input_size = 224;                               // pixels a side the weights were trained at
  std::array<float, 3> mean{0.485F, 0.456F, 0.406F};  // RGB, of values in [0, 1]; ImageNet's
  std::array<float, 3> std{0.229F, 0.224F, 0.225F};
  ConvPadding padding = ConvPadding::kSymmetric;
  double norm_epsilon = 1e-5;  // what batch norms add to the variance
  // The weights were published with batch norm folded in ("batch_norm": "folded..."): its
  // statistics are no more than placeholders, and batch statistics in their place would undo the
  // weights.
  bool fixed_batch_norm = false;
};
// As parse_image_encoder_config() reads it.
Json to_json(const ImageEncoderConfig& config);

// InputError naming the key for an unknown architecture, a width that is not the architecture's, a
// size outside [32, 1024], a standard deviation or epsilon that is not positive, an unknown
// padding.
ImageEncoderConfig parse_image_encoder_config(const Json& json, std::string_view source);
ImageEncoderConfig read_image_encoder_config(const Path& folder);
// The defaults of an architecture: its width, ImageNet's statistics, symmetric padding; of "tf_"
// and an EfficientNet's name TensorFlow's padding, epsilon and, of Lite, statistics, as timm names
// them. UsageError for an unknown name, with the nearest.
ImageEncoderConfig default_image_encoder_config(std::string_view architecture);

struct ImageEncoderInfo {
  std::string_view name;
  std::int64_t feature_dim;
  std::int64_t parameters;  // without the classifier
  std::string_view description;
};
Json to_json(const ImageEncoderInfo& info);
// The architectures there are. Parameter names are torchvision's, of EfficientNets timm's.
const std::vector<ImageEncoderInfo>& image_encoders();
// UsageError with the known names and the nearest for another one.
const ImageEncoderInfo& image_encoder_info(std::string_view architecture);

}  // namespace epicrisis
