#pragma once

// Only for model and train: brings in torch.

#include <torch/torch.h>

#include <cstdint>

#include "epicrisis/model/encoders/text/word_vocabulary.h"

namespace epicrisis {

// A text encoder that is trained with the heads: a table of one vector a token, of which a text
// gets the mean.
class WordBagImpl : public torch::nn::Module {
 public:
  // Vectors start as normal(0, 1) / sqrt(width), equal for equal seeds.
  WordBagImpl(WordVocabulary vocabulary, std::int64_t width, std::uint64_t seed);
  // ids: all texts' ids in a row [N] int64; offsets: where each text starts [B] int64 -> [B,
  // width]. A text without ids gives zeros.
  torch::Tensor forward(const torch::Tensor& ids, const torch::Tensor& offsets);

  const WordVocabulary& vocabulary() const { return vocabulary_; }
  std::int64_t width() const { return weight_.size(1); }

 private:
  WordVocabulary vocabulary_;
  torch::Tensor weight_;  // "weight" [vocabulary size, width]
};
TORCH_MODULE(WordBag);

}  // namespace epicrisis
