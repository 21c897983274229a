#include "settings/clip_text_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "tensor/name_rules.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

// Hugging Face's, below "text_model.".
constexpr std::string_view kHuggingFace = "text_model.";
constexpr std::string_view kLayers = "encoder.layers.";
constexpr std::array<NameRule, 4> kOuter{
    {{"embeddings.token_embedding.", "token_embedding."},
     {"embeddings.position_embedding.weight", "positional_embedding"},
     {"embeddings.position_ids", "position_ids"},
     {"final_layer_norm.", "ln_final."}}};
constexpr std::array<NameRule, 8> kInLayer{{{"layer_norm1.", "ln_1."},
                                            {"layer_norm2.", "ln_2."},
                                            {"self_attn.q_proj.", "attn.q_proj."},
                                            {"self_attn.k_proj.", "attn.k_proj."},
                                            {"self_attn.v_proj.", "attn.v_proj."},
                                            {"self_attn.out_proj.", "attn.out_proj."},
                                            {"mlp.fc1.", "mlp.c_fc."},
                                            {"mlp.fc2.", "mlp.c_proj."}}};

// Of a name below "text_model."; "" for one that is not known.
std::string open_clip_name(std::string_view name) {
  if (!name.starts_with(kLayers)) return renamed(name, kOuter);
  name.remove_prefix(kLayers.size());
  const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
  if (digits == 0 || digits == name.size() || name[digits] != '.') return "";
  const std::string part = renamed(name.substr(digits + 1), kInLayer);
  if (part.empty()) return "";
  return fmt::format("transformer.resblocks.{}.{}", name.substr(0, digits), part);
}

}  // namespace

TensorFile clip_text_tensors(const TensorFile& file, std::vector<std::string>& remarks) {
  const TensorFile named = file.renamed([](const std::string& name) {
    // Version 5 of transformers saves a text encoder that stands alone without "text_model.".
    const std::size_t at = name.find(kHuggingFace);
    const std::size_t begin = at == std::string::npos ? 0 : at;
    const std::size_t skipped = at == std::string::npos ? 0 : kHuggingFace.size();
    const std::string own = open_clip_name(std::string_view(name).substr(begin + skipped));
    return own.empty() ? name : name.substr(0, begin) + own;
  });
  return model_weights(
      named,
      {"token_embedding.weight", "positional_embedding", "ln_final.weight",
       "transformer.resblocks.0.ln_1.weight", "transformer.resblocks.0.mlp.c_fc.weight"},
      remarks);
}

bool is_clip_text_tensor(const std::string& name) {
  constexpr std::array<std::string_view, 7> kNames{
      "token_embedding.", "positional_embedding", "transformer.", "ln_final.",
      "text_projection",  "text_model.",          "text."};
  return std::ranges::any_of(kNames, [&](std::string_view part) { return name.starts_with(part); });
}

}  // namespace epicrisis
