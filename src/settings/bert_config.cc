#include "settings/bert_config.h"

#include <fmt/format.h>

#include <set>
#include <string_view>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/settings/model_folders.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

constexpr std::uint64_t kMaxConfig = 1 << 20;
constexpr std::int64_t kMaxDimension = 1 << 20;
constexpr std::size_t kMaxShown = 2000;  // characters of a list

std::int64_t size_of(const Json& json, std::string_view key, const std::string& source) {
  const auto value = json_get<std::int64_t>(json, key, source);
  if (value < 1 || value > kMaxDimension) {
    throw InputError("{}: '{}' is {}, 1 to {} was expected", source, key, value, kMaxDimension);
  }
  return value;
}

// Keeps account of what is wanted of a file and what is there.
class TensorAccount {
 public:
  explicit TensorAccount(const TensorFile& file) : file_(file) {}

  void want(const std::string& name, const std::vector<std::int64_t>& shape) {
    wanted_.insert(name);
    const auto found = file_.tensors().find(name);
    if (found == file_.tensors().end()) {
      problems_ += fmt::format("\n  missing: {} {}", name, describe_shape(shape));
    } else if (found->second.shape != shape) {
      problems_ += fmt::format("\n  {}: the file has {}, the model {}", name,
                               describe_shape(found->second.shape), describe_shape(shape));
    }
  }
  // More would not be shown.
  bool full() const { return problems_.size() > kMaxShown; }

  // Throws if anything was missing, misshapen, or is left over.
  void finish() {
    for (const auto& [name, tensor] : file_.tensors()) {
      if (full()) break;
      if (wanted_.contains(name) || name.ends_with("position_ids")) continue;
      if (name.starts_with("cls.") || name.starts_with("classifier.")) continue;
      problems_ += fmt::format("\n  not known to the model: {} {}", name, describe(tensor));
    }
    if (full()) problems_ = problems_.substr(0, kMaxShown) + "\n  ...";
    if (!problems_.empty()) {
      throw InputError("{}: the weights do not fit config.json{}", file_.source(), problems_);
    }
  }

 private:
  const TensorFile& file_;
  std::set<std::string> wanted_;
  std::string problems_;
};

}  // namespace

BertConfig read_bert_config(const Path& folder) {
  const std::string source = (folder / model_config_name(folder)).string();
  const Json json = parse_json(read_file(source, kMaxConfig), source);
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

TensorFile read_bert_weights(const Path& path, std::vector<std::string>& remarks) {
  return model_weights(
      read_weights(path),
      {"embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight",
       "embeddings.LayerNorm.weight", "encoder.layer.0.attention.self.query.weight",
       "encoder.layer.0.output.dense.weight"},
      remarks);
}

void require_bert_tensors(const BertConfig& config, const TensorFile& file) {
  TensorAccount account(file);
  const std::int64_t width = config.hidden;
  const auto affine = [&](const std::string& name, std::int64_t out, std::int64_t in) {
    account.want(name + ".weight", {out, in});
    account.want(name + ".bias", {out});
  };
  const auto norm = [&](const std::string& name) {
    account.want(name + ".weight", {width});
    account.want(name + ".bias", {width});
  };
  account.want("embeddings.word_embeddings.weight", {config.vocabulary, width});
  account.want("embeddings.position_embeddings.weight", {config.positions, width});
  account.want("embeddings.token_type_embeddings.weight", {config.types, width});
  norm("embeddings.LayerNorm");
  for (std::int64_t i = 0; i < config.layers && !account.full(); ++i) {
    const std::string name = fmt::format("encoder.layer.{}.", i);
    for (const char* part : {"query", "key", "value"}) {
      affine(name + "attention.self." + part, width, width);
    }
    affine(name + "attention.output.dense", width, width);
    norm(name + "attention.output.LayerNorm");
    affine(name + "intermediate.dense", config.intermediate, width);
    affine(name + "output.dense", width, config.intermediate);
    norm(name + "output.LayerNorm");
  }
  if (file.has("pooler.dense.weight")) affine("pooler.dense", width, width);
  account.finish();
}

void require_token_vectors(const Path& folder, const BertConfig& config, std::size_t entries) {
  if (entries <= static_cast<std::size_t>(config.vocabulary)) return;
  throw InputError("{}: the tokenizer has {} entries, the model has vectors for {}",
                   folder.string(), entries, config.vocabulary);
}

}  // namespace epicrisis
