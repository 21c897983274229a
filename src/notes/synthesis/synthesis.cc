#include "epicrisis/notes/synthesis/synthesis.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "epicrisis/core/job.h"
#include "epicrisis/core/random.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/synthesis/answer.h"
#include "llm/endpoint_set.h"
#include "llm/limits.h"
#include "notes/synthesis/body_queue.h"
#include "notes/synthesis/pending_notes.h"
#include "notes/synthesis/result_writer.h"

namespace epicrisis {
namespace {

constexpr Seconds kLongestWait{0.5};
constexpr auto kDrainTime = std::chrono::seconds(4);
constexpr int kFlushAttempts = 3;
constexpr int kInvalidAttempts = 3;  // answers of the wrong form are paid for

// A note that is being asked for.
struct Asking {
  Prompt prompt;
  std::shared_ptr<const std::string> body;
  int attempt = 0;  // requests sent so far
  bool larger = false;
  std::optional<std::size_t> endpoint;  // of the last request
  Seconds sent_at{0};
  std::string sent_at_utc;
  // Of all requests of this note so far.
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
};

// What is spent and what the requests in flight may cost at most.
class Spending {
 public:
  Spending(const Budget& budget, const RequestBuilder& builder)
      : budget_(budget), builder_(builder) {}

  bool allows(const Asking& job) const {
    const auto [tokens, dollars] = most(job);
    return (budget_.tokens == 0 || tokens_ + reserved_tokens_ + tokens <= budget_.tokens) &&
           (budget_.dollars <= 0 || dollars_ + reserved_dollars_ + dollars <= budget_.dollars);
  }
  void reserve(const Asking& job) { add_reserved(job, 1); }
  void settle(const Asking& job, std::int64_t input, std::int64_t output) {
    add_reserved(job, -1);
    tokens_ += input + output;
    dollars_ += builder_.price(input, output);
  }
  std::string describe() const {
    return fmt::format("the budget is used up: {} tokens, {:.4f} USD spent", tokens_, dollars_);
  }

 private:
  std::pair<std::int64_t, double> most(const Asking& job) const {
    const std::int64_t tokens = builder_.most_tokens(job.prompt);
    return {tokens, builder_.price(job.prompt.input_tokens, tokens - job.prompt.input_tokens)};
  }
  void add_reserved(const Asking& job, int sign) {
    const auto [tokens, dollars] = most(job);
    reserved_tokens_ += sign * tokens;
    reserved_dollars_ += sign * dollars;
  }

  Budget budget_;
  const RequestBuilder& builder_;
  std::int64_t tokens_ = 0;
  std::int64_t reserved_tokens_ = 0;
  double dollars_ = 0;
  double reserved_dollars_ = 0;
};

class Engine {
 public:
  Engine(Workspace& workspace, const RequestBuilder& builder, const SynthesisOptions& options,
         HttpTransport& transport, Job& job);
  SynthesisReport run();

 private:
  Seconds now() const { return job_.clock().monotonic(); }
  bool stopping() const { return !report_.stopped.empty(); }
  void stop(std::optional<ErrorKind> error, std::string why);

  void send_and_take();
  void fill();
  std::optional<Asking> next_job();
  void look_ahead();
  void send(Asking job, std::size_t endpoint);
  Seconds wait_time() const;
  void wait();
  void drain();
  void take(HttpTransport::Ticket ticket, HttpAnswer answer);
  void ask_for_more(Asking job, const Outcome& outcome, const HttpAnswer& answer);
  void retry(Asking job, const Outcome& outcome, const HttpAnswer& answer);
  void finish(const Asking& job, const Outcome& outcome, const HttpAnswer& answer);
  LedgerEntry entry_of(const Asking& job, const Outcome& outcome, const HttpAnswer& answer,
                       std::string_view result) const;
  void flush_with_patience();
  void show_progress();

  Database& database_;
  const RequestBuilder& builder_;
  HttpTransport& transport_;
  Job& job_;
  SynthesisReport report_;
  PendingNotes pending_;
  bool source_at_end_ = false;
  BodyQueue bodies_;
  EndpointSet endpoints_;
  Spending spending_;
  FailureWatch watch_;
  ResultWriter writer_;
  Random random_;
  std::multimap<Seconds, Asking> waiting_;  // by when they are due
  std::optional<Asking> next_;              // first in line, for which there was no room
  std::unordered_map<HttpTransport::Ticket, Asking> in_flight_;
  HttpTransport::Ticket last_ticket_ = 0;
  std::set<std::string> fields_;
  std::int64_t shown_skips_ = 0;
  Meter progress_;
};

// How many notes the run will take up; an estimate where it takes a fraction.
std::uint64_t note_count(Database& database, const RequestBuilder& builder,
                         const SynthesisOptions& options) {
  const auto samples = static_cast<double>(count_samples(database, options.filter));
  return static_cast<std::uint64_t>(std::llround(samples * options.fraction)) *
         static_cast<std::uint64_t>(builder.strategy().variants);
}

Engine::Engine(Workspace& workspace, const RequestBuilder& builder, const SynthesisOptions& options,
               HttpTransport& transport, Job& job)
    : database_(workspace.database()),
      builder_(builder),
      transport_(transport),
      job_(job),
      pending_(database_, builder, options, job),
      bodies_(builder),
      endpoints_(builder.provider(), builder.model(),
                 options.max_concurrency > 0 ? options.max_concurrency
                                             : builder.provider().max_concurrency,
                 options.offline),
      spending_(options.budget, builder),
      writer_(database_),
      random_(options.seed, "retries"),
      progress_(job.meter("notes " + builder.strategy().name,
                          note_count(database_, builder, options), "notes")) {
  report_.strategy = builder.strategy().name;
  report_.provider = builder.provider().name;
  report_.model = builder.model();
}

void Engine::stop(std::optional<ErrorKind> error, std::string why) {
  if (stopping()) return;
  report_.stopped = std::move(why);
  report_.error = error;
}

SynthesisReport Engine::run() {
  const Seconds start = now();
  try {
    send_and_take();
  } catch (...) {
    flush_with_patience();
    throw;
  }
  drain();
  flush_with_patience();
  report_.skips = pending_.skips();
  for (const auto& [reason, count] : report_.skips) report_.skipped += count;
  report_.notes = pending_.notes();
  report_.left = report_.notes - report_.written - report_.failed - report_.skipped;
  if (report_.left < 0 || (report_.left > 0 && !stopping())) {
    throw InternalError("notes write: {} notes, but {} written, {} failed, {} skipped",
                        report_.notes, report_.written, report_.failed, report_.skipped);
  }
  report_.seconds = (now() - start).count();
  report_.fields_sent.assign(fields_.begin(), fields_.end());
  progress_.finish();
  if (!report_.error && report_.failed > 0 && report_.written == 0) {
    report_.error = ErrorKind::kInput;
  }
  return report_;
}

void Engine::send_and_take() {
  while (!stopping()) {
    if (job_.cancelled()) {
      stop(ErrorKind::kInterrupted, "interrupted");
      break;
    }
    fill();
    if (in_flight_.empty() && waiting_.empty() && !next_ && source_at_end_ && bodies_.size() == 0) {
      break;
    }
    if (stopping()) break;
    wait();
    try {
      writer_.check();
    } catch (const SystemError& error) {
      stop(error.kind(), error.what());
    }
    show_progress();
  }
}

// Starts requests while there is room.
void Engine::fill() {
  while (true) {
    if (!next_) next_ = next_job();
    if (!next_) return;
    const auto endpoint = endpoints_.choose(now(), next_->endpoint);
    if (!endpoint) return;
    if (!spending_.allows(*next_)) {
      // What is in flight may turn out cheaper than it could have been.
      if (in_flight_.empty()) stop(std::nullopt, spending_.describe());
      return;
    }
    Asking job = std::move(*next_);
    next_.reset();
    send(std::move(job), *endpoint);
  }
}

std::optional<Asking> Engine::next_job() {
  if (!waiting_.empty() && waiting_.begin()->first <= now()) {
    auto due = waiting_.extract(waiting_.begin());
    return std::move(due.mapped());
  }
  look_ahead();
  while (auto built = in_flight_.empty() && waiting_.empty() ? bodies_.pop() : bodies_.try_pop()) {
    if (built->body) {
      Asking job;
      job.prompt = std::move(built->prompt);
      job.body = std::move(built->body);
      job.larger = job.prompt.max_tokens > builder_.strategy().max_tokens;
      return job;
    }
    job_.warn("{}", built->error);
    pending_.skip("the picture cannot be read");
    look_ahead();
  }
  return std::nullopt;
}

void Engine::look_ahead() {
  while (!source_at_end_ && bodies_.size() < bodies_.look_ahead()) {
    if (auto prompt = pending_.next()) {
      bodies_.push(std::move(*prompt));
    } else {
      source_at_end_ = true;
    }
  }
}

void Engine::send(Asking job, std::size_t endpoint) {
  ++job.attempt;
  job.endpoint = endpoint;
  job.sent_at = now();
  job.sent_at_utc = format_utc(job_.clock().now());
  HttpRequest request = endpoints_.request(endpoint);
  request.body = job.body;
  spending_.reserve(job);
  endpoints_.on_send(endpoint, builder_.most_tokens(job.prompt), now());
  fields_.insert(job.prompt.fields.begin(), job.prompt.fields.end());
  report_.images_sent = report_.images_sent || job.prompt.attach_image;
  ++report_.requests;
  if (job.attempt > 1) ++report_.retries;
  const HttpTransport::Ticket ticket = ++last_ticket_;
  in_flight_.emplace(ticket, std::move(job));
  report_.most_in_flight = std::max(report_.most_in_flight, static_cast<int>(in_flight_.size()));
  transport_.start(ticket, request);
}

Seconds Engine::wait_time() const {
  Seconds longest = in_flight_.empty() ? Seconds(3600) : kLongestWait;
  if (!waiting_.empty()) longest = std::min(longest, waiting_.begin()->first - now());
  if (next_) {
    // One that the budget holds back waits for an answer, which may turn out cheaper than it could.
    const auto time = spending_.allows(*next_) ? endpoints_.wait_time(now()) : std::nullopt;
    if (time) longest = std::min(longest, *time);
  } else if (bodies_.size() > 0) {
    longest = std::min(longest, Seconds(0.002));
  }
  return std::max(longest, Seconds(0.0001));
}

void Engine::wait() {
  if (in_flight_.empty()) flush_with_patience();  // there is time
  const bool idle = in_flight_.empty();
  const Seconds before = now();
  for (auto& [ticket, answer] : transport_.wait(wait_time(), job_)) take(ticket, std::move(answer));
  if (idle) report_.waited += (now() - before).count();
}

// Takes what still comes for a while: it is paid for. The rest is given up.
void Engine::drain() {
  const auto end = std::chrono::steady_clock::now() + kDrainTime;
  while (!in_flight_.empty() && std::chrono::steady_clock::now() < end) {
    for (auto& [ticket, answer] : transport_.wait(Seconds(0.05), job_))
      take(ticket, std::move(answer));
  }
  if (in_flight_.empty()) return;
  transport_.cancel_all();
  Outcome given_up;
  given_up.reason = "given up: " + report_.stopped;
  for (const auto& [ticket, job] : in_flight_) {
    writer_.add(entry_of(job, given_up, {}, "cancelled"), std::nullopt);
  }
  in_flight_.clear();
}

void Engine::take(HttpTransport::Ticket ticket, HttpAnswer answer) {
  auto entry = in_flight_.extract(ticket);
  if (entry.empty()) return;
  Asking job = std::move(entry.mapped());
  endpoints_.mask_key(*job.endpoint, answer);
  Outcome outcome = read_answer(answer, builder_.strategy(), builder_.schema(), job_.clock().now());
  if (answer.status == 200 && !outcome.has_usage) {
    outcome.input_tokens = job.prompt.input_tokens;
    outcome.output_tokens = estimate_tokens(outcome.text);
  }
  const std::int64_t tokens = outcome.input_tokens + outcome.output_tokens;
  endpoints_.on_answer(*job.endpoint,
                       {.sent_at = job.sent_at,
                        .fault = outcome.endpoint_fault,
                        .throttled = outcome.throttled || answer.status == 503,
                        .retry_after = outcome.retry_after,
                        .estimated_tokens = builder_.most_tokens(job.prompt),
                        .tokens = tokens},
                       now());
  spending_.settle(job, outcome.input_tokens, outcome.output_tokens);
  job.input_tokens += outcome.input_tokens;
  job.output_tokens += outcome.output_tokens;
  report_.input_tokens += outcome.input_tokens;
  report_.output_tokens += outcome.output_tokens;
  report_.cost += builder_.price(outcome.input_tokens, outcome.output_tokens);
  switch (outcome.next) {
    case NextStep::kDone:
      finish(job, outcome, answer);
      break;
    case NextStep::kRetry:
      retry(std::move(job), outcome, answer);
      break;
    case NextStep::kRetryLarger:
      if (job.larger) {
        finish(job, outcome, answer);
      } else {
        ask_for_more(std::move(job), outcome, answer);
      }
      break;
    case NextStep::kStopRun:
      stop(ErrorKind::kUsage, outcome.reason);
      writer_.add(entry_of(job, outcome, answer, "stop"), std::nullopt);
      break;
  }
  if (const std::string why = endpoints_.complaint(); !why.empty()) {
    stop(ErrorKind::kSystem, fmt::format("{}; last: {}", why, outcome.reason));
  }
}

// The same once more with room for twice the tokens.
void Engine::ask_for_more(Asking job, const Outcome& outcome, const HttpAnswer& answer) {
  Prompt larger = job.prompt;
  larger.max_tokens *= 2;
  try {
    job.body = std::make_shared<const std::string>(builder_.body(larger));
  } catch (const Error& error) {
    job_.warn("{}", error.what());
    finish(job, outcome, answer);
    return;
  }
  writer_.add(entry_of(job, outcome, answer, "retry"), std::nullopt);
  job.larger = true;
  job.prompt = std::move(larger);
  waiting_.emplace(now(), std::move(job));
}

void Engine::retry(Asking job, const Outcome& outcome, const HttpAnswer& answer) {
  const Provider& provider = builder_.provider();
  Outcome last = outcome;
  const bool too_long = outcome.retry_after && *outcome.retry_after > provider.longest_wait;
  if (too_long) {
    last.reason =
        fmt::format("{}; the server asks to wait {:.0f} s, {:.0f} s are allowed", outcome.reason,
                    outcome.retry_after->count(), provider.longest_wait.count());
  }
  const int attempts = outcome.status == NoteStatus::kInvalid
                           ? std::min(kInvalidAttempts, provider.max_attempts)
                           : provider.max_attempts;
  if (too_long || job.attempt >= attempts) {
    finish(job, last, answer);
    return;
  }
  writer_.add(entry_of(job, outcome, answer, "retry"), std::nullopt);
  const Seconds pause =
      outcome.retry_after ? *outcome.retry_after : backoff(job.attempt, random_.uniform());
  waiting_.emplace(now() + pause, std::move(job));
}

void Engine::finish(const Asking& job, const Outcome& outcome, const HttpAnswer& answer) {
  NoteRecord note = note_of(builder_, job.prompt, outcome);
  // The ledger has each request; the note has them all.
  note.attempts = job.attempt;
  note.input_tokens = job.input_tokens;
  note.output_tokens = job.output_tokens;
  note.cost = builder_.price(job.input_tokens, job.output_tokens);
  writer_.add(entry_of(job, outcome, answer, note_status_name(outcome.status)), std::move(note));
  const bool good = outcome.status == NoteStatus::kWritten;
  if (good) {
    ++report_.written;
  } else {
    ++report_.failed;
    ++report_.rejected[std::string(note_status_name(outcome.status))];
  }
  progress_.add();
  watch_.add(good, outcome.reason);
  if (const std::string why = watch_.complaint(); !why.empty()) stop(ErrorKind::kInput, why);
}

LedgerEntry Engine::entry_of(const Asking& job, const Outcome& outcome, const HttpAnswer& answer,
                             std::string_view result) const {
  LedgerEntry entry;
  entry.note_key = job.prompt.key;
  entry.sample_id = job.prompt.sample_id;
  entry.strategy = report_.strategy;
  entry.provider = report_.provider;
  entry.model = report_.model;
  entry.endpoint = endpoints_.url(*job.endpoint);
  entry.attempt = job.attempt;
  entry.sent_at = job.sent_at_utc;
  entry.latency = answer.latency.count();
  entry.http_status = answer.status;
  entry.outcome = std::string(result);
  entry.reason = outcome.reason;
  entry.input_tokens = outcome.input_tokens;
  entry.output_tokens = outcome.output_tokens;
  entry.cost = builder_.price(outcome.input_tokens, outcome.output_tokens);
  return entry;
}

// A store that is locked or full for a moment must not cost what is paid for.
void Engine::flush_with_patience() {
  for (int attempt = 1;; ++attempt) {
    try {
      writer_.flush();
      return;
    } catch (const SystemError& error) {
      if (attempt == kFlushAttempts) {
        throw SystemError("{} answers could not be stored: {}", writer_.pending(), error.what());
      }
      job_.warn("{}; trying again", error.what());
      job_.clock().sleep(std::chrono::seconds(1));
    }
  }
}

void Engine::show_progress() {
  std::int64_t skips = 0;
  for (const auto& [reason, count] : pending_.skips()) skips += count;
  progress_.add(static_cast<std::uint64_t>(skips - shown_skips_));
  shown_skips_ = skips;
  std::string failures;
  for (const auto& [status, count] : report_.rejected) {
    failures += fmt::format(", {} {}", count, status);
  }
  progress_.note(fmt::format("{} in flight, {} tokens, ${:.2f}{}", in_flight_.size(),
                             report_.input_tokens + report_.output_tokens, report_.cost, failures));
}

}  // namespace

SynthesisReport synthesize(Workspace& workspace, const RequestBuilder& builder,
                           const SynthesisOptions& options, HttpTransport& transport, Job& job) {
  if (options.budget.dollars > 0 && builder.price(1'000'000, 1'000'000) <= 0) {
    throw UsageError(
        "provider '{}' has no prices: set input and output under [prices] in its file, "
        "or give the budget in tokens",
        builder.provider().name);
  }
  if (!options.offline) {
    require_consent(workspace.database(), builder, options.allow_remote);
  }
  const WorkspaceLock lock = workspace.lock("notes-" + builder.strategy().name);
  Engine engine(workspace, builder, options, transport, job);
  return engine.run();
}

}  // namespace epicrisis
