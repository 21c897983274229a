#pragma once

#include <memory>

#include "command.h"
#include "epicrisis/notes/synthesis/synthesis_job.h"

namespace epicrisis::cli {

// What the commands that ask language models have in common, as text from the command line.
struct SynthesisArguments {
  std::string workspace;
  std::string strategy;
  ProviderChoice choice;
  std::string structured;
  std::vector<std::string> datasets;
  std::int64_t limit = -1;
  double fraction = 1;
  bool no_images = false;
  std::vector<std::string> fields;
  bool allow_remote = false;
  bool retry_rejected = false;
};

// Adds --provider and --endpoint. A provider that the command line names leaves out the endpoint
// and the model of the environment.
void add_provider_options(CLI::App& command, ProviderChoice& choice);
// Adds --record and --replay.
void add_recording_options(CLI::App& command, ProviderChoice& choice);

// Adds --provider, --endpoint, --model, --vision, --structured, --input-price, --output-price and
// --picture-tokens.
void add_model_options(CLI::App& command, SynthesisArguments& arguments);
// Adds --no-images, --fields and --allow-remote.
void add_disclosure_options(CLI::App& command, SynthesisArguments& arguments);
// Adds --retry-rejected.
void add_retry_option(CLI::App& command, SynthesisArguments& arguments);

// Adds --workspace, --strategy, --provider, --endpoint, --model, --vision, --structured,
// --input-price, --output-price, --picture-tokens, --dataset, --limit, --fraction, --no-images,
// --fields, --allow-remote and --retry-rejected. Returns --strategy, which has no default.
CLI::Option* add_synthesis_options(CLI::App& command, SynthesisArguments& arguments);

// Adds --concurrency and --budget.
void add_request_options(CLI::App& command, int& concurrency, std::string& budget);

// The job that they name.
SynthesisJob job_of(const SynthesisArguments& arguments);

}  // namespace epicrisis::cli
