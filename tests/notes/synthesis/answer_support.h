#pragma once

#include <gmock/gmock.h>

#include <string>

#include "epicrisis/core/strings.h"
#include "epicrisis/notes/synthesis/answer.h"

namespace epicrisis::test {

inline constexpr std::chrono::system_clock::time_point kNow{std::chrono::seconds(784111777)};

inline constexpr const char* kTextStrategy = R"(name = "T"
version = 1
kind = "prompt"
image = true
system = "Be brief."
user = "What is it?"
max_words = 50
)";

inline const Strategy& text_strategy() {
  static const Strategy strategy = parse_strategy(kTextStrategy, "t.toml");
  return strategy;
}

inline HttpAnswer http(int status, std::string body) {
  HttpAnswer answer;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

using llm::NextStep;

// What was read, in one.
struct Outcome : llm::Attempt {
  NoteStatus status = NoteStatus::kFailed;
  std::string text;
};

inline Outcome outcome_of(NoteAnswer answer) {
  EXPECT_EQ(answer.attempt.reason, answer.note.reason);
  return {std::move(answer.attempt), answer.note.status, std::move(answer.note.text)};
}

inline Outcome read(const HttpAnswer& answer, const Strategy& strategy = text_strategy()) {
  return outcome_of(read_answer(answer, strategy, strategy.schema, kNow));
}

inline Outcome read(int status, std::string body) { return read(http(status, std::move(body))); }

// A completion with one choice.
inline Json completion(const Json& message, const Json& finish = "stop") {
  return {
      {"id", "chatcmpl-1"},
      {"object", "chat.completion"},
      {"choices", Json::array({{{"index", 0}, {"message", message}, {"finish_reason", finish}}})},
      {"usage", {{"prompt_tokens", 120}, {"completion_tokens", 34}, {"total_tokens", 154}}}};
}

inline Outcome answered(const Json& content, const Json& finish = "stop",
                        const Strategy& strategy = text_strategy()) {
  return read(
      http(200, dump_json(completion({{"role", "assistant"}, {"content", content}}, finish))),
      strategy);
}

// "retry failed throttled fault": what the engine acts on, in words.
inline std::string summary(const Outcome& outcome) {
  std::string text;
  switch (outcome.next) {
    case NextStep::kDone:
      text = "done ";
      break;
    case NextStep::kRetry:
      text = "retry ";
      break;
    case NextStep::kRetryLarger:
      text = "larger ";
      break;
    case NextStep::kStopRun:
      text = "stop ";
      break;
  }
  text += note_status_name(outcome.status);
  if (outcome.throttled) text += " throttled";
  if (outcome.fault) text += " fault";
  return text;
}

// What holds of every outcome.
inline void expect_sound(const Outcome& outcome) {
  EXPECT_EQ(outcome.reason.empty(), outcome.status == NoteStatus::kWritten) << outcome.reason;
  EXPECT_LE(outcome.reason.size(), 300U);
  EXPECT_EQ(clean_text(outcome.reason, 1000), outcome.reason);
  EXPECT_EQ(clean_multiline_text(outcome.text, 1 << 20), outcome.text);
  EXPECT_TRUE(outcome.has_usage || (outcome.input_tokens == 0 && outcome.output_tokens == 0));
  if (outcome.status == NoteStatus::kWritten) {
    EXPECT_EQ(outcome.next, NextStep::kDone);
    EXPECT_FALSE(outcome.text.empty());
  }
}

}  // namespace epicrisis::test
