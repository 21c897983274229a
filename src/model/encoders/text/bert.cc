#include "model/encoders/text/bert.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

namespace epicrisis {

Bert::Bert(const BertConfig& config, const TensorFile& file, torch::ScalarType type)
    : config_(config), type_(type) {
  require_bert_tensors(config, file);
  const TensorTaker taker(file, type);
  const std::string embeddings = "embeddings.";
  words_ = taker.take(embeddings + "word_embeddings.weight");
  positions_ =
      taker.take(embeddings + "position_embeddings.weight").slice(0, config.first_position);
  if (config.types > 0) {
    positions_ =
        positions_ + taker.take(embeddings + "token_type_embeddings.weight").slice(0, 0, 1);
  }
  embedding_norm_ = taker.affine(embeddings + "LayerNorm");
  for (std::int64_t i = 0; i < config.layers; ++i) {
    const std::string name = fmt::format("encoder.layer.{}.", i);
    const std::string self = name + "attention.self.";
    Layer layer;
    layer.qkv = taker.joined({self + "query", self + "key", self + "value"});
    layer.attended = taker.affine(name + "attention.output.dense");
    layer.attended_norm = taker.affine(name + "attention.output.LayerNorm");
    layer.up = taker.affine(name + "intermediate.dense");
    layer.down = taker.affine(name + "output.dense");
    layer.norm = taker.affine(name + "output.LayerNorm");
    layers_.push_back(std::move(layer));
  }
  if (file.has("pooler.dense.weight")) pooler_ = taker.affine("pooler.dense");
}

torch::Tensor Bert::normalise(const AffineTensors& norm, const torch::Tensor& x) const {
  return torch::layer_norm(x, {config_.hidden}, norm.weight, norm.bias, config_.norm_epsilon);
}

torch::Tensor Bert::attend(const Layer& layer, const torch::Tensor& x,
                           const torch::Tensor& mask) const {
  const auto [query, key, value] =
      split_heads(torch::linear(x, layer.qkv.weight, layer.qkv.bias), config_.heads);
  return torch::linear(join_heads(softmax_attention(query, key, value, mask)),
                       layer.attended.weight, layer.attended.bias);
}

torch::Tensor Bert::forward(const torch::Tensor& ids, const torch::Tensor& lengths) const {
  const std::int64_t length = ids.size(1);
  torch::Tensor mask;
  if (lengths.min().item<std::int64_t>() < length) {
    const auto padding = torch::arange(length).unsqueeze(0) >= lengths.unsqueeze(1);
    mask = torch::zeros({ids.size(0), 1, 1, length}, type_)
               .masked_fill_(padding.view({ids.size(0), 1, 1, length}),
                             -std::numeric_limits<float>::infinity());
  }
  torch::Tensor x =
      normalise(embedding_norm_, torch::embedding(words_, ids) + positions_.slice(0, 0, length));
  for (const Layer& layer : layers_) {
    x = normalise(layer.attended_norm, attend(layer, x, mask).add_(x));
    torch::Tensor wide = torch::linear(x, layer.up.weight, layer.up.bias);
    switch (config_.activation) {
      case Activation::kGelu:
        wide = torch::gelu(wide);
        break;
      case Activation::kGeluTanh:
        wide = torch::gelu(wide, "tanh");
        break;
      case Activation::kRelu:
        wide = torch::relu_(wide);
        break;
    }
    x = normalise(layer.norm, torch::linear(wide, layer.down.weight, layer.down.bias).add_(x));
  }
  return x;
}

torch::Tensor Bert::pool(const torch::Tensor& first) const {
  return torch::tanh(torch::linear(first, pooler_.weight, pooler_.bias));
}

}  // namespace epicrisis
