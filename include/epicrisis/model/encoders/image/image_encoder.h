#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/image/image.h"
#include "epicrisis/model/precision.h"

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
  // The weights were published with batch norm folded in ("batch_norm": "folded..."): its
  // statistics are no more than placeholders, and batch statistics in their place would undo the
  // weights.
  bool fixed_batch_norm = false;

  Json to_json() const;
};

// InputError naming the key for an unknown architecture, a width that is not the architecture's, a
// size outside [32, 1024], a standard deviation that is not positive, an unknown padding.
ImageEncoderConfig parse_image_encoder_config(const Json& json, std::string_view source);
ImageEncoderConfig read_image_encoder_config(const Path& folder);
// The defaults of an architecture: its width, ImageNet's statistics, symmetric padding. UsageError
// for an unknown name, with the nearest.
ImageEncoderConfig default_image_encoder_config(std::string_view architecture);

struct ImageEncoderInfo {
  std::string_view name;
  std::int64_t feature_dim;
  std::int64_t parameters;  // without the classifier
  std::string_view description;
};
// The architectures there are. Parameter names are torchvision's.
const std::vector<ImageEncoderInfo>& image_encoders();

struct ImageFeatureOptions {
  // kAuto: bf16 where the processor has it and the architecture bears it (MobileNetV2 does not: its
  // features would move by 12 %).
  Precision precision = Precision::kAuto;
  std::size_t batch = 4;   // pictures a thread works on at a time; more fall out of its cache
  unsigned threads = 0;    // 0: available_cores()
  std::uint64_t seed = 0;  // of the weights where `model` names an architecture
};

// A frozen image encoder for features: batch norm folded into the convolutions, channels last.
// extract() may be called from one thread at a time.
class ImageFeatureExtractor {
 public:
  // `model`: a folder, a name for find_model(), or "random:<architecture>" for random weights.
  explicit ImageFeatureExtractor(std::string_view model, ImageFeatureOptions options = {});
  ~ImageFeatureExtractor();
  ImageFeatureExtractor(ImageFeatureExtractor&&) noexcept;

  const ImageEncoderConfig& config() const;
  std::int64_t dimension() const;
  // 64 hex digits over weights, configuration and precision, for cache keys.
  const std::string& fingerprint() const;

  // Pooled features [indices.size(), dimension()]; row i is picture indices[i]. The source's size
  // need not be config().input_size (the networks are fully convolutional) but must be at least 32:
  // UsageError. Shows a progress bar "features" when `progress` is set; Interrupted on Ctrl-C.
  FloatMatrix extract(const ImageSource& source, std::span<const std::size_t> indices,
                      bool progress = false) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace epicrisis
