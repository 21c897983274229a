#include <cmath>

#include "epicrisis/core/random.h"
#include "epicrisis/model/text_encoder_torch.h"

namespace epicrisis {

WordBagImpl::WordBagImpl(std::int64_t vocabulary_size, std::int64_t width, std::uint64_t seed) {
  torch::Tensor start = torch::empty({vocabulary_size, width});
  Random random(seed, "word bag");
  float* values = start.data_ptr<float>();
  const double scale = 1.0 / std::sqrt(static_cast<double>(width));
  for (std::int64_t i = 0; i < start.numel(); ++i) {
    values[i] = static_cast<float>(random.normal() * scale);
  }
  weight_ = register_parameter("weight", start);
}

torch::Tensor WordBagImpl::forward(const torch::Tensor& ids, const torch::Tensor& offsets) {
  namespace functional = torch::nn::functional;
  return functional::embedding_bag(
      ids, weight_, functional::EmbeddingBagFuncOptions().offsets(offsets).mode(torch::kMean));
}

std::pair<torch::Tensor, torch::Tensor> WordBagImpl::batch(const WordVocabulary& vocabulary,
                                                           std::span<const std::string> texts) {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> offsets;
  for (const std::string& text : texts) {
    offsets.push_back(static_cast<std::int64_t>(ids.size()));
    const auto words = vocabulary.ids(text);
    ids.insert(ids.end(), words.begin(), words.end());
  }
  return {torch::tensor(ids, torch::kInt64), torch::tensor(offsets, torch::kInt64)};
}

}  // namespace epicrisis
