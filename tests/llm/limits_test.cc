#include "llm/limits.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace epicrisis::llm {
namespace {

using testing::HasSubstr;

TEST(ConcurrencyLimit, DoublesInEachRoundUntilTheFirstRefusal) {
  ConcurrencyLimit limit(100);
  EXPECT_EQ(limit.limit(), 8);
  for (int i = 0; i < 8; ++i) limit.on_success(true);
  EXPECT_EQ(limit.limit(), 16);
  for (int i = 0; i < 200; ++i) limit.on_success(true);
  EXPECT_EQ(limit.limit(), 100);
  limit.on_throttle(Seconds(1), Seconds(2));
  EXPECT_EQ(limit.limit(), 50);
  for (int i = 0; i < 50; ++i) limit.on_success(true);
  EXPECT_EQ(limit.limit(), 50);
  limit.on_success(true);
  EXPECT_EQ(limit.limit(), 51) << "one more a round";
}

TEST(ConcurrencyLimit, GrowsOnlyWhereItWasTheLimit) {
  ConcurrencyLimit limit(100);
  for (int i = 0; i < 50; ++i) limit.on_success(false);
  EXPECT_EQ(limit.limit(), 8);
}

TEST(ConcurrencyLimit, HalvesOnceABurst) {
  ConcurrencyLimit limit(64);
  for (int i = 0; i < 64; ++i) limit.on_success(true);
  // Sixty refusals of requests that were all sent before the first refusal came.
  for (int i = 0; i < 60; ++i) limit.on_throttle(Seconds(1), Seconds(1.5));
  EXPECT_EQ(limit.limit(), 32);
  limit.on_throttle(Seconds(1.6), Seconds(2));
  EXPECT_EQ(limit.limit(), 16);
  for (int i = 0; i < 20; ++i) limit.on_throttle(Seconds(3 + i), Seconds(3 + i));
  EXPECT_EQ(limit.limit(), 1) << "never none";
}

TEST(ConcurrencyLimit, StartsNoHigherThanTheUserAllows) {
  EXPECT_EQ(ConcurrencyLimit(3).limit(), 3);
}

TEST(RateLimit, LetsABurstOfASecondThroughAndThenTheRate) {
  RateLimit limit(600);  // ten a second
  Seconds now(100);
  int sent = 0;
  while (limit.wait_time(now) <= Seconds(0)) {
    limit.take(1, now);
    ++sent;
  }
  EXPECT_EQ(sent, 11) << "those of a second, and the one that it is time for";
  EXPECT_NEAR(limit.wait_time(now).count(), 0.1, 1e-9);
  for (; now < Seconds(160); now += Seconds(0.01)) {
    if (limit.wait_time(now) <= Seconds(0)) {
      limit.take(1, now);
      ++sent;
    }
  }
  EXPECT_NEAR(sent, 610, 3);
}

TEST(RateLimit, NoneIsNone) {
  RateLimit limit(0);
  limit.take(1'000'000, Seconds(1));
  EXPECT_EQ(limit.wait_time(Seconds(1)), Seconds(0));
}

TEST(RateLimit, AnEstimateIsCorrected) {
  RateLimit limit(60);  // one a second
  limit.take(11, Seconds(50));
  EXPECT_NEAR(limit.wait_time(Seconds(50)).count(), 10, 1e-9);
  limit.correct(11, 5);
  EXPECT_NEAR(limit.wait_time(Seconds(50)).count(), 4, 1e-9);
}

TEST(CircuitBreaker, OpensAfterFaultsInARowAndTriesAgainLaterAndLater) {
  CircuitBreaker breaker;
  for (int i = 0; i < 7; ++i) breaker.on_fault(Seconds(0));
  breaker.on_success();  // breaks the row
  for (int i = 0; i < 7; ++i) breaker.on_fault(Seconds(0));
  EXPECT_TRUE(breaker.may_send(Seconds(0)));
  breaker.on_fault(Seconds(10));
  EXPECT_FALSE(breaker.may_send(Seconds(14.9)));
  EXPECT_EQ(breaker.next_try(), Seconds(15));
  ASSERT_TRUE(breaker.may_send(Seconds(15)));
  breaker.on_send();
  EXPECT_FALSE(breaker.may_send(Seconds(15))) << "one trial alone";
  breaker.on_fault(Seconds(16));
  EXPECT_EQ(breaker.failed_trials(), 1);
  EXPECT_EQ(breaker.next_try(), Seconds(26));
  breaker.on_send();
  breaker.on_success();
  EXPECT_TRUE(breaker.may_send(Seconds(26)));
  EXPECT_FALSE(breaker.open());
  EXPECT_EQ(breaker.failed_trials(), 0);
}

TEST(CircuitBreaker, FaultsOfRequestsThatWereUnderWayAreNoTrials) {
  CircuitBreaker breaker;
  for (int i = 0; i < 100; ++i) breaker.on_fault(Seconds(1));
  EXPECT_EQ(breaker.failed_trials(), 0);
  EXPECT_EQ(breaker.next_try(), Seconds(6));
}

TEST(FailureWatch, ComplainsWhenOverHalfOfTheLastAnswersFailed) {
  FailureWatch watch;
  for (int i = 0; i < 19; ++i) watch.add(false, i % 8 == 0 ? "empty" : "no such model");
  EXPECT_EQ(watch.complaint(), "") << "too few to tell";
  watch.add(true, "");
  EXPECT_THAT(watch.complaint(), HasSubstr("19 of the last 20"));
  EXPECT_THAT(watch.complaint(), HasSubstr("no such model"));
  for (int i = 0; i < 31; ++i) watch.add(true, "");
  EXPECT_EQ(watch.complaint(), "");
  // Half is not over half.
  FailureWatch even;
  for (int i = 0; i < 40; ++i) even.add(i % 2 == 0, "refused");
  EXPECT_EQ(even.complaint(), "");
}

TEST(FailureWatch, ComplainsOfTenAlikeInARow) {
  FailureWatch watch;
  for (int i = 0; i < 9; ++i)
    watch.add(false, fmt::format("HTTP 400: request req_{}: too long", i));
  EXPECT_EQ(watch.complaint(), "");
  FailureWatch broken = watch;
  broken.add(true, "");
  broken.add(false, "HTTP 400: request req_9: too long");
  EXPECT_EQ(broken.complaint(), "") << "a good one came between";
  FailureWatch other = watch;
  other.add(false, "refused");
  EXPECT_EQ(other.complaint(), "");
  watch.add(false, "HTTP 400: request req_a1b2: too long");
  EXPECT_THAT(watch.complaint(), HasSubstr("10 answers failed"));
  EXPECT_THAT(watch.complaint(), HasSubstr("req_a1b2"));
}

TEST(Backoff, DoublesUpToAMinute) {
  EXPECT_EQ(backoff(1, 0), Seconds(0.5));
  EXPECT_EQ(backoff(3, 0), Seconds(2));
  EXPECT_LT(backoff(3, 0.999), Seconds(4));
  EXPECT_EQ(backoff(30, 0), Seconds(30));
}

TEST(QuotaWatch, ComplainsOfTwentyAlikeBeforeAnyAnswer) {
  QuotaWatch watch;
  for (int i = 0; i < 19; ++i) watch.add(true, "none left for job " + std::to_string(i));
  EXPECT_EQ(watch.complaint(), "");
  QuotaWatch other = watch;
  other.add(true, "something else");
  EXPECT_EQ(other.complaint(), "");
  QuotaWatch answered = watch;
  answered.add(false, "");
  for (int i = 0; i < 30; ++i) answered.add(true, "none left");
  EXPECT_EQ(answered.complaint(), "");
  watch.add(true, "none left for job 19");
  EXPECT_THAT(watch.complaint(), HasSubstr("20 requests were refused in the same words"));
  EXPECT_THAT(watch.complaint(), HasSubstr("none left for job 19"));
}

}  // namespace
}  // namespace epicrisis::llm
