#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/core/clock.h"
#include "epicrisis/core/job.h"

namespace epicrisis {

// A key or a password. It goes nowhere by itself: there is no formatting, no comparison, no JSON of
// it; who needs the text says so.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

struct HttpTimeouts {
  Seconds connect{10};
  Seconds idle{120};  // without a byte received, from the start of the request
  Seconds total{600};
};

struct HttpAnswer;

// Takes the body of an answer as it comes, where it is too large to be held. Called by the thread
// that waits; throws nothing.
class HttpSink {
 public:
  virtual ~HttpSink() = default;
  // Before the first byte of an answer with a status of 2xx, whose status and headers are there;
  // bodies of others are kept as ever. False gives the transfer up.
  virtual bool begin(const HttpAnswer& head) = 0;
  // False gives the transfer up.
  virtual bool take(std::string_view bytes) = 0;
};

struct HttpRequest {
  std::string method = "POST";  // or "GET", "HEAD"
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string secret_header;  // name of the header that carries `secret`: "Authorization"; "" none
  std::string secret_prefix;  // before it: "Bearer "
  Secret secret;
  std::shared_ptr<const std::string> body;  // shared with retries
  HttpTimeouts timeouts;
  std::uint64_t max_answer_bytes = std::uint64_t{4} << 20;
  std::shared_ptr<HttpSink> sink;  // null: the body becomes HttpAnswer::body
};

// Why there is no whole HTTP answer.
enum class HttpFailure {
  kNone,
  kConnect,         // refused, unreachable, name not found
  kConnectTimeout,  // nobody took the connection in time
  kTls,             // handshake or certificate
  kIdleTimeout,     // no byte for timeouts.idle
  kTotalTimeout,    // not finished within timeouts.total
  kBroken,          // reset or closed before the end, or not HTTP
  kTooLarge,        // over max_answer_bytes
  kRefused,         // never sent: a URL that cannot be used
  kGivenUp,         // the request's sink took no more
  kNotRecorded,     // a replay has no answer, or none any more
};
std::string_view http_failure_name(HttpFailure failure);  // "no connection", "idle timeout", ...

struct HttpAnswer {
  int status = 0;                                            // 0 with a failure
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  HttpFailure failure = HttpFailure::kNone;
  std::string error;  // of a failure, in words; never holds a secret
  Seconds latency{0};

  // The value of a header by its lower-case name, "" if absent; the last one counts.
  std::string_view header(std::string_view name) const;
};

// The seam to the network. One thread uses it. Redirects are not followed: a prompt goes where the
// user said and nowhere else.
class HttpTransport {
 public:
  using Ticket = std::uint64_t;
  struct Finished {
    Ticket ticket = 0;
    HttpAnswer answer;
  };
  virtual ~HttpTransport() = default;
  // Starts a request under a number of the caller's, unique among those in flight. Never fails by
  // itself: what goes wrong comes as an answer.
  virtual void start(Ticket ticket, const HttpRequest& request) = 0;
  // Waits until an answer is there, `longest` has passed or the job is cancelled (then it takes
  // what has come, and throws nothing); answers in the order they came. With nothing in flight it
  // sleeps on the job's clock.
  virtual std::vector<Finished> wait(Seconds longest, const Job& job) = 0;
  // Gives up every request in flight; no answer of them comes.
  virtual void cancel_all() = 0;
  virtual std::size_t in_flight() const = 0;
};

// libcurl's multi interface on epoll: thousands of requests in flight in one thread, connections
// kept and reused. Requests run in real time, whatever the job's clock says.
std::unique_ptr<HttpTransport> make_curl_transport();

// One request, waited for. Interrupted when the job is cancelled; the request is given up.
HttpAnswer send_and_wait(HttpTransport& transport, const HttpRequest& request, const Job& job);

}  // namespace epicrisis
