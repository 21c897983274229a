#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/settings/weight_contents.h"

namespace epicrisis {

// What a weight file or a model folder holds, and which encoder it can be.
struct ModelInspection {
  std::string
      what;        // "weight file", "model folder", "Hugging Face folder", "Hugging Face snapshot"
  Path folder;     // where config.json is looked for
  struct Config {  // of config.json, "" and 0 where there is none
    std::string file;
    std::string architecture;  // "densenet121", "bert", and what is not read: "gpt2"
    std::string kind;          // as model_kind_name()
    std::int64_t width = 0;
    std::string problem;  // why it cannot be used
  } config;
  WeightContents weights;
  struct Text {                     // of a text encoder
    std::int64_t vectors = 0;       // tokens that the weights have a vector for
    std::int64_t vocabulary = 0;    // config.json's vocab_size; 0 not told
    std::int64_t tokenizer = 0;     // entries of the tokenizer; 0 none
    std::string tokenizer_problem;  // why it cannot be used: not there, another kind
  };
  std::optional<Text> text;
  std::vector<ArchitectureFit> fits;  // as best_fits() leaves them
  std::string fits_unknown;           // why nothing is said of that; "" if something is
};
Json to_json(const ModelInspection& inspection);

// `model` is a weight file, an index of shards, a folder with or without config.json, a repository
// in Hugging Face's cache, or a name for find_model(). Reads all weights. Errors as find_model(),
// weight_file_in() and read_weights(); what is wrong with configuration and tokenizer is told.
// Interrupted when the job is cancelled.
ModelInspection inspect_model(std::string_view model, const Job& job);

}  // namespace epicrisis
