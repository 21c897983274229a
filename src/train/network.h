#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "epicrisis/settings/train_config.h"
#include "model/encoders/image/image_encoder_torch.h"
#include "model/encoders/text/text_encoder_torch.h"
#include "model/heads_torch.h"
#include "model/losses_torch.h"

namespace epicrisis {

// Numbers of z that heads make; 0 where encoders' vectors stay as they are.
inline std::int64_t heads_width(const TrainConfig& config) {
  return config.mode == Mode::kProbe ? 0 : config.width;
}

// All that one training has learnt: "heads.*" and, where the image encoder is fine-tuned,
// "image_encoder.*", where token embeddings are trained, "text_encoder.weight".
class NetworkImpl : public torch::nn::Module {
 public:
  NetworkImpl(std::shared_ptr<ImageEncoderModule> encoder, std::shared_ptr<WordBagImpl> tokens,
              const Heads& heads);
  ImageEncoderModule* encoder() const { return encoder_.get(); }  // null if frozen
  WordBagImpl* tokens() const { return tokens_.get(); }           // null without
  HeadsImpl& heads() const { return *heads_; }

 private:
  std::shared_ptr<ImageEncoderModule> encoder_;
  std::shared_ptr<WordBagImpl> tokens_;
  std::shared_ptr<HeadsImpl> heads_;
};
TORCH_MODULE(Network);

// What one step works on. B samples, N of them with a note.
struct Batch {
  torch::Tensor features;    // [B, F]; undefined where the mode takes no images
  torch::Tensor labels;      // [B] int64
  torch::Tensor embeddings;  // [N, G]; undefined where N = 0
  torch::Tensor with_note;   // [N] int64, the samples that have one; undefined where N = B
  torch::Tensor named;       // [N, K] concepts named, where the form needs them
  torch::Tensor concepts;    // [K, G], the same
};

// The loss of a mode as a sum of terms. docs/method.md, "The loss". Terms over pairs, and those of
// the text, are means over the N samples that have a note, and 0 for N = 0.
class Objective {
 public:
  explicit Objective(const TrainConfig& config);

  // Names of the terms, in the order of `terms`: of "image", "text", "cosine", "l1", "contrastive",
  // "probe" those that the mode has.
  const std::vector<std::string>& parts() const { return parts_; }
  bool needs_concepts() const { return needs_concepts_; }

  // The terms [parts().size()] of a step (from 0, counted over all epochs), weighted; their sum is
  // the loss.
  torch::Tensor terms(HeadsImpl& heads, const Batch& batch, std::size_t step) const;

 private:
  Mode mode_;
  ContrastiveLoss contrastive_;
  bool needs_concepts_;
  double temperature_;
  double label_smoothing_;
  bool align_directions_;
  std::map<std::string, double> weights_;  // of every term
  std::size_t ramp_;                       // steps; 0: none
  std::vector<std::string> parts_;
};

}  // namespace epicrisis
