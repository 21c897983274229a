#include "terminal_watcher.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <limits>
#include <thread>
#include <vector>

#include "cancel_on_signals.h"
#include "epicrisis/core/files.h"
#include "output.h"
#include "progress_format.h"

namespace epicrisis::cli {
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
  EXPECT_EQ(progress_line({"read", 50, 200, "images", 10, "loss 0.5"}, 100),
            "read [#######.......................] 50/200 images  10.0/s  15 s left  loss 0.5");
  EXPECT_EQ(progress_line({"read", 50, 0, "rows", 10, ""}, 100), "read 50 rows  10.0/s");
  EXPECT_EQ(progress_line({"read", 0, 200, "images", 0, ""}, 30), "read [.........] 0/200 images");
  // More than was announced is no reason to draw past the end.
  EXPECT_THAT(progress_line({"r", 300, 200, "i", 1, ""}, 60),
              AllOf(HasSubstr("[##############################] 300/200"), Not(HasSubstr("left"))));
}

TEST(ProgressFormat, ALineFitsTheTerminal) {
  for (std::size_t width = 0; width < 100; ++width) {
    EXPECT_LE(progress_line({"label", 5, 10, "images", 1, "note"}, width).size(), width);
  }
  EXPECT_EQ(progress_line({"Müßig", 0, 0, "é", 0, ""}, 3), "Müß");
}

TEST(TerminalWatcher, KeepsWhatWasWarnedOf) {
  ::testing::internal::CaptureStderr();
  TerminalWatcher watcher([](std::string_view text) { return "put: " + std::string(text); });
  Job job(watcher);
  job.info("an info");
  job.warn("a {}", "warning\nof two lines");
  ::testing::internal::GetCapturedStderr();
  ASSERT_EQ(watcher.warnings().size(), 1U);
  EXPECT_THAT(watcher.warnings().front(), HasSubstr("put: a warning"));
}

TEST(TerminalWatcher, WithoutATerminalALineAtStartAndEnd) {
  ::testing::internal::CaptureStderr();
  {
    TerminalWatcher watcher;
    Job job(watcher);
    Meter meter = job.meter("reading", 3, "images");
    for (int i = 0; i < 3; ++i) meter.add();
    meter.note("ok");
  }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              MatchesRegex("reading: 3 images\nreading: 3 images in .*s \\(.*/s\\)  ok\n"));
}

// The time that a test says it is.
class TestClock : public Clock {
 public:
  std::chrono::system_clock::time_point now() override { return {}; }
  std::chrono::nanoseconds monotonic() override { return time; }
  void sleep(std::chrono::nanoseconds duration) override { time += duration; }
  std::chrono::nanoseconds time{};
};

// What an earlier run did says nothing of how fast this one is.
TEST(TerminalWatcher, TheRateIsOfThisRunAlone) {
  TestClock clock;
  ::testing::internal::CaptureStderr();
  {
    TerminalWatcher watcher(nullptr, clock);
    JobStep step{1, "training", "epochs", 60000, 0, ""};
    watcher.step_begun(step);
    step.done = step.before = 36000;
    clock.time += std::chrono::seconds(1);
    watcher.step_moved(step);
    step.done = 36120;
    clock.time += std::chrono::seconds(119);
    watcher.step_moved(step);
    watcher.step_ended(step);
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "training: 60000 epochs\n"
            "training: 36120 of 60000 epochs, about 6:38:00 left\n"
            "training: 36120 of 60000 epochs, 36000 of them before, in 2:00 (1.00/s)\n");
}

TEST(TerminalWatcher, OneIsSingular) {
  ::testing::internal::CaptureStderr();
  {
    TerminalWatcher watcher;
    Job job(watcher);
    Meter one = job.meter("reading", 1, "images");
    one.add();
  }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              MatchesRegex("reading: 1 image\nreading: 1 image in .*"));
  EXPECT_EQ(progress_line({"read", 1, 1, "images", 0, ""}, 20), "read 1/1 image");
  EXPECT_EQ(progress_line({"read", 1, 2, "images", 0, ""}, 20), "read 1/2 images");
}

TEST(TerminalWatcher, WithoutATerminalALineAMinute) {
  TestClock clock;
  ::testing::internal::CaptureStderr();
  TerminalWatcher watcher(nullptr, clock);
  JobStep step{1, "run (seed 1)", "epochs", 100, 0, ""};
  watcher.step_begun(step);
  for (int second = 1; second <= 150; ++second) {
    clock.time = std::chrono::seconds(second);
    step.done = static_cast<std::uint64_t>(second / 6);
    step.note = "loss 0.5";
    watcher.step_moved(step);
  }
  // What does not move on in its count is told too.
  step.note = "epoch 26: 320 images";
  clock.time = std::chrono::seconds(200);
  watcher.step_moved(step);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "run (seed 1): 100 epochs\n"
            "run (seed 1): 10 of 100 epochs, about 9:00 left  loss 0.5\n"
            "run (seed 1): 20 of 100 epochs, about 8:00 left  loss 0.5\n"
            "run (seed 1): 25 of 100 epochs, about 10:00 left  epoch 26: 320 images\n");
}

TEST(TerminalWatcher, AStopBeforeTheEndShows) {
  ::testing::internal::CaptureStderr();
  {
    TerminalWatcher watcher;
    Job job(watcher);
    Meter meter = job.meter("reading", 3, "images");
    meter.add(2);
    meter.finish();
    meter.finish();
  }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("reading: 2 of 3 images in "));
}

// A plan that was printed into a log came after all the work.
TEST(TerminalWatcher, WhatWasPrintedBeforeGoesOutBefore) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "log").string();
  std::fflush(stdout);
  const int before = dup(STDOUT_FILENO);
  const int log = open(file.c_str(), O_CREAT | O_WRONLY, 0600);
  dup2(log, STDOUT_FILENO);
  ::testing::internal::CaptureStderr();
  TerminalWatcher watcher;
  print_line("the plan");
  watcher.said(LogLevel::kWarning, "begun");
  const std::string printed = read_file(file);
  ::testing::internal::GetCapturedStderr();
  std::fflush(stdout);
  dup2(before, STDOUT_FILENO);
  close(before);
  close(log);
  EXPECT_EQ(printed, "the plan\n");
}

TEST(TerminalWatcher, QuietIsWarningsAndErrorsAlone) {
  ::testing::internal::CaptureStderr();
  {
    TerminalWatcher watcher;
    watcher.be_quiet();
    Job job(watcher);
    Meter meter = job.meter("reading", 3, "images");
    meter.add(3);
    job.info("not shown");
    job.warn("shown");
    job.say(LogLevel::kError, "bad {} braces");
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "warning: shown\nerror: bad {} braces\n");
}

TEST(TerminalWatcher, PutsWhatIsSaidInItsCallersWords) {
  ::testing::internal::CaptureStderr();
  TerminalWatcher watcher([](std::string_view text) { return "<" + std::string(text) + ">\n"; });
  Job job(watcher);
  job.warn("one");
  job.say(LogLevel::kError, "two");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "warning: <one>\\n\nerror: <two>\\n\n");
}

TEST(TerminalWatcher, LinesCarryTheirLevelAndNoControlCharacters) {
  ::testing::internal::CaptureStderr();
  TerminalWatcher watcher;
  Job job(watcher);
  job.info("read {} rows", 3);
  job.warn("id '{}'", "x\n\x1B[31merror: forged\xE2\x80\xAE\xFF\xC2\x9B é");
  job.meter("a\x1B[2Jb", 0, "rows").finish();
  EXPECT_THAT(
      ::testing::internal::GetCapturedStderr(),
      MatchesRegex("info: read 3 rows\n"
                   "warning: id 'x\\\\n\\\\x1b\\[31merror: forged\\\\u202e\\\\xff\\\\x9b é'\n"
                   "a\\[2Jb\na\\[2Jb: 0 rows in .*s\n"));
}

TEST(TerminalWatcher, ListsOfAMessageStayLines) {
  ::testing::internal::CaptureStderr();
  TerminalWatcher watcher;
  Job(watcher).say(LogLevel::kError, "w: no\n  missing:\n    a\x1B\nerror: forged\n  b");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "error: w: no\n  missing:\n    a\\x1b\\nerror: forged\n  b\n");
}

TEST(TerminalWatcher, OnATerminalTheBarIsErasedForLines) {
  int master = -1;
  int slave = -1;
  if (openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) {
    GTEST_SKIP() << "needs a pseudo-terminal (/dev/pts)";
  }
  const int saved = dup(STDERR_FILENO);
  dup2(slave, STDERR_FILENO);
  {
    TerminalWatcher watcher;
    Job job(watcher);
    Meter meter = job.meter("reading", 1000, "images");
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&meter] {
        for (int i = 0; i < 300; ++i) meter.add();
      });
    }
    threads.clear();
    // Past the next time for drawing.
    std::this_thread::sleep_for(std::chrono::milliseconds(120));
    meter.add(50);
    job.warn("in between");
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
  if (std::getenv("NO_COLOR") == nullptr) {
    EXPECT_THAT(output, HasSubstr("\033[33m\033[1mwarning\033[m: "));
  }
  EXPECT_THAT(output, HasSubstr("reading: 950 of 1000 images in "));
}

TEST(CancelOnSignalsDeathTest, TheFirstSignalCancelsTheSecondEnds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        Job job;
        cancel_on_signals(job);
        std::raise(SIGINT);
        if (job.cancelled()) std::raise(SIGTERM);
        std::_Exit(0);
      },
      ::testing::ExitedWithCode(130), "^\nstopping \\(again: end at once, without waiting\\)\n$");
}

TEST(CancelOnSignalsDeathTest, ATerminalThatClosesCancelsUnlessThatIsIgnored) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        Job job;
        std::signal(SIGHUP, SIG_DFL);
        cancel_on_signals(job);
        std::raise(SIGHUP);
        std::_Exit(job.cancelled() ? 3 : 4);
      },
      ::testing::ExitedWithCode(3), "");
  EXPECT_EXIT(
      {
        Job job;
        std::signal(SIGHUP, SIG_IGN);
        cancel_on_signals(job);
        std::raise(SIGHUP);
        std::_Exit(job.cancelled() ? 3 : 4);
      },
      ::testing::ExitedWithCode(4), "");
}

}  // namespace
}  // namespace epicrisis::cli
