#include "study/run_files.h"

#include <filesystem>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/json.h"
#include "epicrisis/tensor/safetensors.h"

namespace epicrisis::study {
namespace {

void check_vocabulary(const Path& folder) {
  const Path config = folder / "config.json";
  if (!std::filesystem::exists(config)) return;
  const Json json = parse_json(read_file(config), config.string());
  if (!json.is_object() || !json.contains("text_encoder")) return;
  const Json& encoder = json["text_encoder"];
  if (!encoder.is_object() || !encoder.contains("vocabulary_sha256")) return;
  const Path file = folder / "vocabulary.json";
  if (!std::filesystem::exists(file)) throw InputError("{} is gone", file.string());
  if (sha256_hex(read_file(file)) != encoder["vocabulary_sha256"]) {
    throw InputError("{}: its SHA-256 is not the one in {}", file.string(), config.string());
  }
}

}  // namespace

void check_weights(const Path& run_folder) {
  const Path weights = run_folder / "model.safetensors";
  if (!std::filesystem::exists(weights)) throw InputError("{} is gone", weights.string());
  read_safetensors(weights);
  check_vocabulary(run_folder);
}

}  // namespace epicrisis::study
