#include "model/encoders/text/clip_text.h"

#include <limits>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/json.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/text/tokenizers/byte_pair.h"
#include "model/encoders/text/affine_tensors.h"
#include "model/encoders/text/frozen_text_encoder.h"
#include "settings/clip_text_config.h"
#include "settings/clip_text_names.h"
#include "settings/tensor_account.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

class ClipTextTower : public TextTower {
 public:
  // InputError that lists missing, unknown and misshapen tensors.
  ClipTextTower(const ClipTextConfig& config, const TensorFile& file, torch::ScalarType type)
      : config_(config), type_(type) {
    require_clip_text_tensors(config, file);
    const TensorTaker taker(file, type);
    tokens_ = taker.take("token_embedding.weight");
    positions_ = taker.take("positional_embedding");
    for (std::int64_t i = 0; i < config.layers; ++i) {
      const std::string name = fmt::format("transformer.resblocks.{}.", i);
      const std::string attention = name + "attn.";
      Layer layer;
      layer.norm1 = taker.affine(name + "ln_1");
      layer.qkv =
          file.has(attention + "q_proj.weight")
              ? taker.joined({attention + "q_proj", attention + "k_proj", attention + "v_proj"})
              : AffineTensors{taker.take(attention + "in_proj_weight"),
                              taker.take(attention + "in_proj_bias")};
      layer.attended = taker.affine(name + "attn.out_proj");
      layer.norm2 = taker.affine(name + "ln_2");
      layer.up = taker.affine(name + "mlp.c_fc");
      layer.down = taker.affine(name + "mlp.c_proj");
      layers_.push_back(std::move(layer));
    }
    norm_ = taker.affine("ln_final");
    if (config.projection > 0) {
      projection_ = file.has("text_projection") ? taker.take("text_projection").t()
                                                : taker.take("text_projection.weight");
    }
  }

  // A token sees those before it alone, so what fills a shorter text changes nothing.
  torch::Tensor vectors(const torch::Tensor& ids, const torch::Tensor& lengths) const override {
    const std::int64_t length = ids.size(1);
    const torch::Tensor later =
        torch::full({length, length}, -std::numeric_limits<float>::infinity()).triu(1).to(type_);
    torch::Tensor x = torch::embedding(tokens_, ids) + positions_.slice(0, 0, length);
    for (const Layer& layer : layers_) {
      x = x + attend(layer, normalise(layer.norm1, x), later);
      const torch::Tensor wide =
          torch::linear(normalise(layer.norm2, x), layer.up.weight, layer.up.bias);
      x = x +
          torch::linear(activated(wide, config_.activation), layer.down.weight, layer.down.bias);
    }
    const torch::Tensor last = x.index({torch::arange(ids.size(0)), lengths - 1});  // [B, width]
    const torch::Tensor state = normalise(norm_, last);
    return (projection_.defined() ? torch::linear(state, projection_) : state).to(torch::kFloat32);
  }
  std::int64_t dimension() const override {
    return config_.projection > 0 ? config_.projection : config_.width;
  }

 private:
  struct Layer {
    AffineTensors norm1, qkv, attended, norm2, up, down;
  };

  torch::Tensor normalise(const AffineTensors& norm, const torch::Tensor& x) const {
    return torch::layer_norm(x, {config_.width}, norm.weight, norm.bias, config_.norm_epsilon);
  }

  torch::Tensor attend(const Layer& layer, const torch::Tensor& x,
                       const torch::Tensor& later) const {
    const auto [query, key, value] =
        split_heads(torch::linear(x, layer.qkv.weight, layer.qkv.bias), config_.heads);
    return torch::linear(join_heads(softmax_attention(query, key, value, later)),
                         layer.attended.weight, layer.attended.bias);
  }

  ClipTextConfig config_;
  torch::ScalarType type_;
  torch::Tensor tokens_, positions_, projection_;
  AffineTensors norm_;
  std::vector<Layer> layers_;
};

}  // namespace

std::unique_ptr<TextEncoder> load_clip_text_encoder(const Path& folder, const ModelConfig& model,
                                                    const TextEncoderOptions& options) {
  if (options.pooling != TextPooling::kAuto) {
    throw UsageError("{}: CLIP's texts have the vector of their last token; no other pooling fits",
                     folder.string());
  }
  const ClipTextConfig config = parse_clip_text_config(model.json, model.source);
  FrozenTextParts parts;
  auto tokenizer = std::make_unique<BytePair>(BytePair::from_folder(folder));
  require_token_vectors(folder, config.vocabulary, tokenizer->size());
  parts.tokenizer = std::move(tokenizer);
  parts.max_tokens =
      token_limit(options, static_cast<std::size_t>(config.positions), config.positions, folder);
  const Precision precision = text_precision(options);
  const TensorFile weights = clip_text_tensors(read_weights(weight_file_in(folder)), parts.remarks);
  parts.tower = std::make_unique<ClipTextTower>(config, weights, scalar_type(precision));
  parts.threads = options.threads;
  parts.description =
      fmt::format("{}, last token{}, {}", folder.filename().string(),
                  config.projection > 0 ? ", projected" : "", parts.tower->dimension());
  parts.fingerprint =
      sha256_of_fields({"clip text 1", model_fingerprint(folder.string()),
                        std::to_string(parts.max_tokens), precision_name(precision)});
  return make_frozen_text_encoder(std::move(parts));
}

}  // namespace epicrisis
