#include "epicrisis/core/progress.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <chrono>
#include <thread>
#include <vector>

#include "core/progress_format.h"
#include "epicrisis/core/clock.h"
#include "epicrisis/core/log.h"

namespace epicrisis {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

TEST(ProgressFormat, Durations) {
  EXPECT_EQ(format_duration(0), "0 s");
  EXPECT_EQ(format_duration(-1), "0 s");
  EXPECT_EQ(format_duration(0.0123), "12 ms");
  EXPECT_EQ(format_duration(3.21), "3.2 s");
  EXPECT_EQ(format_duration(59.4), "59 s");
  EXPECT_EQ(format_duration(59.6), "1:00");
  EXPECT_EQ(format_duration(3599.7), "1:00:00");
  EXPECT_EQ(format_duration(100000), "27:46:40");
  EXPECT_EQ(format_duration(1e30), "years");
  EXPECT_EQ(format_duration(std::numeric_limits<double>::quiet_NaN()), "0 s");
}

TEST(ProgressFormat, ALineHasBarCountRateAndTimeLeft) {
  EXPECT_EQ(progress_line({"read", 50, 200, "images", 5, 10, "loss 0.5"}, 100),
            "read [#######.......................] 50/200 images  10.0/s  15 s left  loss 0.5");
  EXPECT_EQ(progress_line({"read", 50, 0, "rows", 5, 10, ""}, 100), "read 50 rows  10.0/s");
  EXPECT_EQ(progress_line({"read", 0, 200, "images", 0, 0, ""}, 30),
            "read [.........] 0/200 images");
  // More than was announced is no reason to draw past the end.
  EXPECT_THAT(progress_line({"r", 300, 200, "i", 1, 1, ""}, 60),
              AllOf(HasSubstr("[##############################] 300/200"), Not(HasSubstr("left"))));
}

TEST(ProgressFormat, ALineFitsTheTerminal) {
  for (std::size_t width = 0; width < 100; ++width) {
    EXPECT_LE(progress_line({"label", 5, 10, "images", 5, 1, "note"}, width).size(), width);
  }
}

TEST(Progress, WithoutATerminalALineAtStartAndEnd) {
  ::testing::internal::CaptureStderr();
  {
    Progress progress("reading", 3, "images");
    for (int i = 0; i < 3; ++i) progress.add();
    progress.note("ok");
  }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              MatchesRegex("reading: 3 images\nreading: 3 images in .*s \\(.*/s\\)  ok\n"));
}

TEST(Progress, AStopBeforeTheEndShows) {
  ::testing::internal::CaptureStderr();
  {
    Progress progress("reading", 3, "images");
    progress.add(2);
    progress.finish();
    progress.finish();
  }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("reading: 2 of 3 images in "));
}

TEST(Progress, CanBeTurnedOff) {
  ::testing::internal::CaptureStderr();
  set_progress_enabled(false);
  {
    Progress progress("reading", 3, "images");
    progress.add(3);
  }
  set_progress_enabled(true);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(Progress, OnATerminalTheBarIsErasedForLogLines) {
  int master = -1;
  int slave = -1;
  if (openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) {
    GTEST_SKIP() << "needs a pseudo-terminal (/dev/pts)";
  }
  const int saved = dup(STDERR_FILENO);
  dup2(slave, STDERR_FILENO);
  {
    Progress progress("reading", 1000, "images");
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&progress] {
        for (int i = 0; i < 300; ++i) progress.add();
      });
    }
    threads.clear();
    // Past the next time for drawing.
    system_clock().sleep(std::chrono::milliseconds(120));
    progress.add(50);
    log_warning("in between");
  }
  dup2(saved, STDERR_FILENO);
  close(saved);
  close(slave);
  std::string output;
  char buffer[4096];
  for (ssize_t count = 0; (count = read(master, buffer, sizeof(buffer))) > 0;) {
    output.append(buffer, static_cast<std::size_t>(count));
  }
  close(master);
  EXPECT_THAT(output, HasSubstr("950/1000 images"));
  EXPECT_THAT(output, HasSubstr("\r\033[K"));
  EXPECT_THAT(output, HasSubstr("in between"));
  EXPECT_THAT(output, HasSubstr("reading: 950 of 1000 images in "));
}

}  // namespace
}  // namespace epicrisis
