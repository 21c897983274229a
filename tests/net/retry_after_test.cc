#include "epicrisis/net/retry_after.h"

#include <gtest/gtest.h>

#include <cmath>

namespace epicrisis {
namespace {

using namespace std::chrono_literals;

// Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::chrono::system_clock::time_point kNow{784111777s};

HttpAnswer answer_with(std::string value, std::string milliseconds = "") {
  HttpAnswer answer;
  answer.status = 429;
  answer.headers = {{"date", "Sun, 06 Nov 1994 08:49:37 GMT"}};
  if (!value.empty()) answer.headers.emplace_back("retry-after", std::move(value));
  if (!milliseconds.empty()) answer.headers.emplace_back("retry-after-ms", std::move(milliseconds));
  return answer;
}

// Seconds, or -1 for none.
double wait(std::string value, std::string milliseconds = "",
            std::chrono::system_clock::time_point now = kNow) {
  const auto result = read_retry_after(answer_with(std::move(value), std::move(milliseconds)), now);
  return result ? result->count() : -1;
}

TEST(RetryAfter, Seconds) {
  EXPECT_EQ(wait("0"), 0);
  EXPECT_EQ(wait("120"), 120);
  EXPECT_EQ(wait(" 7 "), 7);
  EXPECT_DOUBLE_EQ(wait("0.25"), 0.25);
  EXPECT_DOUBLE_EQ(wait("1.5"), 1.5);
}

TEST(RetryAfter, MillisecondsAreMorePreciseAndCountFirst) {
  EXPECT_DOUBLE_EQ(wait("", "250"), 0.25);
  EXPECT_DOUBLE_EQ(wait("1", "250"), 0.25);
  EXPECT_DOUBLE_EQ(wait("1", "0.5"), 0.0005);
  // Broken milliseconds leave the seconds to be read.
  EXPECT_EQ(wait("3", "soon"), 3);
  EXPECT_EQ(wait("3", "-1"), 3);
}

TEST(RetryAfter, AbsentNegativeAndGarbage) {
  for (const char* text : {"", "-1", "-0.5", "-0", "soon", "12 s", "1,5", "0x10", "nan", "inf",
                           "1e", "--1", "120, 60", "\x01", "1e999", "-1e999", "+", ".", "Sun"}) {
    EXPECT_EQ(wait(text), -1) << text;
  }
  EXPECT_EQ(wait(std::string(100'000, 'x')), -1);
  EXPECT_EQ(wait(std::string(100'000, ' ')), -1);
}

// No sum of a clock and a wait may overflow.
TEST(RetryAfter, AbsurdlyLongIsCapped) {
  EXPECT_EQ(wait("31536000"), 31536000);  // a year is told as it is
  for (const std::string& text :
       {std::string("99999999999999999999"), std::string("1e300"), std::string(400, '9')}) {
    EXPECT_EQ(wait(text), 1e9) << text;
    EXPECT_EQ(wait("", text), 1e9) << text;
  }
  EXPECT_EQ(wait("Fri, 31 Dec 9999 23:59:59 GMT"), 1e9);
}

TEST(RetryAfter, ThreeFormsOfADate) {
  EXPECT_EQ(wait("Sun, 06 Nov 1994 08:49:37 GMT"), 0);
  EXPECT_EQ(wait("Sun, 06 Nov 1994 08:50:07 GMT"), 30);
  EXPECT_EQ(wait("Sunday, 06-Nov-94 08:50:07 GMT"), 30);
  EXPECT_EQ(wait("Sun Nov  6 08:50:07 1994"), 30);
  EXPECT_EQ(wait("Wed Nov 16 08:49:37 1994"), 864000);
  EXPECT_EQ(wait("Sat, 31 Dec 1994 23:59:60 GMT"), 4806623);  // a leap second
  EXPECT_EQ(wait("Tue, 29 Feb 2000 00:00:00 GMT"), 951782400 - 784111777);
  EXPECT_DOUBLE_EQ(wait("Sun, 06 Nov 1994 08:49:38 GMT", "", kNow + 250ms), 0.75);
}

TEST(RetryAfter, ADateInThePastIsNoWait) {
  EXPECT_EQ(wait("Sun, 06 Nov 1994 08:49:36 GMT"), -1);
  EXPECT_EQ(wait("Thu, 01 Jan 1970 00:00:00 GMT"), -1);
  EXPECT_EQ(wait("Thu, 01 Jan 0000 00:00:00 GMT"), -1);
}

// RFC 9110: two digits that look more than 50 years ahead are the past.
TEST(RetryAfter, YearsOfTwoDigits) {
  EXPECT_GT(wait("Sunday, 06-Nov-99 08:49:37 GMT"), 0);
  EXPECT_EQ(wait("Sunday, 06-Nov-45 08:49:37 GMT"), -1);  // 1945
  const std::chrono::system_clock::time_point later =
      std::chrono::sys_days(std::chrono::year_month_day(
          std::chrono::year(2026), std::chrono::month(11), std::chrono::day(24)));
  EXPECT_EQ(wait("Tuesday, 24-Nov-26 00:00:10 GMT", "", later), 10);
  EXPECT_EQ(wait("Sunday, 24-Nov-80 00:00:10 GMT", "", later), -1);  // 1980
  EXPECT_GT(wait("Sunday, 24-Nov-76 00:00:10 GMT", "", later), 1e9 / 2);
}

TEST(RetryAfter, DatesThatAreNone) {
  for (const char* text : {"Sun, 32 Nov 1994 08:50:07 GMT",
                           "Sun, 30 Feb 1995 08:50:07 GMT",
                           "Sun, 29 Feb 1995 08:50:07 GMT",
                           "Sun, 00 Nov 1994 08:50:07 GMT",
                           "Sun, 06 Foo 1994 08:50:07 GMT",
                           "Sun, 06 Nov 1994 24:50:07 GMT",
                           "Sun, 06 Nov 1994 08:60:07 GMT",
                           "Sun, 06 Nov 1994 08:50:61 GMT",
                           "Sun, 06 Nov 1994 8:50:07 GMT",
                           "Sun, 06 Nov 1994 08:50:07 CET",
                           "Sun, 06 Nov 1994 08:50:07",
                           "Sun, 6 Nov 1994 08:50:07 GMT",
                           "Xxx, 06 Nov 1995 08:50:07 GMT",
                           "Sun, 06 Nov 95 08:50:07 GMT",
                           "Sunday, 06-Nov-1995 08:50:07 GMT",
                           "Sunday, 06-Nov 08:50:07 GMT",
                           "Sun Nov 6 08:50:07 19945",
                           "Sun  Nov 6 08:50:07 1995",
                           "1994-11-06T08:50:07Z",
                           "Sun, 06 Nov 1994 -8:50:07 GMT",
                           ",,,,,",
                           "Sun, , , , , GMT",
                           "Sun, 06 Nov 1994 :::::::: GMT"}) {
    EXPECT_EQ(wait(text), -1) << text;
  }
}

TEST(RetryAfter, TheLastOfSeveralHeadersCounts) {
  HttpAnswer answer = answer_with("5");
  answer.headers.emplace_back("retry-after", "9");
  EXPECT_EQ(read_retry_after(answer, kNow)->count(), 9);
}

}  // namespace
}  // namespace epicrisis
