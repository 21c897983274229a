#include <cmath>
#include <utility>

#include "epicrisis/core/random.h"
#include "model/encoders/text/text_encoder_torch.h"

namespace epicrisis {

WordBagImpl::WordBagImpl(WordVocabulary vocabulary, std::int64_t width, std::uint64_t seed)
    : vocabulary_(std::move(vocabulary)) {
  torch::Tensor start =
      torch::empty({static_cast<std::int64_t>(vocabulary_.size()), width}, torch::kFloat32);
  Random random(seed, "word bag");
  float* values = start.data_ptr<float>();
  const double scale = 1.0 / std::sqrt(static_cast<double>(width));
  for (std::int64_t i = 0; i < start.numel(); ++i) {
    values[i] = static_cast<float>(random.normal() * scale);
  }
  weight_ = register_parameter("weight", start);
}

torch::Tensor WordBagImpl::forward(const torch::Tensor& ids, const torch::Tensor& offsets) {
  if (offsets.numel() == 0) return weight_.new_zeros({0, width()});  // LibTorch refuses no texts
  namespace functional = torch::nn::functional;
  return functional::embedding_bag(
      ids, weight_, functional::EmbeddingBagFuncOptions().offsets(offsets).mode(torch::kMean));
}

}  // namespace epicrisis
