#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/tensor/weight_fit.h"
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

// How published weights fit an encoder of `config`, whose names they are given first; `prefix`
// becomes what stands before these names. InputError where that cannot be said, as where two models
// are in the file.
WeightFit image_weight_fit(const ImageEncoderConfig& config, const TensorFile& published,
                           std::string& prefix);

}  // namespace epicrisis
