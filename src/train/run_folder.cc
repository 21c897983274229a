#include "train/run_folder.h"

#include <span>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/version.h"

namespace epicrisis {
namespace {

constexpr const char* kFormat = "epicrisis-run";
constexpr int kVersion1 = 1;
constexpr const char* kVocabularyFormat = "epicrisis-vocabulary";
constexpr const char* kTokenEncoder = "token_embeddings";
constexpr std::uint64_t kMaxJson = 64U << 20U;

Json read_json(const Path& path) { return parse_json(read_file(path, kMaxJson), path.string()); }

template <typename T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string matrix_hash(const FloatMatrix* matrix) {
  if (matrix == nullptr) return "none";
  return fmt::format("{}x{} {}", matrix->rows, matrix->columns,
                     sha256_hex(bytes_of(matrix->values)));
}

std::string texts_hash(const TextInput& input) {
  if (input.texts == nullptr) return matrix_hash(input.vectors);
  std::string all;
  for (const std::string& text : *input.texts) all += sha256_hex(text);
  return fmt::format("{} texts {}", input.texts->size(), sha256_hex(all));
}

std::string examples_hash(const std::vector<TrainExample>& examples) {
  std::vector<std::uint64_t> numbers;
  for (const TrainExample& example : examples) {
    numbers.push_back(example.image);
    numbers.push_back(static_cast<std::uint64_t>(example.label));
    numbers.push_back(example.notes.size());
    numbers.insert(numbers.end(), example.notes.begin(), example.notes.end());
  }
  return sha256_hex(bytes_of(numbers));
}

std::string groups_hash(const std::vector<TrainExample>& examples) {
  std::vector<std::uint64_t> numbers;
  for (const TrainExample& example : examples) numbers.push_back(example.group);
  return sha256_hex(bytes_of(numbers));
}

// Of the middle row of every picture used: enough to tell other pictures from these, at a two
// hundredth of the reading.
std::string pictures_hash(const TrainInput& input) {
  if (input.images == nullptr) return "none";
  std::string rows;
  const auto side = static_cast<std::size_t>(input.images->size());
  for (const auto* examples : {&input.train, &input.validation}) {
    for (const TrainExample& example : *examples) {
      const auto row = input.images->pixels(example.image).subspan(side / 2 * side * 3, side * 3);
      rows += sha256_hex(std::as_bytes(row));
    }
  }
  return fmt::format("{} {}", side, sha256_hex(rows));
}

}  // namespace

void write_run_description(const Path& folder, const RunDescription& run) {
  Json json = Json::object();
  json["format"] = kFormat;
  json["version"] = kVersion1;
  json["program"] = kVersion;
  json["config"] = train_config_to_json(run.config);
  json["class_count"] = run.class_count;
  json["image_width"] = run.image_width;
  json["text_width"] = run.text_width;
  json["image_encoder"] = run.image_encoder ? to_json(*run.image_encoder) : Json(nullptr);
  json["image_encoder_source"] = run.image_encoder_source;
  json["text_encoder"] = nullptr;
  if (!run.vocabulary_sha256.empty()) {
    json["text_encoder"] = {{"type", kTokenEncoder}, {"vocabulary_sha256", run.vocabulary_sha256}};
  }
  json["bf16"] = run.bf16;
  json["fingerprint"] = run.fingerprint;
  json["counts"] = run.counts;
  json["provenance"] = run.provenance;
  write_file(folder / kRunConfigFile, dump_json(json, 2) + "\n");
}

RunDescription read_run_description(const Path& folder) {
  const Path path = folder / kRunConfigFile;
  const std::string source = path.string();
  const Json json = read_json(path);
  const auto format = json_get<std::string>(json, "format", source);
  const auto version = json_get<std::int64_t>(json, "version", source);
  if (format != kFormat || version != kVersion1) {
    throw InputError("{}: format '{}' version {}; this program reads '{}' version {}", source,
                     format, version, kFormat, kVersion1);
  }
  RunDescription run;
  run.config = train_config_from_json(json_get<Json>(json, "config", source), source);
  run.class_count = whole_number(json, "class_count", source);
  run.image_width = whole_number(json, "image_width", source);
  run.text_width = whole_number(json, "text_width", source);
  const Json encoder = json.contains("image_encoder") ? json["image_encoder"] : Json(nullptr);
  if (!encoder.is_null()) run.image_encoder = parse_image_encoder_config(encoder, source);
  run.image_encoder_source = json_get<std::string>(json, "image_encoder_source", source);
  const Json text = json.contains("text_encoder") ? json["text_encoder"] : Json(nullptr);
  if (!text.is_null()) {
    const auto type = json_get<std::string>(text, "type", source);
    if (type != kTokenEncoder) {
      throw InputError("{}: the text encoder's type is '{}'; this program knows '{}'", source, type,
                       kTokenEncoder);
    }
    run.vocabulary_sha256 = json_get<std::string>(text, "vocabulary_sha256", source);
  }
  run.bf16 = json_get<bool>(json, "bf16", source);
  run.fingerprint = json_get<std::string>(json, "fingerprint", source);
  run.counts = json_get_or<Json>(json, "counts", Json::object(), source);
  run.provenance = json_get_or<Json>(json, "provenance", Json::object(), source);
  constexpr std::int64_t kMostColumns = 1 << 20;  // against absurd allocations
  if (run.class_count < 1 || run.class_count > kMostColumns || run.image_width > kMostColumns ||
      run.text_width > kMostColumns) {
    throw InputError("{}: {} classes, widths {} and {}: out of range", source, run.class_count,
                     run.image_width, run.text_width);
  }
  return run;
}

std::string write_vocabulary(const Path& folder, const WordVocabulary& vocabulary) {
  Json json = vocabulary.to_json();
  json["format"] = kVocabularyFormat;
  json["version"] = kVersion1;
  const std::string text = dump_json(json, 1) + "\n";
  write_file(folder / kRunVocabularyFile, text);
  return sha256_hex(text);
}

WordVocabulary read_vocabulary(const Path& folder, const std::string& expected_sha256) {
  const Path path = folder / kRunVocabularyFile;
  const std::string source = path.string();
  if (!std::filesystem::exists(path)) {
    throw InputError("{}: the file is missing; the run's text encoder needs it", source);
  }
  const std::string text = read_file(path, kMaxJson);
  // Words in other rows would load without a complaint and embed nonsense.
  if (const std::string found = sha256_hex(text); found != expected_sha256) {
    throw InputError(
        "{}: its SHA-256 is {}, but {} says {}: it is not the vocabulary that the run was trained "
        "with; restore the file or remove the folder to train the run anew",
        source, found, kRunConfigFile, expected_sha256);
  }
  const Json json = parse_json(text, source);
  const auto format = json_get<std::string>(json, "format", source);
  const auto version = json_get<std::int64_t>(json, "version", source);
  if (format != kVocabularyFormat || version != kVersion1) {
    throw InputError("{}: format '{}' version {}; this program reads '{}' version {}", source,
                     format, version, kVocabularyFormat, kVersion1);
  }
  return WordVocabulary::from_json(json, source);
}

Json progress_to_json(const TrainProgress& progress) {
  Json json = Json::object();
  json["epoch"] = progress.epoch;
  json["step"] = progress.step;
  json["sums"] = progress.sums;
  json["epoch_seconds"] = progress.epoch_seconds;
  json["steps"] = progress.steps;
  json["step_seconds"] = progress.step_seconds;
  json["images"] = progress.images;
  json["best_epoch"] = progress.best_epoch;
  json["history"] = Json::array();
  for (const EpochMetrics& metrics : progress.history) {
    json["history"].push_back(metrics_to_json(metrics));
  }
  return json;
}

TrainProgress progress_from_json(const Json& json, const std::string& source) {
  TrainProgress progress;
  progress.epoch = whole_number(json, "epoch", source);
  progress.step = static_cast<std::size_t>(whole_number(json, "step", source));
  for (const Json& sum : json_get<Json>(json, "sums", source)) {
    if (!sum.is_number()) throw InputError("{}: 'sums' holds {}", source, dump_json(sum));
    progress.sums.push_back(sum.get<double>());
  }
  progress.epoch_seconds = json_get<double>(json, "epoch_seconds", source);
  progress.steps = static_cast<std::uint64_t>(json_get<std::int64_t>(json, "steps", source));
  progress.step_seconds = json_get<double>(json, "step_seconds", source);
  progress.images = static_cast<std::uint64_t>(json_get<std::int64_t>(json, "images", source));
  progress.best_epoch = whole_number(json, "best_epoch", source);
  for (const Json& line : json_get<Json>(json, "history", source)) {
    progress.history.push_back(metrics_from_json(line, source));
  }
  const std::size_t done = progress.history.size();
  if (progress.epoch < 1 || static_cast<std::size_t>(progress.epoch) != done + 1 ||
      static_cast<std::size_t>(progress.best_epoch) > done ||
      (done > 0 && progress.best_epoch < 1)) {
    throw InputError("{}: epoch {}, best epoch {} and {} lines of history do not fit together",
                     source, progress.epoch, progress.best_epoch, done);
  }
  return progress;
}

std::string training_fingerprint(const TrainConfig& config, const TrainInput& input,
                                 const std::string& encoders) {
  std::string concepts;
  if (input.note_concepts != nullptr) {
    for (const auto& named : *input.note_concepts) concepts += sha256_hex(bytes_of(named));
  }
  std::string train = examples_hash(input.train);
  if (config.group_aware) train += groups_hash(input.train);
  return sha256_of_fields({"training 1", dump_json(train_config_identity(config)),
                           std::to_string(input.class_count), train,
                           examples_hash(input.validation), texts_hash(input.notes),
                           matrix_hash(input.image_features), pictures_hash(input), encoders,
                           texts_hash(input.concepts), sha256_hex(concepts)});
}

}  // namespace epicrisis
