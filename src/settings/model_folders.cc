#include "epicrisis/settings/model_folders.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/settings/image_encoder_config.h"
#include "settings/clip_text_config.h"
#include "settings/hub_cache.h"
#include "settings/open_clip_config.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOldBertConfig = "bert_config.json";
constexpr std::string_view kOpenClipConfig = "open_clip_config.json";
constexpr std::uint64_t kMaxModelConfig = 1 << 20;

bool is_model_folder(const Path& folder) {
  std::error_code error;
  return fs::is_regular_file(folder / model_config_name(folder), error);
}

std::vector<Path> subfolders(const Path& folder) {
  std::vector<Path> found;
  std::error_code error;
  for (fs::directory_iterator item(folder, error), end; !error && item != end;
       item.increment(error)) {
    if (is_model_folder(item->path())) found.push_back(item->path());
    error.clear();
  }
  std::sort(found.begin(), found.end());
  return found;
}

// Configurations that speak of an image encoder and may speak of a text encoder too.
bool has_image_tower(const Json& config) {
  return is_hugging_face_image_model(config) || is_open_clip_config(config);
}

std::int64_t text_width(const Json& config, std::string_view type, std::string_view source) {
  if (type != kClipText) {
    const char* key = type == kDistilBertText ? "dim" : "hidden_size";
    return json_get_or<std::int64_t>(config, key, 0, source);
  }
  const ClipTextConfig clip = parse_clip_text_config(config, source);
  return clip.projection > 0 ? clip.projection : clip.width;
}

// The pooling folders' config.json that modules.json names. The loader says what is wrong with a
// broken one.
std::vector<std::string> pooling_configs(const Path& folder) {
  std::vector<std::string> names;
  const Path path = folder / "modules.json";
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return names;
  const Json modules = parse_json(read_file(path, kMaxModelConfig), path.string());
  if (!modules.is_array()) return names;
  for (const Json& module : modules) {
    const auto type = json_get_or<std::string>(module, "type", "", path.string());
    if (!type.ends_with("Pooling")) continue;
    const auto place = json_get<std::string>(module, "path", path.string());
    path_below(folder, place, "pooling module");
    names.push_back(place + "/config.json");
  }
  return names;
}

bool reads_preprocessor(const Path& folder) {
  std::error_code error;
  if (!fs::is_regular_file(folder / kPreprocessorFile, error)) return false;
  return is_hugging_face_image_model(read_model_config(folder).json);
}

}  // namespace

FoundModel describe_model(const Path& folder) {
  FoundModel model;
  model.name = folder.filename().string();
  model.folder = folder;
  try {
    const auto [config, source] = read_model_config(folder);
    const std::string text_model = text_model_type(config, source);
    if (text_model.empty() || has_image_tower(config)) {
      const ImageEncoderConfig image = parse_image_encoder_config(config, source);
      model.architecture = image.architecture;
      model.width = image.feature_dim;
      model.kind = text_model.empty() ? ModelKind::kImageEncoder : ModelKind::kDualEncoder;
      if (!text_model.empty()) model.architecture += " + " + text_model;
    } else {
      model.architecture = text_model;
      model.width = text_width(config, text_model, source);
      if (is_read_text_model(text_model)) {
        model.kind = ModelKind::kTextEncoder;
      } else {
        model.problem = fmt::format("model_type '{}' is not read", text_model);
      }
    }
    if (model.problem.empty()) require_weights(folder);
  } catch (const Error& error) {
    model.problem = error.what();
  }
  return model;
}

namespace {

// Where models--ORG--NAME may be: the folders of models, then Hugging Face's own cache.
std::vector<Path> hub_caches() {
  std::vector<Path> caches = model_search_folders();
  if (Path cache = hub_cache_folder(); !cache.empty()) caches.push_back(std::move(cache));
  return caches;
}

// The snapshot of "ORG/NAME" or "ORG/NAME@REVISION".
std::optional<Path> cached_model(std::string_view name) {
  const std::size_t at = name.find('@');
  const std::string_view revision = at == std::string_view::npos ? "" : name.substr(at + 1);
  if (!is_hub_name(name.substr(0, at)) || (at != std::string_view::npos && revision.empty())) {
    return std::nullopt;
  }
  const std::string folder = hub_folder_name(name.substr(0, at));
  for (const Path& cache : hub_caches()) {
    if (auto snapshot = hub_snapshot(cache / folder, revision)) return snapshot;
  }
  return std::nullopt;
}

// Models of the caches that are encoders, by their names. Caches hold what other programs need too.
void add_cached_models(std::map<std::string, FoundModel>& found) {
  for (const Path& cache : hub_caches()) {
    std::error_code error;
    for (fs::directory_iterator item(cache, error), end; !error && item != end;
         item.increment(error)) {
      const auto snapshot =
          is_hub_repository(item->path()) ? hub_snapshot(item->path()) : std::nullopt;
      if (!snapshot || !is_model_folder(*snapshot)) continue;
      FoundModel model = describe_model(*snapshot);
      model.name = hub_name_of(item->path());
      if (model.kind != ModelKind::kUnknown) found.try_emplace(model.name, model);
    }
  }
}

}  // namespace

std::vector<Path> model_search_folders() {
  const char* value = std::getenv("EPICRISIS_MODELS");
  std::vector<Path> folders;
  for (const std::string& part :
       split(value != nullptr && *value != '\0' ? value : "models:../shared/models", ':')) {
    if (!part.empty()) folders.emplace_back(part);
  }
  return folders;
}

Path find_model(std::string_view name) {
  Path path(name);
  std::error_code error;
  const bool is_path = name.find('/') != std::string_view::npos;
  if (is_path || is_model_folder(path) || fs::is_regular_file(path, error)) {
    if (!name.empty() && fs::exists(path, error)) return path;
    if (auto cached = cached_model(name)) return *cached;
    const bool may_be_cached = is_hub_name(name.substr(0, name.find('@')));
    throw UsageError("Looking for the model '{}': there is no such file or folder{}{}", name,
                     near_path_words(path),
                     may_be_cached ? fmt::format("; nor is it in Hugging Face's cache {}, into "
                                                 "which 'epicrisis models get {}' would fetch it",
                                                 hub_cache_folder().string(), name)
                                   : "");
  }
  std::vector<std::string> looked;
  std::vector<std::string> known;
  for (const Path& folder : model_search_folders()) {
    if (!name.empty() && is_model_folder(folder / path)) {
      return folder / path;
    }
    looked.push_back(folder.string());
    for (const Path& found : subfolders(folder)) {
      const FoundModel model = describe_model(found);
      known.push_back(fmt::format("{} ({})", model.name, model_kind_name(model.kind)));
    }
  }
  if (auto cached = cached_model(name)) return *cached;
  throw UsageError(
      "Looking for the model '{}': no folder of that name with a config.json in {} (set "
      "EPICRISIS_MODELS to look elsewhere); there {}. docs/first-day.md, 'A picture encoder', says "
      "where image encoders come from; './run models' fetches a text encoder",
      name, join(looked, ", "), known.empty() ? "is none at all" : "are " + join(known, ", "));
}

void require_weights(const Path& model) {
  const Path weights = fs::is_directory(model) ? weight_file_in(model) : model;
  if (read_weights(weights).tensors().empty()) {
    throw InputError("{} holds no tensor", weights.string());
  }
}

ModelFiles model_files(std::string_view name) {
  const Path model = find_model(name);
  const bool is_folder = fs::is_directory(model);
  ModelFiles files;
  files.folder = is_folder ? model : model.parent_path();
  if (!is_folder) files.weights = model.filename().string();
  std::vector<std::string> names = {model_config_name(files.folder)};
  for (const Path& part : weight_parts(is_folder ? weight_file_in(files.folder) : model)) {
    names.push_back(part.filename().string());
  }
  for (const char* file : {"vocab.txt", "vocab.json", "merges.txt", "tokenizer.json",
                           "tokenizer_config.json", "sentence_bert_config.json", "modules.json"}) {
    names.emplace_back(file);
  }
  if (reads_preprocessor(files.folder)) names.emplace_back(kPreprocessorFile);
  for (std::string& file : pooling_configs(files.folder)) names.push_back(std::move(file));
  std::error_code error;
  for (std::string& file : names) {
    if (fs::is_regular_file(files.folder / file, error)) files.names.push_back(std::move(file));
  }
  return files;
}

std::string model_fingerprint(std::string_view name) {
  if (name == kTrainedTokens) return "token embeddings 1";
  if (name.empty() || name.starts_with("random:")) return std::string(name);
  const ModelFiles files = model_files(name);
  std::string all;
  for (const std::string& file : files.names) {
    all += file + sha256_hex(MappedFile(files.folder / file).bytes());
  }
  return sha256_hex(all);
}

std::string model_config_name(const Path& folder) {
  std::error_code error;
  for (const std::string_view other : {kOldBertConfig, kOpenClipConfig}) {
    if (fs::exists(folder / "config.json", error)) break;
    if (fs::is_regular_file(folder / other, error)) return std::string(other);
  }
  return "config.json";
}

ModelConfig read_model_config(const Path& folder) {
  ModelConfig config;
  config.source = (folder / model_config_name(folder)).string();
  config.json = parse_json(read_file(config.source, kMaxModelConfig), config.source);
  return config;
}

bool is_read_text_model(std::string_view type) {
  constexpr std::array kRead{kBertText, kRobertaText, kDistilBertText, kClipText};
  return std::ranges::find(kRead, type) != kRead.end();
}

std::string text_model_type(const Json& config, std::string_view source) {
  if (!config.is_object()) return "";
  if (is_open_clip_config(config)) {
    const bool bert = open_clip_model(config)["text_cfg"].contains("hf_model_name");
    return std::string(bert ? kBertText : kClipText);
  }
  if (is_hugging_face_image_model(config)) {
    const bool both = config.contains("text_config") || config.contains("text_config_dict");
    return both ? std::string(kClipText) : "";
  }
  const auto type = config.find("model_type");
  if (type != config.end() && !type->is_null()) {
    std::string name = json_get<std::string>(config, "model_type", source);
    return name == "clip_text_model" ? std::string(kClipText) : name;
  }
  if (config.contains("architecture")) return "";  // an image encoder's
  // transformers' class, without what it is for: "BertForMaskedLM".
  const auto classes = config.find("architectures");
  if (classes != config.end() && classes->is_array() && !classes->empty() &&
      classes->front().is_string()) {
    auto name = classes->front().get<std::string>();
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kClasses{
        {{"Bert", kBertText}, {"Roberta", kRobertaText}, {"DistilBert", kDistilBertText}}};
    for (const auto& [beginning, read] : kClasses) {
      if (name.starts_with(beginning)) return std::string(read);
    }
    return name;
  }
  // The first files of all had neither.
  for (const char* key : {"num_hidden_layers", "num_attention_heads", "intermediate_size",
                          "max_position_embeddings", "vocab_size"}) {
    if (!config.contains(key)) return "";
  }
  return std::string(kBertText);
}

std::string_view model_kind_name(ModelKind kind) {
  switch (kind) {
    case ModelKind::kImageEncoder:
      return "image encoder";
    case ModelKind::kTextEncoder:
      return "text encoder";
    case ModelKind::kDualEncoder:
      return "dual encoder";
    case ModelKind::kUnknown:
      break;
  }
  return "unknown";
}

Json to_json(const FoundModel& model) {
  return {{"name", model.name},
          {"kind", model_kind_name(model.kind)},
          {"architecture", model.architecture},
          {"width", model.width},
          {"folder", model.folder.string()},
          {"problem", model.problem}};
}

std::vector<FoundModel> list_models() {
  std::map<std::string, FoundModel> found;
  for (const Path& folder : model_search_folders()) {
    for (const Path& model : subfolders(folder)) {
      found.try_emplace(model.filename().string(), describe_model(model));
    }
  }
  add_cached_models(found);
  std::vector<FoundModel> models;
  models.reserve(found.size());
  for (auto& [name, model] : found) models.push_back(std::move(model));
  return models;
}

}  // namespace epicrisis
