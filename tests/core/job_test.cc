#include "epicrisis/core/job.h"

#include <gmock/gmock.h>

#include <csignal>
#include <thread>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/parallel.h"
#include "support/fake_transport.h"
#include "support/job_log.h"

namespace epicrisis {
namespace {

using testing::ElementsAre;

TEST(Job, CancelIsForGoodAndOfOneJobAlone) {
  Job job;
  const Job other;
  EXPECT_FALSE(job.cancelled());
  EXPECT_NO_THROW(job.check());
  job.cancel();
  job.cancel();
  EXPECT_TRUE(job.cancelled());
  try {
    job.check();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
  }
  EXPECT_NO_THROW(other.check());
}

Job* signalled = nullptr;

TEST(Job, ASignalHandlerMayCancel) {
  Job job;
  signalled = &job;
  const auto before = std::signal(SIGUSR1, [](int) { signalled->cancel(); });
  std::raise(SIGUSR1);
  std::signal(SIGUSR1, before);
  signalled = nullptr;
  EXPECT_TRUE(job.cancelled());
}

TEST(Job, SleepsOnItsClockAndNotAfterACancel) {
  test::FakeClock clock;
  Job job(clock);
  job.sleep(std::chrono::seconds(100));
  EXPECT_EQ(clock.slept, std::chrono::seconds(100));
  job.sleep(std::chrono::nanoseconds(-1));
  job.cancel();
  job.sleep(std::chrono::hours(1));
  EXPECT_EQ(clock.slept, std::chrono::seconds(100));
}

TEST(Job, ACancelEndsASleep) {
  Job job;
  const auto start = std::chrono::steady_clock::now();
  const std::jthread other([&] { job.cancel(); });
  job.sleep(std::chrono::hours(1));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

TEST(Job, TellsStepsInOrder) {
  test::JobLog log;
  Job job(log);
  {
    Meter first = job.meter("reading", 3, "images");
    first.add(2);
    Meter second = job.meter("notes", 0, "notes");
    job.info("read {} rows", 3);
    job.warn("{} left out", 1);
    second.add();
    second.note("half");
    second.note("all");
    second.finish();
    second.finish();
  }
  EXPECT_THAT(log.lines,
              ElementsAre("begun reading 3 images", "begun notes 0 notes", "info read 3 rows",
                          "warning 1 left out", "ended notes 1/0", "ended reading 2/3"));
  ASSERT_EQ(log.ended.size(), 2U);
  EXPECT_EQ(log.ended[0].number, 2U);
  EXPECT_EQ(log.ended[0].note, "all");
  EXPECT_EQ(log.ended[1].number, 1U);
}

TEST(Job, WhatWasDoneBeforeIsCountedApart) {
  test::JobLog log;
  Job job(log);
  {
    Meter meter = job.meter("reading", 5, "images");
    meter.skip(3);
    meter.add();
  }
  ASSERT_EQ(log.ended.size(), 1U);
  EXPECT_EQ(log.ended[0].done, 4U);
  EXPECT_EQ(log.ended[0].before, 3U);
}

TEST(Job, MovesAreToldTenTimesASecondAtMost) {
  test::JobLog log;
  Job job(log);
  const auto start = std::chrono::steady_clock::now();
  Meter meter = job.meter("reading", 0, "images");
  std::size_t added = 0;
  while (log.moved.size() < 2) {
    meter.add();
    ++added;
    meter.note("so far");
  }
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(200));
  EXPECT_EQ(log.moved[1].done, added);
  EXPECT_EQ(log.moved[1].note, "so far");
  EXPECT_GT(log.moved[1].done, log.moved[0].done);
}

TEST(Job, AMeterCountsUnderThreads) {
  test::JobLog log;
  Job job(log);
  Meter meter = job.meter("counting", 4000, "items");
  parallel_for(4000, 4, job, [&](std::size_t i) {
    meter.add();
    if (i % 100 == 0) meter.note("at work");
    if (i % 1000 == 0) job.info("another thousand");
  });
  meter.finish();
  EXPECT_EQ(log.ended.at(0).done, 4000U);
  EXPECT_EQ(log.lines.size(), 6U);
  std::uint64_t last = 0;
  for (const JobStep& step : log.moved) {
    EXPECT_GE(step.done, last);
    last = step.done;
  }
}

// A watcher that has seen enough.
TEST(Job, AWatcherMayCancel) {
  class Impatient : public JobWatcher {
   public:
    void step_ended(const JobStep&) override { job->cancel(); }
    Job* job = nullptr;
  };
  Impatient watcher;
  Job job(watcher);
  watcher.job = &job;
  job.meter("first", 1, "step").finish();
  EXPECT_THROW(job.check(), Interrupted);
}

}  // namespace
}  // namespace epicrisis
