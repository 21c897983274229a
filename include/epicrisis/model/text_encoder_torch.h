#pragma once

// Only for model and train: brings in torch.

#include <torch/torch.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "epicrisis/model/text_encoder.h"

namespace epicrisis {

// A trainable text encoder without download: the mean of word vectors. It trains with the heads.
class WordBagImpl : public torch::nn::Module {
 public:
  // Vectors start as normal(0, 1) / sqrt(width), equal for equal seeds.
  WordBagImpl(std::int64_t vocabulary_size, std::int64_t width, std::uint64_t seed);
  // ids: all texts' ids in a row [N] int64; offsets: where each text starts [B] int64 -> [B,
  // width]. A text without ids gives zeros.
  torch::Tensor forward(const torch::Tensor& ids, const torch::Tensor& offsets);
  // ids and offsets of some texts.
  static std::pair<torch::Tensor, torch::Tensor> batch(const WordVocabulary& vocabulary,
                                                       std::span<const std::string> texts);

 private:
  torch::Tensor weight_;  // "weight" [vocabulary_size, width]
};
TORCH_MODULE(WordBag);

}  // namespace epicrisis
