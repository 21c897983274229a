#include "model/heads_torch.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "epicrisis/core/random.h"

namespace epicrisis {
namespace {

torch::nn::Linear drawn_linear(std::int64_t inputs, std::int64_t outputs, std::uint64_t seed,
                               const std::string& name) {
  torch::nn::Linear layer(inputs, outputs);
  Random random(seed, "heads." + name);
  const double bound = 1 / std::sqrt(static_cast<double>(inputs));
  const torch::NoGradGuard no_gradient;
  for (torch::Tensor& parameter : layer->parameters()) {
    float* values = parameter.data_ptr<float>();
    for (std::int64_t i = 0; i < parameter.numel(); ++i) {
      values[i] = static_cast<float>(random.uniform(-bound, bound));
    }
  }
  return layer;
}

torch::Tensor behind_hidden(torch::nn::Linear& hidden, const torch::Tensor& x) {
  return hidden.is_empty() ? x : torch::gelu(hidden(x));
}

}  // namespace

HeadsImpl::HeadsImpl(std::int64_t image_width, std::int64_t text_width, std::int64_t width,
                     std::int64_t classes, std::uint64_t seed, std::int64_t hidden) {
  const auto add = [&](const std::string& name, std::int64_t inputs, std::int64_t outputs) {
    return register_module(name, drawn_linear(inputs, outputs, seed, name));
  };
  if (width == 0) {
    classifier_ = add("classifier", std::max(image_width, text_width), classes);
    return;
  }
  if (hidden > 0 && image_width > 0) image_hidden_ = add("image_hidden", image_width, hidden);
  if (hidden > 0 && text_width > 0) text_hidden_ = add("text_hidden", text_width, hidden);
  const auto inputs = [&](std::int64_t branch) { return hidden > 0 ? hidden : branch; };
  if (image_width > 0) image_projection_ = add("image_projection", inputs(image_width), width);
  if (text_width > 0) text_projection_ = add("text_projection", inputs(text_width), width);
  shared_projection_ = add("shared_projection", width, width);
  classifier_ = add("classifier", width, classes);
}

torch::Tensor HeadsImpl::project_image(const torch::Tensor& features) {
  if (shared_projection_.is_empty()) return features;
  return shared_projection_(image_projection_(behind_hidden(image_hidden_, features)));
}

torch::Tensor HeadsImpl::project_text(const torch::Tensor& embeddings) {
  if (shared_projection_.is_empty()) return embeddings;
  return shared_projection_(text_projection_(behind_hidden(text_hidden_, embeddings)));
}

torch::Tensor HeadsImpl::classify(const torch::Tensor& z) { return classifier_(z); }

}  // namespace epicrisis
