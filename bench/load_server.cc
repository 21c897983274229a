// Answers chat completions after a fixed time, so many at once; what comes beyond waits for a slot,
// as a server with a full batch lets it wait. One thread, epoll, as little work as can be: it
// shares the machine with what it measures. On SIGTERM or SIGINT it prints what it saw as one line
// of JSON.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;
using Seconds = std::chrono::duration<double>;

struct Options {
  int port = 0;  // 0: a free one
  long latency_ms = 200;
  std::size_t slots = 256;
  int input_tokens = 150;
  int output_tokens = 60;
};

[[noreturn]] void give_up(const char* tried) {
  std::fprintf(stderr, "load_server: cannot %s: %s\n", tried, std::strerror(errno));
  std::exit(1);
}

long number_of(std::string_view text, const char* option) {
  long value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    std::fprintf(stderr, "load_server: %s wants a number, not '%.*s'\n", option,
                 static_cast<int>(text.size()), text.data());
    std::exit(2);
  }
  return value;
}

Options read_options(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; i += 2) {
    const std::string_view name = arguments[i];
    if (i + 1 == count) {
      std::fprintf(stderr,
                   "usage: load_server [--port N] [--latency-ms N] [--slots N] [--input-tokens N] "
                   "[--output-tokens N]\n");
      std::exit(2);
    }
    const long value = number_of(arguments[i + 1], arguments[i]);
    if (name == "--port") {
      options.port = static_cast<int>(value);
    } else if (name == "--latency-ms") {
      options.latency_ms = value;
    } else if (name == "--slots") {
      options.slots = static_cast<std::size_t>(value);
    } else if (name == "--input-tokens") {
      options.input_tokens = static_cast<int>(value);
    } else if (name == "--output-tokens") {
      options.output_tokens = static_cast<int>(value);
    } else {
      std::fprintf(stderr, "load_server: no option %s\n", arguments[i]);
      std::exit(2);
    }
  }
  return options;
}

std::string make_answer(const Options& options) {
  const std::string body =
      R"({"id":"chatcmpl-1","object":"chat.completion","created":1760000000,"model":"m","choices":)"
      R"([{"index":0,"message":{"role":"assistant","content":"The lesion is round and evenly brown,)"
      R"( with a sharp border and a regular pigment network. There are no ulcers and no scales; the )"
      R"(skin around it is calm."},"finish_reason":"stop"}],"usage":{"prompt_tokens":)" +
      std::to_string(options.input_tokens) +
      ",\"completion_tokens\":" + std::to_string(options.output_tokens) +
      ",\"total_tokens\":" + std::to_string(options.input_tokens + options.output_tokens) + "}}";
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

// What is worth knowing of the run: how full the slots were, all the time, and from the first time
// that all were to the last request: the start, where a client finds out how many it may send, and
// the end left out.
class SlotUse {
 public:
  explicit SlotUse(std::size_t slots) : slots_(slots) {}

  void set_busy(std::size_t busy, Instant now) {
    const double passed = Seconds(now - last_).count();
    if (started_) area_ += static_cast<double>(busy_) * passed;
    if (!started_) first_ = now;
    started_ = true;
    last_ = now;
    busy_ = busy;
    if (busy == slots_ && !was_full_) {
      was_full_ = true;
      full_from_ = full_to_ = now;
      area_at_full_ = area_to_full_ = area_;
    }
  }
  void on_request(Instant now) {
    if (!was_full_) return;
    full_to_ = now;
    area_to_full_ = area_ + static_cast<double>(busy_) * Seconds(now - last_).count();
  }
  double whole() const { return share(area_, last_ - first_); }
  double full_time() const {
    return was_full_ ? share(area_to_full_ - area_at_full_, full_to_ - full_from_) : 0;
  }
  double seconds() const { return Seconds(last_ - first_).count(); }

 private:
  double share(double area, Seconds time) const {
    return time.count() > 0 ? area / (static_cast<double>(slots_) * time.count()) : 0;
  }
  std::size_t slots_;
  std::size_t busy_ = 0;
  bool started_ = false;
  bool was_full_ = false;
  Instant first_, last_, full_from_, full_to_;
  double area_ = 0;
  double area_at_full_ = 0;
  double area_to_full_ = 0;
};

struct Connection {
  std::uint64_t number = 0;
  std::string input;
  std::size_t body_left = 0;
};

class Server {
 public:
  explicit Server(const Options& options)
      : options_(options), answer_(make_answer(options)), use_(options.slots) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    signals_ = signalfd(-1, &signals, SFD_CLOEXEC);
    timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (signals_ < 0 || timer_ < 0 || epoll_ < 0 || listener_ < 0) give_up("start");
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(options.port));
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        listen(listener_, 4096) != 0) {
      give_up("listen");
    }
    for (const int number : {signals_, timer_, listener_}) watch(number);
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
  }

  void run() {
    std::array<epoll_event, 512> events{};
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const int number = events.at(static_cast<std::size_t>(i)).data.fd;
        if (number == signals_) return report();
        if (number == listener_) {
          accept_all();
        } else if (number == timer_) {
          std::uint64_t value = 0;
          [[maybe_unused]] const ssize_t done = read(timer_, &value, sizeof value);
        } else {
          read_from(number);
        }
      }
      answer_due();
    }
  }

 private:
  struct Due {
    Instant when;
    int socket;
    std::uint64_t connection;
  };

  void watch(int number) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = number;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, number, &event) != 0) give_up("watch a socket");
  }

  void accept_all() {
    while (true) {
      const int number = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (number < 0) return;
      const int on = 1;
      setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      Connection& connection = connections_[number];
      connection = {};
      connection.number = ++accepted_;
      watch(number);
    }
  }

  void read_from(int socket) {
    const auto found = connections_.find(socket);
    if (found == connections_.end()) return;
    while (true) {
      const ssize_t got = recv(socket, buffer_.data(), buffer_.size(), 0);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (got <= 0) {
        close(socket);
        connections_.erase(found);
        return;
      }
      take(found->second, socket, {buffer_.data(), static_cast<std::size_t>(got)});
      if (static_cast<std::size_t>(got) < buffer_.size()) return;
    }
  }

  // Bodies are counted, not kept.
  void take(Connection& connection, int socket, std::string_view bytes) {
    while (!bytes.empty()) {
      if (connection.body_left > 0) {
        const std::size_t part = std::min(connection.body_left, bytes.size());
        connection.body_left -= part;
        bytes.remove_prefix(part);
        if (connection.body_left == 0) begin(connection, socket);
        continue;
      }
      const std::size_t before = connection.input.size();
      connection.input += bytes;
      const std::size_t end = connection.input.find("\r\n\r\n");
      if (end == std::string::npos) return;
      bytes.remove_prefix(end + 4 - before);
      connection.body_left = length_of({connection.input.data(), end + 2});
      connection.input.clear();
      if (connection.body_left == 0) begin(connection, socket);
    }
  }

  static std::size_t length_of(std::string_view head) {
    constexpr std::string_view kName = "\r\ncontent-length:";
    const auto found =
        std::search(head.begin(), head.end(), kName.begin(), kName.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
    std::size_t length = 0;
    if (found == head.end()) return 0;
    const char* at = &*found + kName.size();
    while (*at == ' ') ++at;
    std::from_chars(at, head.data() + head.size(), length);
    return length;
  }

  void begin(const Connection& connection, int socket) {
    ++requests_;
    use_.on_request(Clock::now());
    peak_ = std::max(peak_, ++in_flight_);
    if (due_.size() < options_.slots) {
      occupy(socket, connection.number, Clock::now());
    } else {
      waiting_.push_back({{}, socket, connection.number});
    }
  }

  void occupy(int socket, std::uint64_t connection, Instant now) {
    due_.push_back({now + std::chrono::milliseconds(options_.latency_ms), socket, connection});
    use_.set_busy(due_.size(), now);
    if (due_.size() == 1) set_timer();
  }

  void answer_due() {
    const Instant now = Clock::now();
    bool any = false;
    while (!due_.empty() && due_.front().when <= now) {
      const Due due = due_.front();
      due_.pop_front();
      use_.set_busy(due_.size(), now);
      any = true;
      --in_flight_;
      const auto found = connections_.find(due.socket);
      if (found != connections_.end() && found->second.number == due.connection) {
        // An answer is small enough for the socket's empty buffer.
        const ssize_t sent = send(due.socket, answer_.data(), answer_.size(), MSG_NOSIGNAL);
        if (sent == static_cast<ssize_t>(answer_.size())) ++answered_;
      }
      if (!waiting_.empty()) {
        const Due next = waiting_.front();
        waiting_.pop_front();
        occupy(next.socket, next.connection, now);
      }
    }
    if (any) set_timer();
  }

  void set_timer() const {
    itimerspec spec{};
    if (!due_.empty()) {
      const auto when = due_.front().when.time_since_epoch();
      const auto seconds = std::chrono::floor<std::chrono::seconds>(when);
      spec.it_value.tv_sec = seconds.count();
      spec.it_value.tv_nsec = std::chrono::nanoseconds(when - seconds).count();
    }
    timerfd_settime(timer_, TFD_TIMER_ABSTIME, &spec, nullptr);
  }

  void report() const {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    std::printf(
        "{\"requests\": %llu, \"answered\": %llu, \"connections\": %llu, \"peak_in_flight\": %zu, "
        "\"seconds\": %.3f, \"slot_use\": %.4f, \"slot_use_once_full\": %.4f, "
        "\"cpu_seconds\": %.3f}\n",
        static_cast<unsigned long long>(requests_), static_cast<unsigned long long>(answered_),
        static_cast<unsigned long long>(accepted_), peak_, use_.seconds(), use_.whole(),
        use_.full_time(), seconds(usage.ru_utime) + seconds(usage.ru_stime));
    std::fflush(stdout);
  }

  Options options_;
  std::string answer_;
  SlotUse use_;
  int signals_ = -1;
  int timer_ = -1;
  int epoll_ = -1;
  int listener_ = -1;
  std::array<char, 65'536> buffer_{};
  std::unordered_map<int, Connection> connections_;
  std::deque<Due> due_;      // in slots, by time: all take equally long
  std::deque<Due> waiting_;  // for a slot
  std::uint64_t accepted_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t answered_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t peak_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  static Server server(read_options(count, arguments));
  server.run();
  return 0;
}
