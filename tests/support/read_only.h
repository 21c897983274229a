#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <utility>
#include <vector>

#include "epicrisis/core/files.h"

namespace epicrisis::test {

// A folder with all below it that nobody may write to as long as this object lives.
class ReadOnly {
 public:
  explicit ReadOnly(const Path& folder) : paths_{folder} {
    for (const auto& item : std::filesystem::recursive_directory_iterator(folder)) {
      paths_.push_back(item.path());
    }
    for (const Path& path : paths_) {
      permit(path, std::filesystem::is_directory(path) ? 0555U : 0444U);
    }
  }
  ~ReadOnly() {
    for (const Path& path : paths_) {
      permit(path, std::filesystem::is_directory(path) ? 0755U : 0644U);
    }
  }
  ReadOnly(const ReadOnly&) = delete;
  ReadOnly& operator=(const ReadOnly&) = delete;

 private:
  static void permit(const Path& path, unsigned bits) {
    std::filesystem::permissions(path, std::filesystem::perms(bits));
  }
  std::vector<Path> paths_;
};

// What `work` returns, 0 to 100, done in a process of its own after `prepare`, which says whether
// it went well. 101: it threw.
template <typename Prepare, typename Work>
int in_a_process(Prepare&& prepare, Work&& work) {
  const pid_t child = fork();
  if (child == 0) {
    if (!prepare()) _exit(102);
    try {
      _exit(work());
    } catch (const std::exception& error) {
      fprintf(stderr, "%s\n", error.what());
      _exit(101);
    }
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 103;
  return WEXITSTATUS(status);
}

// In a process that permissions bind: they do not bind root.
template <typename Work>
int as_somebody_else(Work&& work) {
  const auto leave_root = [] {
    constexpr uid_t kNobody = 65534;
    return geteuid() != 0 || setuid(kNobody) == 0;
  };
  return in_a_process(leave_root, std::forward<Work>(work));
}

// In a process that can make no file larger, as where the disk is full.
template <typename Work>
int on_a_full_disk(Work&& work) {
  const auto fill = [] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit none{0, 0};
    return setrlimit(RLIMIT_FSIZE, &none) == 0;
  };
  return in_a_process(fill, std::forward<Work>(work));
}

}  // namespace epicrisis::test
