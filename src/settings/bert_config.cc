#include "settings/bert_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "settings/config_values.h"
#include "settings/open_clip_config.h"
#include "settings/tensor_account.h"
#include "tensor/name_rules.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

constexpr std::int64_t kMaxDimension = 1 << 20;
constexpr std::int64_t kRobertaPadding = 1;  // the id of its <pad>
constexpr std::int64_t kFewestTokens = 2;    // the first and the last

// What config.json of a family calls its sizes.
struct FamilyKeys {
  std::string_view type;
  BertFamily family;
  const char* layers;
  const char* hidden;
  const char* heads;
  const char* intermediate;
  const char* activation;
};
constexpr std::array kBertFamilies{
    FamilyKeys{kBertText, BertFamily::kBert, "num_hidden_layers", "hidden_size",
               "num_attention_heads", "intermediate_size", "hidden_act"},
    FamilyKeys{kRobertaText, BertFamily::kRoberta, "num_hidden_layers", "hidden_size",
               "num_attention_heads", "intermediate_size", "hidden_act"},
    FamilyKeys{kDistilBertText, BertFamily::kDistilBert, "n_layers", "dim", "n_heads", "hidden_dim",
               "activation"}};

// transformers.DistilBertModel's names within a layer, and BERT's.
constexpr std::array<NameRule, 8> kDistilBertNames{
    {{"attention.q_lin.", "attention.self.query."},
     {"attention.k_lin.", "attention.self.key."},
     {"attention.v_lin.", "attention.self.value."},
     {"attention.out_lin.", "attention.output.dense."},
     {"sa_layer_norm.", "attention.output.LayerNorm."},
     {"ffn.lin1.", "intermediate.dense."},
     {"ffn.lin2.", "output.dense."},
     {"output_layer_norm.", "output.LayerNorm."}}};

// "distilbert.transformer.layer.3.ffn.lin1.bias" -> "distilbert.encoder.layer.3.intermediate...";
// other names stay.
std::string bert_name(const std::string& published) {
  constexpr std::string_view kLayer = "transformer.layer.";
  const std::size_t at = published.find(kLayer);
  if (at == std::string::npos || (at > 0 && published[at - 1] != '.')) return published;
  const std::size_t number = at + kLayer.size();
  const std::size_t dot = published.find('.', number);
  if (dot == std::string::npos || dot == number) return published;
  const std::string own = renamed(std::string_view(published).substr(dot + 1), kDistilBertNames);
  if (own.empty()) return published;
  return fmt::format("{}encoder.layer.{}.{}", published.substr(0, at),
                     published.substr(number, dot - number), own);
}

Activation bert_activation(const Json& json, const char* key, const std::string& source) {
  const auto name = json_get_or<std::string>(json, key, "gelu", source);
  if (name == "gelu") return Activation::kGelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return Activation::kGeluTanh;
  if (name == "relu") return Activation::kRelu;
  throw InputError("{}: {} '{}'; there are gelu, gelu_new, gelu_pytorch_tanh, relu", source, key,
                   name);
}

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
  if (weights.has("embeddings.token_type_embeddings.weight")) {
    config.types = size("embeddings.token_type_embeddings.weight", 0);
  }
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
  if (config.types == 1 && config.positions > kRobertaPadding + kFewestTokens) {
    config.family = BertFamily::kRoberta;  // BERTs have two types
    config.first_position = kRobertaPadding + 1;
    config.norm_epsilon = 1e-5;
  }
  if (config.types == 0) config.family = BertFamily::kDistilBert;
  return config;
}

BertConfig read_bert_config(const ModelConfig& model, const TensorFile& tensors) {
  const auto& [json, source] = model;
  if (is_open_clip_config(json)) return told_bert_config(tensors);
  const std::string type = text_model_type(json, source);
  const auto* keys = std::ranges::find(kBertFamilies, type, &FamilyKeys::type);
  if (keys == kBertFamilies.end()) {
    throw InputError("{}: model_type '{}'; of BERT's family bert, roberta and distilbert are read",
                     source, type);
  }
  const auto positions =
      json_get_or<std::string>(json, "position_embedding_type", "absolute", source);
  if (positions != "absolute" || json_get_or<bool>(json, "is_decoder", false, source)) {
    throw InputError("{}: positions '{}' or a decoder; absolute positions and an encoder are read",
                     source, positions);
  }
  BertConfig config;
  config.family = keys->family;
  config.layers = size_of(json, keys->layers, source);
  config.hidden = size_of(json, keys->hidden, source);
  config.heads = size_of(json, keys->heads, source);
  config.intermediate = size_of(json, keys->intermediate, source);
  config.vocabulary = size_of(json, "vocab_size", source);
  config.positions = size_of(json, "max_position_embeddings", source);
  config.norm_epsilon = json_get_or<double>(json, "layer_norm_eps", 1e-12, source);
  if (config.family != BertFamily::kDistilBert) {
    config.types = json.contains("type_vocab_size") ? size_of(json, "type_vocab_size", source) : 2;
  }
  if (config.family == BertFamily::kRoberta) {
    config.first_position = 1 + whole_number(json, "pad_token_id", kRobertaPadding, 0,
                                             config.positions - kFewestTokens - 1, source);
  }
  if (config.hidden % config.heads != 0) {
    throw InputError("{}: {} attention heads do not divide the width {}", source, config.heads,
                     config.hidden);
  }
  config.activation = bert_activation(json, keys->activation, source);
  return config;
}

TensorFile bert_tensors(const TensorFile& file, std::vector<std::string>& remarks,
                        std::string* prefix) {
  return model_weights(
      file.renamed(bert_name),
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
  if (config.types > 0) {
    account.want("embeddings.token_type_embeddings.weight", {config.types, width});
  }
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
    constexpr std::array<std::string_view, 6> kHeads{"cls.",   "lm_head.",        "classifier.",
                                                     "vocab_", "pre_classifier.", "qa_outputs."};
    return std::ranges::any_of(kHeads,
                               [&](std::string_view head) { return name.starts_with(head); });
  });
}

void require_bert_tensors(const BertConfig& config, const TensorFile& file) {
  require_fit(bert_fit(config, file), file);
}

}  // namespace epicrisis
