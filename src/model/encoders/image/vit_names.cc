#include "model/encoders/image/vit_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "tensor/name_rules.h"

namespace epicrisis {
namespace {

// Outside the layers.
constexpr std::array<NameRule, 19> kOuter{
    {{"embeddings.cls_token", "cls_token"},
     {"embeddings.mask_token", "mask_token"},
     {"embeddings.position_embeddings", "pos_embed"},
     {"embeddings.register_tokens", "reg_token"},
     {"embeddings.patch_embeddings.projection.", "patch_embed.proj."},
     {"embeddings.class_embedding", "cls_token"},
     {"embeddings.position_embedding.weight", "pos_embed"},
     {"embeddings.position_ids", "position_ids"},
     {"embeddings.patch_embedding.", "patch_embed.proj."},
     {"pre_layrnorm.", "norm_pre."},  // so Hugging Face spells it
     {"pre_layernorm.", "norm_pre."},
     {"post_layernorm.", "norm."},
     {"layernorm.", "norm."},
     {"class_embedding", "cls_token"},
     {"positional_embedding", "pos_embed"},
     {"conv1.weight", "patch_embed.proj.weight"},
     {"ln_pre.", "norm_pre."},
     {"ln_post.", "norm."},
     {"register_tokens", "reg_token"}}};

constexpr std::array<NameRule, 18> kHuggingFace{
    {{"layernorm_before.", "norm1."},
     {"layernorm_after.", "norm2."},
     {"attention.attention.query.", "attn.q."},
     {"attention.attention.key.", "attn.k."},
     {"attention.attention.value.", "attn.v."},
     {"attention.output.dense.", "attn.proj."},
     {"attention.q_proj.", "attn.q."},  // as version 5 of transformers has them in memory
     {"attention.k_proj.", "attn.k."},
     {"attention.v_proj.", "attn.v."},
     {"attention.o_proj.", "attn.proj."},
     {"intermediate.dense.", "mlp.fc1."},
     {"output.dense.", "mlp.fc2."},
     {"norm1.", "norm1."},
     {"norm2.", "norm2."},
     {"layer_scale1.lambda1", "ls1.gamma"},
     {"layer_scale2.lambda1", "ls2.gamma"},
     {"mlp.fc1.", "mlp.fc1."},
     {"mlp.fc2.", "mlp.fc2."}}};

constexpr std::array<NameRule, 8> kHuggingFaceClip{{{"layer_norm1.", "norm1."},
                                                    {"layer_norm2.", "norm2."},
                                                    {"self_attn.q_proj.", "attn.q."},
                                                    {"self_attn.k_proj.", "attn.k."},
                                                    {"self_attn.v_proj.", "attn.v."},
                                                    {"self_attn.out_proj.", "attn.proj."},
                                                    {"mlp.fc1.", "mlp.fc1."},
                                                    {"mlp.fc2.", "mlp.fc2."}}};

constexpr std::array<NameRule, 9> kOpenClip{{{"ln_1.", "norm1."},
                                             {"ln_2.", "norm2."},
                                             {"attn.in_proj_weight", "attn.qkv.weight"},
                                             {"attn.in_proj_bias", "attn.qkv.bias"},
                                             {"attn.out_proj.", "attn.proj."},
                                             {"mlp.c_fc.", "mlp.fc1."},
                                             {"mlp.c_proj.", "mlp.fc2."},
                                             {"ls_1.gamma", "ls1.gamma"},
                                             {"ls_2.gamma", "ls2.gamma"}}};

// PanDerm's, which are BEiT's: timm's but for the scales and the biases (kBiasesApart).
constexpr std::array<NameRule, 2> kBeit{{{"gamma_1", "ls1.gamma"}, {"gamma_2", "ls2.gamma"}}};

struct Layers {
  std::string_view beginning;
  std::span<const NameRule> names;
};
constexpr std::array<Layers, 5> kLayers{{{"blocks.", kBeit},
                                         {"encoder.layer.", kHuggingFace},
                                         {"layers.", kHuggingFace},
                                         {"encoder.layers.", kHuggingFaceClip},
                                         {"transformer.resblocks.", kOpenClip}}};

// Query, key and value, in the order in which they are joined.
constexpr std::array<std::string_view, 3> kApart{".attn.q.", ".attn.k.", ".attn.v."};

// BEiT's biases of query and value; keys have none.
constexpr std::array<std::string_view, 2> kBiasesApart{".attn.q_bias", ".attn.v_bias"};

// What is beside the features in files of whole models.
bool is_passed_over(std::string_view name) {
  constexpr std::array<std::string_view, 3> kNames{"mask_token", "position_ids", "proj"};
  return name.starts_with("pooler.") || std::ranges::find(kNames, name) != kNames.end();
}

// Tensors that are made of others, and what owns them all.
struct Made {
  explicit Made(const TensorFile& file) : published(file) {}
  TensorFile published;
  std::vector<std::vector<std::byte>> memory;
};

std::vector<std::byte> as_float32(const TensorView& tensor) {
  const std::vector<float> values = to_float32(tensor);
  std::vector<std::byte> bytes(values.size() * sizeof(float));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

// The three along the first axis, in float32.
TensorView joined(const std::array<const TensorView*, 3>& parts, Made& made) {
  TensorView whole;
  whole.shape = parts[0]->shape;
  whole.shape[0] *= 3;
  std::vector<std::byte> bytes;
  for (const TensorView* part : parts) {
    const std::vector<std::byte> one = as_float32(*part);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  made.memory.push_back(std::move(bytes));
  whole.bytes = made.memory.back();
  return whole;
}

// "blocks.3.attn.q_bias" -> "blocks.3"; nothing for other names.
std::optional<std::string> block_of_bias(const std::string& name) {
  for (const std::string_view part : kBiasesApart) {
    if (name.ends_with(part)) return name.substr(0, name.size() - part.size());
  }
  return std::nullopt;
}

// Of a block the bias that query, key and value have together, of the biases of query and value.
TensorView joined_bias(const TensorFile& file, const std::string& block, Made& made) {
  std::array<const TensorView*, 2> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string name = block + std::string(kBiasesApart[i]);
    const auto found = file.tensors().find(name);
    parts[i] = found == file.tensors().end() ? nullptr : &found->second;
    if (parts[i] == nullptr || parts[i]->bytes.empty() || parts[i]->shape.size() != 1 ||
        parts[i]->shape != parts[0]->shape) {
      throw InputError("{}: '{}{}' and '{}{}' belong together, and are not two of one length",
                       file.source(), block, kBiasesApart[0], block, kBiasesApart[1]);
    }
  }
  TensorView none = *parts[0];
  made.memory.emplace_back(static_cast<std::size_t>(none.shape[0]) * sizeof(float), std::byte{0});
  none.bytes = made.memory.back();
  none.type = TensorType::kF32;
  return joined({parts[0], &none, parts[1]}, made);
}

// "blocks.3.attn.q.weight" -> the three names that belong together; nothing for other names.
std::optional<std::array<std::string, 3>> names_apart(const std::string& name) {
  for (const std::string_view part : kApart) {
    const std::size_t at = name.find(part);
    if (at == std::string::npos) continue;
    std::array<std::string, 3> names;
    for (std::size_t i = 0; i < names.size(); ++i) {
      names[i] = name;
      names[i].replace(at, part.size(), kApart[i]);
    }
    return names;
  }
  return std::nullopt;
}

std::string joined_name(std::string query) {
  return query.replace(query.find(kApart[0]), kApart[0].size(), ".attn.qkv.");
}

std::array<const TensorView*, 3> three_parts(const TensorFile& file,
                                             const std::array<std::string, 3>& names) {
  std::array<const TensorView*, 3> parts{};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto found = file.tensors().find(names[i]);
    if (found == file.tensors().end()) {
      throw InputError("{}: of query, key and value that belong together '{}' is not there",
                       file.source(), names[i]);
    }
    parts[i] = &found->second;
    if (parts[i]->bytes.empty() || parts[i]->shape.empty() || parts[i]->shape != parts[0]->shape) {
      throw InputError("{}: {} is {} and {} is {}; query, key and value have one shape",
                       file.source(), names[0], describe(*parts[0]), names[i], describe(*parts[i]));
    }
  }
  return parts;
}

// Class token [D] -> [1, 1, D], positions [N, D] -> [1, N, D].
void add_dimensions(const std::string& name, TensorView& tensor) {
  const bool token = name == "cls_token" || name == "reg_token" || name == "pos_embed";
  if (!token || tensor.shape.empty()) return;
  while (tensor.shape.size() < 3) tensor.shape.insert(tensor.shape.begin(), 1);
}

constexpr std::int64_t kMaxGrid = 1024;
constexpr std::int64_t kMaxRegisters = 64;

// The side of a square of `count`, 0 if it is none or too large.
std::int64_t side_of(std::int64_t count) {
  if (count < 1 || count > kMaxGrid * kMaxGrid) return 0;
  const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(count))));
  return side * side == count ? side : 0;
}

}  // namespace

std::string timm_vit_name(const std::string& published) {
  std::string outer = renamed(published, kOuter);
  if (!outer.empty()) return outer;
  for (const Layers& layers : kLayers) {
    if (!published.starts_with(layers.beginning)) continue;
    const std::string_view rest = std::string_view(published).substr(layers.beginning.size());
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    if (digits == 0 || digits == rest.size() || rest[digits] != '.') return published;
    const std::string part = renamed(rest.substr(digits + 1), layers.names);
    if (part.empty()) return published;
    return fmt::format("blocks.{}.{}", rest.substr(0, digits), part);
  }
  return published;
}

TensorFile timm_vit_tensors(const TensorFile& file) {
  auto made = std::make_shared<Made>(file);
  std::map<std::string, TensorView> tensors;
  for (const auto& [name, tensor] : file.tensors()) {
    if (is_passed_over(name)) continue;
    if (const auto block = block_of_bias(name)) {
      std::string whole = *block + ".attn.qkv.bias";
      if (!tensors.contains(whole)) {
        tensors.emplace(std::move(whole), joined_bias(file, *block, *made));
      }
      continue;
    }
    if (const auto names = names_apart(name)) {
      const auto parts = three_parts(file, *names);
      std::string whole = joined_name(names->front());
      if (name == names->front()) tensors.emplace(std::move(whole), joined(parts, *made));
      continue;
    }
    std::string own = name;
    for (const char* scale :
         {".ls1.weight", ".ls2.weight"}) {  // model_weights() took it for a norm
      if (own.ends_with(scale)) own.replace(own.rfind('.'), std::string::npos, ".gamma");
    }
    const auto place = tensors.emplace(own, tensor);
    if (!place.second) {
      throw InputError("{}: '{}' and query, key and value are both there", file.source(), own);
    }
    add_dimensions(own, place.first->second);
  }
  return {file.source(), std::move(made), std::move(tensors), file.metadata()};
}

void tell_vit_form(const TensorFile& weights, VitForm& form) {
  const auto shape_of = [&](const std::string& name) {
    const auto found = weights.tensors().find(name);
    return found == weights.tensors().end() ? std::vector<std::int64_t>() : found->second.shape;
  };
  const auto tokens = shape_of("reg_token");
  if (tokens.size() == 3 && tokens[1] > 0 && tokens[1] <= kMaxRegisters) {
    form.registers = tokens[1];
  }
  form.layer_scale = form.layer_scale || weights.has("blocks.0.ls1.gamma");
  form.pre_norm = form.pre_norm || weights.has("norm_pre.weight");
  form.mean_of_patches =
      form.mean_of_patches || (weights.has("fc_norm.weight") && !weights.has("norm.weight"));
  const auto positions = shape_of("pos_embed");
  if (positions.size() != 3) return;
  for (const bool with_class : {false, true}) {
    const std::int64_t side = side_of(positions[1] - (with_class ? 1 : 0));
    if (side == 0) continue;
    form.grid = side;
    form.class_position = with_class;
    return;
  }
}

}  // namespace epicrisis
