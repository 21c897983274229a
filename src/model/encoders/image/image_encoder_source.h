#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/encoders/image/image_encoder_torch.h"

namespace epicrisis {

struct ImageEncoderSource {
  ImageEncoderConfig config;
  Path weights;  // empty: random weights
};

// What `model` (as ImageFeatureExtractor takes it) stands for; reads the configuration alone.
ImageEncoderSource find_image_encoder(std::string_view model);

std::shared_ptr<ImageEncoderModule> load_image_encoder(const ImageEncoderSource& source,
                                                       std::uint64_t seed,
                                                       std::vector<std::string>* remarks);

}  // namespace epicrisis
