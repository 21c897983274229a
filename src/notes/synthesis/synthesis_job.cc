#include "epicrisis/notes/synthesis/synthesis_job.h"

#include "epicrisis/core/error.h"
#include "epicrisis/core/log.h"
#include "epicrisis/net/recording.h"

namespace epicrisis {

RequestBuilder make_builder(const SynthesisJob& job) {
  Strategy strategy = load_strategy(job.strategy);
  if (job.provider.empty() && job.endpoint.empty()) {
    throw UsageError(
        "strategy '{}' is for a language model: name a provider or an endpoint, none is named",
        strategy.name);
  }
  Provider provider =
      job.provider.empty() ? provider_for_url(job.endpoint) : load_provider(job.provider);
  if (!job.provider.empty() && !job.endpoint.empty()) {
    provider = with_url(std::move(provider), job.endpoint);
  }
  provider.vision = provider.vision || job.vision;
  if (job.structured) provider.structured = *job.structured;
  std::string model = job.model.empty() ? provider.model : job.model;
  if (model.empty()) {
    throw UsageError("provider '{}' has no model of its own: name one with --model", provider.name);
  }
  return {std::move(strategy), std::move(provider), std::move(model), job.limits};
}

SynthesisReport run_synthesis(Workspace& workspace, const SynthesisJob& job, Clock& clock) {
  if (!job.record.empty() && job.record == job.replay) {
    throw UsageError("{}: record and replay name the same file; the recording would be lost",
                     job.record.string());
  }
  const RequestBuilder builder = make_builder(job);
  if (builder.strategy().image && !builder.provider().vision && job.limits.images) {
    log_warning(
        "strategy {} is about the picture, and provider '{}' is not said to see pictures: none is "
        "sent, measured words are in its place. --vision (vision = true) says that the model sees",
        builder.strategy().name, builder.provider().name);
  }
  SynthesisOptions options = job.options;
  std::unique_ptr<HttpTransport> transport;
  if (job.replay.empty()) {
    transport = make_curl_transport(clock);
  } else {
    transport = make_replay_transport(job.replay, clock);
    options.offline = true;
  }
  if (!job.record.empty()) transport = make_recording_transport(std::move(transport), job.record);
  return synthesize(workspace, builder, options, *transport, clock);
}

}  // namespace epicrisis
