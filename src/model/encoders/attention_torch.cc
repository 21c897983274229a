#include "model/encoders/attention_torch.h"

#include <cmath>

namespace epicrisis {

std::array<torch::Tensor, 3> split_heads(const torch::Tensor& joined, std::int64_t heads) {
  const torch::Tensor parts =
      joined.view({joined.size(0), joined.size(1), 3, heads, joined.size(2) / 3 / heads})
          .permute({2, 0, 3, 1, 4});
  return {parts.select(0, 0), parts.select(0, 1), parts.select(0, 2)};
}

torch::Tensor join_heads(const torch::Tensor& mixed) {
  return mixed.transpose(1, 2).reshape(
      {mixed.size(0), mixed.size(2), mixed.size(1) * mixed.size(3)});
}

torch::Tensor softmax_attention(const torch::Tensor& query, const torch::Tensor& key,
                                const torch::Tensor& value, const torch::Tensor& mask) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(3)));
  torch::Tensor scores = torch::matmul(query * scale, key.transpose(2, 3));
  if (mask.defined()) scores += mask;
  return torch::matmul(torch::softmax(scores, -1), value);
}

torch::Tensor activated(const torch::Tensor& x, VitActivation activation) {
  switch (activation) {
    case VitActivation::kGelu:
      return torch::gelu(x);
    case VitActivation::kGeluTanh:
      return torch::gelu(x, "tanh");
    case VitActivation::kQuickGelu:
      break;
  }
  return x * torch::sigmoid(x * 1.702);
}

}  // namespace epicrisis
