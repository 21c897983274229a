#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/job.h"

namespace epicrisis::test {

// Keeps what jobs tell. Of one job at a time.
class JobLog : public JobWatcher {
 public:
  void step_begun(const JobStep& step) override {
    lines.push_back(fmt::format("begun {} {} {}", step.label, step.total, step.unit));
  }
  void step_moved(const JobStep& step) override { moved.push_back(step); }
  void step_ended(const JobStep& step) override {
    lines.push_back(fmt::format("ended {} {}/{}", step.label, step.done, step.total));
    ended.push_back(step);
  }
  void said(LogLevel level, std::string_view text) override {
    lines.push_back(fmt::format("{} {}", level == LogLevel::kWarning ? "warning" : "info", text));
  }

  std::vector<std::string> lines;  // in order, but for moves
  std::vector<JobStep> moved;
  std::vector<JobStep> ended;
};

}  // namespace epicrisis::test
