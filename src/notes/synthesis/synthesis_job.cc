#include "epicrisis/notes/synthesis/synthesis_job.h"

#include <utility>

#include "epicrisis/core/error.h"

namespace epicrisis {

RequestBuilder make_builder(const SynthesisJob& job) {
  Strategy strategy = load_strategy(job.strategy, job.field);
  if (!job.choice.names_one()) {
    throw UsageError("strategy '{}' is for a language model: name a `provider` or an `endpoint`",
                     strategy.name);
  }
  Provider provider = job.choice.resolve();
  std::string model = provider.model;
  return {std::move(strategy), std::move(provider), std::move(model), job.disclosure};
}

std::string unknown_picture_tokens(const RequestBuilder& builder, const Budget& budget) {
  const bool counts =
      budget.tokens > 0 || budget.dollars > 0 || builder.provider().prices.charges();
  if (!counts || !builder.sends_image() || builder.picture().known) return "";
  return fmt::format(
      "how many tokens a picture counts for the model '{}' is not known; {} are reckoned with, and "
      "it may be many times as many. `picture_tokens` says it",
      builder.model(), builder.picture().tokens);
}

namespace {

void warn_of_pictures(const RequestBuilder& builder, const SynthesisJob& task, Job& job) {
  if (builder.strategy().image && !builder.provider().vision && task.disclosure.images) {
    job.warn(
        "strategy {} is about the picture, and provider '{}' is not said to see pictures: none is "
        "sent, measured words are in its place. `vision` says that the model sees",
        builder.strategy().name, builder.provider().name);
  }
  const std::string unknown = unknown_picture_tokens(builder, task.options.budget);
  if (!unknown.empty() && task.choice.replay.empty()) job.warn("{}", unknown);
}

}  // namespace

PreparedRun prepare_run(const SynthesisJob& task, Job& job) {
  PreparedRun run{make_builder(task), task.options, nullptr};
  warn_of_pictures(run.builder, task, job);
  run.options.offline = !task.choice.replay.empty();
  run.transport = task.choice.transport(job);
  return run;
}

SynthesisReport run_synthesis(Workspace& workspace, const SynthesisJob& task, Job& job) {
  const PreparedRun run = prepare_run(task, job);
  return synthesize(workspace, run.builder, run.options, *run.transport, job);
}

}  // namespace epicrisis
