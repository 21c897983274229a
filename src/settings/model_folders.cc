#include "epicrisis/settings/model_folders.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <system_error>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/settings/image_encoder_config.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxModelConfig = 1 << 20;

std::vector<Path> subfolders(const Path& folder) {
  std::vector<Path> found;
  std::error_code error;
  for (fs::directory_iterator item(folder, error), end; !error && item != end;
       item.increment(error)) {
    if (fs::is_regular_file(item->path() / "config.json", error)) found.push_back(item->path());
    error.clear();
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool has_weights(const Path& folder) {
  std::error_code error;
  for (fs::directory_iterator item(folder, error), end; !error && item != end;
       item.increment(error)) {
    const std::string extension = item->path().extension().string();
    for (const std::string_view known : {".safetensors", ".pth", ".pt", ".bin"}) {
      if (extension == known) return true;
    }
  }
  return false;
}

FoundModel describe_folder(const Path& folder) {
  FoundModel model;
  model.name = folder.filename().string();
  model.folder = folder;
  const std::string source = (folder / "config.json").string();
  try {
    const Json config = parse_json(read_file(source, kMaxModelConfig), source);
    if (config.is_object() && config.contains("model_type")) {
      model.architecture = json_get<std::string>(config, "model_type", source);
      model.width = json_get_or<std::int64_t>(config, "hidden_size", 0, source);
      if (model.architecture == "bert") {
        model.kind = ModelKind::kTextEncoder;
      } else {
        model.problem = fmt::format("model_type '{}' is not read", model.architecture);
      }
    } else {
      const ImageEncoderConfig image = parse_image_encoder_config(config, source);
      model.architecture = image.architecture;
      model.width = image.feature_dim;
      model.kind = ModelKind::kImageEncoder;
    }
    if (model.problem.empty() && !has_weights(folder)) model.problem = "no weight file";
  } catch (const Error& error) {
    model.problem = error.what();
  }
  return model;
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
  const Path path(name);
  std::error_code error;
  const bool is_path = name.find('/') != std::string_view::npos;
  if (is_path || fs::exists(path / "config.json", error) || fs::is_regular_file(path, error)) {
    if (!name.empty() && fs::exists(path, error)) return path;
    throw UsageError("Looking for the model '{}': there is no such file or folder", name);
  }
  std::vector<std::string> looked;
  std::vector<std::string> known;
  for (const Path& folder : model_search_folders()) {
    if (!name.empty() && fs::is_regular_file(folder / path / "config.json", error)) {
      return folder / path;
    }
    looked.push_back(folder.string());
    for (const Path& found : subfolders(folder)) known.push_back(found.filename().string());
  }
  throw UsageError(
      "Looking for the model '{}': no folder of that name with a config.json in {} (set "
      "EPICRISIS_MODELS to look elsewhere); there {}",
      name, join(looked, ", "),
      known.empty() ? "is none at all; './run models' fetches one" : "are " + join(known, ", "));
}

std::string model_fingerprint(std::string_view name) {
  if (name == kTrainedTokens) return "token embeddings 1";
  if (name.empty() || name.starts_with("random:")) return std::string(name);
  const Path model = find_model(name);
  const bool is_folder = fs::is_directory(model);
  const Path folder = is_folder ? model : model.parent_path();
  const std::string weights = (is_folder ? weight_file_in(folder) : model).filename().string();
  std::vector<std::string> files = {"config.json", weights};
  for (const char* file : {"vocab.txt", "tokenizer.json", "tokenizer_config.json",
                           "sentence_bert_config.json", "modules.json"}) {
    files.emplace_back(file);
  }
  for (std::string& file : pooling_configs(folder)) files.push_back(std::move(file));
  std::string all;
  std::error_code error;
  for (const std::string& file : files) {
    if (!fs::is_regular_file(folder / file, error)) continue;
    all += file + sha256_hex(MappedFile(folder / file).bytes());
  }
  return sha256_hex(all);
}

std::string_view model_kind_name(ModelKind kind) {
  switch (kind) {
    case ModelKind::kImageEncoder:
      return "image encoder";
    case ModelKind::kTextEncoder:
      return "text encoder";
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
      found.try_emplace(model.filename().string(), describe_folder(model));
    }
  }
  std::vector<FoundModel> models;
  models.reserve(found.size());
  for (auto& [name, model] : found) models.push_back(std::move(model));
  return models;
}

}  // namespace epicrisis
