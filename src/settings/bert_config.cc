#include "settings/bert_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "settings/open_clip_config.h"
#include "settings/tensor_account.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

constexpr std::int64_t kMaxDimension = 1 << 20;

std::int64_t size_of(const Json& json, std::string_view key, const std::string& source) {
  const auto value = json_get<std::int64_t>(json, key, source);
  if (value < 1 || value > kMaxDimension) {
    throw InputError("{}: '{}' is {}, 1 to {} was expected", source, key, value, kMaxDimension);
  }
  return value;
}

}  // namespace

BertConfig told_bert_config(const TensorFile& weights) {
  const auto size = [&](const char* name, std::size_t axis) {
    const auto found = weights.tensors().find(name);
    if (found == weights.tensors().end() || found->second.shape.size() != 2) {
      throw InputError("{}: no '{}' with two dimensions, so this is no BERT", weights.source(),
                       name);
    }
    return found->second.shape[axis];
  };
  BertConfig config;
  config.vocabulary = size("embeddings.word_embeddings.weight", 0);
  config.hidden = size("embeddings.word_embeddings.weight", 1);
  config.positions = size("embeddings.position_embeddings.weight", 0);
  config.types = size("embeddings.token_type_embeddings.weight", 0);
  config.intermediate = size("encoder.layer.0.intermediate.dense.weight", 0);
  while (weights.has(fmt::format("encoder.layer.{}.output.dense.weight", config.layers))) {
    ++config.layers;
  }
  constexpr std::int64_t kHead = 64;
  config.heads = std::max<std::int64_t>(config.hidden / kHead, 1);
  if (config.hidden < 1 || config.hidden % config.heads != 0) {
    throw InputError("{}: a width of {}, of which heads of {} are no part", weights.source(),
                     config.hidden, kHead);
  }
  config.norm_epsilon = 1e-12;
  return config;
}

BertConfig read_bert_config(const ModelConfig& model, const TensorFile& tensors) {
  const auto& [json, source] = model;
  if (is_open_clip_config(json)) return told_bert_config(tensors);
  const std::string type = text_model_type(json, source);
  if (type != "bert") {
    throw InputError("{}: model_type '{}'; only 'bert' is read", source, type);
  }
  const auto positions =
      json_get_or<std::string>(json, "position_embedding_type", "absolute", source);
  if (positions != "absolute" || json_get_or<bool>(json, "is_decoder", false, source)) {
    throw InputError("{}: positions '{}' or a decoder; absolute positions and an encoder are read",
                     source, positions);
  }
  BertConfig config;
  config.layers = size_of(json, "num_hidden_layers", source);
  config.hidden = size_of(json, "hidden_size", source);
  config.heads = size_of(json, "num_attention_heads", source);
  config.intermediate = size_of(json, "intermediate_size", source);
  config.vocabulary = size_of(json, "vocab_size", source);
  config.positions = size_of(json, "max_position_embeddings", source);
  config.types = json.contains("type_vocab_size") ? size_of(json, "type_vocab_size", source) : 2;
  config.norm_epsilon = json_get_or<double>(json, "layer_norm_eps", 1e-12, source);
  if (config.hidden % config.heads != 0) {
    throw InputError("{}: {} attention heads do not divide the width {}", source, config.heads,
                     config.hidden);
  }
  const auto activation = json_get_or<std::string>(json, "hidden_act", "gelu", source);
  if (activation == "gelu") {
    config.activation = Activation::kGelu;
  } else if (activation == "gelu_new" || activation == "gelu_pytorch_tanh") {
    config.activation = Activation::kGeluTanh;
  } else if (activation == "relu") {
    config.activation = Activation::kRelu;
  } else {
    throw InputError("{}: hidden_act '{}'; there are gelu, gelu_new, gelu_pytorch_tanh, relu",
                     source, activation);
  }
  return config;
}

TensorFile bert_tensors(const TensorFile& file, std::vector<std::string>& remarks,
                        std::string* prefix) {
  return model_weights(
      file,
      {"embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight",
       "embeddings.LayerNorm.weight", "encoder.layer.0.attention.self.query.weight",
       "encoder.layer.0.output.dense.weight"},
      remarks, prefix);
}

WeightFit bert_fit(const BertConfig& config, const TensorFile& file) {
  TensorAccount account(file);
  const std::int64_t width = config.hidden;
  account.want("embeddings.word_embeddings.weight", {config.vocabulary, width});
  account.want("embeddings.position_embeddings.weight", {config.positions, width});
  account.want("embeddings.token_type_embeddings.weight", {config.types, width});
  account.want_norm("embeddings.LayerNorm", width);
  for (std::int64_t i = 0; i < config.layers && !account.full(); ++i) {
    const std::string name = fmt::format("encoder.layer.{}.", i);
    for (const char* part : {"query", "key", "value"}) {
      account.want_map(name + "attention.self." + part, width, width);
    }
    account.want_map(name + "attention.output.dense", width, width);
    account.want_norm(name + "attention.output.LayerNorm", width);
    account.want_map(name + "intermediate.dense", config.intermediate, width);
    account.want_map(name + "output.dense", width, config.intermediate);
    account.want_norm(name + "output.LayerNorm", width);
  }
  if (account.has("pooler.dense.weight")) account.want_map("pooler.dense", width, width);
  return account.finish([](const std::string& name) {
    return name.starts_with("cls.") || name.starts_with("classifier.");
  });
}

void require_bert_tensors(const BertConfig& config, const TensorFile& file) {
  require_fit(bert_fit(config, file), file);
}

}  // namespace epicrisis
