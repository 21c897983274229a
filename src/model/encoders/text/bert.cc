#include "model/encoders/text/bert.h"

#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "epicrisis/core/error.h"
#include "model/tensors_torch.h"

namespace epicrisis {
namespace {

// Takes tensors out of a file and keeps account of what was wanted and what was there.
class Intake {
 public:
  Intake(const TensorFile& file, torch::ScalarType type) : file_(file), type_(type) {}

  bool has(const std::string& name) const { return file_.has(name); }

  torch::Tensor take(const std::string& name, const std::vector<std::int64_t>& shape) {
    taken_.insert(name);
    const auto found = file_.tensors().find(name);
    if (found == file_.tensors().end()) {
      problems_ += fmt::format("\n  missing: {} {}", name, describe_shape(shape));
    } else if (found->second.shape != shape) {
      problems_ += fmt::format("\n  {}: the file has {}, the model {}", name,
                               describe_shape(found->second.shape), describe_shape(shape));
    } else {
      return to_torch(found->second).to(type_);
    }
    return torch::zeros(shape, type_);
  }

  // Throws if anything was missing, misshapen, or is left over.
  void finish() {
    for (const auto& [name, tensor] : file_.tensors()) {
      if (taken_.count(name) != 0 || name.ends_with("position_ids")) continue;
      if (name.starts_with("cls.") || name.starts_with("classifier.")) continue;
      problems_ += fmt::format("\n  not known to the model: {} {}", name, describe(tensor));
    }
    constexpr std::size_t kMaxShown = 2000;
    if (problems_.size() > kMaxShown) problems_ = problems_.substr(0, kMaxShown) + "\n  ...";
    if (!problems_.empty()) {
      throw InputError("{}: the weights do not fit config.json{}", file_.source(), problems_);
    }
  }

 private:
  const TensorFile& file_;
  torch::ScalarType type_;
  std::set<std::string> taken_;
  std::string problems_;
};

}  // namespace

Bert::Bert(const BertConfig& config, const TensorFile& file, torch::ScalarType type)
    : config_(config), type_(type) {
  Intake intake(file, type);
  const std::int64_t width = config.hidden;
  const auto affine = [&](const std::string& name, std::int64_t out, std::int64_t in) {
    return Affine{intake.take(name + ".weight", {out, in}), intake.take(name + ".bias", {out})};
  };
  const auto norm = [&](const std::string& name) {
    return Affine{intake.take(name + ".weight", {width}), intake.take(name + ".bias", {width})};
  };
  const std::string embeddings = "embeddings.";
  words_ = intake.take(embeddings + "word_embeddings.weight", {config.vocabulary, width});
  positions_ = intake.take(embeddings + "position_embeddings.weight", {config.positions, width}) +
               intake.take(embeddings + "token_type_embeddings.weight", {config.types, width})
                   .slice(0, 0, 1);
  embedding_norm_ = norm(embeddings + "LayerNorm");
  for (std::int64_t i = 0; i < config.layers; ++i) {
    const std::string name = fmt::format("encoder.layer.{}.", i);
    const Affine query = affine(name + "attention.self.query", width, width);
    const Affine key = affine(name + "attention.self.key", width, width);
    const Affine value = affine(name + "attention.self.value", width, width);
    Layer layer;
    layer.qkv = {torch::cat({query.weight, key.weight, value.weight}),
                 torch::cat({query.bias, key.bias, value.bias})};
    layer.attended = affine(name + "attention.output.dense", width, width);
    layer.attended_norm = norm(name + "attention.output.LayerNorm");
    layer.up = affine(name + "intermediate.dense", config.intermediate, width);
    layer.down = affine(name + "output.dense", width, config.intermediate);
    layer.norm = norm(name + "output.LayerNorm");
    layers_.push_back(std::move(layer));
  }
  if (intake.has("pooler.dense.weight")) pooler_ = affine("pooler.dense", width, width);
  intake.finish();
}

torch::Tensor Bert::normalise(const Affine& norm, const torch::Tensor& x) const {
  return torch::layer_norm(x, {config_.hidden}, norm.weight, norm.bias, config_.norm_epsilon);
}

torch::Tensor Bert::attend(const Layer& layer, const torch::Tensor& x,
                           const torch::Tensor& mask) const {
  const std::int64_t batch = x.size(0);
  const std::int64_t length = x.size(1);
  const std::int64_t head = config_.hidden / config_.heads;
  // [B, L, 3H] -> three of [B, heads, L, head]
  const auto qkv = torch::linear(x, layer.qkv.weight, layer.qkv.bias)
                       .view({batch, length, 3, config_.heads, head})
                       .permute({2, 0, 3, 1, 4});
  const auto query = qkv.select(0, 0) * (1.0 / std::sqrt(static_cast<double>(head)));
  torch::Tensor scores = torch::matmul(query, qkv.select(0, 1).transpose(2, 3));
  if (mask.defined()) scores += mask;
  const auto mixed = torch::matmul(torch::softmax(scores, -1), qkv.select(0, 2));
  return torch::linear(mixed.transpose(1, 2).reshape({batch, length, config_.hidden}),
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
