#pragma once

// Only for model: brings in torch.

#include <torch/torch.h>

#include <array>
#include <cstdint>

#include "epicrisis/settings/image_encoder_config.h"

namespace epicrisis {

// The parts that the transformers of pictures and of texts share.

// A linear map [out, in] with its bias [out], which may be undefined, or a norm's weight and bias.
struct AffineTensors {
  torch::Tensor weight;
  torch::Tensor bias;
};

// Query, key and value in one [B, N, 3 D] -> three of [B, heads, N, D / heads].
std::array<torch::Tensor, 3> split_heads(const torch::Tensor& joined, std::int64_t heads);
// [B, heads, N, D / heads] -> [B, N, D]
torch::Tensor join_heads(const torch::Tensor& mixed);

// q, k, v [B, heads, N, head width] -> softmax(q k' / sqrt(head width) + mask) v; the mask may be
// undefined.
torch::Tensor softmax_attention(const torch::Tensor& query, const torch::Tensor& key,
                                const torch::Tensor& value, const torch::Tensor& mask);

torch::Tensor activated(const torch::Tensor& x, VitActivation activation);

}  // namespace epicrisis
