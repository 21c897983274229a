#include "epicrisis/llm/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <utility>

#include "epicrisis/core/cost.h"
#include "epicrisis/core/random.h"
#include "epicrisis/core/strings.h"
#include "llm/body_queue.h"
#include "llm/commit_queue.h"
#include "llm/endpoint_set.h"
#include "llm/limits.h"
#include "llm/model_list.h"
#include "llm/refused_request.h"
#include "llm/spending.h"

namespace epicrisis::llm {
namespace {

constexpr Seconds kLongestWait{0.5};
constexpr Seconds kDrainTime{4};
constexpr int kFlushAttempts = 3;
constexpr int kWrongFormAttempts = 3;  // they are paid for
constexpr std::size_t kMaxReason = 300;

bool is_throttled(const Attempt& attempt, const HttpAnswer& answer) {
  return attempt.throttled || answer.status == 503;
}

class Dispatcher {
 public:
  Dispatcher(const Provider& provider, Source& source, const Reader& reader, const Sink& sink,
             HttpTransport& transport, const DispatchOptions& options, Job& job);
  DispatchReport run();

 private:
  Seconds now() const { return job_.clock().monotonic(); }
  bool stopping() const { return !report_.stopped.empty(); }
  void stop(std::optional<ErrorKind> error, std::string why);

  void send_and_take();
  void fill();
  void choose_and_send();
  std::optional<Asked> next_asked();
  void send(Asked asked, std::size_t endpoint);
  void start_sent();
  void give_up_hopeless();
  std::vector<std::string> model_names(std::size_t endpoint) {
    return ask_model_names(provider_, endpoints_, endpoint, transport_, job_);
  }
  bool is_explained(const Asked& asked, const Reading& reading, const HttpAnswer& answer);
  void settle_held();
  void tell_models();
  void explain_refusals();
  Seconds wait_time() const;
  void wait();
  void drain();
  void take(HttpTransport::Ticket ticket, HttpAnswer answer);
  void leave_out(const Asked& asked);
  bool may_wait(const Attempt& attempt) const;
  void ask_for_more(Asked asked, Reading reading, const HttpAnswer& answer);
  void retry(Asked asked, Reading reading, const HttpAnswer& answer);
  void finish(const Asked& asked, Reading reading, const HttpAnswer& answer);
  SentRequest sent_request(const Asked& asked, const Attempt& attempt, const HttpAnswer& answer,
                           std::string outcome) const;
  void flush_with_patience();
  void show_progress();
  void count();

  const Provider& provider_;
  const DispatchOptions& options_;
  Source& source_;
  const Reader& reader_;
  HttpTransport& transport_;
  Job& job_;
  DispatchReport report_;
  BodyQueue bodies_;
  EndpointSet endpoints_;
  Spending spending_;
  FailureWatch watch_;
  QuotaWatch quota_;
  CommitQueue commits_;
  Random random_;
  std::multimap<Seconds, Asked> waiting_;  // by when they are due
  std::optional<Asked> next_;              // first in line, for which there was no room
  std::unordered_map<HttpTransport::Ticket, Asked> in_flight_;
  HttpTransport::Ticket last_ticket_ = 0;
  std::vector<std::pair<HttpTransport::Ticket, HttpRequest>> to_start_;
  std::string last_reason_;                   // of a fault
  std::optional<std::size_t> no_such_model_;  // the endpoint that said so
  std::optional<RefusedRequest> refused_;     // the last, by an error that is not known
  // Refusals that name the model, until its server has said which models it has.
  struct Held {
    Asked asked;
    Reading reading;
    HttpAnswer answer;
  };
  std::vector<Held> held_;
  bool models_asked_ = false;
  std::int64_t shown_skips_ = 0;
  Meter meter_;
};

Dispatcher::Dispatcher(const Provider& provider, Source& source, const Reader& reader,
                       const Sink& sink, HttpTransport& transport, const DispatchOptions& options,
                       Job& job)
    : provider_(provider),
      options_(options),
      source_(source),
      reader_(reader),
      transport_(transport),
      job_(job),
      bodies_(source, job),
      endpoints_(provider,
                 options.max_concurrency > 0 ? options.max_concurrency : provider.max_concurrency,
                 options.offline, job),
      spending_(options.budget, options.spent, provider.prices),
      commits_(sink),
      random_(options.seed, "retries"),
      meter_(job.meter(options.label, options.expected, options.unit)) {}

void Dispatcher::stop(std::optional<ErrorKind> error, std::string why) {
  if (stopping()) return;
  report_.stopped = std::move(why);
  report_.error = error;
}

DispatchReport Dispatcher::run() {
  const Seconds start = now();
  try {
    send_and_take();
  } catch (...) {
    flush_with_patience();
    throw;
  }
  drain();
  settle_held();
  flush_with_patience();
  tell_models();
  explain_refusals();
  count();
  report_.seconds = (now() - start).count();
  meter_.finish();
  if (!report_.error && report_.failed > 0 && report_.done == 0) {
    report_.error = ErrorKind::kInput;
  }
  return report_;
}

void Dispatcher::count() {
  report_.skips = source_.skips();
  for (const auto& [reason, count] : report_.skips) report_.skipped += count;
  report_.taken = source_.taken() + (stopping() ? source_.rest() : 0);
  report_.left = report_.taken - report_.done - report_.failed - report_.skipped;
  if (report_.left < 0 || (report_.left > 0 && !stopping())) {
    throw InternalError("dispatch: {} taken up, but {} done, {} failed, {} skipped", report_.taken,
                        report_.done, report_.failed, report_.skipped);
  }
}

void Dispatcher::send_and_take() {
  while (!stopping()) {
    if (job_.cancelled()) {
      stop(ErrorKind::kInterrupted, "interrupted");
      break;
    }
    fill();
    if (in_flight_.empty() && waiting_.empty() && !next_ && bodies_.at_end()) break;
    if (stopping()) break;
    wait();
    give_up_hopeless();
    try {
      commits_.check();
    } catch (const SystemError& error) {
      stop(error.kind(), error.what());
    }
    if (in_flight_.empty() || report_.done > 0) settle_held();
    show_progress();
  }
  if (report_.not_recorded > 0) {
    const bool nothing = report_.done == 0 && report_.failed == 0;
    stop(nothing ? std::optional(ErrorKind::kInput) : std::nullopt,
         fmt::format("the recording has no answer to {} of the requests: it was made of others, or "
                     "its run was stopped before them",
                     report_.not_recorded));
  }
}

void Dispatcher::give_up_hopeless() {
  if (const std::string why = endpoints_.complaint(now()); !why.empty()) {
    stop(ErrorKind::kSystem, fmt::format("{}; last: {}", why, last_reason_));
  }
}

// Starts requests while there is room.
void Dispatcher::fill() {
  choose_and_send();
  start_sent();
}

void Dispatcher::choose_and_send() {
  while (held_.empty()) {
    if (!next_) next_ = next_asked();
    if (!next_) return;
    const auto endpoint = endpoints_.choose(now(), next_->endpoint);
    if (!endpoint) return;
    if (!spending_.allows(*next_)) {
      // What is in flight may turn out cheaper than it could have been.
      if (in_flight_.empty()) stop(std::nullopt, spending_.describe());
      return;
    }
    Asked asked = *std::move(next_);
    next_.reset();
    send(std::move(asked), *endpoint);
  }
}

std::optional<Asked> Dispatcher::next_asked() {
  if (!waiting_.empty() && waiting_.begin()->first <= now()) {
    auto due = waiting_.extract(waiting_.begin());
    return std::move(due.mapped());
  }
  std::optional<BuiltRequest> built = bodies_.next(in_flight_.empty() && waiting_.empty());
  if (!built) return std::nullopt;
  Asked asked;
  asked.max_tokens = built->request->max_tokens;
  asked.may_grow = built->request->may_grow;
  asked.request = std::move(built->request);
  asked.body = std::move(built->body);
  return asked;
}

void Dispatcher::send(Asked asked, std::size_t endpoint) {
  ++asked.attempt;
  asked.endpoint = endpoint;
  asked.sent_at = now();
  asked.sent_at_utc = job_.now_utc();
  HttpRequest request = endpoints_.request(endpoint);
  request.body = asked.body;
  spending_.reserve(asked);
  endpoints_.on_send(endpoint, asked.most_tokens(), now());
  ++report_.requests;
  if (asked.attempt > 1) ++report_.retries;
  const HttpTransport::Ticket ticket = ++last_ticket_;
  in_flight_.emplace(ticket, std::move(asked));
  report_.most_in_flight = std::max(report_.most_in_flight, static_cast<int>(in_flight_.size()));
  to_start_.emplace_back(ticket, std::move(request));
}

// Sends what was chosen, all of it in one announcement.
void Dispatcher::start_sent() {
  if (to_start_.empty()) return;
  if (options_.announce) {
    std::vector<SentRequest> group;
    for (const auto& [ticket, request] : to_start_) {
      const Asked& asked = in_flight_.at(ticket);
      Attempt most;
      most.input_tokens = asked.request->input_tokens;
      most.output_tokens = asked.max_tokens;
      group.push_back(sent_request(asked, most, {}, "under way"));
    }
    try {
      options_.announce(group);
    } catch (const SystemError& error) {
      for (const auto& [ticket, request] : to_start_) {
        spending_.settle(in_flight_.at(ticket), 0, 0);
        in_flight_.erase(ticket);
        --report_.requests;
      }
      to_start_.clear();
      stop(error.kind(), error.what());
      return;
    }
  }
  for (auto& [ticket, request] : to_start_) transport_.start(ticket, request);
  to_start_.clear();
}

Seconds Dispatcher::wait_time() const {
  Seconds longest = in_flight_.empty() ? Seconds(3600) : kLongestWait;
  if (!held_.empty()) return longest;
  if (!waiting_.empty()) longest = std::min(longest, waiting_.begin()->first - now());
  if (const auto end = endpoints_.gives_up_at()) longest = std::min(longest, *end - now());
  if (next_) {
    // One that the budget holds back waits for an answer, which may turn out cheaper than it could.
    const auto time = spending_.allows(*next_) ? endpoints_.wait_time(now()) : std::nullopt;
    if (time) longest = std::min(longest, *time);
  } else if (bodies_.under_way()) {
    longest = std::min(longest, Seconds(0.002));
  }
  return std::max(longest, Seconds(0.0001));
}

void Dispatcher::wait() {
  if (in_flight_.empty()) flush_with_patience();  // there is time
  const bool idle = in_flight_.empty();
  const Seconds before = now();
  for (auto& [ticket, answer] : transport_.wait(wait_time(), job_)) {
    take(ticket, std::move(answer));
  }
  if (idle) report_.waited += (now() - before).count();
}

// Takes what still comes for a while: it is paid for. The rest is given up.
void Dispatcher::drain() {
  const Seconds end = now() + kDrainTime;
  while (!in_flight_.empty() && now() < end) {
    for (auto& [ticket, answer] : transport_.wait(Seconds(0.05), job_)) {
      take(ticket, std::move(answer));
    }
  }
  if (in_flight_.empty()) return;
  transport_.cancel_all();
  Attempt given_up;
  given_up.reason = "given up: " + report_.stopped;
  for (const auto& [ticket, asked] : in_flight_) {
    commits_.add(sent_request(asked, given_up, {}, "cancelled"));
  }
  in_flight_.clear();
}

void Dispatcher::take(HttpTransport::Ticket ticket, HttpAnswer answer) {
  auto entry = in_flight_.extract(ticket);
  if (entry.empty()) return;
  Asked asked = std::move(entry.mapped());
  if (answer.failure == HttpFailure::kNotRecorded) {
    leave_out(asked);
    return;
  }
  endpoints_.mask_key(*asked.endpoint, answer);
  Reading reading = reader_(*asked.request, answer);
  Attempt& attempt = reading.attempt;
  if (attempt.unanswered) {
    attempt.reason = clean_text(
        fmt::format("{}: {}", endpoints_.url(*asked.endpoint), attempt.reason), kMaxReason);
  }
  if (answer.status == 200 && !attempt.has_usage && !attempt.unbilled) {
    attempt.input_tokens = asked.request->input_tokens;
    attempt.output_tokens = attempt.said_tokens;
  }
  endpoints_.on_answer(*asked.endpoint,
                       {.sent_at = asked.sent_at,
                        .fault = attempt.fault,
                        .throttled = is_throttled(attempt, answer),
                        .answered = answer.status > 0,
                        .refused = answer.failure == HttpFailure::kConnect,
                        .retry_after = may_wait(attempt) ? attempt.retry_after : std::nullopt,
                        .estimated_tokens = asked.most_tokens(),
                        .tokens = attempt.input_tokens + attempt.output_tokens},
                       now());
  spending_.settle(asked, attempt.input_tokens, attempt.output_tokens);
  asked.input_tokens += attempt.input_tokens;
  asked.output_tokens += attempt.output_tokens;
  report_.input_tokens += attempt.input_tokens;
  report_.output_tokens += attempt.output_tokens;
  report_.cost += provider_.prices.of(attempt.input_tokens, attempt.output_tokens);
  report_.unpriced += provider_.prices.unpriced(attempt.input_tokens, attempt.output_tokens);
  const std::string reason = attempt.reason;
  if (attempt.fault || attempt.throttled) last_reason_ = reason;
  if (!attempt.fault) {
    const bool silent = attempt.throttled && !attempt.passes && !attempt.retry_after;
    quota_.add(silent, reason);
  }
  if (is_explained(asked, reading, answer)) return;
  switch (attempt.next) {
    case NextStep::kDone:
      finish(asked, std::move(reading), answer);
      break;
    case NextStep::kRetry:
      retry(std::move(asked), std::move(reading), answer);
      break;
    case NextStep::kRetryLarger:
      ask_for_more(std::move(asked), std::move(reading), answer);
      break;
    case NextStep::kStopRun:
      // What answered before is only away for now, behind a server that forwards.
      if ((attempt.unknown_model || attempt.unanswered) && report_.done > 0) {
        retry(std::move(asked), std::move(reading), answer);
        break;
      }
      if (attempt.too_much && (report_.done > 0 || !asked.may_grow)) {
        finish(asked, std::move(reading), answer);
        break;
      }
      if (attempt.unknown_model && !stopping()) no_such_model_ = asked.endpoint;
      stop(ErrorKind::kUsage, reason);
      commits_.add(sent_request(asked, attempt, answer, "stop"));
      break;
  }
  if (const std::string why = quota_.complaint(); !why.empty()) stop(ErrorKind::kUsage, why);
  give_up_hopeless();
}

// A replay does not wait, but stops where the run did that it repeats.
bool Dispatcher::may_wait(const Attempt& attempt) const {
  return !options_.offline ||
         (attempt.retry_after && *attempt.retry_after > provider_.longest_wait);
}

// One to which a replay has no answer: it is not asked, so it has no entry.
void Dispatcher::leave_out(const Asked& asked) {
  spending_.settle(asked, 0, 0);
  EndpointSet::Result nothing;
  nothing.sent_at = asked.sent_at;
  endpoints_.on_answer(*asked.endpoint, nothing, now());
  --report_.requests;
  if (asked.attempt > 1) --report_.retries;
  ++report_.not_recorded;
  meter_.add();
}

// What the table of errors does not know, before anything was answered: naming a member of the
// request, it stops the run; naming the model, it waits for the server's list.
bool Dispatcher::is_explained(const Asked& asked, const Reading& reading,
                              const HttpAnswer& answer) {
  if (report_.done > 0 || reading.outcome == "filtered") return false;
  const RefusedRequest refused{*asked.endpoint, reading.attempt.reason, asked.body, answer.status};
  if (!is_unclear(refused, reading.attempt.next)) return false;
  if (const std::string advice = advice_on_member(refused); !advice.empty()) {
    stop(ErrorKind::kUsage, with_advice(refused.reason, advice));
    commits_.add(sent_request(asked, reading.attempt, answer, "stop"));
    return true;
  }
  if (stopping() || models_asked_ || !quotes_model(refused, provider_.model)) return false;
  held_.push_back({asked, reading, answer});
  return true;
}

// With nothing in flight, or after a good answer.
void Dispatcher::settle_held() {
  if (held_.empty()) return;
  const std::vector<Held> held = std::exchange(held_, {});
  std::string advice;
  if (!stopping() && report_.done == 0) {
    models_asked_ = true;
    const auto names = model_names(*held.front().asked.endpoint);
    advice = advice_on_model(provider_.model, names, held.front().answer.status == 404);
  }
  for (const Held& one : held) {
    if (!advice.empty()) {
      stop(ErrorKind::kUsage, with_advice(one.reading.attempt.reason, advice));
      commits_.add(sent_request(one.asked, one.reading.attempt, one.answer, "stop"));
    } else if (one.reading.attempt.next == NextStep::kRetry) {
      retry(one.asked, one.reading, one.answer);
    } else {
      finish(one.asked, one.reading, one.answer);
    }
  }
}

// Beside a model that is not there, what is: asked for once, when all else has come.
void Dispatcher::tell_models() {
  if (!no_such_model_) return;
  const std::string names = nearest_models(provider_.model, model_names(*no_such_model_));
  if (!names.empty()) report_.stopped += fmt::format(" '{}'; {}", provider_.model, names);
}

// Where every request was refused by words that nobody knows: what they name may tell.
void Dispatcher::explain_refusals() {
  if (!refused_ || report_.done > 0 || (report_.error && report_.error != ErrorKind::kInput)) {
    return;
  }
  if (!names_model(*refused_, provider_.model)) return;
  const auto names = model_names(refused_->endpoint);
  const std::string advice = advice_on_model(provider_.model, names, false);
  if (advice.empty()) return;
  report_.stopped = with_advice(stopping() ? report_.stopped : refused_->reason, advice);
  report_.error = ErrorKind::kUsage;
}

// The same once more with room for twice the tokens.
void Dispatcher::ask_for_more(Asked asked, Reading reading, const HttpAnswer& answer) {
  if (!asked.may_grow) {
    finish(asked, std::move(reading), answer);
    return;
  }
  std::shared_ptr<const std::string> larger;
  try {
    larger =
        std::make_shared<const std::string>(source_.body(*asked.request, 2 * asked.max_tokens));
  } catch (const Error& error) {
    job_.warn("{}", error.what());
    finish(asked, std::move(reading), answer);
    return;
  }
  commits_.add(sent_request(asked, reading.attempt, answer, "retry"));
  asked.body = std::move(larger);
  asked.max_tokens *= 2;
  asked.may_grow = false;
  waiting_.emplace(now(), std::move(asked));
}

void Dispatcher::retry(Asked asked, Reading reading, const HttpAnswer& answer) {
  Attempt& attempt = reading.attempt;
  const bool too_long = attempt.retry_after && *attempt.retry_after > provider_.longest_wait;
  // Another endpoint may have room; if there is none, the run stops for that.
  const bool elsewhere = too_long && is_throttled(attempt, answer);
  if (too_long) {
    attempt.reason =
        fmt::format("{}; the server asks to wait {:.0f} s, {:.0f} s are allowed", attempt.reason,
                    attempt.retry_after->count(), provider_.longest_wait.count());
  }
  const int attempts = attempt.wrong_form ? std::min(kWrongFormAttempts, provider_.max_attempts)
                                          : provider_.max_attempts;
  if ((too_long && !elsewhere) || asked.attempt >= attempts) {
    finish(asked, std::move(reading), answer);
    return;
  }
  commits_.add(sent_request(asked, attempt, answer, "retry"));
  Seconds pause = backoff(asked.attempt, random_.uniform());
  if (attempt.retry_after && !elsewhere) pause = *attempt.retry_after;
  if (options_.offline) pause = Seconds(0);
  waiting_.emplace(now() + pause, std::move(asked));
}

void Dispatcher::finish(const Asked& asked, Reading reading, const HttpAnswer& answer) {
  const bool good = reading.attempt.reason.empty();
  SentRequest sent = sent_request(asked, reading.attempt, answer, reading.outcome);
  sent.final = true;
  sent.result = std::move(reading.result);
  commits_.add(std::move(sent));
  if (good) {
    ++report_.done;
  } else {
    ++report_.failed;
    ++report_.rejected[reading.outcome];
  }
  meter_.add();
  if (answer.status >= 400 && answer.status < 500 && answer.status != 429) {
    refused_ = RefusedRequest{*asked.endpoint, reading.attempt.reason, asked.body, answer.status};
  }
  watch_.add(good, reading.attempt.reason);
  if (const std::string why = watch_.complaint(); !why.empty()) stop(ErrorKind::kInput, why);
}

SentRequest Dispatcher::sent_request(const Asked& asked, const Attempt& attempt,
                                     const HttpAnswer& answer, std::string outcome) const {
  SentRequest sent;
  sent.request = asked.request;
  sent.max_tokens = asked.max_tokens;
  sent.endpoint = endpoints_.url(*asked.endpoint);
  sent.attempt = asked.attempt;
  sent.sent_at = asked.sent_at_utc;
  sent.latency = answer.latency;
  sent.http_status = answer.status;
  sent.outcome = std::move(outcome);
  sent.reason = attempt.reason;
  sent.input_tokens = attempt.input_tokens;
  sent.output_tokens = attempt.output_tokens;
  sent.all_input_tokens = asked.input_tokens;
  sent.all_output_tokens = asked.output_tokens;
  return sent;
}

// A store that is locked or full for a moment must not cost what is paid for.
void Dispatcher::flush_with_patience() {
  for (int attempt = 1;; ++attempt) {
    try {
      commits_.flush();
      return;
    } catch (const SystemError& error) {
      if (attempt == kFlushAttempts) {
        throw SystemError("{} answers could not be stored: {}", commits_.pending(), error.what());
      }
      job_.warn("{}; trying again", error.what());
      job_.clock().sleep(std::chrono::seconds(1));
    }
  }
}

void Dispatcher::show_progress() {
  std::int64_t skips = 0;
  for (const auto& [reason, count] : source_.skips()) skips += count;
  meter_.skip(static_cast<std::uint64_t>(skips - shown_skips_));
  shown_skips_ = skips;
  std::string failures;
  for (const auto& [outcome, count] : report_.rejected) {
    failures += fmt::format(", {} {}", count, outcome);
  }
  meter_.note(fmt::format("{} in flight, {} tokens, {}{}", in_flight_.size(),
                          report_.input_tokens + report_.output_tokens,
                          cost_words(report_.cost, report_.unpriced, 2), failures));
}

}  // namespace

DispatchReport dispatch(const Provider& provider, Source& source, const Reader& reader,
                        const Sink& sink, HttpTransport& transport, const DispatchOptions& options,
                        Job& job) {
  require_prices(provider, options.budget);
  return Dispatcher(provider, source, reader, sink, transport, options, job).run();
}

}  // namespace epicrisis::llm
