#include <fmt/chrono.h>

#include "notes/synthesis/synthesis_fault_fixture.h"

namespace epicrisis::test {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;

// One sample; what the server does, first to last, and a good answer after that.
struct Fault {
  const char* name;
  std::vector<FaultAction> actions;
  NoteStatus status = NoteStatus::kWritten;
  std::size_t requests = 2;
  double wait_from = 0;  // seconds of the clock, altogether
  double wait_to = 0;
  const char* reason = "";
  const char* text = "";
};

constexpr const char* kGoodText = "A round, brown lesion with a sharp border.";

FaultAction with_finish(const char* finish, const char* text = "cut") {
  Completion completion;
  completion.text = text;
  completion.finish_reason = finish;
  return complete(completion);
}

FaultAction with_null_content() {
  Completion completion;
  completion.null_content = true;
  return complete(completion);
}

FaultAction with_refusal() {
  Completion completion;
  completion.null_content = true;
  completion.refusal = "I cannot help with medical pictures.";
  return complete(completion);
}

class FaultOfOneTest : public SynthesisFaultTest, public testing::WithParamInterface<Fault> {};

TEST_P(FaultOfOneTest, IsStoredAskedAndWaitedForAsDue) {
  const Fault& fault = GetParam();
  add_samples(1);
  for (const FaultAction& action : fault.actions) server_.then(action);
  Provider provider = this->provider();
  if (std::string_view(fault.name).starts_with("hang")) provider.timeouts.idle = Seconds(0.2);
  if (std::string_view(fault.name).starts_with("drip")) provider.timeouts.total = Seconds(0.3);
  const SynthesisReport report = run(provider);

  const bool good = fault.status == NoteStatus::kWritten;
  EXPECT_EQ(server_.request_count(), fault.requests);
  EXPECT_EQ(report.requests, static_cast<std::int64_t>(fault.requests));
  EXPECT_EQ(report.done, good ? 1 : 0);
  EXPECT_EQ(report.failed, good ? 0 : 1);
  EXPECT_EQ(report.error, good ? std::nullopt : std::optional(ErrorKind::kInput));
  const double waited = Seconds(clock_.slept).count();
  EXPECT_THAT(waited, AllOf(Ge(fault.wait_from - 0.001), Le(fault.wait_to + 0.1)));

  ASSERT_EQ(notes().size(), 1U);
  const NoteRecord note = notes()[0];
  EXPECT_EQ(note_status_name(note.status), note_status_name(fault.status)) << note.reason;
  EXPECT_EQ(note.attempts, static_cast<int>(fault.requests));
  EXPECT_EQ(note.text, good ? std::string(kGoodText) : fault.text);
  EXPECT_THAT(note.reason, HasSubstr(fault.reason));
  const std::vector<LedgerEntry> entries = ledger(note.key);
  ASSERT_EQ(entries.size(), fault.requests);
  for (std::size_t i = 0; i + 1 < entries.size(); ++i) {
    EXPECT_EQ(entries[i].outcome, "retry");
    EXPECT_NE(entries[i].reason, "");
    EXPECT_EQ(entries[i].attempt, static_cast<int>(i) + 1);
  }
  EXPECT_EQ(entries.back().outcome, note_status_name(fault.status));

  // A second run: nothing is asked for that is there or was answered for good.
  const SynthesisReport second = run(provider);
  const bool again = fault.status == NoteStatus::kFailed;
  EXPECT_EQ(second.requests, again ? 1 : 0);
  EXPECT_EQ(second.done, again ? 1 : 0);
  EXPECT_EQ(second.skipped, again ? 0 : 1);
}

std::vector<FaultAction> times(std::size_t count, const FaultAction& action) {
  return std::vector<FaultAction>(count, action);
}

std::string http_date(std::chrono::seconds from_now) {
  FakeClock clock;
  const std::time_t time = std::chrono::system_clock::to_time_t(clock.now() + from_now);
  return fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(time));
}

// The first pause without a Retry-After: between half and all of a second.
constexpr double kFirstFrom = 0.5;
constexpr double kFirstTo = 1;

INSTANTIATE_TEST_SUITE_P(
    Throttled, FaultOfOneTest,
    testing::Values(
        Fault{.name = "seconds",
              .actions = {fail_with(429, "slow down", {{"Retry-After", "7"}})},
              .wait_from = 7,
              .wait_to = 7},
        Fault{.name = "http_date",
              .actions = {fail_with(429, "slow down",
                                    {{"Retry-After", http_date(std::chrono::seconds(30))}})},
              .wait_from = 30,
              .wait_to = 30},
        Fault{.name = "milliseconds",
              .actions = {fail_with(429, "slow down",
                                    {{"retry-after-ms", "1500"}, {"Retry-After", "60"}})},
              .wait_from = 1.5,
              .wait_to = 1.5},
        Fault{.name = "absent",
              .actions = {fail_with(429, "slow down")},
              .wait_from = kFirstFrom,
              .wait_to = kFirstTo},
        Fault{.name = "nonsense",
              .actions = {fail_with(429, "slow down", {{"Retry-After", "soon"}})},
              .wait_from = kFirstFrom,
              .wait_to = kFirstTo},
        // Each pause is that of its own answer.
        Fault{.name = "several",
              .actions = {fail_with(429, "a", {{"Retry-After", "20"}}),
                          fail_with(429, "b", {{"Retry-After", "3"}}),
                          fail_with(503, "c", {{"Retry-After", "4"}})},
              .requests = 4,
              .wait_from = 27,
              .wait_to = 27},
        Fault{.name = "for_ever",
              .actions = times(6, fail_with(429, "slow down", {{"Retry-After", "10"}})),
              .status = NoteStatus::kFailed,
              .requests = 6,
              .wait_from = 50,
              .wait_to = 60,  // the endpoint itself rests after the last one
              .reason = "slow down"}),
    [](const auto& info) { return std::string(info.param.name); });

Fault passing(const char* name, const FaultAction& action) {
  return {.name = name, .actions = {action}, .wait_from = kFirstFrom, .wait_to = kFirstTo};
}
Fault lasting(const char* name, const FaultAction& action, const char* reason) {
  return {.name = name,
          .actions = times(6, action),
          .status = NoteStatus::kFailed,
          .requests = 6,
          .wait_from = kAllPausesFrom,
          .wait_to = kAllPausesTo,
          .reason = reason};
}
// Of the wrong form each time: three are paid for, not more.
Fault never_valid(const char* name, const FaultAction& action, const char* reason) {
  return {.name = name,
          .actions = times(3, action),
          .status = NoteStatus::kInvalid,
          .requests = 3,
          .wait_from = 1.5,
          .wait_to = 3,
          .reason = reason};
}

INSTANTIATE_TEST_SUITE_P(
    Broken, FaultOfOneTest,
    testing::Values(
        passing("status_500", fail_with(500, "oops")), passing("status_502", html_page(502)),
        passing("status_503", fail_with(503, "busy")), passing("status_504", respond(504, "", {})),
        lasting("status_500_for_ever", fail_with(500, "oops"), "oops"),
        passing("closed_before_headers", close_before_headers()),
        passing("reset_before_headers", reset_before_headers()),
        passing("reset_mid_body", reset_mid_body()), passing("truncated_body", truncated_body()),
        lasting("truncated_for_ever", truncated_body(), "broken"),
        passing("hang_before_headers", hang_before_headers()),
        passing("hang_mid_body", hang_mid_body()),
        passing("drip", slow_drip(std::string(2000, 'd'), 5, Seconds(0.02))),
        passing("garbage", garbage()), passing("header_flood", header_flood(5000)),
        passing("broken_chunks", broken_chunks()),
        Fault{.name = "duplicate_delivery", .actions = {answer_twice(kGoodText)}, .requests = 1},
        Fault{.name = "chunked",
              .actions = {chunked(dump_json(completion_json({})), 7)},
              .requests = 1}),
    [](const auto& info) { return std::string(info.param.name); });

Fault final_status(const char* name, int status) {
  return {.name = name,
          .actions = {fail_with(status, "not like this")},
          .status = NoteStatus::kFailed,
          .requests = 1,
          .reason = "not like this"};
}

INSTANTIATE_TEST_SUITE_P(ForGood, FaultOfOneTest,
                         testing::Values(final_status("status_400", 400),
                                         final_status("status_403", 403),
                                         final_status("status_404", 404),
                                         final_status("status_413", 413),
                                         final_status("status_422", 422)),
                         [](const auto& info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    NotANote, FaultOfOneTest,
    testing::Values(
        passing("truncated_json", respond(200, R"({"choices": [{"message": {"con)")),
        never_valid("truncated_json_for_ever", respond(200, R"({"choices": [{"message": {"con)"),
                    "no JSON"),
        passing("html", html_page(200)), passing("wrong_shape", respond(200, R"({"choices": 5})")),
        passing("a_number", respond(200, "17")), passing("nothing", respond(200, "")),
        passing("empty_choices", respond(200, R"({"choices": []})")),
        Fault{.name = "empty_choices_for_ever",
              .actions = times(3, respond(200, R"({"choices": []})")),
              .status = NoteStatus::kFailed,
              .requests = 3,
              .wait_from = 1.5,
              .wait_to = 3,
              .reason = "no choices"},
        passing("error_inside", respond(200, R"({"error": {"message": "oops", "code": 500}})")),
        passing("throttled_inside",
                respond(200, R"({"error": {"message": "slow", "code": "rate_limit_exceeded"}})")),
        Fault{.name = "null_content",
              .actions = {with_null_content()},
              .status = NoteStatus::kEmpty,
              .requests = 1,
              .reason = "no text"},
        Fault{.name = "blank_content",
              .actions = {complete(" \n\t ")},
              .status = NoteStatus::kEmpty,
              .requests = 1,
              .reason = "no text"},
        Fault{.name = "cut_off_once", .actions = {with_finish("length")}},
        Fault{.name = "cut_off_twice",
              .actions = {with_finish("length", "first"), with_finish("length", "second")},
              .status = NoteStatus::kTruncated,
              .requests = 2,
              .reason = "limit",
              .text = "second"},
        Fault{.name = "content_filter",
              .actions = {with_finish("content_filter")},
              .status = NoteStatus::kFiltered,
              .requests = 1,
              .reason = "content_filter",
              .text = "cut"},
        Fault{.name = "refusal",
              .actions = {with_refusal()},
              .status = NoteStatus::kRefused,
              .requests = 1,
              .reason = "cannot help",
              .text = "I cannot help with medical pictures."}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace epicrisis::test
