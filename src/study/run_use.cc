#include "study/run_use.h"

#include <algorithm>
#include <system_error>

#include "core/json_checksum.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/version.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/settings/train_result.h"
#include "epicrisis/tensor/safetensors.h"
#include "study/encoder_copy.h"

namespace epicrisis::study {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUseFile = "use.json";
constexpr const char* kCasesFile = "training_cases.safetensors";
constexpr const char* kFormat = "epicrisis-run-use";
constexpr std::int64_t kUseVersion = 2;
constexpr const char* kCasesFormat = "epicrisis-training-cases";
constexpr const char* kComplete = "run its study again with this version: nothing is trained anew";
constexpr std::uint64_t kMaxUse = 64U << 20U;

bool has_files(const std::string& model) {
  return !model.empty() && model != kTrainedTokens && !model.starts_with("random:");
}

// Earlier versions copied small models alone.
bool lacks_copy(const UsedModel& model) { return model.copy.empty() && has_files(model.model); }

// What use.json says of a model; `copy_to` empty: only where it is.
Json describe_model(const std::string& model, const Path& run_folder, const std::string& copy_to) {
  Json json = {{"model", model}, {"sha256", model_fingerprint(model)}, {"copy", ""}, {"place", ""}};
  if (!has_files(model)) return json;
  const ModelFiles files = model_files(model);
  json["place"] = fs::absolute(files.folder / files.weights).lexically_normal().string();
  if (copy_to.empty()) return json;
  json["copy"] = copy_encoder(model, json["sha256"], run_folder, copy_to);
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

std::vector<std::string> names_from(const Json& json, const char* key, const std::string& source) {
  std::vector<std::string> names;
  for (const Json& one : json_get<Json>(json, key, source)) {
    if (!one.is_string()) throw InputError("{}: '{}' is no list of names", source, key);
    names.push_back(one.get<std::string>());
  }
  return names;
}

UsedModel used_model_from(const Json& json, const std::string& source) {
  return {.model = json_get<std::string>(json, "model", source),
          .sha256 = json_get<std::string>(json, "sha256", source),
          .copy = json_get<std::string>(json, "copy", source),
          .place = json_get<std::string>(json, "place", source)};
}

void write_use_json(const Path& folder, Json json) {
  add_checksum(json);
  write_file(folder / kUseFile, dump_json(json, 2) + "\n");
}

std::string damage(const Path& file, const std::string& why) {
  return fmt::format("{}: {}; {}", file.string(), why, kComplete);
}

// use.json without its checksum, held against it.
Json checked_use_json(const Path& path) {
  const std::string source = path.string();
  Json json = parse_json(read_file(path, kMaxUse), source);
  const JsonChecksum checksum = take_checksum(json, source);
  if (!checksum.agrees()) {
    throw InputError("{}: its checksum is {}, but it says {}: the file was changed or damaged; {}",
                     source, checksum.found, checksum.own, kComplete);
  }
  return json;
}

// The copy of an encoder is there, with the files of the training.
void check_copy(const Path& folder, const UsedModel& model, CopyFingerprints& copies) {
  if (model.copy.empty()) return;
  const std::string copy = path_below(folder, model.copy, "copy of an encoder").string();
  if (copies.of(copy) == model.sha256) return;
  throw InputError("{}", damage(copy, "its SHA-256 is not the one in use.json"));
}

// use.json, of this version.
Json read_use_json(const Path& folder) {
  const Path path = folder / kUseFile;
  const std::string source = path.string();
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw InputError("{}: there is no such run folder{}", folder.string(), near_path_words(folder));
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
  Json json = checked_use_json(path);
  const auto format = json_get<std::string>(json, "format", source);
  const auto version = json_get<std::int64_t>(json, "version", source);
  if (format == kFormat && version < kUseVersion) {
    throw InputError("{}: an earlier version wrote it (version {}, now it is {}); {}", source,
                     version, kUseVersion, kComplete);
  }
  if (format != kFormat || version != kUseVersion) {
    throw InputError("{}: format '{}' version {}; this program reads '{}' version {}", source,
                     format, version, kFormat, kUseVersion);
  }
  return json;
}

// Where a model of that name, or of the names that its files had at the training, lies in the
// folders of models.
std::vector<std::string> in_model_folders(const UsedModel& wanted) {
  const Path place(wanted.place);
  std::vector<std::string> found;
  for (const Path& folder : model_search_folders()) {
    for (const Path& name :
         {Path(wanted.model).filename(), place.parent_path().filename(), place.filename()}) {
      std::error_code error;
      std::string one = (folder / name).string();
      if (name.empty() || !fs::exists(folder / name, error)) continue;
      if (std::ranges::find(found, one) == found.end()) found.push_back(std::move(one));
    }
  }
  return found;
}

// Where the files of a model are that have its hash: the copy, or what is found under its place or
// name, here or in the folders of models.
std::string find_used_model(const Path& folder, const UsedModel& wanted, std::string_view what,
                            const char* own_folder, const Job& job) {
  if (!has_files(wanted.model)) return wanted.model;
  const std::string what_copy = fmt::format("copy of the {}", what);
  std::vector<std::string> places = {
      (wanted.copy.empty() ? folder / own_folder : path_below(folder, wanted.copy, what_copy))
          .string(),
      wanted.place, wanted.model};
  for (std::string& place : in_model_folders(wanted)) places.push_back(std::move(place));
  std::string looked;
  std::string own_fault;  // why the copy that the run's folder has cannot be used
  for (const std::string& place : places) {
    std::string found;
    try {
      found = model_fingerprint(place);
    } catch (const Error& error) {
      found = error.what();
    }
    if (found == wanted.sha256) {
      if (!own_fault.empty()) {
        job.warn(
            "{}: its own copy of the {} is damaged or missing; {}, which has the hash of the "
            "training ({}), is used in its place. What was looked at: {}",
            folder.string(), what, place, wanted.sha256, own_fault);
      }
      return place;
    }
    std::error_code error;
    if (&place == &places.front() &&
        (!wanted.copy.empty() || fs::exists(folder / own_folder, error))) {
      own_fault = fmt::format("{}: {}", place, found);
    }
    looked += fmt::format("\n  {}: {}", place, found);
  }
  std::vector<std::string> searched;
  for (const Path& one : model_search_folders()) {
    searched.push_back(fs::absolute(one).lexically_normal().string());
  }
  throw InputError(
      "{}: its {} '{}' of SHA-256 {} is not found; copy the folder of that model to {}, or into a "
      "folder that EPICRISIS_MODELS names (now {}). Looked at:{}",
      folder.string(), what, wanted.model, wanted.sha256, (folder / own_folder).string(),
      join(searched, ", "), looked);
}

}  // namespace

void write_run_use(const Path& folder, const Study& study, const StudyRun& run,
                   const std::string& split_set, const Json& preprocessing,
                   const TrainingCases& cases) {
  Json rows = Json::array();
  for (const TrainingCase& one : cases.table) {
    rows.push_back({one.dataset, one.key, one.class_name});
  }
  write_checked_safetensors(
      folder / kCasesFile, {{"embeddings", tensor_view(cases.embeddings)}},
      {{"format", kCasesFormat}, {"version", "1"}, {"cases", dump_json(rows)}});
  Json json = {{"format", kFormat}, {"version", kUseVersion}, {"program", kVersion}};
  json["classes"] = Json::array();
  for (const ClassId id : study.classes) {
    const FieldClass& one = study.field.at(id);
    json["classes"].push_back({{"name", one.name}, {"words", one.words}});
  }
  json["field"] = study.field.name();
  json["mode"] = mode_name(run.train.mode);
  json["recipe"] = recipe_to_json(study.prepare);
  // A trained encoder is in the run's own weights.
  const bool frozen = run.image_encoder.frozen;
  const bool used = frozen && run.train.mode != Mode::kText;
  json["image_encoder"] =
      describe_model(run.image_encoder.model, folder, used ? kEncoderFolder : "");
  json["image_encoder"]["frozen"] = frozen;
  json["image_encoder"]["preprocessing"] = preprocessing;
  json["text_encoder"] = uses_text(run.train.mode)
                             ? describe_model(run.text_encoder, folder, kTextEncoderFolder)
                             : Json(nullptr);
  json["notes"] = {
      {"strategies", run.notes}, {"providers", run.note_providers}, {"models", run.note_models}};
  json["split_set"] = split_set;
  json["training_cases"] = cases.table.size();
  write_use_json(folder, std::move(json));
}

void keep_split_set(const Path& folder, const std::string& split_set) {
  Json json = read_use_json(folder);
  if (json_get<std::string>(json, "split_set", (folder / kUseFile).string()) == split_set) return;
  json["split_set"] = split_set;
  write_use_json(folder, std::move(json));
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
  use.image_encoder = used_model_from(encoder, source);
  const auto text = json_get<Json>(json, "text_encoder", source);
  if (!text.is_null()) use.text_encoder = used_model_from(text, source);
  use.field = json_get<std::string>(json, "field", source);
  const auto notes = json_get<Json>(json, "notes", source);
  use.notes = names_from(notes, "strategies", source);
  use.note_providers = names_from(notes, "providers", source);
  use.note_models = names_from(notes, "models", source);
  use.split_set = json_get<std::string>(json, "split_set", source);
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

void require_image_branch(const Path& folder, const RunUse& use) {
  if (use.mode != Mode::kText) return;
  throw InputError("{}: the run classifies notes alone (mode 'text'), no pictures",
                   folder.string());
}

bool check_run_use(const Path& folder) {
  const Path path = folder / kUseFile;
  const Path cases = folder / kCasesFile;
  if (!fs::exists(path) && !fs::exists(cases)) return false;
  for (const Path& file : {path, cases}) {
    if (!fs::exists(file)) throw InputError("{}", damage(file, "it is missing"));
  }
  const std::string source = path.string();
  const Json json = checked_use_json(path);
  if (json_get<std::int64_t>(json, "version", source) != kUseVersion) return false;
  CopyFingerprints copies;
  for (const char* key : {"image_encoder", "text_encoder"}) {
    const auto model = json_get<Json>(json, key, source);
    if (!model.is_null()) check_copy(folder, used_model_from(model, source), copies);
  }
  return true;
}

std::string fault_of_run_use(const Path& folder, bool& damaged, CopyFingerprints& copies) {
  damaged = false;
  try {
    const RunUse use = read_run_use(folder);
    const bool without_image =
        use.frozen && use.mode != Mode::kText && lacks_copy(use.image_encoder);
    if (without_image || (use.text_encoder && lacks_copy(*use.text_encoder))) {
      return fmt::format("{} has no copy of its {} encoder", folder.string(),
                         without_image ? "image" : "text");
    }
    // It names them, so they were there.
    damaged = true;
    check_copy(folder, use.image_encoder, copies);
    check_copy(folder, use.text_encoder.value_or(UsedModel{}), copies);
    read_training_cases(folder);
    damaged = false;
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

void drop_damaged_copies(const Path& folder) {
  const Json json = checked_use_json(folder / kUseFile);
  CopyFingerprints copies;
  for (const char* own : {kEncoderFolder, kTextEncoderFolder}) {
    const auto model = json_get<Json>(json, own, (folder / kUseFile).string());
    if (model.is_null()) continue;
    try {
      check_copy(folder, used_model_from(model, folder.string()), copies);
    } catch (const Error&) {
      std::error_code error;
      fs::remove_all(folder / own, error);
      if (error)
        throw SystemError("cannot remove {}: {}", (folder / own).string(), error.message());
    }
  }
}

std::string image_encoder_of(const Path& folder, const RunUse& use) {
  if (!use.image_encoder.found.empty()) return use.image_encoder.found;
  return find_used_model(folder, use.image_encoder, "image encoder", kEncoderFolder, Job());
}

void find_image_encoder(const Path& folder, RunUse& use, const Job& job) {
  if (!use.frozen || use.mode == Mode::kText) return;
  try {
    use.image_encoder.found =
        find_used_model(folder, use.image_encoder, "image encoder", kEncoderFolder, job);
  } catch (const InputError&) {
    // Told by who needs it.
  }
}

bool names_copy(const Path& folder, const std::string& own_folder, const std::string& sha256) {
  try {
    const Json json = checked_use_json(folder / kUseFile);
    const auto model = json_get<Json>(json, own_folder.c_str(), (folder / kUseFile).string());
    if (model.is_null()) return false;
    const UsedModel used = used_model_from(model, folder.string());
    return !used.copy.empty() && used.sha256 == sha256;
  } catch (const Error&) {
    return false;
  }
}

std::string text_encoder_of(const Path& folder, const RunUse& use, const Job& job) {
  if (!use.text_encoder) {
    throw UsageError(
        "{}: the run is of mode '{}', it has no text encoder; take a run that trains with notes",
        folder.string(), mode_name(use.mode));
  }
  return find_used_model(folder, *use.text_encoder, "text encoder", kTextEncoderFolder, job);
}

}  // namespace epicrisis::study
