#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/net/http.h"
#include "epicrisis/net/url.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMostHeaderBytes = 65'536;
constexpr std::size_t kMostIdleHandles = 1024;
constexpr std::size_t kMostEvents = 8;

long milliseconds(Seconds time) {
  return static_cast<long>(std::clamp(std::ceil(time.count() * 1000), 1.0, 2e9));
}

Seconds since(std::chrono::steady_clock::time_point start) {
  return std::chrono::steady_clock::now() - start;
}

struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct EasyFree {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using HeaderList = std::unique_ptr<curl_slist, ListFree>;
using EasyHandle = std::unique_ptr<CURL, EasyFree>;

void append(HeaderList& list, const std::string& line) {
  if (line.find_first_of("\r\n") != std::string::npos) {
    throw UsageError("cannot send a request: the header {} holds a line break",
                     line.substr(0, line.find(':')));
  }
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw SystemError("cannot send a request: out of memory");
  static_cast<void>(list.release());
  list.reset(longer);
}

struct Transfer {
  HttpTransport::Ticket ticket = 0;
  EasyHandle handle;
  HeaderList headers;
  std::shared_ptr<const std::string> body;
  HttpTimeouts timeouts;
  std::uint64_t max_answer_bytes = 0;
  HttpAnswer answer;
  std::size_t header_bytes = 0;
  std::shared_ptr<HttpSink> sink;
  bool sinking = false;   // it was told of the answer
  bool given_up = false;  // it takes no more
  bool too_large = false;
  bool idle = false;
  bool sent_before = false;  // see allow_sending()
  bool local_only = false;   // the URL says that it is for this machine
  std::string elsewhere;     // the address of another one that it would have gone to
  std::chrono::steady_clock::time_point started;
  std::chrono::steady_clock::time_point last_byte;
  std::array<char, CURL_ERROR_SIZE> error{};
};

int status_of(const Transfer& transfer) {
  long status = 0;
  curl_easy_getinfo(transfer.handle.get(), CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

// Whether the body of the answer is for the request's sink, which is told of it once.
bool goes_to_sink(Transfer& transfer) {
  if (transfer.sink == nullptr) return false;
  if (transfer.sinking) return true;
  const int status = status_of(transfer);
  if (status < 200 || status > 299) return false;
  transfer.sinking = true;
  transfer.answer.status = status;
  transfer.given_up = !transfer.sink->begin(transfer.answer);
  return true;
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.last_byte = std::chrono::steady_clock::now();
  if (goes_to_sink(transfer)) {
    if (!transfer.given_up) transfer.given_up = !transfer.sink->take({data, size});
    return transfer.given_up ? 0 : size;
  }
  if (transfer.answer.body.size() + size > transfer.max_answer_bytes) {
    transfer.too_large = true;
    return 0;
  }
  transfer.answer.body.append(data, size);
  return size;
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.last_byte = std::chrono::steady_clock::now();
  transfer.header_bytes += size;
  if (transfer.header_bytes > kMostHeaderBytes) {
    transfer.too_large = true;
    return 0;
  }
  const std::string_view line(data, size);
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    transfer.answer.headers.clear();  // those of "100 Continue" are not the answer's
  } else if (colon != std::string_view::npos) {
    transfer.answer.headers.emplace_back(ascii_lower(trim(line.substr(0, colon))),
                                         clean_text(line.substr(colon + 1), 4096));
  }
  return size;
}

// Whether the transfer may go to this address. A name such as "localhost." is looked up like any
// other, so what counts is where it leads, not how it is spelt.
bool may_go_to(Transfer& transfer, const char* address) {
  if (!transfer.local_only || is_loopback_address(address)) return true;
  transfer.elsewhere = address;
  return false;
}

// Before a connection is made.
curl_socket_t open_socket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(user);
  sockaddr_storage peer{};
  std::memcpy(&peer, &address->addr, std::min<std::size_t>(address->addrlen, sizeof(peer)));
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (peer.ss_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &peer, sizeof(four));
    inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
  } else if (peer.ss_family == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, &peer, sizeof(six));
    inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
  }
  if (!may_go_to(transfer, text.data())) return CURL_SOCKET_BAD;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// On a connection that stands, a kept one too, before the first byte of the request.
//
// libcurl takes it for its own affair when a kept connection is lost before the answer, and sends
// the request again. But the server may have worked on it: what is paid for a second time is the
// caller's to decide.
int allow_sending(void* user, char* address, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (!may_go_to(transfer, address == nullptr ? "" : address)) return CURL_PREREQFUNC_ABORT;
  return std::exchange(transfer.sent_before, true) ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

// Whether the connection stood when the transfer ended.
bool was_connected(const Transfer& transfer) {
  curl_off_t connected = 0;
  curl_easy_getinfo(transfer.handle.get(), CURLINFO_PRETRANSFER_TIME_T, &connected);
  return connected != 0;
}

HttpFailure failure_of(CURLcode code, const Transfer& transfer) {
  if (transfer.too_large) return HttpFailure::kTooLarge;
  if (transfer.given_up) return HttpFailure::kGivenUp;
  if (transfer.idle) return HttpFailure::kIdleTimeout;
  if (!transfer.elsewhere.empty()) return HttpFailure::kRefused;
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:  // of the URL, or an answer that is not HTTP
    case CURLE_URL_MALFORMAT:
      return was_connected(transfer) ? HttpFailure::kBroken : HttpFailure::kRefused;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return HttpFailure::kConnect;
    case CURLE_OPERATION_TIMEDOUT:
      return was_connected(transfer) ? HttpFailure::kTotalTimeout : HttpFailure::kConnectTimeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
      return HttpFailure::kTls;
    default:
      return HttpFailure::kBroken;
  }
}

class CurlTransport final : public HttpTransport {
 public:
  CurlTransport() {
    static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
    multi_ = curl_multi_init();
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    if (kStarted != CURLE_OK || multi_ == nullptr || epoll_ < 0) {
      throw SystemError("cannot start the HTTP client: {}", std::strerror(errno));
    }
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlTransport::watch_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlTransport::set_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 4096L);
  }

  ~CurlTransport() override {
    cancel_all();
    idle_handles_.clear();
    curl_multi_cleanup(multi_);
    ::close(epoll_);
  }
  CurlTransport(const CurlTransport&) = delete;
  CurlTransport& operator=(const CurlTransport&) = delete;

  void start(Ticket ticket, const HttpRequest& request) override {
    auto transfer = std::make_unique<Transfer>();
    transfer->ticket = ticket;
    transfer->handle = take_handle();
    transfer->body = request.body;
    transfer->timeouts = request.timeouts;
    transfer->max_answer_bytes = request.max_answer_bytes;
    transfer->sink = request.sink;
    transfer->started = transfer->last_byte = std::chrono::steady_clock::now();
    try {
      set_up(*transfer, request);
    } catch (const UsageError& error) {
      HttpAnswer answer;
      answer.failure = HttpFailure::kRefused;
      answer.error = error.what();
      unsent_.push_back({ticket, std::move(answer)});
      return;
    }
    Transfer* raw = transfer.get();
    transfers_.emplace(ticket, std::move(transfer));
    curl_multi_add_handle(multi_, raw->handle.get());
  }

  std::vector<Finished> wait(Seconds longest, const Job& job) override {
    if (!unsent_.empty()) return std::exchange(unsent_, {});
    if (transfers_.empty()) {
      job.sleep(std::chrono::duration_cast<std::chrono::nanoseconds>(longest));
      return {};
    }
    const auto start = std::chrono::steady_clock::now();
    std::vector<Finished> finished;
    do {
      step(longest - since(start));
      finish_idle(finished);
      collect(finished);
    } while (finished.empty() && !job.cancelled() && since(start) < longest);
    return finished;
  }

  void cancel_all() override {
    for (const auto& [ticket, transfer] : transfers_) {
      curl_multi_remove_handle(multi_, transfer->handle.get());
    }
    transfers_.clear();
    unsent_.clear();
  }

  std::size_t in_flight() const override { return transfers_.size() + unsent_.size(); }

 private:
  EasyHandle take_handle() {
    if (!idle_handles_.empty()) {
      EasyHandle handle = std::move(idle_handles_.back());
      idle_handles_.pop_back();
      return handle;
    }
    EasyHandle handle(curl_easy_init());
    if (!handle) throw SystemError("cannot send a request: out of memory");
    return handle;
  }

  static void set_up(Transfer& transfer, const HttpRequest& request) {
    CURL* handle = transfer.handle.get();
    curl_easy_reset(handle);
    for (const auto& [name, value] : request.headers) {
      append(transfer.headers, fmt::format("{}: {}", name, value));
    }
    if (!request.secret.empty()) {
      append(transfer.headers,
             request.secret_header + ": " + request.secret_prefix + request.secret.reveal());
    }
    append(transfer.headers, "Expect:");  // no round trip of "100 Continue"
    curl_easy_setopt(handle, CURLOPT_PRIVATE, &transfer);
    curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    // What is for this machine does not leave it through a proxy that the environment names, nor
    // by a name that leads elsewhere.
    transfer.local_only = is_local_url(request.url);
    if (transfer.local_only) curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, transfer.headers.get());
    curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, &allow_sending);
    curl_easy_setopt(handle, CURLOPT_PREREQDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "epicrisis");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, transfer.error.data());
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.timeouts.connect));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, milliseconds(request.timeouts.total));
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &take_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
    if (request.method == "GET") {
      curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
    } else if (request.method == "HEAD") {
      curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    } else {
      curl_easy_setopt(handle, CURLOPT_POST, 1L);
      const std::size_t size = transfer.body ? transfer.body->size() : 0;
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(size));
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, size > 0 ? transfer.body->data() : "");
    }
  }

  static int watch_socket(CURL*, curl_socket_t socket, int what, void* user, void* known) {
    auto& self = *static_cast<CurlTransport*>(user);
    if (what == CURL_POLL_REMOVE) {
      epoll_ctl(self.epoll_, EPOLL_CTL_DEL, socket, nullptr);
      return 0;
    }
    epoll_event event{};
    event.data.fd = socket;
    if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
    const int operation = known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(self.epoll_, operation, socket, &event) != 0) {
      // curl may hand a socket over again that the kernel dropped when it was closed.
      epoll_ctl(self.epoll_, operation == EPOLL_CTL_ADD ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket,
                &event);
    }
    curl_multi_assign(self.multi_, socket, &self);
    return 0;
  }

  static int set_timer(CURLM*, long timeout_ms, void* user) {
    auto& self = *static_cast<CurlTransport*>(user);
    self.has_timer_ = timeout_ms >= 0;
    if (self.has_timer_) {
      self.timer_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    }
    return 0;
  }

  // One round of the event loop, at most `longest` long.
  void step(Seconds longest) {
    // Not longer than an idle transfer could go unnoticed.
    double seconds = std::clamp(longest.count(), 0.0, 0.1);
    if (has_timer_) {
      const Seconds until = timer_ - std::chrono::steady_clock::now();
      seconds = std::clamp(until.count(), 0.0, seconds);
    }
    // Few at once: answers of one moment are followed by new requests one by one, not by another
    // burst.
    std::array<epoll_event, kMostEvents> events{};
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(std::ceil(seconds * 1000)));
    int running = 0;
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events.at(static_cast<std::size_t>(i));
      int what = 0;
      if ((event.events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
      if ((event.events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
      if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR;
      curl_multi_socket_action(multi_, event.data.fd, what, &running);
    }
    if (has_timer_ && std::chrono::steady_clock::now() >= timer_) {
      has_timer_ = false;
      curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
    }
  }

  // libcurl knows no timeout without a byte; its low-speed limit counts whole seconds.
  void finish_idle(std::vector<Finished>& finished) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_idle_check_ < std::chrono::milliseconds(50)) return;
    last_idle_check_ = now;
    std::vector<Transfer*> idle;
    for (const auto& [ticket, transfer] : transfers_) {
      if (now - transfer->last_byte > transfer->timeouts.idle) idle.push_back(transfer.get());
    }
    std::ranges::sort(idle, {}, &Transfer::ticket);
    for (Transfer* transfer : idle) {
      if (!was_connected(*transfer)) continue;  // the connect timeout's
      transfer->idle = true;
      finish(*transfer, CURLE_OPERATION_TIMEDOUT, finished);
    }
  }

  void collect(std::vector<Finished>& finished) {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Transfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      finish(*transfer, message->data.result, finished);
    }
  }

  void finish(Transfer& transfer, CURLcode code, std::vector<Finished>& finished) {
    // A body without a byte comes to the sink too.
    if (code == CURLE_OK && goes_to_sink(transfer) && transfer.given_up) code = CURLE_WRITE_ERROR;
    HttpAnswer answer = std::move(transfer.answer);
    answer.latency = since(transfer.started);
    const int status = status_of(transfer);
    if (code == CURLE_OK && status > 0) {
      answer.status = status;
    } else {
      answer.status = 0;
      answer.failure = failure_of(code, transfer);
      answer.error = error_text(transfer, code, answer.failure);
    }
    curl_multi_remove_handle(multi_, transfer.handle.get());
    if (idle_handles_.size() < kMostIdleHandles) {
      idle_handles_.push_back(std::move(transfer.handle));
    }
    finished.push_back({transfer.ticket, std::move(answer)});
    transfers_.erase(finished.back().ticket);
  }

  static std::string error_text(const Transfer& transfer, CURLcode code, HttpFailure failure) {
    switch (failure) {
      case HttpFailure::kTooLarge:
        return fmt::format("the answer is larger than {} bytes", transfer.max_answer_bytes);
      case HttpFailure::kGivenUp:
        return "the rest of the answer was not taken";
      case HttpFailure::kIdleTimeout:
        return fmt::format("nothing came for {} s", transfer.timeouts.idle.count());
      case HttpFailure::kTotalTimeout:
        return fmt::format("not finished within {} s", transfer.timeouts.total.count());
      case HttpFailure::kConnectTimeout:
        return fmt::format("no connection within {} s", transfer.timeouts.connect.count());
      default: {
        if (!transfer.elsewhere.empty()) {
          return fmt::format(
              "the name in it leads to {}, which is not this machine; nothing was sent. Name this "
              "machine as 127.0.0.1, or the other one by its address",
              transfer.elsewhere);
        }
        if (code == CURLE_ABORTED_BY_CALLBACK) return "the connection was lost before an answer";
        const std::string_view detail(transfer.error.data());
        return clean_text(detail.empty() ? curl_easy_strerror(code) : detail, 500);
      }
    }
  }

  CURLM* multi_ = nullptr;
  int epoll_ = -1;
  bool has_timer_ = false;
  std::chrono::steady_clock::time_point timer_;
  std::chrono::steady_clock::time_point last_idle_check_;
  std::vector<EasyHandle> idle_handles_;
  std::unordered_map<Ticket, std::unique_ptr<Transfer>> transfers_;
  std::vector<Finished> unsent_;  // could not even be tried
};

}  // namespace

std::unique_ptr<HttpTransport> make_curl_transport() { return std::make_unique<CurlTransport>(); }

}  // namespace epicrisis
