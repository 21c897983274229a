#pragma once

// Only for model and train: brings in torch.

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/model/encoders/image/image_encoder.h"

namespace epicrisis {

// An image encoder f without its classifier. Parameter names are those that image_encoders() says.
class ImageEncoderModule : public torch::nn::Module {
 public:
  explicit ImageEncoderModule(ImageEncoderConfig config) : config_(std::move(config)) {}
  // x [B, 3, H, W], normalised, of the weights' type (any float type under autocast), any memory
  // format -> pooled features [B, config().feature_dim], float32 whatever the type of x.
  virtual torch::Tensor forward(torch::Tensor x) = 0;
  const ImageEncoderConfig& config() const { return config_; }

  // Weights with a folded batch norm stay in evaluation mode also while they train.
  void train(bool on = true) override { Module::train(on && !config_.fixed_batch_norm); }

 private:
  ImageEncoderConfig config_;
};

// Random weights by the rules torchvision uses for training from scratch; equal for equal seeds.
std::shared_ptr<ImageEncoderModule> make_image_encoder(const ImageEncoderConfig& config,
                                                       std::uint64_t seed);

// `model` as ImageFeatureExtractor takes it; `seed` matters for "random:<architecture>" only.
// Weights come from the folder's weight file or its shards (docs/formats/model-folders.md).
// Classifier weights are passed over, and what a checkpoint holds beside the model is told in
// `remarks` (may be null); any other missing, unexpected or misshapen tensor is an InputError that
// lists both sides.
std::shared_ptr<ImageEncoderModule> load_image_encoder(std::string_view model,
                                                       std::uint64_t seed = 0,
                                                       std::vector<std::string>* remarks = nullptr);

// uint8 pixels [B, H, W, 3] -> float32 [B, 3, H, W] (channels last in memory), (x / 255 - mean) /
// std.
torch::Tensor normalise_pixels(const torch::Tensor& pixels, const ImageEncoderConfig& config);

// Folds every batch norm into the convolution before it, for inference only: the module must not be
// trained afterwards. Features stay equal up to rounding.
void fold_batch_norm(ImageEncoderModule& module);

}  // namespace epicrisis
