#include "settings/text_fits.h"

#include <optional>
#include <string>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/settings/model_folders.h"
#include "settings/bert_config.h"
#include "settings/clip_text_config.h"
#include "settings/clip_text_names.h"

namespace epicrisis {
namespace {

// What the folder says of a text model that is read; nothing where it says none.
std::optional<ModelConfig> said_in(const Path& folder) {
  try {
    ModelConfig config = read_model_config(folder);
    if (is_read_text_model(text_model_type(config.json, config.source))) return config;
  } catch (const Error&) {
    return std::nullopt;  // no file, or a broken one: the weights alone are looked at
  }
  return std::nullopt;
}

WeightFit fit_of_clip(const TensorFile& weights, const ModelConfig& config) {
  std::vector<std::string> remarks;
  return clip_text_fit(parse_clip_text_config(config.json, config.source),
                       clip_text_tensors(weights, remarks));
}

WeightFit fit_of_bert(const TensorFile& weights, const std::optional<ModelConfig>& config,
                      std::string& prefix) {
  std::vector<std::string> remarks;
  const TensorFile own = bert_tensors(weights, remarks, &prefix);
  return bert_fit(config ? read_bert_config(*config, own) : told_bert_config(own), own);
}

}  // namespace

std::vector<ArchitectureFit> text_fits(const TensorFile& weights, const Path& folder) {
  const std::optional<ModelConfig> config = said_in(folder);
  ArchitectureFit fit;
  fit.said = config.has_value();
  fit.architecture =
      fit.said ? text_model_type(config->json, config->source) : std::string(kBertText);
  fit.kind = model_kind_name(ModelKind::kTextEncoder);
  try {
    fit.fit = fit.said && fit.architecture == kClipText ? fit_of_clip(weights, *config)
                                                        : fit_of_bert(weights, config, fit.prefix);
  } catch (const InputError& error) {
    if (!fit.said) return {};
    fit.problem = error.what();
  }
  return {std::move(fit)};
}

}  // namespace epicrisis
