#include "settings/run_metrics.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>

#include "core/json_checksum.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::uint64_t kMaxJson = 64U << 20U;

// Those that result.json has the SHA-256 of, and its own.
constexpr std::array kCheckedFiles = {"config.json", kRunMetricsFile};

// Runs of earlier versions have none.
void hold_against_checksums(Json& result, const Path& folder, const std::string& source) {
  if (!has_checksum(result)) return;
  if (!take_checksum(result, source).agrees()) {
    throw InputError("{}: the file is damaged: it does not match its SHA-256", source);
  }
  const Json files = json_get<Json>(result, "files", source);
  for (const auto& [name, hash] : files.items()) {
    if (std::ranges::find(kCheckedFiles, name) == kCheckedFiles.end()) continue;
    if (sha256_hex(read_file(folder / name, kMaxJson)) != hash.get<std::string>()) {
      throw InputError("{}: the file is damaged: its SHA-256 is not the one in {}",
                       (folder / name).string(), source);
    }
  }
}

double number(const Json& json, std::string_view key, std::string_view source) {
  const auto found = json.find(std::string(key));
  if (found != json.end() && found->is_null()) return std::numeric_limits<double>::quiet_NaN();
  return json_get<double>(json, key, source);
}

}  // namespace

int whole_number(const Json& json, std::string_view key, std::string_view source) {
  const auto value = json_get<std::int64_t>(json, key, source);
  if (value < 0 || value > std::numeric_limits<int>::max()) {
    throw InputError("{}: '{}' is {}, out of range", source, key, value);
  }
  return static_cast<int>(value);
}

Json metrics_to_json(const EpochMetrics& metrics) {
  Json json = Json::object();
  json["epoch"] = metrics.epoch;
  json["train_loss"] = number_or_null(metrics.train_loss);
  Json parts = Json::object();
  for (const auto& [name, value] : metrics.parts) parts[name] = number_or_null(value);
  json["parts"] = parts;
  json["validation_loss"] = number_or_null(metrics.validation_loss);
  json["validation_weighted_f1"] = number_or_null(metrics.validation_weighted_f1);
  json["validation_balanced_accuracy"] = number_or_null(metrics.validation_balanced_accuracy);
  json["validation_mcc"] = number_or_null(metrics.validation_mcc);
  json["learning_rate"] = metrics.learning_rate;
  json["seconds"] = metrics.seconds;
  json["images_per_second"] = metrics.images_per_second;
  json["best"] = metrics.best;
  return json;
}

EpochMetrics metrics_from_json(const Json& json, std::string_view source) {
  EpochMetrics metrics;
  metrics.epoch = whole_number(json, "epoch", source);
  metrics.train_loss = number(json, "train_loss", source);
  const Json parts = json_get<Json>(json, "parts", source);
  for (const auto& [name, value] : parts.items()) {
    metrics.parts.emplace_back(name, number(parts, name, source));
  }
  metrics.validation_loss = number(json, "validation_loss", source);
  metrics.validation_weighted_f1 = number(json, "validation_weighted_f1", source);
  metrics.validation_balanced_accuracy = number(json, "validation_balanced_accuracy", source);
  metrics.validation_mcc = json.contains("validation_mcc")
                               ? number(json, "validation_mcc", source)
                               : std::numeric_limits<double>::quiet_NaN();
  metrics.learning_rate = number(json, "learning_rate", source);
  metrics.seconds = number(json, "seconds", source);
  metrics.images_per_second = number(json, "images_per_second", source);
  metrics.best = json_get<bool>(json, "best", source);
  return metrics;
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
  json["files"] = Json::object();
  for (const char* name : kCheckedFiles) {
    if (!std::filesystem::exists(folder / name)) continue;
    json["files"][name] = sha256_hex(read_file(folder / name, kMaxJson));
  }
  add_checksum(json);
  write_file(folder / kRunResultFile, dump_json(json, 2) + "\n");
}

std::optional<TrainResult> read_train_result(const Path& run_folder) {
  const Path path = run_folder / kRunResultFile;
  if (!std::filesystem::exists(path)) return std::nullopt;
  const std::string source = path.string();
  Json json = parse_json(read_file(path, kMaxJson), path.string());
  hold_against_checksums(json, run_folder, source);
  TrainResult result;
  result.best_epoch = whole_number(json, "best_epoch", source);
  result.epochs = whole_number(json, "epochs", source);
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

}  // namespace epicrisis
