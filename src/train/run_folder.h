#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"
#include "epicrisis/model/encoders/text/word_vocabulary.h"
#include "epicrisis/settings/image_encoder_config.h"
#include "epicrisis/train/trainer.h"
#include "settings/run_metrics.h"

// The files of a run; docs/formats/run-folder.md.
namespace epicrisis {

inline constexpr const char* kRunConfigFile = "config.json";
inline constexpr const char* kRunWeightsFile = "model.safetensors";
inline constexpr const char* kRunCheckpointFile = "checkpoint.safetensors";
inline constexpr const char* kRunVocabularyFile = "vocabulary.json";

// config.json: what has to be known to load the weights, and what the run was.
struct RunDescription {
  TrainConfig config;
  int class_count = 0;
  std::int64_t image_width = 0;
  std::int64_t text_width = 0;
  std::optional<ImageEncoderConfig> image_encoder;  // of a fine-tuned run
  std::string image_encoder_source;
  std::string vocabulary_sha256;  // of vocabulary.json; empty if no token embeddings are trained
  bool bf16 = false;
  std::string fingerprint;  // of config and data
  Json counts = Json::object();
  Json provenance = Json::object();
};
void write_run_description(const Path& folder, const RunDescription& run);
// InputError naming the file.
RunDescription read_run_description(const Path& folder);

// The rows of "text_encoder.weight" as words. Returns the file's SHA-256.
std::string write_vocabulary(const Path& folder, const WordVocabulary& vocabulary);
// InputError naming the file if it is broken or is not the one with that SHA-256.
WordVocabulary read_vocabulary(const Path& folder, const std::string& expected_sha256);

// Where a training stands, besides tensors; goes into the checkpoint as JSON.
struct TrainProgress {
  int epoch = 1;             // the one that is going on or comes next
  std::size_t step = 0;      // its steps done
  std::vector<double> sums;  // of the terms over those steps
  double epoch_seconds = 0;  // spent in those steps
  std::uint64_t steps = 0;   // of the whole training
  double step_seconds = 0;   // spent in them
  std::uint64_t images = 0;  // seen in them
  int best_epoch = 0;        // 0: none yet
  std::vector<EpochMetrics> history;
};
Json progress_to_json(const TrainProgress& progress);
TrainProgress progress_from_json(const Json& json, const std::string& source);

// Hash of everything that decides the outcome of a training; `encoders` stands for what the trained
// encoders start from.
std::string training_fingerprint(const TrainConfig& config, const TrainInput& input,
                                 const std::string& encoders);

}  // namespace epicrisis
