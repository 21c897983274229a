#include "llm/endpoint_set.h"

#include <algorithm>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/net/url.h"
#include "llm/authorized_request.h"

namespace epicrisis::llm {
namespace {

// Trials of an open circuit, at ever longer distances, before an endpoint is given up.
constexpr int kHopelessTrials = 4;
// How long a server on this machine may take no connection: from the start of a run, and after it
// answered, when it may have crashed and be started again by whoever looks after it. The latter is
// less than six attempts take, so that no note fails for it.
constexpr Seconds kNobodyThere{5};
constexpr Seconds kNobodyAnyMore{10};

}  // namespace

EndpointSet::State::State(const Endpoint& endpoint, HttpRequest prepared, int most)
    : url(endpoint.url),
      weight(endpoint.weight),
      request(std::move(prepared)),
      mask(request.secret),
      limit(most),
      local(is_local_url(endpoint.url)) {}

EndpointSet::EndpointSet(const Provider& provider, int max_concurrency, bool offline,
                         const Job& job)
    : max_concurrency_(max_concurrency),
      longest_wait_(provider.longest_wait),
      requests_(offline ? 0 : provider.requests_per_minute),
      tokens_(offline ? 0 : provider.tokens_per_minute) {
  if (provider.endpoints.empty()) {
    throw UsageError("provider '{}' has no endpoint", provider.name);
  }
  for (const Endpoint& endpoint : provider.endpoints) {
    Secret key = offline ? Secret() : load_key(endpoint);
    if (!key.empty() && endpoint.url.starts_with("http:") && !is_local_url(endpoint.url)) {
      job.warn("the key and the prompts go to {} unencrypted", endpoint.url);
    }
    endpoints_.emplace_back(
        endpoint,
        authorized_request(provider, chat_url(provider, endpoint, provider.model), std::move(key)),
        max_concurrency);
  }
}

int EndpointSet::in_flight() const {
  int sum = 0;
  for (const State& state : endpoints_) sum += state.in_flight;
  return sum;
}

std::optional<std::size_t> EndpointSet::choose(Seconds now,
                                               std::optional<std::size_t> avoid) const {
  if (in_flight() >= max_concurrency_ || requests_.wait_time(now) > Seconds(0) ||
      tokens_.wait_time(now) > Seconds(0)) {
    return std::nullopt;
  }
  std::optional<std::size_t> best;
  const auto is_better = [&](std::size_t candidate) {
    if (!best) return true;
    if ((*best == avoid) != (candidate == avoid)) return *best == avoid;
    return endpoints_[candidate].sent < endpoints_[*best].sent;
  };
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    const State& state = endpoints_[i];
    if (has_room(state) && state.breaker.may_send(now) && now >= state.paused_until &&
        is_better(i)) {
      best = i;
    }
  }
  return best;
}

std::optional<Seconds> EndpointSet::wait_time(Seconds now) const {
  if (in_flight() >= max_concurrency_) return std::nullopt;
  std::optional<Seconds> soonest;
  for (const State& state : endpoints_) {
    if (!has_room(state)) continue;
    if (state.breaker.open() && !state.breaker.may_send(now) && state.breaker.next_try() <= now) {
      continue;  // a trial is on its way
    }
    Seconds ready = std::max(Seconds(0), state.paused_until - now);
    if (state.breaker.open()) ready = std::max(ready, state.breaker.next_try() - now);
    soonest = soonest ? std::min(*soonest, ready) : ready;
  }
  if (!soonest) return std::nullopt;
  return std::max({*soonest, requests_.wait_time(now), tokens_.wait_time(now)});
}

void EndpointSet::mask_key(std::size_t endpoint, HttpAnswer& answer) const {
  const SecretMask& mask = endpoints_[endpoint].mask;
  answer.body = mask(std::move(answer.body));
  answer.error = mask(std::move(answer.error));
  for (auto& [name, value] : answer.headers) value = mask(std::move(value));
}

void EndpointSet::on_send(std::size_t endpoint, std::int64_t tokens, Seconds now) {
  State& state = endpoints_[endpoint];
  // One that was out of use for long does not get all requests once it is back.
  double most = 0;
  for (const State& other : endpoints_) most = std::max(most, other.sent);
  state.sent = std::max(state.sent + 1 / state.weight, most - 100 / state.weight);
  ++state.in_flight;
  state.full = !has_room(state);
  state.breaker.on_send();
  requests_.take(1, now);
  tokens_.take(tokens, now);
}

void EndpointSet::on_answer(std::size_t endpoint, const Result& result, Seconds now) {
  State& state = endpoints_[endpoint];
  --state.in_flight;
  state.answered_last = result.answered;
  state.answered_once = state.answered_once || result.answered;
  if (!result.refused) {
    state.refused_since.reset();
  } else if (!state.refused_since) {
    state.refused_since = result.sent_at;
  }
  if (result.tokens > 0) tokens_.correct(result.estimated_tokens, result.tokens);
  if (result.throttled) {
    state.limit.on_throttle(result.sent_at, now);
    if (result.retry_after) {
      state.paused_until = std::max(state.paused_until, now + *result.retry_after);
    }
  }
  if (result.fault) {
    state.breaker.on_fault(now);
  } else {
    state.breaker.on_success();
    if (!result.throttled) state.limit.on_success(state.full);
  }
}

Seconds EndpointSet::patience(const State& state) {
  return state.answered_once ? kNobodyAnyMore : kNobodyThere;
}

EndpointSet::Hope EndpointSet::hope(const State& state, Seconds now) const {
  if (state.local && state.refused_since && now - *state.refused_since >= patience(state)) {
    return Hope::kNobodyThere;
  }
  if (state.breaker.failed_trials() >= kHopelessTrials) {
    return state.answered_last ? Hope::kErrors : Hope::kNoAnswer;
  }
  return state.paused_until - now > longest_wait_ ? Hope::kLongWait : Hope::kYes;
}

std::optional<Seconds> EndpointSet::gives_up_at() const {
  std::optional<Seconds> last;
  for (const State& state : endpoints_) {
    if (!state.local || !state.refused_since) return std::nullopt;
    const Seconds end = *state.refused_since + patience(state);
    last = last ? std::max(*last, end) : end;
  }
  return last;
}

std::string EndpointSet::complaint(Seconds now) const {
  std::vector<std::string> complaints;
  for (const State& state : endpoints_) {
    switch (hope(state, now)) {
      case Hope::kYes:
        return "";
      case Hope::kNobodyThere:
        complaints.push_back(fmt::format(
            "nobody takes a connection at {}{}: is the server {}running?", state.url,
            state.answered_once ? " any more" : "", state.answered_once ? "still " : ""));
        break;
      case Hope::kNoAnswer:
        complaints.push_back(
            fmt::format("no answer from {} after {} trials", state.url, kHopelessTrials));
        break;
      case Hope::kErrors:
        complaints.push_back(
            fmt::format("{} answers with errors alone, {} trials too", state.url, kHopelessTrials));
        break;
      case Hope::kLongWait:
        complaints.push_back(fmt::format(
            "{} asks to wait {:.0f} s, {:.0f} s are allowed (longest_wait in the provider file)",
            state.url, (state.paused_until - now).count(), longest_wait_.count()));
        break;
    }
  }
  return join(complaints, "; ");
}

}  // namespace epicrisis::llm
