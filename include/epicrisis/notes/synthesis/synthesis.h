#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/clock.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/net/http.h"
#include "epicrisis/notes/synthesis/request.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

// The most that a run may spend; 0 is no limit.
struct Budget {
  std::int64_t tokens = 0;
  double dollars = 0;
};
// "200000 tokens", "2.50 USD", "$2.50". UsageError for anything else, and for dollars where the
// provider has no prices.
Budget parse_budget(std::string_view text);

struct SynthesisOptions {
  SampleFilter filter = {};
  double fraction = 1;      // of the samples of the filter, drawn evenly; stable
  int max_concurrency = 0;  // 0: the provider's
  Budget budget = {};
  bool retry_rejected = false;  // ask again for truncated, refused, filtered, empty, invalid ones
  bool ask_batched = false;     // ask although the same request is out in a batch
  bool allow_remote = false;    // remembered by the workspace once given
  bool offline = false;         // the transport sends nothing (a replay): no consent is needed
  std::uint64_t seed = 1;       // of the jitter
};

struct SynthesisReport {
  std::string strategy;
  std::string provider;
  std::string model;
  // notes = written + failed + skipped + left; failed is the sum of `rejected`.
  std::int64_t notes = 0;  // samples taken up, times variants
  std::int64_t written = 0;
  std::int64_t failed = 0;                       // of this run: every status but written
  std::int64_t skipped = 0;                      // there already, or nothing to ask: sum of `skips`
  std::int64_t left = 0;                         // taken up, not finished when the run stopped
  std::map<std::string, std::int64_t> rejected;  // by status
  std::map<std::string, std::int64_t> skips;     // by reason
  std::int64_t requests = 0;
  std::int64_t retries = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  double cost = 0;  // US dollars
  double seconds = 0;
  double waited = 0;  // seconds slept with nothing in flight
  int most_in_flight = 0;
  std::string stopped;             // why the run ended early; "" if it did not
  std::optional<ErrorKind> error;  // empty: it went to its end, or the budget is used up
  std::vector<std::string> fields_sent;
  bool images_sent = false;
  Json to_json() const;
};

// Writes the notes of a strategy for the samples of the filter that have none yet, through the
// provider of `builder`. One thread; samples stream in and results out in groups, so that memory
// does not grow with their number. Every request is in the ledger; what is written is there when
// the process dies. UsageError if the provider is not on this machine and that was never allowed.
// Ends early, without an exception, for 401, an open circuit everywhere, too many failures, the
// budget and a cancelled job: `stopped` and `error` say which.
SynthesisReport synthesize(Workspace& workspace, const RequestBuilder& builder,
                           const SynthesisOptions& options, HttpTransport& transport, Job& job);

}  // namespace epicrisis
