#include <gmock/gmock.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <thread>

#include "epicrisis/net/http.h"
#include "support/fake_transport.h"
#include "support/fault_server.h"

namespace epicrisis {
namespace {

using test::FaultAction;
using test::FaultServer;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;
using testing::Not;
using testing::SizeIs;

constexpr const char* kKey = "sk-canary-4711";

class CurlTransportTest : public testing::Test {
 protected:
  static HttpRequest request_to(const std::string& url, const std::string& body = "{}") {
    HttpRequest request;
    request.url = url;
    request.headers = {{"Content-Type", "application/json"}};
    request.secret_header = "Authorization";
    request.secret_prefix = "Bearer ";
    request.secret = Secret(kKey);
    request.body = std::make_shared<const std::string>(body);
    request.timeouts = {Seconds(5), Seconds(20), Seconds(20)};
    return request;
  }
  HttpRequest request(const std::string& body = "{}") const {
    return request_to(server_.url("/v1/chat"), body);
  }
  static HttpRequest impatient(HttpRequest request) {
    request.timeouts.idle = Seconds(0.3);
    return request;
  }
  HttpAnswer send(const HttpRequest& request) { return send_and_wait(*transport_, request, job_); }

  // Every answer of what is in flight.
  std::vector<HttpTransport::Finished> wait_for_all() {
    std::vector<HttpTransport::Finished> all;
    while (transport_->in_flight() > 0) {
      for (auto& finished : transport_->wait(Seconds(1), job_)) all.push_back(std::move(finished));
    }
    return all;
  }

  FaultServer server_;
  test::FakeClock clock_;
  Job job_{clock_};
  std::unique_ptr<HttpTransport> transport_ = make_curl_transport();
};

// Keeps what it is given, up to a number of bytes.
class KeepingSink final : public HttpSink {
 public:
  explicit KeepingSink(std::size_t most = 1 << 20) : most_(most) {}
  bool begin(const HttpAnswer& head) override {
    begun += head.status == 200 && !head.headers.empty() ? 1 : 100;
    return most_ > 0;
  }
  bool take(std::string_view bytes) override {
    body += bytes;
    return body.size() <= most_;
  }
  int begun = 0;
  std::string body;

 private:
  std::size_t most_;
};

TEST_F(CurlTransportTest, ASinkTakesTheBodyOfAGoodAnswer) {
  const std::string large(std::size_t{5} << 20, 'x');  // more than an answer may hold
  HttpRequest wanted = request();
  wanted.method = "GET";
  for (const std::string& body : {large, std::string()}) {
    const auto sink = std::make_shared<KeepingSink>(large.size());
    wanted.sink = sink;
    server_.then(test::respond(200, body));
    const HttpAnswer answer = send(wanted);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(sink->body.size(), body.size());
    EXPECT_EQ(sink->begun, 1);
  }
  const auto sink = std::make_shared<KeepingSink>();
  wanted.sink = sink;
  server_.then(test::respond(404, "gone"));
  EXPECT_EQ(send(wanted).body, "gone");
  EXPECT_EQ(sink->begun, 0);
}

TEST_F(CurlTransportTest, ASinkMayGiveUp) {
  HttpRequest wanted = request();
  for (const std::size_t most : {std::size_t{0}, std::size_t{3}}) {
    wanted.sink = std::make_shared<KeepingSink>(most);
    server_.then(test::respond(200, "abcdef"));
    const HttpAnswer answer = send(wanted);
    EXPECT_EQ(answer.failure, HttpFailure::kGivenUp);
    EXPECT_EQ(answer.status, 0);
  }
}

TEST_F(CurlTransportTest, HeadAsksForNoBody) {
  HttpRequest wanted = request();
  wanted.method = "HEAD";
  server_.then({{{Seconds(0), "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"}},
                FaultAction::End::kKeep,
                false});
  const HttpAnswer answer = send(wanted);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-length"), "7");
  EXPECT_EQ(server_.requests().back().method, "HEAD");
}

TEST_F(CurlTransportTest, TellsTheWholeAnswer) {
  server_.then(test::respond(
      418, "I am a teapot", {{"X-Mixed-CASE", "One"}, {"Retry-After", "1"}, {"retry-AFTER", "7"}}));
  const HttpAnswer answer = send(request("{\"a\": 1}"));
  EXPECT_EQ(answer.failure, HttpFailure::kNone);
  EXPECT_EQ(answer.error, "");
  EXPECT_EQ(answer.status, 418);
  EXPECT_EQ(answer.body, "I am a teapot");
  EXPECT_EQ(answer.header("x-mixed-case"), "One");
  EXPECT_EQ(answer.header("retry-after"), "7");
  EXPECT_EQ(answer.header("absent"), "");
  EXPECT_GT(answer.latency, Seconds(0));

  const test::SeenRequest seen = server_.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.path, "/v1/chat");
  EXPECT_EQ(seen.body, "{\"a\": 1}");
  EXPECT_EQ(seen.headers.at("content-type"), "application/json");
  EXPECT_EQ(seen.headers.at("authorization"), std::string("Bearer ") + kKey);
}

TEST_F(CurlTransportTest, GetsWithoutABody) {
  HttpRequest get = request_to(server_.url("/v1/batches/1?after=2"));
  get.method = "GET";
  get.body = nullptr;
  EXPECT_EQ(send(get).status, 200);
  EXPECT_EQ(server_.requests().at(0).method, "GET");
  EXPECT_EQ(server_.requests().at(0).path, "/v1/batches/1?after=2");
  EXPECT_EQ(server_.requests().at(0).body, "");
  // The next one, on the same handle and connection, is a POST again.
  EXPECT_EQ(send(request("again")).status, 200);
  EXPECT_EQ(server_.requests().at(1).body, "again");
}

TEST_F(CurlTransportTest, LargeBodiesArriveWhole) {
  const std::string body(8 << 20, 'b');
  EXPECT_EQ(send(request(body)).status, 200);
  EXPECT_EQ(server_.requests().at(0).body, body);
}

struct Fault {
  const char* name;
  HttpFailure failure;
  FaultAction action;
};

class BrokenAnswerTest : public CurlTransportTest, public testing::WithParamInterface<Fault> {};

// On a new connection and on one that served before: libcurl takes the loss of a kept connection
// for its own affair and would send a second, paid request by itself.
TEST_P(BrokenAnswerTest, IsAFailureAndAskedOnce) {
  for (const bool kept : {false, true}) {
    SCOPED_TRACE(kept ? "kept connection" : "new connection");
    transport_ = make_curl_transport();
    if (kept) {
      ASSERT_EQ(send(request()).status, 200);
    }
    const std::size_t before = server_.request_count();
    server_.then(GetParam().action);
    HttpRequest limited = request();
    if (GetParam().failure == HttpFailure::kIdleTimeout) limited = impatient(limited);
    if (GetParam().failure == HttpFailure::kTotalTimeout) limited.timeouts.total = Seconds(0.4);
    limited.max_answer_bytes = 100'000;
    const HttpAnswer answer = send(limited);
    EXPECT_EQ(answer.failure, GetParam().failure)
        << http_failure_name(answer.failure) << ": " << answer.error;
    EXPECT_EQ(answer.status, 0);
    EXPECT_NE(answer.error, "");
    EXPECT_THAT(answer.error, Not(HasSubstr(kKey)));
    EXPECT_LE(answer.body.size(), 100'000U);
    EXPECT_EQ(server_.request_count(), before + 1);
    EXPECT_EQ(transport_->in_flight(), 0U);
    EXPECT_EQ(send(request()).status, 200);  // it goes on
  }
}

INSTANTIATE_TEST_SUITE_P(
    Faults, BrokenAnswerTest,
    testing::Values(
        Fault{"closed_before_headers", HttpFailure::kBroken, test::close_before_headers()},
        Fault{"reset_before_headers", HttpFailure::kBroken, test::reset_before_headers()},
        Fault{"reset_mid_body", HttpFailure::kBroken, test::reset_mid_body()},
        Fault{"truncated_body", HttpFailure::kBroken, test::truncated_body()},
        Fault{"broken_chunks", HttpFailure::kBroken, test::broken_chunks()},
        Fault{"garbage", HttpFailure::kBroken, test::garbage()},
        Fault{"hang_before_headers", HttpFailure::kIdleTimeout, test::hang_before_headers()},
        Fault{"hang_mid_body", HttpFailure::kIdleTimeout, test::hang_mid_body()},
        Fault{"slow_drip", HttpFailure::kTotalTimeout,
              test::slow_drip(std::string(1000, 'd'), 5, Seconds(0.02))},
        Fault{"huge", HttpFailure::kTooLarge, test::huge_answer(10 << 20)},
        Fault{"huge_chunked", HttpFailure::kTooLarge,
              test::chunked(std::string(10 << 20, 'c'), 65'536)},
        Fault{"header_flood", HttpFailure::kTooLarge, test::header_flood(5000)}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(CurlTransportTest, NobodyThere) {
  const test::ClosedPort closed;
  const HttpAnswer answer = send(request_to(closed.url()));
  EXPECT_EQ(answer.failure, HttpFailure::kConnect) << answer.error;
  EXPECT_NE(answer.error, "");
}

TEST_F(CurlTransportTest, NobodyTakesTheConnection) {
  const test::DeafPort deaf;
  HttpRequest request = request_to(deaf.url());
  request.timeouts.connect = Seconds(0.3);
  request.timeouts.idle = Seconds(0.1);  // counts only once there is a connection
  const HttpAnswer answer = send(request);
  EXPECT_EQ(answer.failure, HttpFailure::kConnectTimeout) << answer.error;
}

TEST_F(CurlTransportTest, CertificateThatNobodyTrusts) {
  FaultServer::Settings settings;
  settings.tls = true;
  FaultServer impostor(settings);
  const HttpAnswer answer = send(request_to(impostor.url()));
  EXPECT_EQ(answer.failure, HttpFailure::kTls) << answer.error;
  EXPECT_EQ(impostor.request_count(), 0U);  // the key was not shown
  EXPECT_EQ(impostor.connections(), 1U);
}

TEST_F(CurlTransportTest, TlsToAServerWithoutIt) {
  const HttpAnswer answer = send(request_to("https" + server_.url().substr(4)));
  EXPECT_EQ(answer.failure, HttpFailure::kTls) << answer.error;
}

TEST_F(CurlTransportTest, UnusableUrls) {
  for (const char* url : {"ftp://127.0.0.1/x", "file:///etc/hostname", "http://", "", "/v1/chat",
                          "http://127.0.0.1:port/v1", "gopher://127.0.0.1/"}) {
    const HttpAnswer answer = send(request_to(url));
    EXPECT_EQ(answer.failure, HttpFailure::kRefused) << url << ": " << answer.error;
    EXPECT_EQ(answer.body, "");
  }
}

// start() never fails by itself; a line break in a header would smuggle in another one.
TEST_F(CurlTransportTest, HeadersWithLineBreaksAreNotSent) {
  HttpRequest in_header = request();
  in_header.headers.emplace_back("X-Name", "a\r\nX-Evil: 1");
  EXPECT_EQ(send(in_header).failure, HttpFailure::kRefused);
  HttpRequest in_key = request();
  in_key.secret = Secret(std::string(kKey) + "\nX-Evil: 1");
  const HttpAnswer answer = send(in_key);
  EXPECT_EQ(answer.failure, HttpFailure::kRefused);
  EXPECT_THAT(answer.error, Not(HasSubstr(kKey)));
  EXPECT_EQ(server_.request_count(), 0U);
  EXPECT_EQ(transport_->in_flight(), 0U);
}

TEST_F(CurlTransportTest, DripWithinItsTimeIsAnAnswer) {
  server_.then(test::slow_drip("drop by drop", 20, Seconds(0.06)));
  HttpRequest request = this->request();
  request.timeouts.idle = Seconds(1);  // shorter than the whole
  const HttpAnswer answer = send(request);
  EXPECT_EQ(answer.status, 200) << answer.error;
  EXPECT_THAT(answer.body, HasSubstr("drop by drop"));
}

TEST_F(CurlTransportTest, AnswersUpToTheLimitAreTaken) {
  const std::string body(5000, 'x');
  HttpRequest limited = request();
  limited.max_answer_bytes = 5000;
  for (const FaultAction& action : {test::respond(200, body), test::chunked(body, 700)}) {
    server_.then(action);
    EXPECT_EQ(send(limited).body, body);
  }
  limited.max_answer_bytes = 4999;
  for (const FaultAction& action : {test::respond(200, body), test::chunked(body, 700)}) {
    server_.then(action);
    EXPECT_EQ(send(limited).failure, HttpFailure::kTooLarge);
  }
}

TEST_F(CurlTransportTest, RedirectsAreNotFollowed) {
  FaultServer elsewhere;
  for (const int status : {301, 302, 307, 308}) {
    server_.then(test::respond(status, "", {{"Location", elsewhere.url("/v1/chat")}}));
    const HttpAnswer answer = send(request());
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.header("location"), elsewhere.url("/v1/chat"));
  }
  EXPECT_EQ(elsewhere.connections(), 0U);
}

TEST_F(CurlTransportTest, NoProxyForThisMachine) {
  const test::ClosedPort closed;
  const std::string socks = "socks5h" + closed.url().substr(4);
  for (const char* variable :
       {"http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"}) {
    for (const std::string& proxy : {closed.url(), socks}) {
      ASSERT_EQ(setenv(variable, proxy.c_str(), 1), 0);
      EXPECT_EQ(send(request()).status, 200) << variable;
      unsetenv(variable);
    }
  }
}

// A second answer to the same request must not become the answer to the next one.
TEST_F(CurlTransportTest, DuplicateAnswersAreDropped) {
  for (int i = 0; i < 20; ++i) {
    server_.then(test::answer_twice("echo"));
    EXPECT_THAT(send(request()).body, HasSubstr("echo"));
    server_.then(test::complete("the next"));
    const HttpAnswer next = send(request());
    EXPECT_EQ(next.status, 200) << next.error;
    EXPECT_THAT(next.body, HasSubstr("the next"));
  }
  EXPECT_EQ(server_.request_count(), 40U);
}

TEST_F(CurlTransportTest, ConnectionsAreKept) {
  for (int i = 0; i < 200; ++i) ASSERT_EQ(send(request()).status, 200);
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(CurlTransportTest, AThousandAtOnce) {
  // Both ends of the connections are in this process.
  rlimit files{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  if (files.rlim_max < 4096) GTEST_SKIP() << "only " << files.rlim_max << " files may be open";
  const rlimit more{std::max<rlim_t>(files.rlim_cur, 4096), files.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &more), 0);

  constexpr std::size_t kRequests = 1000;
  server_.respond_by(
      [](const test::SeenRequest& seen) { return test::complete("to " + seen.body); });
  for (int round = 0; round < 2; ++round) {
    server_.hold();
    for (std::size_t i = 0; i < kRequests; ++i) {
      transport_->start(i, request(std::to_string(i)));
    }
    EXPECT_EQ(transport_->in_flight(), kRequests);
    while (server_.in_flight() < kRequests) {
      ASSERT_THAT(transport_->wait(Seconds(0.01), job_), IsEmpty());
    }
    server_.release();
    std::set<HttpTransport::Ticket> seen;
    for (const auto& [ticket, answer] : wait_for_all()) {
      ASSERT_EQ(answer.status, 200) << answer.error;
      EXPECT_THAT(answer.body, HasSubstr("\"to " + std::to_string(ticket) + "\""));
      EXPECT_TRUE(seen.insert(ticket).second);
    }
    EXPECT_EQ(seen.size(), kRequests);
  }
  EXPECT_EQ(server_.most_in_flight(), kRequests);
  EXPECT_EQ(server_.request_count(), 2 * kRequests);
  EXPECT_LE(server_.connections(), kRequests);  // the second round took the first one's
}

TEST_F(CurlTransportTest, AnswersComeAsTheyCome) {
  server_.on("first", {test::hang_before_headers()});
  transport_->start(7, request("first"));
  transport_->start(3, request("second"));
  std::vector<HttpTransport::Finished> finished;
  while (finished.empty()) finished = transport_->wait(Seconds(10), job_);
  ASSERT_THAT(finished, SizeIs(1));
  EXPECT_EQ(finished[0].ticket, 3U);
  EXPECT_EQ(transport_->in_flight(), 1U);
}

// One that hangs does not hold up the timeout of the others, nor their answers.
TEST_F(CurlTransportTest, EachHasItsOwnTimeout) {
  server_.hold();
  transport_->start(1, impatient(request()));
  transport_->start(2, impatient(request()));
  transport_->start(3, request());
  std::vector<HttpTransport::Finished> all;
  while (all.size() < 2) {
    for (auto& finished : transport_->wait(Seconds(1), job_)) all.push_back(std::move(finished));
  }
  EXPECT_EQ(all[0].answer.failure, HttpFailure::kIdleTimeout);
  EXPECT_EQ(all[1].answer.failure, HttpFailure::kIdleTimeout);
  server_.release();
  const auto last = wait_for_all();
  ASSERT_THAT(last, SizeIs(1));
  EXPECT_EQ(last[0].ticket, 3U);
  EXPECT_EQ(last[0].answer.status, 200);
}

TEST_F(CurlTransportTest, TheBodyIsSharedAndLetGo) {
  const HttpRequest shared = request("shared");
  server_.hold();
  transport_->start(1, shared);
  transport_->start(2, shared);
  EXPECT_EQ(shared.body.use_count(), 3);
  server_.release();
  EXPECT_THAT(wait_for_all(), SizeIs(2));
  EXPECT_EQ(shared.body.use_count(), 1);
}

TEST_F(CurlTransportTest, CancelAllGivesUpEverything) {
  server_.hold();
  const HttpRequest shared = request("given up");
  for (HttpTransport::Ticket i = 0; i < 10; ++i) transport_->start(i, shared);
  while (server_.in_flight() < 10) transport_->wait(Seconds(0.01), job_);
  transport_->cancel_all();
  EXPECT_EQ(transport_->in_flight(), 0U);
  EXPECT_EQ(shared.body.use_count(), 1);
  EXPECT_TRUE(server_.wait_for_in_flight(0));  // it sees the connections go
  server_.release();
  EXPECT_THAT(transport_->wait(Seconds(0), job_), IsEmpty());
  EXPECT_EQ(send(request("after")).status, 200);
  EXPECT_EQ(server_.good_answers(), 1U);
  transport_->cancel_all();  // of nothing
}

TEST_F(CurlTransportTest, EndsWithRequestsInFlight) {
  server_.hold();
  const HttpRequest shared = request();
  for (HttpTransport::Ticket i = 0; i < 10; ++i) transport_->start(i, shared);
  transport_->wait(Seconds(0.01), job_);
  transport_.reset();
  EXPECT_EQ(shared.body.use_count(), 1);
}

TEST_F(CurlTransportTest, SleepsOnTheClockWithNothingInFlight) {
  EXPECT_THAT(transport_->wait(Seconds(5000), job_), IsEmpty());
  EXPECT_EQ(clock_.slept, std::chrono::seconds(5000));
  server_.then(test::complete("x").after(Seconds(0.05)));
  EXPECT_EQ(send(request()).status, 200);
  EXPECT_EQ(clock_.slept, std::chrono::seconds(5000));  // real time is not the clock's
}

TEST_F(CurlTransportTest, WaitEndsInTime) {
  server_.hold();
  transport_->start(1, request());
  EXPECT_THAT(transport_->wait(Seconds(0.05), job_), IsEmpty());
  EXPECT_EQ(transport_->in_flight(), 1U);
  server_.release();
  EXPECT_THAT(wait_for_all(), SizeIs(1));
}

TEST_F(CurlTransportTest, ACancelledJobEndsItsWait) {
  server_.hold();
  HttpRequest patient = request();
  patient.timeouts = {Seconds(100), Seconds(100), Seconds(100)};
  transport_->start(1, patient);
  Job cancelled;
  std::thread other([&] {
    EXPECT_TRUE(server_.wait_for_requests(1));
    cancelled.cancel();
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(transport_->wait(Seconds(90), cancelled), IsEmpty());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  other.join();
  EXPECT_EQ(transport_->in_flight(), 1U);  // it is not lost: the caller decides
  server_.release();
  EXPECT_THAT(wait_for_all(), SizeIs(1));
}

TEST_F(CurlTransportTest, ManyFaultsAtOnceAreToldApart) {
  const std::vector<FaultAction> faults = {
      test::close_before_headers(), test::reset_mid_body(),
      test::truncated_body(),       test::garbage(),
      test::respond(500),           test::complete("good"),
      test::hang_mid_body(),        test::answer_twice("twice")};
  server_.respond_by([&](const test::SeenRequest& seen) {
    return faults[static_cast<std::size_t>(std::stoi(seen.body)) % faults.size()];
  });
  constexpr std::size_t kRounds = 25;
  for (std::size_t i = 0; i < kRounds * faults.size(); ++i) {
    HttpRequest request = this->request(std::to_string(i));
    request.timeouts.idle = Seconds(1.5);
    transport_->start(i, request);
  }
  std::map<std::string, std::size_t> seen;
  for (const auto& [ticket, answer] : wait_for_all()) {
    const std::string what = answer.failure == HttpFailure::kNone
                                 ? std::to_string(answer.status)
                                 : std::string(http_failure_name(answer.failure));
    ++seen[std::to_string(ticket % faults.size()) + " " + what];
  }
  EXPECT_THAT(seen, SizeIs(faults.size()));  // each fault has one outcome
  for (const auto& [what, count] : seen) EXPECT_EQ(count, kRounds) << what;
  EXPECT_EQ(server_.request_count(), kRounds * faults.size());
}

}  // namespace
}  // namespace epicrisis
