#include "terminal_answer.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace epicrisis::cli {

std::string read_answer(int descriptor, const Job& job) {
  constexpr int kLookEvery = 50;  // milliseconds; a signal wakes it at once, but for one in between
  constexpr std::size_t kLongest = 4096;
  std::string line;
  while (line.size() < kLongest) {
    job.check();
    pollfd waited{descriptor, POLLIN, 0};
    if (::poll(&waited, 1, kLookEvery) <= 0) continue;
    std::array<char, 256> bytes{};
    const ssize_t count = ::read(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    line.append(bytes.data(), static_cast<std::size_t>(count));
    if (line.find('\n') != std::string::npos) break;
  }
  job.check();
  return line.substr(0, line.find('\n'));
}

}  // namespace epicrisis::cli
