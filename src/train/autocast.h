#pragma once

#include <torch/torch.h>

namespace epicrisis {

// While it lives, and if `enabled`, torch computes convolutions and matrix products of this thread
// on this kind of device in bfloat16, from float32 weights.
class AutocastGuard {
 public:
  AutocastGuard(bool enabled, torch::DeviceType device);
  ~AutocastGuard();
  AutocastGuard(const AutocastGuard&) = delete;
  AutocastGuard& operator=(const AutocastGuard&) = delete;

 private:
  bool enabled_;
  torch::DeviceType device_;
};

}  // namespace epicrisis
