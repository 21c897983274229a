#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/llm/dispatcher.h"
#include "epicrisis/llm/prices.h"
#include "epicrisis/net/http.h"
#include "epicrisis/notes/synthesis/answer.h"
#include "epicrisis/notes/synthesis/request.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

struct SynthesisOptions {
  SampleFilter filter = {};
  double fraction = 1;      // of the samples of the filter, drawn evenly; stable
  int max_concurrency = 0;  // 0: the provider's
  Budget budget = {};
  Budget spent = {};            // of it, before this run
  bool retry_rejected = false;  // ask again for truncated, refused, filtered, empty, invalid ones
  bool ask_batched = false;     // ask although the same request is out in a batch
  bool allow_remote = false;    // remembered by the workspace once given
  bool offline = false;         // the transport sends nothing (a replay): no consent is needed
  std::uint64_t seed = 1;       // of the jitter
};

// A note is what is taken up and done.
struct SynthesisReport : llm::DispatchReport {
  std::string strategy = {};
  std::string provider = {};
  std::string model = {};
  std::set<std::string> fields_sent = {};
  bool images_sent = false;
  AnswerCounts answers = {};
  bool replayed = false;  // out of a recording: nothing was sent
  std::int64_t lost = 0;  // requests that an earlier run had under way when it was killed
};
Json to_json(const SynthesisReport& report);

// Writes the notes of a strategy for the samples of the filter that have none yet, through the
// provider of `builder`. One thread; samples stream in and results out in groups, so that memory
// does not grow with their number. Every request is in the ledger; what is written is there when
// the process dies. UsageError if the provider is not on this machine and that was never allowed.
// Ends early, without an exception, for 401, an open circuit everywhere, too many failures, the
// budget and a cancelled job: `stopped` and `error` say which.
SynthesisReport synthesize(Workspace& workspace, const RequestBuilder& builder,
                           const SynthesisOptions& options, HttpTransport& transport, Job& job);

}  // namespace epicrisis
