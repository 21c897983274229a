#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/train/trainer.h"
#include "train/network.h"
#include "train/sampler.h"
#include "train/team.h"

namespace epicrisis {

// Where f(x) of a batch comes from: a matrix, or the image encoder while it is trained.
class FeatureSource {
 public:
  virtual ~FeatureSource() = default;
  // Announces the epoch's draws; training_features() is then asked for the steps from first_step
  // on, in order.
  virtual void begin_epoch(int epoch, const std::vector<Draw>& draws, std::size_t first_step) = 0;
  // [B, F] of a step's draws, on the training's device. Of several processes each encodes a part.
  virtual torch::Tensor training_features(std::span<const Draw> draws) = 0;
  // After the backward pass of a step, with what training_features() gave for it: the rest of the
  // way, where the encoder's part of that pass was put off.
  virtual void pass_back(const torch::Tensor& /*features*/) {}
  // [n, F] of plain pictures, without gradient, encoder in evaluation mode. Interrupted when the
  // job is cancelled.
  virtual torch::Tensor plain_features(std::span<const std::size_t> images) = 0;
};

// `examples` gives the picture of a draw; all references are kept.
std::unique_ptr<FeatureSource> stored_features(const FloatMatrix& features, int copies,
                                               const std::vector<TrainExample>& examples,
                                               torch::Device device);

std::unique_ptr<FeatureSource> encoded_pictures(const TrainConfig& config,
                                                const ImageSource& images,
                                                ImageEncoderModule& encoder, bool bf16,
                                                const std::vector<TrainExample>& examples,
                                                torch::Device device, const Team& team,
                                                const Job& job);

// f(x) [n, F] of pictures with the encoder as it is set, in batches, without gradient; on `device`.
// `meter` (may be null) counts pictures. Interrupted between batches.
torch::Tensor encode_pictures(ImageEncoderModule& encoder, const ImageSource& images,
                              std::span<const std::size_t> indices, std::size_t batch, bool bf16,
                              torch::Device device, const Job& job, Meter* meter);

// Gives every weight of four dimensions the memory order that bf16 and fp32 convolutions run
// fastest in.
void make_channels_last(torch::nn::Module& module);

// "cpu", "cuda", "cuda:N"; UsageError where this LibTorch or machine has no such device.
torch::Device torch_device(const std::string& name);

// What kAuto means on a device.
bool computes_in_bf16(Precision precision, torch::Device device);

}  // namespace epicrisis
