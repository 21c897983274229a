#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace epicrisis {

// The network of a frozen text encoder: tokens to one vector a text. For inference alone.
class TextTower {
 public:
  virtual ~TextTower() = default;
  // ids [B, L] int64, padded at the right; lengths [B] int64, from 1 -> [B, dimension()] float32.
  virtual torch::Tensor vectors(const torch::Tensor& ids, const torch::Tensor& lengths) const = 0;
  virtual std::int64_t dimension() const = 0;
};

}  // namespace epicrisis
