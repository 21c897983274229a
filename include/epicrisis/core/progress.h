#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace epicrisis {

// A bar with count, rate and time left on standard error when that is a terminal; elsewhere a line
// at the start and one at the end. Redraws at most ten times a second. Thread-safe.
class Progress {
 public:
  // total 0: unknown, only count and rate are shown. `unit`: "images", "notes".
  Progress(std::string_view label, std::uint64_t total, std::string_view unit);
  ~Progress();  // finish()
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void add(std::uint64_t items = 1);
  // Shown after the rate: "loss 0.41", "$ 1.20". Replaces the last one.
  void note(std::string_view text);
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// No bars and no progress lines at all (--quiet, --json, tests).
void set_progress_enabled(bool enabled);

}  // namespace epicrisis
