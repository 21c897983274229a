#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/resources.h"
#include "epicrisis/core/clock.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/core/parallel.h"

namespace epicrisis {
namespace {

TEST(Clock, TimesAreWrittenAsUtc) {
  using std::chrono::system_clock;
  EXPECT_EQ(format_utc(system_clock::from_time_t(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_utc(system_clock::from_time_t(1709164800)), "2024-02-29T00:00:00Z");
  EXPECT_EQ(format_utc(system_clock::from_time_t(1709164800) + std::chrono::milliseconds(999)),
            "2024-02-29T00:00:00Z");
  EXPECT_EQ(format_utc(system_clock::from_time_t(0) - std::chrono::milliseconds(1)),
            "1969-12-31T23:59:59Z");
}

TEST(Clock, SleepLasts) {
  Clock& clock = epicrisis::system_clock();
  const auto start = clock.monotonic();
  clock.sleep(std::chrono::milliseconds(5));
  EXPECT_GE(clock.monotonic() - start, std::chrono::milliseconds(5));
  clock.sleep(std::chrono::nanoseconds(-1));
}

TEST(Parallel, EachItemOnceForAnyNumberOfThreads) {
  for (const unsigned threads : {0U, 1U, 2U, 7U, 1000U}) {
    for (const std::size_t count : {0U, 1U, 5U, 1000U}) {
      std::vector<std::atomic<int>> seen(count);
      parallel_for(count, threads, Job(), [&](std::size_t i) { ++seen.at(i); });
      for (const auto& times : seen) ASSERT_EQ(times, 1);
    }
  }
  EXPECT_GE(available_cores(), 1U);
}

TEST(Parallel, TheFirstExceptionStopsTheRest) {
  std::atomic<int> done{0};
  try {
    parallel_for(1'000'000, 4, Job(), [&](std::size_t i) {
      if (i == 10) throw std::runtime_error("ten");
      ++done;
    });
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "ten");
  }
  EXPECT_LT(done, 999'999);
}

TEST(Parallel, ACancelledJobStops) {
  Job job;
  std::atomic<int> done{0};
  EXPECT_THROW(parallel_for(1'000'000, 2, job,
                            [&](std::size_t i) {
                              if (i == 5) job.cancel();
                              ++done;
                            }),
               Interrupted);
  EXPECT_LT(done, 1'000'000);
}

TEST(Resources, AreFoundByTheirPath) {
  constexpr const char* kText = "twoone";
  const Resources files({{"b/two", kText, kText + 3}, {"a/one", kText + 3, kText + 6}});
  EXPECT_EQ(files.get("a/one"), "one");
  EXPECT_EQ(files.get("b/two"), "two");
  EXPECT_TRUE(files.has("b/two"));
  EXPECT_FALSE(files.has("b"));
  EXPECT_THROW(files.get("b/on"), InternalError);
  EXPECT_EQ(files.names(""), (std::vector<std::string>{"a/one", "b/two"}));
  EXPECT_EQ(files.names("b/"), std::vector<std::string>{"b/two"});
  EXPECT_TRUE(files.names("c/").empty());
}

TEST(Matrix, RowsAreContiguous) {
  FloatMatrix matrix(2, 3);
  matrix.row(1)[0] = 5;
  EXPECT_EQ(matrix.values[3], 5);
  EXPECT_EQ(matrix.row(0).size(), 3U);
}

TEST(Errors, CarryTheirErrorKind) {
  EXPECT_EQ(UsageError("{}", 1).kind(), ErrorKind::kUsage);
  EXPECT_EQ(InputError("x").kind(), ErrorKind::kInput);
  EXPECT_EQ(SystemError("x").kind(), ErrorKind::kSystem);
  EXPECT_EQ(LeakageError("x").kind(), ErrorKind::kLeakage);
  EXPECT_EQ(InternalError("x").kind(), ErrorKind::kInternal);
}

}  // namespace
}  // namespace epicrisis
