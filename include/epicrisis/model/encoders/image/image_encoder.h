#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/image/image.h"
#include "epicrisis/settings/image_encoder_config.h"
#include "epicrisis/settings/precision.h"

namespace epicrisis {

struct ImageFeatureOptions {
  // kAuto: bf16 where the processor has it and the architecture bears it (MobileNetV2 does not: its
  // features would move by 12 %).
  Precision precision = Precision::kAuto;
  std::size_t batch = 4;   // pictures a thread works on at a time; more fall out of its cache
  unsigned threads = 0;    // 0: available_cores()
  std::uint64_t seed = 0;  // of the weights where `model` names an architecture
  // Features go into the space that pictures share with texts, where the model has such a
  // projection (CLIP's), as load_text_encoder() projects texts.
  bool projected = false;
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
  // Whether features are in the space shared with texts.
  bool is_projected() const;
  // What of the weight file was chosen or left out, for who runs this.
  const std::vector<std::string>& remarks() const;
  // 64 hex digits over weights, configuration and precision, for cache keys.
  const std::string& fingerprint() const;

  // Pooled features [indices.size(), dimension()]; row i is picture indices[i]. The source's size
  // need not be config().input_size (the networks are fully convolutional) but must be at least 32:
  // UsageError. `meter` (may be null) counts pictures. Interrupted when the job is cancelled.
  FloatMatrix extract(const ImageSource& source, std::span<const std::size_t> indices,
                      const Job& job, Meter* meter = nullptr) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace epicrisis
