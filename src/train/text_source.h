#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <span>

#include "epicrisis/train/trainer.h"
#include "model/encoders/text/text_encoder_torch.h"

namespace epicrisis {

// Where g(t) of some texts comes from: a matrix, or token embeddings while they are trained.
class TextSource {
 public:
  virtual ~TextSource() = default;
  // [n, G] of some of the texts, on the training's device; with gradient where it is trained.
  virtual torch::Tensor embeddings(std::span<const std::int64_t> rows) = 0;
  virtual torch::Tensor all() = 0;
};

// `tokens` is null where `input` has vectors. References are kept.
std::unique_ptr<TextSource> text_source(const TextInput& input, WordBagImpl* tokens,
                                        torch::Device device);

}  // namespace epicrisis
