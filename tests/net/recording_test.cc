#include "epicrisis/net/recording.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "support/fake_transport.h"

namespace epicrisis {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr std::string_view kKey = "sk-canary/\"7f3+a1=";

class RecordingTest : public testing::Test {
 protected:
  static HttpRequest request(
      const std::string& body,
      const std::string& url = "https://host.test:8443/v1/chat/completions") {
    HttpRequest request;
    request.url = url;
    request.secret_header = "Authorization";
    request.secret_prefix = "Bearer ";
    request.secret = Secret(std::string(kKey));
    request.headers = {{"content-type", "application/json"}, {"cookie", "c00kie"}};
    request.body = std::make_shared<const std::string>(body);
    return request;
  }

  // Sends the requests, all in flight at once, through a recording of `answer`.
  std::vector<HttpAnswer> record(const std::vector<HttpRequest>& requests,
                                 test::FakeTransport::Answer answer) {
    auto transport = make_recording_transport(
        std::make_unique<test::FakeTransport>(std::move(answer)), file_, job_);
    return all(*transport, requests);
  }
  std::vector<HttpAnswer> replay(const std::vector<HttpRequest>& requests) {
    return all(*make_replay_transport(file_, job_), requests);
  }
  std::vector<HttpAnswer> all(HttpTransport& transport, const std::vector<HttpRequest>& requests) {
    std::vector<HttpAnswer> answers(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) transport.start(i, requests[i]);
    while (transport.in_flight() > 0) {
      for (HttpTransport::Finished& one : transport.wait(Seconds(1), job_)) {
        answers.at(one.ticket) = std::move(one.answer);
      }
    }
    return answers;
  }
  std::string text() const { return read_file(file_); }
  std::vector<std::string> lines() const {
    std::vector<std::string> result = split(text(), '\n');
    result.pop_back();
    return result;
  }

  TemporaryFolder folder_;
  Path file_ = folder_.path() / "run.jsonl";
  test::FakeClock clock_;
  Job job_{clock_};
};

TEST_F(RecordingTest, ReplayGivesWhatWasAnswered) {
  int asked = 0;
  const auto server = [&](const HttpRequest& asked_for) {
    HttpAnswer answer = test::json_answer(200, fmt::format(R"({{"n":{}}})", ++asked));
    if (asked_for.body->find("\"slow\"") != std::string::npos) {
      answer = test::json_answer(429, "wait");
      answer.headers.emplace_back("retry-after", "7");
      answer.headers.emplace_back("set-cookie", "c00kie");
    }
    if (asked_for.body->find("\"reset\"") != std::string::npos) {
      answer = {};
      answer.failure = HttpFailure::kBroken;
      answer.error = "connection to host.test reset";
    }
    answer.latency = Seconds(0.25);
    return answer;
  };
  const std::vector<HttpRequest> requests = {request("{\"a\":1}"), request("\"slow\""),
                                             request("\"reset\""), request("{\"a\":1}")};
  const std::vector<HttpAnswer> first = record(requests, server);
  const std::vector<HttpAnswer> second = replay(requests);
  ASSERT_THAT(second, SizeIs(first.size()));
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(second[i].status, first[i].status);
    EXPECT_EQ(second[i].body, first[i].body);
    EXPECT_EQ(second[i].failure, first[i].failure);
    EXPECT_EQ(second[i].latency, first[i].latency);
    EXPECT_EQ(second[i].header("retry-after"), first[i].header("retry-after"));
  }
  EXPECT_EQ(second[1].header("retry-after"), "7");
  EXPECT_EQ(second[0].body, "{\"n\":1}");  // the same request twice: in the order of the answers
  EXPECT_EQ(second[3].body, "{\"n\":4}");
  // The last one again and again.
  EXPECT_EQ(replay({requests[0], requests[0], requests[0]})[2].body, "{\"n\":4}");
  EXPECT_THAT(text(), Not(HasSubstr("host.test")));
  EXPECT_THAT(text(), Not(HasSubstr("c00kie")));
}

TEST_F(RecordingTest, WhatWasNotAskedIsNotAnswered) {
  record({request("{\"a\":1}")}, [](const HttpRequest&) { return test::json_answer(200, "{}"); });
  std::vector<HttpRequest> others = {request("{\"a\":2}"), request("{\"a\":1}", "http://h/v2/x")};
  others.push_back(request("{\"a\":1}"));
  others.back().method = "GET";
  for (const HttpAnswer& answer : replay(others)) {
    EXPECT_EQ(answer.status, 0);
    EXPECT_EQ(answer.failure, HttpFailure::kNotRecorded);
    EXPECT_THAT(answer.error, HasSubstr(file_.string()));
  }
  // Another host and a query's values but the API version do not matter.
  EXPECT_EQ(replay({request("{\"a\":1}", "http://other/v1/chat/completions")})[0].status, 200);
}

// A run that stopped had asked this many times and no more: so does its replay.
TEST_F(RecordingTest, AFaultIsNotRepeatedBeyondTheRecording) {
  record({request("1"), request("1")}, [](const HttpRequest&) {
    HttpAnswer answer = test::json_answer(429, "{}");
    answer.headers.emplace_back("x-ratelimit-reset-requests", "6m0s");
    return answer;
  });
  const std::vector<HttpAnswer> again = replay({request("1"), request("1"), request("1")});
  EXPECT_EQ(again[0].status, 429);
  EXPECT_EQ(again[1].status, 429);
  EXPECT_EQ(again[1].header("x-ratelimit-reset-requests"), "6m0s");
  EXPECT_EQ(again[2].failure, HttpFailure::kNotRecorded);
}

TEST_F(RecordingTest, NothingInFlightSleepsOnTheClock) {
  write_file(file_, "");
  const auto transport = make_replay_transport(file_, job_);
  EXPECT_THAT(transport->wait(Seconds(1.5), job_), SizeIs(0));
  EXPECT_EQ(clock_.slept, std::chrono::milliseconds(1500));
}

// A canary: the key in every form in which a server or a proxy may give it back.
TEST_F(RecordingTest, NoKeyGetsIntoTheFile) {
  const std::string key(kKey);
  const std::string in_json = dump_json(Json(key));
  const auto server = [&](const HttpRequest&) {
    HttpAnswer answer = test::json_answer(401, fmt::format("{{\"error\":{}}}", in_json));
    answer.body += key + " sk-canary%2F%227f3%2Ba1%3D";
    answer.headers.emplace_back("retry-after", key);
    answer.error = "proxy said " + key;
    return answer;
  };
  record({request("{\"key\":" + in_json + ",\"raw\":\"" + key + "\"}",
                  "http://h/v1/chat?key=" + key + "&api-version=2024-10-21&a")},
         server);
  EXPECT_THAT(text(), Not(HasSubstr("canary")));
  EXPECT_THAT(text(), Not(HasSubstr("Bearer")));
  EXPECT_THAT(text(), Not(HasSubstr("Authorization")));
  const Json line = parse_json(lines().at(0), "line");
  EXPECT_EQ(line.at("path"), "/v1/chat?key&api-version=2024-10-21&a");
  EXPECT_THAT(line.at("answer").get<std::string>(), HasSubstr("[secret]"));
}

// "none" as a key is what a server without keys is given; answers have that word.
TEST_F(RecordingTest, AWordThatIsNoKeyIsLeftAlone) {
  HttpRequest keyless = request("{}");
  keyless.secret = Secret("none");
  record({keyless}, [](const HttpRequest&) { return test::json_answer(200, "ulcer: none"); });
  EXPECT_EQ(replay({keyless})[0].body, "ulcer: none");
}

TEST_F(RecordingTest, PicturesAreReplacedByTheirHash) {
  const std::string uri = "data:image/jpeg;base64,/9j/4AAQ+Sk==";
  const std::string body =
      R"({"text":"data: not a picture; data:x,y","u":")" + uri + R"(","v":")" + uri + R"(x"})";
  record({request(body)}, [](const HttpRequest&) { return test::json_answer(200, "{}"); });
  EXPECT_THAT(text(), Not(HasSubstr("9j/4AAQ")));
  const Json kept =
      parse_json(parse_json(lines().at(0), "line").at("body").get<std::string>(), "b");
  EXPECT_EQ(kept.at("text"), "data: not a picture; data:x,y");
  EXPECT_EQ(kept.at("u"), "sha256:" + sha256_hex(uri));
  EXPECT_NE(kept.at("u"), kept.at("v"));
  EXPECT_EQ(replay({request(body)})[0].status, 200);  // found by the whole body
}

TEST_F(RecordingTest, BytesThatAreNoTextComeBackAsTheyWere) {
  const std::string bytes("\xff\xfe\0 not text \xc3", 14);
  record({request("{}")}, [&](const HttpRequest&) { return test::json_answer(200, bytes); });
  EXPECT_EQ(replay({request("{}")})[0].body, bytes);
}

TEST_F(RecordingTest, ATornLastLineIsDroppedAndMended) {
  const auto ok = [](const HttpRequest&) { return test::json_answer(200, "{}"); };
  record({request("1"), request("2")}, ok);
  const std::string whole = text();
  const std::size_t second = whole.find('\n') + 1;
  // At every byte at which a crash could have cut the second line.
  for (std::size_t cut = second; cut + 1 < whole.size(); cut += 7) {
    write_file(file_, whole.substr(0, cut));
    const std::vector<HttpAnswer> answers = replay({request("1"), request("2")});
    EXPECT_EQ(answers[0].status, 200);
    EXPECT_EQ(answers[1].failure, HttpFailure::kNotRecorded);
    record({request("2")}, ok);
    EXPECT_EQ(replay({request("2")})[0].status, 200);
    ASSERT_THAT(lines(), SizeIs(2)) << "cut at " << cut;
  }
  // Only the line feed is missing: nothing is lost.
  write_file(file_, whole.substr(0, whole.size() - 1));
  EXPECT_EQ(replay({request("2")})[0].status, 200);
  record({request("3")}, ok);
  EXPECT_THAT(lines(), SizeIs(3));
}

TEST_F(RecordingTest, ABrokenLineIsNamed) {
  record({request("1")}, [](const HttpRequest&) { return test::json_answer(200, "{}"); });
  const std::string good = text();
  for (
      const char* bad :
      {"{", "null", "[]", "{}", R"({"recording":2})", "\xff", R"({"recording":1,"method":"POST"})",
       R"({"recording":1,"method":"P","path":"/","body_sha256":"","status":2000,"headers":{},"failure":"","latency":0})",
       R"({"recording":1,"method":"P","path":"/","body_sha256":"","status":200,"headers":[],"failure":"","latency":0})",
       R"({"recording":1,"method":"P","path":"/","body_sha256":"","status":200,"headers":{},"failure":"?","latency":0})",
       R"({"recording":1,"method":"P","path":"/","body_sha256":"","status":200,"headers":{},"failure":"","latency":0,"answer_hex":"abc"})"}) {
    write_file(file_, fmt::format("{0}{1}\n{0}", good, bad));
    try {
      make_replay_transport(file_, job_);
      ADD_FAILURE() << bad;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("run.jsonl:2")) << bad;
    }
  }
  EXPECT_THROW(make_replay_transport(folder_.path() / "none", job_), UsageError);
}

TEST_F(RecordingTest, NoOtherFileIsWrittenInto) {
  const auto open = [&] {
    return make_recording_transport(std::make_unique<test::FakeTransport>(nullptr), file_, job_);
  };
  for (const char* other : {"name = 'P1'\n", "{\"recording\":7}", "x"}) {
    write_file(file_, other);
    EXPECT_THROW(open(), UsageError);
    EXPECT_EQ(text(), other);
  }
  write_file(file_, "{\"reco");  // a crash in the first line
  const auto first = open();
  EXPECT_THROW(open(), SystemError);  // one program at a time
  EXPECT_THROW(
      make_recording_transport(std::make_unique<test::FakeTransport>(nullptr), "/dev/null", job_),
      UsageError);
}

TEST_F(RecordingTest, OthersMayNotReadIt) {
  write_file(file_, "");
  std::filesystem::permissions(file_, std::filesystem::perms(0644));
  record({request("1")}, [](const HttpRequest&) { return test::json_answer(200, "{}"); });
  struct stat status {};
  ASSERT_EQ(stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

// A disk that takes no more: the answer still comes, the error with the next call, and no part of
// a line stays.
TEST_F(RecordingTest, AFullDiskLosesNoAnswer) {
  const auto ok = [](const HttpRequest&) { return test::json_answer(200, std::string(5000, 'x')); };
  record({request("1")}, ok);
  const std::string before = text();
  auto transport = make_recording_transport(std::make_unique<test::FakeTransport>(ok), file_, job_);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  rlimit low = old;
  low.rlim_cur = before.size() + 100;
  setrlimit(RLIMIT_FSIZE, &low);
  transport->start(1, request("2"));
  const std::vector<HttpTransport::Finished> finished = transport->wait(Seconds(1), job_);
  EXPECT_THROW(transport->start(2, request("3")), SystemError);
  setrlimit(RLIMIT_FSIZE, &old);
  ASSERT_THAT(finished, SizeIs(1));
  EXPECT_EQ(finished[0].answer.status, 200);
  EXPECT_EQ(text(), before);
}

TEST_F(RecordingTest, AnAnswerAboveTheLimitIsToldAsSuch) {
  record({request("1")}, [](const HttpRequest&) {
    return test::json_answer(200, std::string((std::size_t{32} << 20) + 1, 'x'));
  });
  EXPECT_EQ(replay({request("1")})[0].failure, HttpFailure::kTooLarge);
  EXPECT_LT(text().size(), 2000U);
}

}  // namespace
}  // namespace epicrisis
