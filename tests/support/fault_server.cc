#include "support/fault_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <unordered_map>

#include "epicrisis/core/strings.h"

namespace epicrisis::test {
namespace {

using Instant = std::chrono::steady_clock::time_point;

constexpr std::uint64_t kListenerId = 0;
constexpr std::uint64_t kWakeId = 1;
constexpr std::uint64_t kFirstConnectionId = 2;

[[noreturn]] void give_up(std::string_view tried) {
  throw std::runtime_error(fmt::format("fault server: cannot {}: errno {}", tried, errno));
}

// A socket bound to a free port of 127.0.0.1; the port goes into `port`.
int bound_socket(int& port) {
  const int number = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (number < 0) give_up("make a socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(number, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(number, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    close(number);
    give_up("bind to 127.0.0.1");
  }
  port = ntohs(address.sin_port);
  return number;
}

void close_with_reset(int socket) {
  const linger now{1, 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(socket);
}

struct TlsDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
};

std::unique_ptr<SSL_CTX, TlsDeleter> make_tls_context() {
  std::unique_ptr<SSL_CTX, TlsDeleter> context(SSL_CTX_new(TLS_server_method()));
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_set_pubkey(certificate, key);
  X509_NAME* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("127.0.0.1"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  const bool made = X509_sign(certificate, key, EVP_sha256()) > 0 &&
                    SSL_CTX_use_certificate(context.get(), certificate) == 1 &&
                    SSL_CTX_use_PrivateKey(context.get(), key) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!made) throw std::runtime_error("fault server: cannot make a certificate");
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE);
  return context;
}

struct Connection {
  int socket = -1;
  std::unique_ptr<SSL, TlsDeleter> tls;
  std::size_t number = 0;
  std::string input;
  bool told_to_continue = false;

  std::optional<std::size_t> request;  // the one in hand
  bool started = false;                // has a slot
  FaultAction action;
  std::size_t step = 0;
  bool pause_over = false;
  std::size_t sent = 0;  // of the step's bytes
};

bool is_upper(char letter) { return letter >= 'A' && letter <= 'Z'; }

// Takes the first whole request off the input; empty while there is none.
std::optional<SeenRequest> take_request(Connection& connection, bool& wants_continue) {
  const std::string& input = connection.input;
  const std::size_t end = input.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  SeenRequest request;
  std::size_t line_start = 0;
  std::size_t length = 0;
  while (line_start < end) {
    const std::size_t line_end = std::min(input.find("\r\n", line_start), end);
    const std::string line = input.substr(line_start, line_end - line_start);
    if (line_start == 0) {
      const std::size_t first = line.find(' ');
      const std::size_t second = line.rfind(' ');
      request.method = line.substr(0, first);
      if (second > first) request.path = line.substr(first + 1, second - first - 1);
    } else if (const std::size_t colon = line.find(':'); colon != std::string::npos) {
      const std::size_t value = line.find_first_not_of(" \t", colon + 1);
      request.headers[ascii_lower(line.substr(0, colon))] =
          value == std::string::npos ? "" : line.substr(value);
    }
    line_start = line_end + 2;
  }
  if (const auto found = request.headers.find("content-length"); found != request.headers.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), length);
  }
  if (input.size() - (end + 4) < length) {
    wants_continue = request.headers.count("expect") > 0;
    return std::nullopt;
  }
  request.body = input.substr(end + 4, length);
  connection.input.erase(0, end + 4 + length);
  return request;
}

}  // namespace

class FaultServer::Loop {
 public:
  explicit Loop(const Settings& settings) : settings_(settings) {
    if (settings_.tls) tls_ = make_tls_context();
    listener_ = bound_socket(port_);
    if (listen(listener_, 4096) != 0 || fcntl(listener_, F_SETFL, O_NONBLOCK) != 0) {
      give_up("listen");
    }
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    watch(EPOLL_CTL_ADD, listener_, kListenerId, EPOLLIN);
    watch(EPOLL_CTL_ADD, wake_, kWakeId, EPOLLIN);
    thread_ = std::thread([this] { run(); });
  }

  ~Loop() {
    stop_ = true;
    wake();
    thread_.join();
    for (auto& [id, connection] : connections_) close(connection.socket);
    for (const int number : {listener_, epoll_, wake_}) close(number);
  }

  void wake() const {
    const std::uint64_t one = 1;
    // It can fail only where the counter is full, and then the thread is awake.
    [[maybe_unused]] const ssize_t done = write(wake_, &one, sizeof one);
  }

  bool wait_for(const std::function<bool()>& condition) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), condition);
  }

  const Settings settings_;
  int port_ = 0;

  mutable std::mutex mutex_;  // of everything below
  mutable std::condition_variable changed_;
  std::vector<std::pair<std::string, std::deque<FaultAction>>> matched_;
  std::deque<FaultAction> next_;
  Responder responder_;
  bool held_ = false;
  std::vector<SeenRequest> requests_;
  std::size_t accepted_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t most_in_flight_ = 0;
  std::vector<std::size_t> good_;

 private:
  void run() {
    // A write to a TLS connection that the client closed would end the process.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);

    std::array<epoll_event, 256> events{};
    while (!stop_) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                   milliseconds_to_timer());
      std::unique_lock lock(mutex_);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.u64 == kListenerId) {
          accept_all();
        } else if (event.data.u64 == kWakeId) {
          std::uint64_t value = 0;
          [[maybe_unused]] const ssize_t done = read(wake_, &value, sizeof value);
        } else {
          serve(event.data.u64, lock);
        }
      }
      const Instant now = std::chrono::steady_clock::now();
      while (!timers_.empty() && timers_.begin()->first <= now) {
        const std::uint64_t id = timers_.begin()->second;
        timers_.erase(timers_.begin());
        if (const auto found = connections_.find(id); found != connections_.end()) {
          found->second.pause_over = true;
          advance(id, found->second);
          serve(id, lock);
        }
      }
      start_waiting();
      changed_.notify_all();
    }
  }

  int milliseconds_to_timer() const {
    if (timers_.empty()) return -1;
    const auto left = timers_.begin()->first - std::chrono::steady_clock::now();
    return static_cast<int>(
        std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(left).count()));
  }

  void watch(int operation, int descriptor, std::uint64_t id, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    if (epoll_ctl(epoll_, operation, descriptor, &event) != 0) give_up("watch a socket");
  }

  void accept_all() {
    while (accept_one()) {
    }
  }

  bool accept_one() {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return false;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::uint64_t id = next_id_++;
    Connection& connection = connections_[id];
    connection.socket = socket;
    connection.number = accepted_++;
    if (tls_) {
      connection.tls.reset(SSL_new(tls_.get()));
      SSL_set_fd(connection.tls.get(), socket);
      SSL_set_accept_state(connection.tls.get());
    }
    watch(EPOLL_CTL_ADD, socket, id, EPOLLIN);
    return true;
  }

  // > 0 bytes, 0 for the end or an error, -1 for "not now".
  static ssize_t receive(Connection& connection, char* buffer, std::size_t size) {
    if (connection.tls) {
      const int got = SSL_read(connection.tls.get(), buffer, static_cast<int>(size));
      if (got > 0) return got;
      const int error = SSL_get_error(connection.tls.get(), got);
      return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
    }
    const ssize_t got = recv(connection.socket, buffer, size, 0);
    if (got >= 0) return got;
    return errno == EAGAIN || errno == EINTR ? -1 : 0;
  }

  static ssize_t transmit(Connection& connection, const char* bytes, std::size_t size) {
    if (connection.tls) {
      const int put = SSL_write(connection.tls.get(), bytes, static_cast<int>(size));
      if (put > 0) return put;
      const int error = SSL_get_error(connection.tls.get(), put);
      return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
    }
    const ssize_t put = send(connection.socket, bytes, size, MSG_NOSIGNAL);
    if (put >= 0) return put;
    return errno == EAGAIN || errno == EINTR ? -1 : 0;
  }

  // Reads what is there, takes up requests, writes what is due.
  void serve(std::uint64_t id, std::unique_lock<std::mutex>& lock) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    Connection& connection = found->second;
    std::array<char, 65'536> buffer;
    while (true) {
      const ssize_t got = receive(connection, buffer.data(), buffer.size());
      if (got == 0) return drop(id, false);
      if (got < 0) break;
      connection.input.append(buffer.data(), static_cast<std::size_t>(got));
    }
    if (connection.request && connection.started) advance(id, connection);
    take_up(id, lock);
  }

  void take_up(std::uint64_t id, std::unique_lock<std::mutex>& lock) {
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second.request) return;
    Connection& connection = found->second;
    if (!connection.input.empty() && !is_upper(connection.input[0])) {
      // A TLS greeting, say. What other servers answer, too.
      constexpr std::string_view kBad = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
      transmit(connection, kBad.data(), kBad.size());
      return drop(id, false);
    }
    bool wants_continue = false;
    std::optional<SeenRequest> request = take_request(connection, wants_continue);
    if (!request) {
      if (wants_continue && !connection.told_to_continue) {
        constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        transmit(connection, kContinue.data(), kContinue.size());
        connection.told_to_continue = true;
      }
      return;
    }
    connection.told_to_continue = false;
    request->number = requests_.size();
    request->connection = connection.number;
    requests_.push_back(*request);
    most_in_flight_ = std::max(most_in_flight_, ++in_flight_);
    connection.request = request->number;
    connection.started = false;
    connection.action = decide(*request, lock);
    if (settings_.latency > Seconds(0)) {
      connection.action = connection.action.after(settings_.latency);
    }
    waiting_.push_back(id);
    start_waiting();
  }

  FaultAction decide(const SeenRequest& request, std::unique_lock<std::mutex>& lock) {
    for (auto& [text, actions] : matched_) {
      if (actions.empty() || !request.mentions(text)) continue;
      FaultAction action = std::move(actions.front());
      actions.pop_front();
      return action;
    }
    if (!next_.empty()) {
      FaultAction action = std::move(next_.front());
      next_.pop_front();
      return action;
    }
    if (!responder_) return complete(Completion{});
    const Responder responder = responder_;
    lock.unlock();  // it may ask the server
    FaultAction action = responder(request);
    lock.lock();
    return action;
  }

  void start_waiting() {
    while (!held_ && !waiting_.empty() && (settings_.slots == 0 || busy_ < settings_.slots)) {
      const std::uint64_t id = waiting_.front();
      waiting_.pop_front();
      const auto found = connections_.find(id);
      if (found == connections_.end() || !found->second.request || found->second.started) continue;
      Connection& connection = found->second;
      connection.started = true;
      connection.step = 0;
      connection.sent = 0;
      connection.pause_over = false;
      ++busy_;
      begin_step(id, connection);
      advance(id, connection);
    }
  }

  void begin_step(std::uint64_t id, Connection& connection) {
    connection.sent = 0;
    if (connection.step >= connection.action.steps.size()) return;
    const Seconds pause = connection.action.steps[connection.step].pause;
    connection.pause_over = pause <= Seconds(0);
    if (connection.pause_over) return;
    timers_.emplace(std::chrono::steady_clock::now() +
                        std::chrono::duration_cast<std::chrono::nanoseconds>(pause),
                    id);
  }

  // Sends as far as pauses and the socket let it.
  void advance(std::uint64_t id, Connection& connection) {
    if (!connection.request || !connection.started) return;
    while (connection.step < connection.action.steps.size()) {
      if (!connection.pause_over) return;
      const std::string& bytes = connection.action.steps[connection.step].bytes;
      while (connection.sent < bytes.size()) {
        const ssize_t put =
            transmit(connection, bytes.data() + connection.sent, bytes.size() - connection.sent);
        if (put == 0) return drop(id, false);
        if (put < 0) return watch(EPOLL_CTL_MOD, connection.socket, id, EPOLLIN | EPOLLOUT);
        connection.sent += static_cast<std::size_t>(put);
      }
      ++connection.step;
      begin_step(id, connection);
    }
    end_request(id, connection);
  }

  void end_request(std::uint64_t id, Connection& connection) {
    const FaultAction::End end = connection.action.end;
    if (end == FaultAction::End::kHang) return;
    if (end == FaultAction::End::kKeep) {
      if (connection.action.good) good_.push_back(*connection.request);
      release_slot(connection);
      watch(EPOLL_CTL_MOD, connection.socket, id, EPOLLIN);
      // What the client sent meanwhile, if anything, comes up as soon as the loop turns.
      if (!connection.input.empty()) timers_.emplace(Instant{}, id);
      return;
    }
    drop(id, end == FaultAction::End::kReset);
  }

  void release_slot(Connection& connection) {
    if (!connection.request) return;
    connection.request.reset();
    --in_flight_;
    if (std::exchange(connection.started, false)) --busy_;
  }

  void drop(std::uint64_t id, bool reset) {
    Connection& connection = connections_.at(id);
    if (connection.action.good && connection.request && connection.started &&
        connection.step >= connection.action.steps.size()) {
      good_.push_back(*connection.request);
    }
    release_slot(connection);
    connection.tls.reset();
    reset ? close_with_reset(connection.socket) : void(close(connection.socket));
    connections_.erase(id);
  }

  std::unique_ptr<SSL_CTX, TlsDeleter> tls_;
  int listener_ = -1;
  int epoll_ = -1;
  int wake_ = -1;
  std::atomic<bool> stop_{false};
  std::uint64_t next_id_ = kFirstConnectionId;
  std::unordered_map<std::uint64_t, Connection> connections_;
  std::multimap<Instant, std::uint64_t> timers_;
  std::deque<std::uint64_t> waiting_;  // for a slot
  std::size_t busy_ = 0;
  std::thread thread_;
};

FaultServer::FaultServer() : FaultServer(Settings()) {}
FaultServer::FaultServer(const Settings& settings) : loop_(std::make_unique<Loop>(settings)) {}
FaultServer::~FaultServer() = default;

int FaultServer::port() const { return loop_->port_; }
std::string FaultServer::url(std::string_view path) const {
  return fmt::format("{}://127.0.0.1:{}{}", loop_->settings_.tls ? "https" : "http", port(), path);
}

void FaultServer::on(std::string_view text, std::vector<FaultAction> actions) {
  const std::lock_guard lock(loop_->mutex_);
  loop_->matched_.emplace_back(text,
                               std::deque<FaultAction>(std::make_move_iterator(actions.begin()),
                                                       std::make_move_iterator(actions.end())));
}

void FaultServer::then(const FaultAction& action, std::size_t times) {
  const std::lock_guard lock(loop_->mutex_);
  loop_->next_.insert(loop_->next_.end(), times, action);
}

void FaultServer::otherwise(FaultAction action) {
  respond_by([action = std::move(action)](const SeenRequest&) { return action; });
}

void FaultServer::respond_by(Responder responder) {
  const std::lock_guard lock(loop_->mutex_);
  loop_->responder_ = std::move(responder);
}

void FaultServer::forget_script() {
  const std::lock_guard lock(loop_->mutex_);
  loop_->matched_.clear();
  loop_->next_.clear();
  loop_->responder_ = nullptr;
}

std::vector<SeenRequest> FaultServer::requests(std::size_t from) const {
  const std::lock_guard lock(loop_->mutex_);
  const std::size_t start = std::min(from, loop_->requests_.size());
  return {loop_->requests_.begin() + static_cast<std::ptrdiff_t>(start), loop_->requests_.end()};
}

std::size_t FaultServer::request_count() const {
  const std::lock_guard lock(loop_->mutex_);
  return loop_->requests_.size();
}

std::size_t FaultServer::count(const std::function<bool(const SeenRequest&)>& predicate) const {
  const std::lock_guard lock(loop_->mutex_);
  return static_cast<std::size_t>(
      std::count_if(loop_->requests_.begin(), loop_->requests_.end(), predicate));
}

std::size_t FaultServer::count_mentions(std::string_view text) const {
  return count([&](const SeenRequest& request) { return request.mentions(text); });
}

std::size_t FaultServer::connections() const {
  const std::lock_guard lock(loop_->mutex_);
  return loop_->accepted_;
}

std::size_t FaultServer::most_in_flight() const {
  const std::lock_guard lock(loop_->mutex_);
  return loop_->most_in_flight_;
}

std::size_t FaultServer::in_flight() const {
  const std::lock_guard lock(loop_->mutex_);
  return loop_->in_flight_;
}

std::size_t FaultServer::good_answers() const { return good_answer_numbers().size(); }

std::vector<std::size_t> FaultServer::good_answer_numbers() const {
  const std::lock_guard lock(loop_->mutex_);
  return loop_->good_;
}

void FaultServer::hold() {
  const std::lock_guard lock(loop_->mutex_);
  loop_->held_ = true;
}

void FaultServer::release() {
  {
    const std::lock_guard lock(loop_->mutex_);
    loop_->held_ = false;
  }
  loop_->wake();
}

bool FaultServer::wait_for_requests(std::size_t count) const {
  return loop_->wait_for([&] { return loop_->requests_.size() >= count; });
}

bool FaultServer::wait_for_in_flight(std::size_t count) const {
  return loop_->wait_for([&] { return loop_->in_flight_ == count; });
}

ClosedPort::ClosedPort() : socket_(bound_socket(port_)) {}
ClosedPort::~ClosedPort() { close(socket_); }
std::string ClosedPort::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

DeafPort::DeafPort() : socket_(bound_socket(port_)) {
  if (listen(socket_, 0) != 0) give_up("listen");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  // Connections that nobody accepts fill the backlog; what comes after them waits.
  for (int i = 0; i < 4; ++i) {
    fillers_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    [[maybe_unused]] const int ignored =
        connect(fillers_.back(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
}
DeafPort::~DeafPort() {
  for (const int number : fillers_) close(number);
  close(socket_);
}
std::string DeafPort::url(std::string_view path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

}  // namespace epicrisis::test
