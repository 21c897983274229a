#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/llm/provider.h"
#include "epicrisis/net/http.h"
#include "llm/limits.h"
#include "net/secret_mask.h"

namespace epicrisis::llm {

// The endpoints of a provider and what is known of their health. Times are seconds of a monotonic
// clock.
class EndpointSet {
 public:
  // Loads the keys, unless `offline`. Rate limits of the provider hold for all endpoints together.
  EndpointSet(const Provider& provider, int max_concurrency, bool offline, const Job& job);

  // The endpoint for the next request, of `tokens` estimated tokens; empty if none may be used now.
  // Among those that may, the one furthest behind its share; `avoid` only if it is the only one.
  std::optional<std::size_t> choose(Seconds now, std::optional<std::size_t> avoid) const;
  // How long until choose() may find one by the passing of time alone; empty: only an answer can
  // change it.
  std::optional<Seconds> wait_time(Seconds now) const;

  HttpRequest request(std::size_t endpoint) const { return endpoints_[endpoint].request; }
  const std::string& url(std::size_t endpoint) const { return endpoints_[endpoint].url; }
  int in_flight() const;
  // Takes the endpoint's key out of an answer that says it back, before anything is kept of it.
  void mask_key(std::size_t endpoint, HttpAnswer& answer) const;

  void on_send(std::size_t endpoint, std::int64_t tokens, Seconds now);
  struct Result {
    Seconds sent_at{0};
    bool fault = false;      // network, 5xx
    bool throttled = false;  // 429, 503
    bool answered = false;   // by HTTP, whatever it said
    bool refused = false;    // nobody took the connection
    std::optional<Seconds> retry_after;
    std::int64_t estimated_tokens = 0;
    std::int64_t tokens = 0;
  };
  void on_answer(std::size_t endpoint, const Result& result, Seconds now);

  // "" while there is hope; else why no endpoint can be used: every one failed in several trials,
  // or asks to wait longer than the provider's longest wait, or is on this machine and takes no
  // connection for some seconds.
  std::string complaint(Seconds now) const;
  // When the last is next said by the passing of time alone; empty: it is not.
  std::optional<Seconds> gives_up_at() const;

 private:
  struct State {
    State(const Endpoint& endpoint, HttpRequest prepared, int most);
    std::string url;
    double weight;
    HttpRequest request;
    SecretMask mask;
    ConcurrencyLimit limit;
    CircuitBreaker breaker;
    Seconds paused_until{0};
    bool local;
    bool answered_once = false;
    bool answered_last = false;
    std::optional<Seconds> refused_since;  // while all others since were refused too
    int in_flight = 0;
    bool full = false;  // after the last request was sent
    double sent = 0;
  };
  bool has_room(const State& state) const { return state.in_flight < state.limit.limit(); }

  enum class Hope { kYes, kNobodyThere, kNoAnswer, kErrors, kLongWait };
  static Seconds patience(const State& state);
  Hope hope(const State& state, Seconds now) const;

  int max_concurrency_;
  Seconds longest_wait_;
  RateLimit requests_;
  RateLimit tokens_;
  std::vector<State> endpoints_;
};

}  // namespace epicrisis::llm
