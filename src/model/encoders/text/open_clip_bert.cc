#include "model/encoders/text/open_clip_bert.h"

#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "settings/config_values.h"
#include "settings/open_clip_config.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

constexpr std::int64_t kMaxWidth = 16384;
constexpr std::int64_t kMaxTokens = 1 << 16;

TextPooling pooling_of(const std::string& name, std::string_view source) {
  if (name == "cls_pooler") return TextPooling::kPooler;
  if (name == "cls_last_hidden_state_pooler") return TextPooling::kCls;
  if (name == "mean_pooler") return TextPooling::kMean;
  throw InputError(
      "{}: 'hf_pooler_type' is '{}'; there are cls_pooler, cls_last_hidden_state_pooler and "
      "mean_pooler",
      source, name);
}

// `text_cfg` with its nulls.
const Json& said_text(const Json& json) {
  return json.contains("model_cfg") ? json["model_cfg"]["text_cfg"] : json["text_cfg"];
}

}  // namespace

std::optional<OpenClipBert> read_open_clip_bert(const ModelConfig& config) {
  const auto& [json, source] = config;
  if (!is_open_clip_config(json)) return std::nullopt;
  const Json model = open_clip_model(json);
  const Json& text = model["text_cfg"];
  OpenClipBert bert;
  bert.pooling.pooling =
      pooling_of(json_get_or<std::string>(text, "hf_pooler_type", "mean_pooler", source), source);
  bert.max_tokens =
      static_cast<std::size_t>(whole_number(text, "context_length", 77, 2, kMaxTokens, source));
  // Where it is null there is none, where it is not there it is open_clip's own choice.
  const bool none = said_text(json).contains("hf_proj_type") && !text.contains("hf_proj_type");
  bert.projection = json_get_or<std::string>(text, "hf_proj_type", none ? "" : "mlp", source);
  bert.embed_dim = whole_number(model, "embed_dim", 512, 1, kMaxWidth, source);
  if (!bert.projection.empty() && bert.projection != "linear" && bert.projection != "mlp") {
    throw InputError("{}: 'hf_proj_type' is '{}'; there are linear and mlp", source,
                     bert.projection);
  }
  return bert;
}

Projection read_open_clip_projection(const TensorFile& file, const OpenClipBert& bert,
                                     std::int64_t width) {
  Projection projection;
  if (bert.projection.empty()) return projection;
  std::vector<std::string> remarks;  // that much else is there is known
  const TensorFile text = model_weights(
      file, {"text.proj.weight", "text.proj.0.weight", "text.proj.2.weight"}, remarks);
  if (bert.projection == "linear") {
    projection.maps.push_back(projection_map(text, "text.proj", bert.embed_dim, width));
    return projection;
  }
  const std::int64_t between = (width + bert.embed_dim) / 2;
  projection.maps.push_back(projection_map(text, "text.proj.0", between, width));
  projection.maps.push_back(projection_map(text, "text.proj.2", bert.embed_dim, between));
  return projection;
}

}  // namespace epicrisis
