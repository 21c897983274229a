#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/core/clock.h"
#include "epicrisis/core/json.h"

namespace epicrisis::test {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// A request that reached the server whole.
struct SeenRequest {
  std::size_t number = 0;      // from 0, in the order in which they were complete
  std::size_t connection = 0;  // from 0, in the order in which they were accepted
  std::string method;
  std::string path;                            // with the query
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  bool mentions(std::string_view text) const;  // in path or body
};

// What the server does with one request: bytes and pauses, then an end. The functions below make
// the usual ones; whatever they do not, steps do.
struct FaultAction {
  enum class End {
    kKeep,   // the connection stays for the next request
    kClose,  // orderly
    kReset,  // RST: SO_LINGER 0
    kHang,   // says nothing more, keeps the connection
  };
  struct Step {
    Seconds pause{0};  // before the bytes
    std::string bytes;
  };
  std::vector<Step> steps;
  End end = End::kKeep;
  bool good = false;  // counts for FaultServer::good_answers() when all of it was sent

  FaultAction after(Seconds pause) const;  // the same, later
};

// A whole answer with Content-Length; "application/json" unless the headers say otherwise.
FaultAction respond(int status, std::string_view body = "{}", const HeaderList& headers = {});

struct Completion {
  std::string text = "A round, brown lesion with a sharp border.";
  std::string finish_reason = "stop";
  bool null_content = false;
  std::string refusal;     // "" : no such member
  int input_tokens = 100;  // < 0: no usage
  int output_tokens = 20;
};
Json completion_json(const Completion& completion);
FaultAction complete(const Completion& completion);  // 200 and good
FaultAction complete(std::string_view text);

// {"error": {"message", "type", "code"}} as OpenAI and vLLM write it
FaultAction fail_with(int status, std::string_view message, const HeaderList& headers = {});

FaultAction close_before_headers();
FaultAction reset_before_headers();
FaultAction hang_before_headers();
FaultAction reset_mid_body();
FaultAction hang_mid_body();
FaultAction truncated_body();  // closes in an orderly way short of its Content-Length
// `text` as a good completion, `bytes` at a time with a pause before each.
FaultAction slow_drip(std::string_view text, std::size_t bytes, Seconds pause);
FaultAction chunked(std::string_view body, std::size_t chunk);  // status 200
FaultAction broken_chunks();
FaultAction html_page(int status);
FaultAction huge_answer(std::size_t bytes);       // a completion with a text of this length
FaultAction answer_twice(std::string_view text);  // the same good answer, back to back
FaultAction garbage();                            // bytes that are not HTTP
FaultAction header_flood(std::size_t headers);    // before a good completion

// A server on 127.0.0.1 that answers as told and counts what it was asked. One thread of its own;
// all functions may be called from any other one, at any time. Ends at once, whatever hangs.
class FaultServer {
 public:
  using Responder = std::function<FaultAction(const SeenRequest&)>;

  struct Settings {
    bool tls = false;       // with a certificate that nobody trusts, made at the start
    Seconds latency{0};     // before every answer
    std::size_t slots = 0;  // requests answered at once, others wait; 0: no limit
  };

  FaultServer();
  explicit FaultServer(const Settings& settings);
  ~FaultServer();
  FaultServer(const FaultServer&) = delete;
  FaultServer& operator=(const FaultServer&) = delete;

  int port() const;
  std::string url(std::string_view path = "") const;  // "http://127.0.0.1:PORT" + path

  // What decides on a request, first that applies: the actions of the first on() whose text it
  // mentions and that has any left, then the next action of then(), then the responder, then a good
  // completion.
  void on(std::string_view text, std::vector<FaultAction> actions);
  void then(const FaultAction& action, std::size_t times = 1);
  void otherwise(FaultAction action);
  // Called in the server's thread.
  void respond_by(Responder responder);
  void forget_script();  // on(), then() and the responder; counts stay

  std::vector<SeenRequest> requests(std::size_t from = 0) const;  // from this number on
  std::size_t request_count() const;
  std::size_t count(const std::function<bool(const SeenRequest&)>& predicate) const;
  std::size_t count_mentions(std::string_view text) const;
  std::size_t connections() const;     // accepted, those that never sent a request included
  std::size_t most_in_flight() const;  // requests complete and not yet answered, at most at once
  std::size_t in_flight() const;
  // Good completions handed whole to the kernel, those the client never read included.
  std::size_t good_answers() const;
  // The requests they answered, in the order of their end.
  std::vector<std::size_t> good_answer_numbers() const;

  // Holds back every answer until release(): what arrives meanwhile is in flight.
  void hold();
  void release();
  // Blocks until so many requests have arrived; false after ten seconds.
  bool wait_for_requests(std::size_t count) const;
  bool wait_for_in_flight(std::size_t count) const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

// A port of 127.0.0.1 on which nobody listens while this lives: it is bound, not listened on.
class ClosedPort {
 public:
  ClosedPort();
  ~ClosedPort();
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;
  std::string url(std::string_view path = "") const;

 private:
  int port_ = 0;  // before the socket, which sets it
  int socket_ = -1;
};

// A port that takes no connection: its backlog is full, so that connecting never ends.
class DeafPort {
 public:
  DeafPort();
  ~DeafPort();
  DeafPort(const DeafPort&) = delete;
  DeafPort& operator=(const DeafPort&) = delete;
  std::string url(std::string_view path = "") const;

 private:
  int port_ = 0;  // before the socket, which sets it
  int socket_ = -1;
  std::vector<int> fillers_;
};

}  // namespace epicrisis::test
