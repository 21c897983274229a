#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <span>

namespace epicrisis {

// int64 [n] on a device.
inline torch::Tensor index_tensor(std::span<const std::int64_t> values, torch::Device device) {
  return torch::tensor(at::ArrayRef<std::int64_t>(values.data(), values.size()), torch::kInt64)
      .to(device);
}

}  // namespace epicrisis
