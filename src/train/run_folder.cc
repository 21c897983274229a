#include "train/run_folder.h"

#include <cmath>
#include <fstream>
#include <limits>
#include <span>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/version.h"

namespace epicrisis {
namespace {

constexpr const char* kFormat = "epicrisis-run";
constexpr int kVersion1 = 1;
constexpr const char* kVocabularyFormat = "epicrisis-vocabulary";
constexpr const char* kTokenEncoder = "token_embeddings";
constexpr std::uint64_t kMaxJson = 64U << 20U;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

double number(const Json& json, std::string_view key, std::string_view source) {
  const auto found = json.find(std::string(key));
  if (found != json.end() && found->is_null()) return std::numeric_limits<double>::quiet_NaN();
  return json_get<double>(json, key, source);
}

int whole(const Json& json, std::string_view key, std::string_view source) {
  const auto value = json_get<std::int64_t>(json, key, source);
  if (value < 0 || value > std::numeric_limits<int>::max()) {
    throw InputError("{}: '{}' is {}, out of range", source, key, value);
  }
  return static_cast<int>(value);
}

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
  json["image_encoder"] = run.image_encoder ? run.image_encoder->to_json() : Json(nullptr);
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
  run.class_count = whole(json, "class_count", source);
  run.image_width = whole(json, "image_width", source);
  run.text_width = whole(json, "text_width", source);
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

Json metrics_to_json(const EpochMetrics& metrics) {
  Json json = Json::object();
  json["epoch"] = metrics.epoch;
  json["train_loss"] = number(metrics.train_loss);
  Json parts = Json::object();
  for (const auto& [name, value] : metrics.parts) parts[name] = number(value);
  json["parts"] = parts;
  json["validation_loss"] = number(metrics.validation_loss);
  json["validation_weighted_f1"] = number(metrics.validation_weighted_f1);
  json["validation_balanced_accuracy"] = number(metrics.validation_balanced_accuracy);
  json["learning_rate"] = metrics.learning_rate;
  json["seconds"] = metrics.seconds;
  json["images_per_second"] = metrics.images_per_second;
  json["best"] = metrics.best;
  return json;
}

EpochMetrics metrics_from_json(const Json& json, std::string_view source) {
  EpochMetrics metrics;
  metrics.epoch = whole(json, "epoch", source);
  metrics.train_loss = number(json, "train_loss", source);
  const Json parts = json_get<Json>(json, "parts", source);
  for (const auto& [name, value] : parts.items()) {
    metrics.parts.emplace_back(name, number(parts, name, source));
  }
  metrics.validation_loss = number(json, "validation_loss", source);
  metrics.validation_weighted_f1 = number(json, "validation_weighted_f1", source);
  metrics.validation_balanced_accuracy = number(json, "validation_balanced_accuracy", source);
  metrics.learning_rate = number(json, "learning_rate", source);
  metrics.seconds = number(json, "seconds", source);
  metrics.images_per_second = number(json, "images_per_second", source);
  metrics.best = json_get<bool>(json, "best", source);
  return metrics;
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
  progress.epoch = whole(json, "epoch", source);
  progress.step = static_cast<std::size_t>(whole(json, "step", source));
  for (const Json& sum : json_get<Json>(json, "sums", source)) {
    if (!sum.is_number()) throw InputError("{}: 'sums' holds {}", source, dump_json(sum));
    progress.sums.push_back(sum.get<double>());
  }
  progress.epoch_seconds = json_get<double>(json, "epoch_seconds", source);
  progress.steps = static_cast<std::uint64_t>(json_get<std::int64_t>(json, "steps", source));
  progress.step_seconds = json_get<double>(json, "step_seconds", source);
  progress.images = static_cast<std::uint64_t>(json_get<std::int64_t>(json, "images", source));
  progress.best_epoch = whole(json, "best_epoch", source);
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

void write_metrics(const Path& folder, const std::vector<EpochMetrics>& history) {
  std::string lines;
  for (const EpochMetrics& metrics : history) lines += dump_json(metrics_to_json(metrics)) + "\n";
  write_file(folder / kRunMetricsFile, lines);
}

void append_metrics(const Path& folder, const EpochMetrics& metrics) {
  // Not synced: the checkpoint's history is the truth, from which the file is written anew.
  const Path path = folder / kRunMetricsFile;
  std::ofstream file(path, std::ios::app | std::ios::binary);
  file << dump_json(metrics_to_json(metrics)) << '\n';
  file.flush();
  if (!file)
    throw SystemError("Writing {}: the line of epoch {} failed", path.string(), metrics.epoch);
}

void write_train_result(const Path& folder, const TrainResult& result) {
  Json json = Json::object();
  json["best_epoch"] = result.best_epoch;
  json["epochs"] = result.epochs;
  json["stopped_early"] = result.stopped_early;
  json["seconds"] = result.seconds;
  json["images_per_second"] = result.images_per_second;
  json["steps_per_second"] = result.steps_per_second;
  write_file(folder / kRunResultFile, dump_json(json, 2) + "\n");
}

std::optional<TrainResult> read_train_result(const Path& run_folder) {
  const Path path = run_folder / kRunResultFile;
  if (!std::filesystem::exists(path)) return std::nullopt;
  const std::string source = path.string();
  const Json json = read_json(path);
  TrainResult result;
  result.best_epoch = whole(json, "best_epoch", source);
  result.epochs = whole(json, "epochs", source);
  result.stopped_early = json_get<bool>(json, "stopped_early", source);
  result.seconds = json_get<double>(json, "seconds", source);
  result.images_per_second = json_get<double>(json, "images_per_second", source);
  result.steps_per_second = json_get<double>(json, "steps_per_second", source);
  const Path metrics = run_folder / kRunMetricsFile;
  for (const std::string& line : split(read_file(metrics, kMaxJson), '\n')) {
    if (line.empty()) continue;
    result.history.push_back(
        metrics_from_json(parse_json(line, metrics.string()), metrics.string()));
  }
  const auto lines = static_cast<int>(result.history.size());
  if (lines != result.epochs || result.best_epoch < 1 || result.best_epoch > lines) {
    throw InputError("{}: {} epochs, the best {}, but {} has {} lines", source, result.epochs,
                     result.best_epoch, metrics.string(), lines);
  }
  return result;
}

const EpochMetrics& TrainResult::best() const {
  if (best_epoch < 1 || static_cast<std::size_t>(best_epoch) > history.size()) {
    throw InternalError("TrainResult::best: epoch {} of {}", best_epoch, history.size());
  }
  return history[static_cast<std::size_t>(best_epoch) - 1];
}

std::string training_fingerprint(const TrainConfig& config, const TrainInput& input,
                                 const std::string& encoders) {
  Json settings = train_config_to_json(config);
  settings.erase("checkpoint_seconds");
  std::string concepts;
  if (input.note_concepts != nullptr) {
    for (const auto& named : *input.note_concepts) concepts += sha256_hex(bytes_of(named));
  }
  return sha256_of_fields({"training 1", dump_json(settings), std::to_string(input.class_count),
                           examples_hash(input.train), examples_hash(input.validation),
                           texts_hash(input.notes), matrix_hash(input.image_features),
                           pictures_hash(input), encoders, texts_hash(input.concepts),
                           sha256_hex(concepts)});
}

}  // namespace epicrisis
