#include "cancel_on_signals.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <string_view>

namespace epicrisis::cli {
namespace {

std::atomic<Job*> target{nullptr};
static_assert(std::atomic<Job*>::is_always_lock_free, "the handler needs a lock-free pointer");

void handle(int) {
  Job& job = *target.load();
  if (job.cancelled()) _exit(130);
  job.cancel();
  // Work may take a while to come to a place where it can stop; who pressed the keys is answered
  // now. What is kept differs from command to command, and is said there.
  const int before = errno;
  constexpr std::string_view kAnswer = "\nstopping (again: end at once, without waiting)\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kAnswer.data(), kAnswer.size());
  errno = before;
}

}  // namespace

void cancel_on_signals(Job& job) {
  target = &job;
  struct sigaction action {};
  action.sa_handler = handle;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A terminal that closes is a Ctrl-C, but not to what was started to outlive it (nohup).
  struct sigaction before {};
  if (sigaction(SIGHUP, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) {
    sigaction(SIGHUP, &action, nullptr);
  }
}

}  // namespace epicrisis::cli
