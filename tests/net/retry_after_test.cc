#include "epicrisis/net/retry_after.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace epicrisis {
namespace {

using namespace std::chrono_literals;
using HeaderList = std::vector<std::pair<std::string, std::string>>;

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
  for (const char* text :
       {"",    "-1", "-0.5", "-0",      "soon", "12 x",  "1,5",    "5 apples", "0x10", "nan",
        "inf", "1e", "--1",  "120, 60", "\x01", "1e999", "-1e999", "+",        ".",    "Sun"}) {
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
                           "1994-11-31T08:50:07Z",
                           "1994-11-06T08:50:07X",
                           "1994-11-06T08:50",
                           "Sun, 06 Nov 1994 -8:50:07 GMT",
                           ",,,,,",
                           "Sun, , , , , GMT",
                           "Sun, 06 Nov 1994 :::::::: GMT"}) {
    EXPECT_EQ(wait(text), -1) << text;
  }
}

TEST(RetryAfter, Durations) {
  const std::pair<const char*, double> cases[] = {{"6m0s", 360},
                                                  {"1.5s", 1.5},
                                                  {"20ms", 0.02},
                                                  {"1h2m3.5s", 3723.5},
                                                  {"1m26.4s", 86.4},
                                                  {"500us", 5e-4},
                                                  {"2d", 172800},
                                                  {"1 minute", 60},
                                                  {"26 seconds", 26},
                                                  {"12 s", 12},
                                                  {"1 h 30 min", 5400},
                                                  {"2 minutes and 5 seconds", 125},
                                                  {"34.074824s", 34.074824},
                                                  {"0s", 0},
                                                  {"\"7s\"", 7},
                                                  {"250 milliseconds", 0.25},
                                                  {"7M12S", 432}};
  for (const auto& [text, seconds] : cases) EXPECT_NEAR(wait(text), seconds, 1e-9) << text;
}

TEST(RetryAfter, Times) {
  const std::chrono::system_clock::time_point later{1'750'000'000s};
  const std::pair<const char*, double> cases[] = {{"1750000042", 42},
                                                  {"1750000042.5", 42.5},
                                                  {"1750000042500", 42.5},
                                                  {"2025-06-15T15:06:50Z", 10},
                                                  {"2025-06-15T15:06:50.25Z", 10.25},
                                                  {"2025-06-15 15:06:50", 10},
                                                  {"2025-06-15T17:06:50+02:00", 10},
                                                  {"2025-06-15T10:06:50-0500", 10},
                                                  {"Sun, 15 Jun 2025 15:06:50 GMT", 10},
                                                  {"1749999999", -1},
                                                  {"1749999999000", -1},
                                                  {"2025-06-15T15:06:39Z", -1}};
  for (const auto& [text, seconds] : cases)
    EXPECT_NEAR(wait(text, "", later), seconds, 1e-3) << text;
}

// Seconds that an answer without Retry-After asks to wait, or -1.
double wait_of(int status, HeaderList headers, std::string body = "") {
  HttpAnswer answer;
  answer.status = status;
  answer.headers = std::move(headers);
  answer.body = std::move(body);
  const auto result = read_retry_after(answer, kNow);
  return result ? result->count() : -1;
}

TEST(RetryAfter, HeadersOfRateLimits) {
  // OpenAI, Groq: of two limits the one that is used up.
  EXPECT_EQ(wait_of(429, {{"x-ratelimit-remaining-requests", "0"},
                          {"x-ratelimit-reset-requests", "6m0s"},
                          {"x-ratelimit-remaining-tokens", "149984"},
                          {"x-ratelimit-reset-tokens", "20ms"}}),
            360);
  EXPECT_DOUBLE_EQ(
      wait_of(429, {{"x-ratelimit-reset-requests", "20ms"}, {"x-ratelimit-reset-tokens", "1.5s"}}),
      1.5);
  // None is used up: nothing is known.
  EXPECT_EQ(wait_of(429, {{"x-ratelimit-remaining-requests", "59"},
                          {"x-ratelimit-reset-requests", "1s"}}),
            -1);
  EXPECT_EQ(wait_of(429, {{"x-ratelimit-reset", "784111787"}}), 784111787) << "before 2001";
  EXPECT_EQ(wait_of(429, {{"x-rate-limit-reset", "12"}}), 12);
  EXPECT_EQ(wait_of(429, {{"ratelimit-reset", "12"}}), 12);
  EXPECT_EQ(wait_of(503, {{"x-ratelimit-reset-requests-day", "33011.38"}}), 33011.38);
  // Anthropic
  EXPECT_EQ(wait_of(429, {{"anthropic-ratelimit-requests-remaining", "0"},
                          {"anthropic-ratelimit-requests-reset", "1994-11-06T08:50:07Z"},
                          {"anthropic-ratelimit-tokens-remaining", "1000"},
                          {"anthropic-ratelimit-tokens-reset", "1994-11-06T09:50:07Z"}}),
            30);
  // Drafts of the IETF
  EXPECT_EQ(wait_of(429, {{"ratelimit", "limit=100, remaining=0, reset=50"}}), 50);
  EXPECT_EQ(wait_of(429, {{"ratelimit", "\"default\";r=0;t=50"}}), 50);
  EXPECT_EQ(wait_of(429, {{"ratelimit", "\"default\";r=5;t=50"}}), -1);
  EXPECT_EQ(wait_of(429, {{"retry-after", "2"}, {"x-ratelimit-reset", "9"}}), 2);
  EXPECT_DOUBLE_EQ(wait_of(429, {{"x-ms-retry-after-ms", "2500"}}), 2.5);
  // What a whole answer says of its limits is no wait.
  EXPECT_EQ(wait_of(200, {{"x-ratelimit-reset-requests", "6m0s"}}), -1);
  EXPECT_EQ(wait_of(500, {{"x-ratelimit-reset-requests", "6m0s"}}), -1);
}

TEST(RetryAfter, BodiesOfErrors) {
  const std::pair<const char*, double> cases[] = {
      {R"([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Quota.", "details": [
           {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.07s"}]}}])",
       34.07},
      {R"({"error": {"details": [{"retryDelay": {"seconds": "34", "nanos": 0}}]}})", 34},
      {R"({"error": {"message": "{\n \"retryDelay\": \"7s\" }"}})", 7},
      {R"({"error": {"message": "Rate limit reached. Please try again in 1m26.4s. Visit x"}})",
       86.4},
      {R"({"error": {"message": "Limit 30. Please try again in 20ms."}})", 0.02},
      {R"({"error": {"message": "Please retry in 34.5s."}})", 34.5},
      {R"({"error": {"message": "Please retry after 26 seconds."}})", 26},
      {R"({"error": {"message": "Exceeded. Please wait 42031 seconds before retrying."}})", 42031},
      {R"({"message": "You are being rate limited.", "retry_after": 1.5})", 1.5},
      {R"({"error": {"retry_after_ms": 1500}})", 1.5},
      {R"({"error": {"metadata": {"headers": {"X-RateLimit-Reset": "12"}}}})", 12},
      {"slow down, try again in about 3 minutes", 180},
      {R"({"error": {"message": "Too many requests, wait 3 seconds before trying again"}})", 3},
      {R"({"error": {"message": "You must wait for 2 minutes."}})", 120},
      {R"({"error": {"message": "The limit resets in 1m3s"}})", 63},
      {R"({"error": {"message": "We wait for nobody. 7 s"}})", -1},
      // Other languages, the wait before or after its words.
      {"请3秒后重试", 3},
      {"请求过于频繁，请在 30 秒之后再试", 30},
      {"請 2 分鐘後再試", 120},
      {"请等待 5 秒", 5},
      {"45秒後に再試行してください", 45},
      {"30초 후에 다시 시도하세요", 30},
      {"Zu viele Anfragen. Bitte in 3 Sekunden erneut versuchen.", 3},
      {"Bitte versuchen Sie es in 2 Minuten noch einmal.", 120},
      {"Bitte warten Sie 7 Sekunden", 7},
      {"Veuillez réessayer. Réessayez dans 20 secondes.", 20},
      {"Inténtelo de nuevo en 15 segundos", 15},
      {"Riprova tra 9 secondi", 9},
      {"Tente novamente em 12 segundos", 12},
      {"Повторите попытку через 30 секунд", 30},
      // A quota is no wait.
      {"每60秒限制3次请求", -1},
      {"Limit: 3 Anfragen in 60 Sekunden", -1},
      {R"({"error": {"message": "Please wait and try again. Request 4711."}})", -1},
      {R"({"error": {"message": "too many requests"}})", -1},
      {"try again in", -1},
      {"retry after -5", -1},
      {"", -1}};
  for (const auto& [body, seconds] : cases) {
    EXPECT_NEAR(wait_of(429, {}, body), seconds, 1e-9) << body;
  }
  // A model may speak of waiting.
  EXPECT_EQ(wait_of(200, {}, "Please retry after 26 seconds."), -1);
  EXPECT_EQ(wait_of(429, {}, std::string(1 << 20, 'x') + " retry after 5 s"), -1);
}

TEST(RetryAfter, TheLastOfSeveralHeadersCounts) {
  HttpAnswer answer = answer_with("5");
  answer.headers.emplace_back("retry-after", "9");
  EXPECT_EQ(read_retry_after(answer, kNow)->count(), 9);
}

}  // namespace
}  // namespace epicrisis
