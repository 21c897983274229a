#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/llm/provider.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxKey = 4096;

// Linux writes no core file below a page, and hands none to a crash handler (core_pattern with a
// pipe, which is not bound by a limit of 0) where the limit is 1: core(5), fs/coredump.c.
void forbid_core_files() {
  const rlimit limit = {1, 1};
  setrlimit(RLIMIT_CORE, &limit);
}

// The key without white space around it. `where` names the place, never the text.
Secret checked(std::string_view text, const std::string& where) {
  const std::string_view key = trim(text);
  if (key.empty()) throw UsageError("reading the key: {} is empty", where);
  if (key.size() > kMaxKey) {
    throw UsageError("reading the key: {} holds more than {} bytes", where, kMaxKey);
  }
  // It goes into a header: a line break would end that.
  if (!std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; })) {
    throw UsageError(
        "reading the key: {} holds a space, a line break or another character that no key has",
        where);
  }
  return Secret(std::string(key));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  int number_;
};

Secret key_of_file(const Path& path) {
  const std::string where = fmt::format("file {}", path.string());
  // O_NONBLOCK: a named pipe must not hang the program.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) throw UsageError("reading the key: {}: {}", where, std::strerror(errno));
  struct stat info = {};
  if (fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    throw UsageError("reading the key: {} is not a plain file", where);
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    throw UsageError(
        "reading the key: {} has mode {:04o}, others may read or change it; run chmod 600 on it",
        where, info.st_mode & 07777U);
  }
  std::array<char, kMaxKey + 1> bytes{};
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = read(file.get(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw UsageError("reading the key: {}: {}", where, std::strerror(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxKey) {
    throw UsageError("reading the key: {} holds more than {} bytes", where, kMaxKey);
  }
  return checked({bytes.data(), size}, where);
}

}  // namespace

Secret load_key(const Endpoint& endpoint) {
  if (endpoint.key_variable.empty() && endpoint.key_file.empty()) return {};
  forbid_core_files();
  if (endpoint.key_variable.empty()) return key_of_file(endpoint.key_file);
  const char* value = std::getenv(endpoint.key_variable.c_str());
  if (value == nullptr) {
    throw UsageError("reading the key: the environment variable {} is not set",
                     endpoint.key_variable);
  }
  return checked(value, fmt::format("the environment variable {}", endpoint.key_variable));
}

}  // namespace epicrisis
