#pragma once

#include <any>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/core/job.h"
#include "epicrisis/llm/attempt.h"
#include "epicrisis/llm/prices.h"
#include "epicrisis/llm/provider.h"
#include "epicrisis/net/http.h"

namespace epicrisis::llm {

// What is asked once, of one subject: a sample that wants a note, a note that wants a verdict.
struct Request {
  std::string key;                // of what is paid for once
  std::int64_t input_tokens = 0;  // estimate
  int max_tokens = 0;             // of the answer, at most
  bool may_grow = true;           // cut off there, it is asked once more with twice the room
  std::any subject;               // the source's own
};

// Gives out what is to be asked. One thread, but for body().
class Source {
 public:
  virtual ~Source() = default;

  // The next request; empty at the end, or when the job is cancelled. Called a little ahead of
  // sending, so that memory does not grow with their number.
  virtual std::optional<Request> next() = 0;

  // The JSON body with this limit for the answer. Throws Error if it cannot be made. Called by
  // several threads at once.
  virtual std::string body(const Request& request, int max_tokens) const = 0;
  // Whether bodies take longer to make than to send, as with pictures: threads make them ahead.
  virtual bool has_slow_bodies() const = 0;
  // A request that was given out will not be asked, as its body cannot be made: it is skipped.
  virtual void drop(const Request& request) = 0;

  // So far: subjects that were taken up = requests given out and not dropped + those skipped.
  virtual std::int64_t taken() const = 0;
  virtual const std::map<std::string, std::int64_t>& skips() const = 0;  // by reason
  // Subjects that were not taken up and want an answer, as far as that is told without a look at
  // each. Called at the end of a run that was stopped, also of a cancelled one: so it is fast.
  virtual std::int64_t rest() const = 0;
};

// An answer, read.
struct Reading {
  Attempt attempt;
  std::string outcome;  // if it is final: one word for the ledger and the counts
  std::any result;      // if it is final: the reader's own, for the sink
};
// Reads what was answered to a request. Never throws on what a server sent.
using Reader = std::function<Reading(const Request& request, const HttpAnswer& answer)>;

// One request that was sent and what came of it: an entry for a ledger.
struct SentRequest {
  std::shared_ptr<const Request> request;
  int max_tokens = 0;    // as sent
  std::string endpoint;  // base URL
  int attempt = 1;       // of this request, from 1
  std::string sent_at;   // UTC
  Seconds latency{0};
  int http_status = 0;  // 0: no HTTP answer
  std::string outcome;  // the reading's if it is final, else "retry", "stop" or "cancelled"
  std::string reason;   // "" for an answer as it was asked for
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  bool final = false;
  std::any result;  // if it is final
  // Of all attempts together.
  std::int64_t all_input_tokens = 0;
  std::int64_t all_output_tokens = 0;
};
// Stores a group of them, all or nothing, in a thread of the dispatcher's own: requests must not
// wait for the disk. SystemError: nothing of the group is stored; it comes again.
using Sink = std::function<void(std::span<const SentRequest> group)>;

// Keeps that these are about to be sent, in the caller's thread, before they are: what a kill
// leaves of them may have been paid for. Their tokens are the most that they may cost. SystemError:
// they are not sent, and the run stops.
using Announce = std::function<void(std::span<const SentRequest> group)>;

struct DispatchOptions {
  std::string label;           // of the progress: "notes P1"
  std::string unit;            // "notes"
  std::uint64_t expected = 0;  // subjects, about; 0: not known
  int max_concurrency = 0;     // 0: the provider's
  Budget budget = {};
  Budget spent = {};       // of the budget, before this run
  Announce announce = {};  // none: nothing is kept of what is under way
  bool offline = false;    // the transport sends nothing (a replay): no key is needed, no wait
  std::uint64_t seed = 1;  // of the jitter
};

struct DispatchReport {
  // taken = done + failed + skipped + left; failed is the sum of `rejected`.
  // Subjects that were taken up, and, where the run was stopped, the rest of the source.
  std::int64_t taken = 0;
  std::int64_t done = 0;
  std::int64_t failed = 0;                       // of this run: every other outcome
  std::int64_t skipped = 0;                      // there already, or nothing to ask: sum of `skips`
  std::int64_t left = 0;                         // not finished when the run stopped
  std::map<std::string, std::int64_t> rejected;  // by outcome
  std::map<std::string, std::int64_t> skips;     // by reason
  std::int64_t requests = 0;
  std::int64_t retries = 0;
  std::int64_t not_recorded = 0;  // of `left`: a replay has no answer to them
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  double cost = 0;            // US dollars
  std::int64_t unpriced = 0;  // tokens that have no known price, and are not in `cost`
  double seconds = 0;
  double waited = 0;  // seconds slept with nothing in flight
  int most_in_flight = 0;
  std::string stopped;             // why the run ended early; "" if it did not
  std::optional<ErrorKind> error;  // empty: it went to its end, or the budget is used up
};

// Asks the provider's model for all that the source gives, with as many requests in flight as its
// endpoints bear, and hands each request that was sent to the sink, once. What the sink has stored
// is there when the process dies; 64 answers at most wait for their commit. Ends early, without an
// exception, for an answer that stops the run, an open circuit everywhere, too many failures, the
// budget and a cancelled job: `stopped` and `error` say which, and what is in flight is waited for
// a few seconds. UsageError if a key cannot be had, or as require_prices()
// says; SystemError if answers cannot be stored at the end, after some patience.
DispatchReport dispatch(const Provider& provider, Source& source, const Reader& reader,
                        const Sink& sink, HttpTransport& transport, const DispatchOptions& options,
                        Job& job);

}  // namespace epicrisis::llm
