#include "study/run_use.h"

#include <system_error>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/version.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/settings/train_result.h"
#include "epicrisis/tensor/safetensors.h"

namespace epicrisis::study {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUseFile = "use.json";
constexpr const char* kCasesFile = "training_cases.safetensors";
constexpr const char* kEncoderFolder = "image_encoder";
constexpr const char* kFormat = "epicrisis-run-use";
constexpr std::int64_t kVersion1 = 1;
constexpr const char* kCasesFormat = "epicrisis-training-cases";
constexpr const char* kChecksum = "sha256";
constexpr const char* kComplete = "run its study again with this version: nothing is trained anew";
constexpr std::uint64_t kMaxUse = 64U << 20U;
// A study has many runs; larger encoders are named by their hash.
constexpr std::uint64_t kMaxCopy = 32U << 20U;

bool has_files(const std::string& model) {
  return !model.empty() && model != kTrainedTokens && !model.starts_with("random:");
}

std::uint64_t size_of(const ModelFiles& files) {
  std::uint64_t bytes = 0;
  for (const std::string& name : files.names) bytes += fs::file_size(files.folder / name);
  return bytes;
}

// What use.json says of a model; `copy_to` empty: only where it is.
Json describe_model(const std::string& model, const Path& run_folder, const std::string& copy_to) {
  Json json = {
      {"model", model}, {kChecksum, model_fingerprint(model)}, {"copy", ""}, {"place", ""}};
  if (!has_files(model)) return json;
  const ModelFiles files = model_files(model);
  json["place"] = fs::absolute(files.folder / files.weights).lexically_normal().string();
  if (copy_to.empty() || size_of(files) > kMaxCopy) return json;
  for (const std::string& name : files.names) {
    write_file(run_folder / copy_to / name, read_file(files.folder / name, kMaxCopy));
  }
  json["copy"] = files.weights.empty() ? copy_to : copy_to + "/" + files.weights;
  return json;
}

Json recipe_to_json(const PrepareRecipe& recipe) {
  return {{"id", recipe.id()},
          {"size", recipe.size},
          {"remove_hair", recipe.remove_hair},
          {"crop_border", recipe.crop_border},
          {"crop_to_subject", recipe.crop_to_subject}};
}

PrepareRecipe recipe_from_json(const Json& json, const std::string& source) {
  PrepareRecipe recipe;
  recipe.size = static_cast<int>(json_get<std::int64_t>(json, "size", source));
  recipe.remove_hair = json_get<bool>(json, "remove_hair", source);
  recipe.crop_border = json_get<bool>(json, "crop_border", source);
  recipe.crop_to_subject = json_get<bool>(json, "crop_to_subject", source);
  const auto id = json_get<std::string>(json, "id", source);
  if (id != recipe.id()) {
    throw InputError(
        "{}: its pictures were prepared by recipe '{}', this version would prepare them by '{}'; "
        "use the version that trained the run, or train it anew",
        source, id, recipe.id());
  }
  return recipe;
}

// use.json, held against its own checksum.
Json read_use_json(const Path& folder) {
  const Path path = folder / kUseFile;
  const std::string source = path.string();
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw InputError("{}: there is no such run folder", folder.string());
  }
  if (!fs::exists(folder / "config.json", error)) {
    throw InputError("{}: it is no run folder, config.json is missing", folder.string());
  }
  if (!read_train_result(folder)) {
    throw InputError("{}: the run is not finished; train it to its end first", folder.string());
  }
  if (!fs::exists(path, error)) {
    throw InputError(
        "{} is missing (classes, recipe, image encoder): an earlier version trained the run; {}",
        source, kComplete);
  }
  Json json = parse_json(read_file(path, kMaxUse), source);
  const auto own = json_get<std::string>(json, kChecksum, source);
  json.erase(kChecksum);
  const std::string found = sha256_hex(dump_json(json));
  if (found != own) {
    throw InputError("{}: its checksum is {}, but it says {}: the file was changed or damaged; {}",
                     source, found, own, kComplete);
  }
  const auto format = json_get<std::string>(json, "format", source);
  const auto version = json_get<std::int64_t>(json, "version", source);
  if (format != kFormat || version != kVersion1) {
    throw InputError("{}: format '{}' version {}; this program reads '{}' version {}", source,
                     format, version, kFormat, kVersion1);
  }
  return json;
}

std::string damage(const Path& file, const std::string& why) {
  return fmt::format("{}: {}; {}", file.string(), why, kComplete);
}

}  // namespace

void write_run_use(const Path& folder, const Study& study, const StudyRun& run,
                   const Json& preprocessing, const TrainingCases& cases) {
  Json rows = Json::array();
  for (const TrainingCase& one : cases.table) {
    rows.push_back({one.dataset, one.key, one.class_name});
  }
  write_checked_safetensors(
      folder / kCasesFile, {{"embeddings", tensor_view(cases.embeddings)}},
      {{"format", kCasesFormat}, {"version", "1"}, {"cases", dump_json(rows)}});
  Json json = {{"format", kFormat}, {"version", kVersion1}, {"program", kVersion}};
  json["classes"] = Json::array();
  for (const ClassId id : study.classes) {
    const FieldClass& one = study.field.at(id);
    json["classes"].push_back({{"name", one.name}, {"words", one.words}});
  }
  json["mode"] = mode_name(run.train.mode);
  json["recipe"] = recipe_to_json(study.prepare);
  // A trained encoder is in the run's own weights.
  const bool frozen = run.image_encoder.frozen;
  json["image_encoder"] =
      describe_model(run.image_encoder.model, folder, frozen ? kEncoderFolder : "");
  json["image_encoder"]["frozen"] = frozen;
  json["image_encoder"]["preprocessing"] = preprocessing;
  json["text_encoder"] =
      uses_text(run.train.mode) ? describe_model(run.text_encoder, folder, "") : Json(nullptr);
  json["training_cases"] = cases.table.size();
  json[kChecksum] = sha256_hex(dump_json(json));
  write_file(folder / kUseFile, dump_json(json, 2) + "\n");
}

RunUse read_run_use(const Path& folder) {
  const Json json = read_use_json(folder);
  const std::string source = (folder / kUseFile).string();
  RunUse use;
  for (const Json& one : json_get<Json>(json, "classes", source)) {
    use.classes.push_back(
        {json_get<std::string>(one, "name", source), json_get<std::string>(one, "words", source)});
  }
  use.mode = mode_from_name(json_get<std::string>(json, "mode", source));
  use.recipe = recipe_from_json(json_get<Json>(json, "recipe", source), source);
  const auto encoder = json_get<Json>(json, "image_encoder", source);
  use.frozen = json_get<bool>(encoder, "frozen", source);
  use.image_encoder.model = json_get<std::string>(encoder, "model", source);
  use.image_encoder.sha256 = json_get<std::string>(encoder, kChecksum, source);
  use.image_encoder.copy = json_get<std::string>(encoder, "copy", source);
  use.image_encoder.place = json_get<std::string>(encoder, "place", source);
  return use;
}

TrainingCases read_training_cases(const Path& folder) {
  const Path path = folder / kCasesFile;
  std::error_code error;
  if (!fs::exists(path, error)) throw InputError("{}", damage(path, "it is missing"));
  const TensorFile file = read_safetensors(path);
  const auto& metadata = file.metadata();
  const auto format = metadata.find("format");
  const auto table = metadata.find("cases");
  if (format == metadata.end() || format->second != kCasesFormat || table == metadata.end() ||
      checksum_of(file).empty()) {
    throw InputError("{}", damage(path, "it is no table of training cases with a checksum"));
  }
  TrainingCases cases;
  cases.embeddings = to_matrix(file.at("embeddings"), file.source());
  for (const Json& row : parse_json(table->second, file.source())) {
    if (!row.is_array() || row.size() != 3 || !row[0].is_string() || !row[1].is_string() ||
        !row[2].is_string()) {
      throw InputError("{}", damage(path, "a case is not a data set, a key and a class"));
    }
    cases.table.push_back(
        {row[0].get<std::string>(), row[1].get<std::string>(), row[2].get<std::string>()});
  }
  if (cases.table.size() != cases.embeddings.rows) {
    throw InputError("{}", damage(path, fmt::format("{} cases, but {} embeddings",
                                                    cases.table.size(), cases.embeddings.rows)));
  }
  return cases;
}

std::string fault_of_run_use(const Path& folder) {
  try {
    const RunUse use = read_run_use(folder);
    for (const std::string& name : {std::string(kCasesFile), use.image_encoder.copy}) {
      if (!fs::exists(folder / name)) return fmt::format("{} is missing", (folder / name).string());
    }
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string image_encoder_of(const Path& folder, const RunUse& use) {
  const UsedModel& wanted = use.image_encoder;
  if (!has_files(wanted.model)) return wanted.model;
  std::vector<std::string> places;
  if (!wanted.copy.empty()) {
    places.push_back(path_below(folder, wanted.copy, "copy of the image encoder").string());
  } else {
    places = {(folder / kEncoderFolder).string(), wanted.place, wanted.model};
  }
  std::string looked;
  for (const std::string& place : places) {
    std::string found;
    try {
      found = model_fingerprint(place);
    } catch (const Error& error) {
      found = error.what();
    }
    if (found == wanted.sha256) return place;
    looked += fmt::format("\n  {}: {}", place, found);
  }
  throw InputError(
      "{}: its image encoder '{}' of SHA-256 {} is not found; put its files into {}. Looked at:{}",
      folder.string(), wanted.model, wanted.sha256, (folder / kEncoderFolder).string(), looked);
}

}  // namespace epicrisis::study
