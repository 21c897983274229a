#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <utility>

#include "epicrisis/notes/synthesis/synthesis.h"
#include "epicrisis/store/tables/notes.h"
#include "notes/synthesis/synthesis_support.h"
#include "support/simulated_server.h"
#include "support/store_support.h"

namespace epicrisis::test {

inline constexpr const char* kProvider = R"(
name = "test"
model = "m"
structured = "none"
[limits]
concurrency = 64
[prices]
input = 1.0
output = 2.0
[[endpoint]]
url = "http://127.0.0.1:9/v1"
)";

inline constexpr const char* kStrategy = R"(
name = "T"
version = 1
kind = "prompt"
fields = ["diagnosis", "findings"]
system = "Describe."
user = "The lesion is {diagnosis}."
max_tokens = 100
)";

inline std::string completion(const std::string& text, const std::string& finish = "stop") {
  return dump_json(
      {{"choices", Json::array({{{"index", 0},
                                 {"finish_reason", finish},
                                 {"message", {{"role", "assistant"}, {"content", text}}}}})},
       {"usage", {{"prompt_tokens", 50}, {"completion_tokens", 10}}}});
}

inline SimulatedServer::Reply good(Seconds latency = Seconds(0.2)) {
  return {json_answer(200, completion("A brown lesion.")), latency};
}

inline SimulatedServer::Reply failing(int status, Json headers = Json::object()) {
  HttpAnswer answer = json_answer(status, R"({"error": {"message": "no"}})");
  for (const auto& [name, value] : headers.items()) {
    answer.headers.emplace_back(name, value.get<std::string>());
  }
  return {std::move(answer), Seconds(0.05)};
}

class SynthesisTest : public StoreTest {
 protected:
  void add_samples(int count) {
    const std::int64_t dataset = put_dataset(workspace_.database(), "d", "fake", "/", "2026");
    Transaction transaction(workspace_.database());
    SampleWriter writer(workspace_.database(), dataset);
    for (int i = 0; i < count; ++i) writer.put(make_sample(fmt::format("S{}", i)));
    transaction.commit();
  }

  // A note that was written elsewhere.
  void add_note(const std::string& sample, const std::string& text,
                const std::string& strategy = "P3", const std::string& provider = "import") {
    NoteRecord note;
    note.key = fmt::format("note {}", notes_++);
    note.sample_id = store_sample(workspace_.database(), "set", make_sample(sample));
    note.strategy = strategy;
    note.provider = provider;
    note.text = text;
    put_note(workspace_.database(), note);
  }

  RequestBuilder builder(const std::string& provider = kProvider,
                         const std::string& strategy = kStrategy) const {
    return {parse_strategy(strategy, "strategy"), parse_provider(provider, "provider"), "m", {}};
  }

  SynthesisReport run(SimulatedServer& server, const SynthesisOptions& options = {},
                      const std::string& provider = kProvider) {
    const RequestBuilder requests = builder(provider);
    SynthesisReport report = synthesize(workspace_, requests, options, server, *timed_job_);
    EXPECT_EQ(report.taken, report.done + report.failed + report.skipped + report.left);
    EXPECT_EQ(report.requests, static_cast<std::int64_t>(server.requests.size()));
    return report;
  }

  std::int64_t count(NoteStatus status) {
    NoteFilter filter;
    filter.status = status;
    return static_cast<std::int64_t>(load_notes(workspace_.database(), filter).size());
  }

  int notes_ = 0;  // added
  Workspace workspace_ = make();
  FakeClock clock_;
  std::optional<Job> timed_job_{std::in_place, clock_};
};

}  // namespace epicrisis::test
