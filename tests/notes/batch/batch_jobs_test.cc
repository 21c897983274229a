#include <stdlib.h>

#include <map>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "notes/batch/batch_support.h"
#include "support/fake_transport.h"

namespace epicrisis {
namespace {

using test::json_answer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr const char* kKeyVariable = "EPICRISIS_BATCH_TEST_KEY";
constexpr const char* kKey = "sk-canary-5f0e7d21";

class BatchJobsTest : public test::BatchTest {
 protected:
  BatchJobsTest() {
    setenv(kKeyVariable, kKey, 1);
    provider_ = local_provider();
    provider_.endpoints.at(0).key_variable = kKeyVariable;
    fill(3);
    const BatchExportReport report = export_batch(workspace_, builder(provider_), {}, out_, job_);
    file_ = report.files.at(0);
    ids_ = ids_of(report.files);
  }
  ~BatchJobsTest() override { unsetenv(kKeyVariable); }

  // A server of the files-and-batches API. `before` may answer first, or kill the program.
  HttpAnswer serve(const HttpRequest& request) {
    const std::string what =
        request.method + request.url.substr(std::string("http://127.0.0.1:9/v1").size());
    ++asked_[what];
    EXPECT_EQ(request.secret.reveal(), kKey);
    if (before_) {
      if (auto answer = before_(what)) return *answer;
    }
    if (what == "POST/files") {
      uploaded_ = *request.body;
      return json_answer(200, R"({"id":"file-in","object":"file","purpose":"batch"})");
    }
    if (what == "POST/batches") {
      created_ = *request.body;
      exists_ = true;
      return json_answer(200, batch("validating"));
    }
    if (what == "GET/batches?limit=100") {
      return json_answer(200, exists_ ? R"({"data":[{"id":"batch-x","input_file_id":"file-q"},)" +
                                            batch("in_progress") + R"(],"has_more":false})"
                                      : R"({"data":[],"has_more":false})");
    }
    if (what == "GET/batches/batch-1") return json_answer(200, batch(status_));
    if (what == "GET/files/file-out/content") return json_answer(200, output_);
    if (what == "GET/files/file-err/content") return json_answer(200, errors_);
    return json_answer(404, R"({"error":{"message":"no such thing"}})");
  }
  std::string batch(const std::string& status) const {
    Json batch = {{"id", "batch-1"},
                  {"status", status},
                  {"input_file_id", "file-in"},
                  {"output_file_id", nullptr},
                  {"error_file_id", nullptr},
                  {"request_counts", {{"total", 3}, {"completed", 2}, {"failed", 1}}}};
    if (status == "completed" || status == "expired") {
      if (!output_.empty()) batch["output_file_id"] = "file-out";
      if (!errors_.empty()) batch["error_file_id"] = "file-err";
    }
    if (status == "failed") {
      batch["errors"] = {{"data", {{{"message", std::string("quota of ") + kKey}}}}};
    }
    return dump_json(batch);
  }

  BatchJob submit() { return submit_batch(workspace_, provider_, file_, false, server_, job_); }
  BatchFetchReport fetch() { return fetch_batches(workspace_, provider_, server_, job_); }

  // Dies after the server took the request and before its answer came.
  static std::optional<HttpAnswer> lost() {
    HttpAnswer answer;
    answer.failure = HttpFailure::kBroken;
    answer.error = "reset";
    return answer;
  }

  Provider provider_;
  Path file_;
  std::vector<std::string> ids_;
  std::function<std::optional<HttpAnswer>(const std::string& what)> before_;
  std::map<std::string, int> asked_;
  std::string uploaded_, created_, status_ = "in_progress", output_, errors_;
  bool exists_ = false;
  test::FakeTransport server_{[this](const HttpRequest& request) { return serve(request); }};
};

TEST_F(BatchJobsTest, SubmitUploadsAndCreates) {
  const BatchJob job = submit();
  EXPECT_EQ(job.row.batch_id, "batch-1");
  EXPECT_EQ(job.row.input_file_id, "file-in");
  EXPECT_EQ(job.row.status, "validating");
  EXPECT_FALSE(job.ended());
  EXPECT_THAT(uploaded_, HasSubstr("name=\"purpose\"\r\n\r\nbatch\r\n"));
  EXPECT_THAT(uploaded_, HasSubstr("\r\n\r\n" + read_file(file_) + "\r\n--"));
  EXPECT_THAT(uploaded_, Not(HasSubstr(file_.filename().string())));
  EXPECT_EQ(parse_json(created_, "created").at("endpoint"), "/v1/chat/completions");
  // The boundary of the header is that of the body.
  for (const auto& [name, value] : server_.requests.at(0).headers) {
    if (name == "Content-Type") {
      EXPECT_TRUE(uploaded_.starts_with("--" + value.substr(value.find("boundary=") + 9) + "\r\n"));
    }
  }
  // Once.
  EXPECT_EQ(submit().row.batch_id, "batch-1");
  EXPECT_EQ(asked_["POST/files"], 1);
  EXPECT_EQ(asked_["POST/batches"], 1);
}

TEST_F(BatchJobsTest, TheIdIsThereBeforeTheFirstQuestion) {
  before_ = [&](const std::string& what) -> std::optional<HttpAnswer> {
    const auto jobs = batch_jobs(database_, "");
    if (what == "POST/batches") {
      EXPECT_EQ(jobs.at(0).input_file_id, "file-in");
      EXPECT_TRUE(jobs.at(0).create_started);
    }
    if (what == "GET/batches/batch-1") {
      EXPECT_EQ(jobs.at(0).batch_id, "batch-1");
    }
    return std::nullopt;
  };
  submit();
  EXPECT_THAT(poll_batches(workspace_, provider_, server_, job_), SizeIs(1));
  EXPECT_EQ(asked_["GET/batches/batch-1"], 1);
}

TEST_F(BatchJobsTest, ACrashBetweenUploadAndBatchUploadsOnce) {
  before_ = [](const std::string& what) -> std::optional<HttpAnswer> {
    if (what == "POST/batches") return lost();
    return std::nullopt;
  };
  EXPECT_THROW(submit(), SystemError);
  EXPECT_EQ(asked_["POST/batches"], 1);  // the server may have made it: not asked again blindly
  before_ = nullptr;
  EXPECT_EQ(submit().row.batch_id, "batch-1");
  EXPECT_EQ(asked_["POST/files"], 1);
  EXPECT_EQ(asked_["GET/batches?limit=100"], 1);
  EXPECT_EQ(asked_["POST/batches"], 2);  // the list does not have it
}

TEST_F(BatchJobsTest, ABatchWhoseAnswerWasLostIsFound) {
  before_ = [&](const std::string& what) -> std::optional<HttpAnswer> {
    if (what != "POST/batches") return std::nullopt;
    exists_ = true;
    return lost();
  };
  EXPECT_THROW(submit(), SystemError);
  before_ = nullptr;
  const BatchJob job = submit();
  EXPECT_EQ(job.row.batch_id, "batch-1");
  EXPECT_EQ(asked_["POST/batches"], 1);
}

TEST_F(BatchJobsTest, FetchTakesInBothFiles) {
  submit();
  EXPECT_EQ(fetch().fetched, 0);
  status_ = "completed";
  output_ = good_line(ids_[2], "Third.") + "\n" + good_line(ids_[0], "First.") + "\n";
  errors_ = status_line(ids_[1], 400, "bad") + "\n";
  const BatchFetchReport report = fetch();
  EXPECT_EQ(report.fetched, 1);
  EXPECT_EQ(report.imported.written, 2);
  EXPECT_EQ(report.imported.failed, 1);
  EXPECT_EQ(report.closed, 0);
  ASSERT_THAT(report.files, SizeIs(2));
  EXPECT_EQ(read_file(report.files[0]), output_);
  EXPECT_EQ(database_.query_text("SELECT DISTINCT endpoint FROM ledger"), "batch:batch-1");
  const std::vector<std::string> before = state();
  const int downloads = asked_["GET/files/file-out/content"];
  EXPECT_EQ(fetch().fetched, 0);
  EXPECT_EQ(asked_["GET/files/file-out/content"], downloads);
  EXPECT_EQ(state(), before);
}

TEST_F(BatchJobsTest, WhatExpiredMayBeExportedAgain) {
  submit();
  status_ = "expired";
  output_ = good_line(ids_[0]) + "\n";
  errors_ = expired_line(ids_[1]) + "\n";
  const BatchFetchReport report = fetch();
  EXPECT_EQ(report.imported.written, 1);
  EXPECT_EQ(report.closed, 1);
  const BatchExportReport again = export_batch(workspace_, builder(provider_), {}, out_, job_);
  EXPECT_EQ(again.exported, 2);
  EXPECT_THROW(submit_batch(workspace_, provider_, folder_.path() / "none", false, server_, job_),
               SystemError);
}

TEST_F(BatchJobsTest, AFailedBatchMayBeSubmittedAgain) {
  submit();
  status_ = "failed";
  EXPECT_EQ(poll_batches(workspace_, provider_, server_, job_).at(0).row.error,
            "quota of [secret]");
  EXPECT_EQ(submit().row.id, 2);
  EXPECT_EQ(asked_["POST/files"], 2);
  status_ = "in_progress";
  const BatchFetchReport report = fetch();
  EXPECT_EQ(report.fetched, 1);
  EXPECT_EQ(report.closed, 0);  // the second one is out: nothing is given up
}

TEST_F(BatchJobsTest, GivenUpRequestsAreNotSubmittedAgain) {
  submit();
  status_ = "failed";
  EXPECT_EQ(fetch().closed, 3);
  EXPECT_THROW(submit(), UsageError);
  EXPECT_EQ(export_batch(workspace_, builder(provider_), {}, out_, job_).exported, 3);
}

// An upload that failed left a job; its requests have gone out in another file since.
TEST_F(BatchJobsTest, AnOvertakenFileIsNotSubmitted) {
  before_ = [](const std::string&) { return json_answer(400, "{}"); };
  EXPECT_THROW(submit(), SystemError);
  before_ = nullptr;
  const Path again = export_batch(workspace_, builder(provider_), {.ask_batched = true},
                                  folder_.path() / "again", job_, {.file_requests = 2})
                         .files.at(0);
  EXPECT_THROW(submit(), UsageError);
  EXPECT_EQ(asked_["POST/batches"], 0);
  EXPECT_EQ(submit_batch(workspace_, provider_, again, false, server_, job_).row.batch_id,
            "batch-1");
}

TEST_F(BatchJobsTest, FaultsThatPassAreWaitedFor) {
  int left = 2;
  before_ = [&](const std::string& what) -> std::optional<HttpAnswer> {
    if (what != "GET/batches/batch-1" || left-- <= 0) return std::nullopt;
    HttpAnswer answer = json_answer(429, "{}");
    answer.headers.emplace_back("retry-after", "7");
    return answer;
  };
  submit();
  poll_batches(workspace_, provider_, server_, job_);
  EXPECT_EQ(asked_["GET/batches/batch-1"], 3);
  EXPECT_EQ(server_.slept.count(), 7 + 14);
}

TEST_F(BatchJobsTest, NoMoneyIsNotWaitedFor) {
  before_ = [&](const std::string&) -> std::optional<HttpAnswer> {
    return json_answer(429, R"({"error":{"message":"You exceeded your current quota"}})");
  };
  EXPECT_THAT([&] { submit(); },
              testing::ThrowsMessage<SystemError>(HasSubstr("no money or credit left")));
  EXPECT_EQ(asked_["POST/files"], 1);
}

TEST_F(BatchJobsTest, AServerThatIsNotRunningIsToldSoon) {
  before_ = [&](const std::string&) -> std::optional<HttpAnswer> {
    HttpAnswer answer;
    answer.failure = HttpFailure::kConnect;
    return answer;
  };
  EXPECT_THAT([&] { submit(); },
              testing::ThrowsMessage<SystemError>(HasSubstr("is the server running?")));
  EXPECT_LE(server_.slept.count(), 5);
}

TEST_F(BatchJobsTest, FaultsThatStayAreToldWithoutTheKey) {
  for (const int status : {400, 401, 403, 404, 413, 422}) {
    before_ = [&](const std::string&) -> std::optional<HttpAnswer> {
      return json_answer(status, fmt::format(R"({{"error":{{"message":"not so {}"}}}})", kKey));
    };
    asked_.clear();
    try {
      submit();
      ADD_FAILURE() << status;
    } catch (const SystemError& error) {
      EXPECT_THAT(error.what(), HasSubstr(std::to_string(status)));
      EXPECT_THAT(error.what(), HasSubstr("not so"));
      EXPECT_THAT(error.what(), Not(HasSubstr("canary")));
    }
    EXPECT_EQ(asked_["POST/files"], 1) << status;
  }
}

TEST_F(BatchJobsTest, AHostileServerGetsNowhere) {
  for (const char* body : {"", "<html>", "[]", "{}", R"({"id":7})", R"({"id":"../../x"})",
                           R"({"id":"a b"})", R"({"id":"x?y"})", R"({"id":"-x"})"}) {
    before_ = [&](const std::string&) { return json_answer(200, body); };
    EXPECT_THROW(submit(), SystemError) << body;
  }
  before_ = nullptr;
  submit();
  before_ = [&](const std::string& what) -> std::optional<HttpAnswer> {
    if (what != "GET/batches/batch-1") return std::nullopt;
    return json_answer(200,
                       R"({"id":"batch-1","status":"completed","output_file_id":"../../etc/x",)"
                       R"("request_counts":{"total":-5,"completed":1e300}})");
  };
  EXPECT_THAT(fetch().jobs.at(0).problem, HasSubstr("no id"));
  before_ = [&](const std::string&) { return json_answer(200, R"({"id":"batch-2"})"); };
  EXPECT_NE(fetch().jobs.at(0).problem, "");
}

// A job that the server lost, or of an endpoint that is not named now, does not keep the others.
TEST_F(BatchJobsTest, OneJobThatIsGoneDoesNotStopTheOthers) {
  BatchJob gone = submit();
  gone.row.id = 0;
  gone.row.batch_id = "batch-gone";
  put_batch_job(workspace_.database(), gone.row);
  gone.row.batch_id = "batch-elsewhere";
  gone.row.endpoint = "http://127.0.0.1:8/v1";
  put_batch_job(workspace_.database(), gone.row);
  status_ = "completed";
  output_ = good_line(ids_[0]) + "\n";
  const BatchFetchReport report = fetch();
  ASSERT_THAT(report.jobs, SizeIs(3));
  EXPECT_EQ(report.fetched, 1);
  EXPECT_EQ(report.jobs.at(0).problem, "");
  EXPECT_THAT(report.jobs.at(1).problem, HasSubstr("no such thing"));
  EXPECT_THAT(report.jobs.at(2).problem, HasSubstr("no endpoint"));
}

TEST_F(BatchJobsTest, OnlyAnUnchangedExportOfThisProviderIsSubmitted) {
  const std::string text = read_file(file_);
  write_file(file_, text + " ");
  EXPECT_THROW(submit(), UsageError);
  write_file(file_, text);
  Provider other = provider_;
  other.name = "other";
  EXPECT_THROW(submit_batch(workspace_, other, file_, false, server_, job_), UsageError);
  EXPECT_THAT(server_.requests, IsEmpty());
}

TEST_F(BatchJobsTest, AnotherMachineNeedsConsent) {
  provider_.endpoints.at(0).url = "https://batch.example.com/v1";
  EXPECT_THROW(submit(), UsageError);
  EXPECT_THAT(server_.requests, IsEmpty());
}

TEST_F(BatchJobsTest, NoKeyIsKept) {
  submit();
  status_ = "completed";
  output_ = good_line(ids_[0]) + "\n";
  fetch();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
    if (entry.is_regular_file()) {
      EXPECT_THAT(read_file(entry.path()), Not(HasSubstr("canary"))) << entry.path();
    }
  }
}

TEST_F(BatchJobsTest, AzureHasItsOwnAddresses) {
  Provider azure = provider_;
  azure.name = "azure";
  azure.api = ProviderApi::kAzure;
  azure.api_version = "2025-03-01-preview";
  azure.endpoints.at(0).url = "http://127.0.0.1:9";
  const BatchExportReport report =
      export_batch(workspace_, builder(azure), {}, folder_.path() / "azure", job_);
  test::FakeTransport server([](const HttpRequest& request) {
    return json_answer(200, request.url.find("/files") != std::string::npos
                                ? R"({"id":"file-in"})"
                                : R"({"id":"batch-1","status":"validating"})");
  });
  submit_batch(workspace_, azure, report.files.at(0), false, server, job_);
  ASSERT_THAT(server.requests, SizeIs(2));
  EXPECT_EQ(server.requests[0].url,
            "http://127.0.0.1:9/openai/files?api-version=2025-03-01-preview");
  EXPECT_EQ(server.requests[1].url,
            "http://127.0.0.1:9/openai/batches?api-version=2025-03-01-preview");
  EXPECT_EQ(server.requests[1].secret_header, "api-key");
  EXPECT_EQ(parse_json(*server.requests[1].body, "body").at("endpoint"), "/chat/completions");
}

}  // namespace
}  // namespace epicrisis
