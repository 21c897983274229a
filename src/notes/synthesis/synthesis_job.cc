#include "epicrisis/notes/synthesis/synthesis_job.h"

#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/log.h"

namespace epicrisis {

RequestBuilder make_builder(const SynthesisJob& job) {
  Strategy strategy = load_strategy(job.strategy);
  if (!job.choice.names_one()) {
    throw UsageError("strategy '{}' is for a language model: name a `provider` or an `endpoint`",
                     strategy.name);
  }
  Provider provider = job.choice.resolve();
  std::string model = provider.model;
  return {std::move(strategy), std::move(provider), std::move(model), job.limits};
}

SynthesisReport run_synthesis(Workspace& workspace, const SynthesisJob& job, Clock& clock) {
  const RequestBuilder builder = make_builder(job);
  if (builder.strategy().image && !builder.provider().vision && job.limits.images) {
    log_warning(
        "strategy {} is about the picture, and provider '{}' is not said to see pictures: none is "
        "sent, measured words are in its place. `vision` says that the model sees",
        builder.strategy().name, builder.provider().name);
  }
  SynthesisOptions options = job.options;
  options.offline = !job.choice.replay.empty();
  const std::unique_ptr<HttpTransport> transport = job.choice.transport(clock);
  return synthesize(workspace, builder, options, *transport, clock);
}

}  // namespace epicrisis
