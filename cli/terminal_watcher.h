#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/core/clock.h"
#include "epicrisis/core/job.h"

namespace epicrisis::cli {

// Shows on standard error what one job tells: of each step a bar with count, rate and time left
// where that is a terminal, elsewhere a line at the start, one a minute and one at the end;
// messages as lines with their level, without control characters.
class TerminalWatcher : public JobWatcher {
 public:
  // How the library's words are put to who runs the program; none: as they are.
  using Wording = std::function<std::string(std::string_view text)>;

  TerminalWatcher() = default;
  explicit TerminalWatcher(Wording wording, Clock& clock = system_clock())
      : wording_(std::move(wording)), clock_(&clock) {}

  // What was warned of, without control characters; the first 1000.
  const std::vector<std::string>& warnings() const { return warnings_; }
  // No progress at all, warnings and errors only. Before the job begins.
  void be_quiet() { quiet_ = true; }

  void step_begun(const JobStep& step) override;
  void step_moved(const JobStep& step) override;
  void step_ended(const JobStep& step) override;
  void said(LogLevel level, std::string_view text) override;

 private:
  struct Shown {
    bool on_terminal = false;
    double start = 0;
    double rate = 0;  // smoothed
    double last_time = 0;
    std::uint64_t last_worked = 0;  // done by this step
    std::uint64_t last_before = 0;
    double last_line = 0;  // without a terminal
  };
  void erase_bar();
  double now() const;
  void put_line(Shown& shown, const JobStep& step) const;

  Wording wording_;
  Clock* clock_ = &system_clock();
  bool quiet_ = false;
  bool bar_on_screen_ = false;
  std::vector<std::string> warnings_;
  std::map<std::uint64_t, Shown> steps_;  // by number
};

}  // namespace epicrisis::cli
