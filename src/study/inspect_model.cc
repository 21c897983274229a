#include "epicrisis/study/inspect_model.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json_list.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/tensor/tensor_file.h"
#include "epicrisis/text/tokenizers/byte_pair.h"
#include "epicrisis/text/tokenizers/folder_tokenizer.h"
#include "settings/clip_text_config.h"
#include "settings/hub_cache.h"
#include "settings/tensor_account.h"
#include "settings/text_fits.h"
#include "study/model_fits.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNearest = 3;

Path path_of(std::string_view model) {
  std::error_code error;
  const Path path(model);
  Path found = !model.empty() && fs::exists(path, error) ? path : find_model(model);
  if (!is_hub_repository(found)) return found;
  if (const auto snapshot = hub_snapshot(found)) return *snapshot;
  throw InputError("{}: no snapshot of the branch main, and not one alone; name a folder below {}",
                   found.string(), (found / "snapshots").string());
}

std::string kind_of(const Path& path, const Path& folder, bool has_config) {
  if (is_hub_snapshot(folder)) return "Hugging Face snapshot";
  std::error_code error;
  if (!fs::is_directory(path, error)) return "weight file";
  if (!has_config) return "folder of weights";
  try {
    const Json config = read_model_config(folder).json;
    const bool theirs = config.is_object() &&
                        (config.contains("model_type") || config.contains("transformers_version"));
    return theirs ? "Hugging Face folder" : "model folder";
  } catch (const Error&) {
    return "model folder";
  }
}

ModelInspection::Config config_said(const Path& folder) {
  const FoundModel found = describe_model(folder);
  return {model_config_name(folder), found.architecture, std::string(model_kind_name(found.kind)),
          found.width, found.problem};
}

std::int64_t vectors_in(const Path& weights) {
  const TensorFile file = read_weights(weights);
  for (const auto& [name, tensor] : file.tensors()) {
    const bool table = name.ends_with("word_embeddings.weight") ||  // a BERT's
                       name.ends_with("token_embedding.weight");    // a CLIP's
    if (table && tensor.shape.size() == 2) return tensor.shape[0];
  }
  return 0;
}

// Of the folder's configuration, "" without one.
std::string text_model_in(const Path& folder) {
  try {
    const auto [config, source] = read_model_config(folder);
    return text_model_type(config, source);
  } catch (const Error&) {
    return "";
  }
}

std::int64_t vocabulary_in(const Path& folder, bool clip) {
  try {
    const auto [config, source] = read_model_config(folder);
    return clip ? parse_clip_text_config(config, source).vocabulary
                : json_get_or<std::int64_t>(config, "vocab_size", 0, source);
  } catch (const Error&) {
    return 0;  // said of the configuration already, or there is none
  }
}

std::optional<ModelInspection::Text> text_parts(const ModelInspection& inspection) {
  const Path& folder = inspection.folder;
  const std::string type = text_model_in(folder);
  const bool clip = type == kClipText;
  ModelInspection::Text text;
  text.vectors = vectors_in(inspection.weights.file);
  if (text.vectors == 0 && !is_read_text_model(type)) return std::nullopt;
  text.vocabulary = vocabulary_in(folder, clip);
  try {
    text.tokenizer = static_cast<std::int64_t>(clip ? BytePair::from_folder(folder).size()
                                                    : folder_tokenizer(folder)->size());
    require_token_vectors(folder, text.vectors > 0 ? text.vectors : text.tokenizer,
                          static_cast<std::size_t>(text.tokenizer));
  } catch (const Error& error) {
    text.tokenizer_problem = error.what();
  }
  return text;
}

// A text encoder needs no look at the image encoders, but where the configuration says both.
void add_fits(ModelInspection& inspection, const Job& job) {
  const Path& weights = inspection.weights.file;
  inspection.fits = text_fits(read_weights(weights), inspection.folder);
  const bool both = inspection.config.kind == model_kind_name(ModelKind::kDualEncoder);
  const bool text = std::ranges::any_of(inspection.fits, &ArchitectureFit::fits);
  if (!text || both) {
    study::ModelFits images = study::model_fits(weights, inspection.folder, job);
    for (ArchitectureFit& one : images.fits) inspection.fits.push_back(std::move(one));
    inspection.fits_unknown = std::move(images.unknown);
  }
  inspection.fits = best_fits(std::move(inspection.fits), kNearest);
}

}  // namespace

Json to_json(const ModelInspection& inspection) {
  const ModelInspection::Config& config = inspection.config;
  Json json = {{"what", inspection.what},
               {"folder", inspection.folder.string()},
               {"config", nullptr},
               {"weights", to_json(inspection.weights)},
               {"text_encoder", nullptr},
               {"fits", json_list(inspection.fits)},
               {"fits_unknown", inspection.fits_unknown}};
  if (!config.file.empty()) {
    json["config"] = {{"file", config.file},
                      {"architecture", config.architecture},
                      {"kind", config.kind},
                      {"width", config.width},
                      {"problem", config.problem}};
  }
  if (inspection.text) {
    json["text_encoder"] = {{"vectors", inspection.text->vectors},
                            {"vocabulary", inspection.text->vocabulary},
                            {"tokenizer", inspection.text->tokenizer},
                            {"tokenizer_problem", inspection.text->tokenizer_problem}};
  }
  return json;
}

ModelInspection inspect_model(std::string_view model, const Job& job) {
  const Path path = path_of(model);
  std::error_code error;
  const bool is_folder = fs::is_directory(path, error);
  const Path weights = is_folder ? weight_file_in(path) : path;
  ModelInspection inspection;
  inspection.folder = is_folder ? path : path.parent_path();
  const bool has_config =
      fs::is_regular_file(inspection.folder / model_config_name(inspection.folder), error);
  inspection.what = kind_of(path, inspection.folder, has_config);
  inspection.weights = describe_weights(weights, job);
  if (has_config) inspection.config = config_said(inspection.folder);
  inspection.text = text_parts(inspection);
  add_fits(inspection, job);
  return inspection;
}

}  // namespace epicrisis
