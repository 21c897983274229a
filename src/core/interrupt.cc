#include "epicrisis/core/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

std::atomic<bool> flag{false};
static_assert(std::atomic<bool>::is_always_lock_free, "the handler needs a lock-free flag");

void handle(int) {
  if (flag.exchange(true)) _exit(130);
}

}  // namespace

void install_interrupt_handler() {
  struct sigaction action {};
  action.sa_handler = handle;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return flag.load(std::memory_order_relaxed); }

void set_interrupted(bool value) { flag = value; }

void throw_if_interrupted() {
  if (interrupted()) throw Interrupted();
}

}  // namespace epicrisis
