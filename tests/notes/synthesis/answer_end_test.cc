// How an answer ended, and whether what it says is the whole note.

#include "epicrisis/core/files.h"
#include "notes/synthesis/answer_support.h"
#include "support/shared_data.h"

namespace epicrisis::test {
namespace {

using testing::HasSubstr;

TEST(Answer, FinishReasons) {
  EXPECT_EQ(summary(answered("A brown pap", "length")), "larger truncated");
  EXPECT_EQ(answered("A brown pap", "length").text, "A brown pap");
  EXPECT_EQ(summary(answered(Json(), "length")), "larger truncated");  // all thought, nothing said
  EXPECT_EQ(summary(answered("", "max_tokens")), "larger truncated");
  EXPECT_EQ(summary(answered("A brown", "content_filter")), "done filtered");
  EXPECT_EQ(summary(answered(Json(), "content_filter")), "done filtered");
  EXPECT_EQ(summary(answered("A note.", "error")), "retry failed");
  EXPECT_EQ(summary(answered("A note.", Json())), "done written");
  EXPECT_EQ(summary(answered("A note.", "eos")), "done written");
  EXPECT_EQ(summary(answered("A note.", "")), "done written");
  EXPECT_EQ(summary(answered("A brown", "SAFETY")), "done filtered");
  EXPECT_EQ(summary(answered("A brown", "refusal")), "done refused");
  EXPECT_EQ(summary(answered("A brown", "abort")), "retry failed");
  EXPECT_EQ(summary(answered("A brown", "OTHER")), "retry invalid");
  EXPECT_EQ(summary(answered("A brown", "MAX_TOKENS")), "larger truncated");
  EXPECT_EQ(summary(answered("A note.", "COMPLETE")), "done written");
  for (const Json& unknown : {Json("weary"), Json(5), Json(true)}) {
    const Outcome outcome = answered("A brown", unknown);
    EXPECT_EQ(summary(outcome), "done invalid") << unknown;
    EXPECT_THAT(outcome.reason, HasSubstr("[finish_reasons]"));
    EXPECT_NE(outcome.unknown_finish, "");
    EXPECT_EQ(outcome.text, "A brown");
    expect_sound(outcome);
  }
  // Other places, and what the model itself said beside a gateway's "stop".
  const auto with = [](const Json& members) {
    Json body = completion({{"content", "A brown"}}, members.value("finish_reason", Json("stop")));
    body["choices"][0].update(members);
    return summary(read(200, dump_json(body)));
  };
  EXPECT_EQ(with({{"native_finish_reason", "SAFETY"}}), "done filtered");
  EXPECT_EQ(with({{"native_finish_reason", "end_turn"}}), "done written");
  EXPECT_EQ(with({{"native_finish_reason", "weary"}}), "done written");
  EXPECT_EQ(with({{"stop_reason", "</s>"}}), "done written");
  EXPECT_EQ(with({{"stop_reason", 151645}}), "done written");
  EXPECT_EQ(with({{"finish_reason", nullptr}, {"finish_details", {{"type", "max_tokens"}}}}),
            "larger truncated");
  EXPECT_EQ(with({{"provider_specific_fields",
                   {{"native_finish_reason", "insufficient_system_resource"}}}}),
            "retry failed");
}

// A server that says no reason and stops at the very limit of 400 tokens.
TEST(Answer, AMetLimitWithoutAReasonCutsOff) {
  const auto at = [](int tokens, const Json& finish) {
    Json value = completion({{"content", "A brown papule with an"}}, finish);
    value["usage"]["completion_tokens"] = tokens;
    return summary(outcome_of(read_completion(value, text_strategy(), Json())));
  };
  EXPECT_EQ(at(400, nullptr), "larger truncated");
  EXPECT_EQ(at(800, ""), "larger truncated");  // asked with more room
  EXPECT_EQ(at(399, nullptr), "done written");
  EXPECT_EQ(at(400, "stop"), "done written");
}

TEST(Answer, AProviderSaysWhatAFinishReasonMeans) {
  const Strategy& strategy = text_strategy();
  const std::string body = dump_json(completion({{"content", "A note."}}, "Weary"));
  const auto read_with = [&](FinishKind kind) {
    return summary(outcome_of(
        read_answer(http(200, body), strategy, strategy.schema, kNow, {{"weary", kind}})));
  };
  EXPECT_EQ(read_with(FinishKind::kEnd), "done written");
  EXPECT_EQ(read_with(FinishKind::kLimit), "larger truncated");
  EXPECT_EQ(read_with(FinishKind::kFilter), "done filtered");
  EXPECT_EQ(read_with(FinishKind::kFault), "retry failed");
}

TEST(Answer, UnknownFinishReasonsAndWhatWasTakenOutAreCounted) {
  AnswerCounts counts;
  const auto add = [&](const std::string& content, const std::string& finish) {
    counts.add(
        read_completion(completion({{"content", content}}, finish), text_strategy(), Json()));
  };
  add("A note.", "weary");
  add("A note.", "weary");
  add("<think>a</think>A note.</s>", "stop");
  add("<think>a</think>", "stop");
  add("A note.", "stop");
  EXPECT_EQ(counts.unknown_finish_reasons, (std::map<std::string, std::int64_t>{{"weary", 2}}));
  EXPECT_EQ(counts.dropped,
            (std::map<std::string, std::int64_t>{{"thoughts", 1}, {"control tokens", 1}}));
  for (int i = 0; i < 50; ++i) add("A note.", "tired" + std::to_string(i));
  EXPECT_EQ(counts.unknown_finish_reasons.size(), 21U);
  EXPECT_EQ(counts.unknown_finish_reasons["others"], 31);
}

}  // namespace
}  // namespace epicrisis::test
