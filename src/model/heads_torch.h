#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace epicrisis {

// The trained part of the model besides the image encoder. All layers are linear with bias:
//   z_img = W_s(W_i f),  z_txt = W_s(W_t g),  logits = W_c z,
// with f replaced by gelu(W_hi f), g by gelu(W_ht g) where there is a hidden layer, or, for a width
// of 0, z_img = f and z_txt = g. W_s and W_c are shared by both branches. Parameter
// names: image_projection, text_projection, shared_projection, classifier, and image_hidden,
// text_hidden where they are, each with .weight and .bias.
class HeadsImpl : public torch::nn::Module {
 public:
  // A branch of width 0 is left out; for `width` 0 both branches have one width; for `hidden` 0
  // there is no hidden layer. Weights and biases
  // are uniform in +-1/sqrt(inputs) (torch's rule for a linear layer), drawn from core/random.h:
  // equal for equal seeds on every platform, and a layer's draw does not depend on whether the
  // other branch is there.
  HeadsImpl(std::int64_t image_width, std::int64_t text_width, std::int64_t width,
            std::int64_t classes, std::uint64_t seed, std::int64_t hidden = 0);

  torch::Tensor project_image(const torch::Tensor& features);   // [B, F] -> z_img [B, width]
  torch::Tensor project_text(const torch::Tensor& embeddings);  // [B, G] -> z_txt [B, width]
  torch::Tensor classify(const torch::Tensor& z);               // [B, width] -> [B, classes]

  bool has_image() const { return !image_projection_.is_empty(); }
  bool has_text() const { return !text_projection_.is_empty(); }

 private:
  torch::nn::Linear image_hidden_{nullptr};
  torch::nn::Linear text_hidden_{nullptr};
  torch::nn::Linear image_projection_{nullptr};
  torch::nn::Linear text_projection_{nullptr};
  torch::nn::Linear shared_projection_{nullptr};
  torch::nn::Linear classifier_{nullptr};
};
TORCH_MODULE(Heads);

}  // namespace epicrisis
