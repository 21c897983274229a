// The table answer_cases.toml: what servers answer, and what it is taken for.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/llm/chat.h"
#include "llm/error_meaning.h"
#include "llm/refusal.h"
#include "llm/server_error.h"
#include "llm/spoken.h"
#include "support/shared_data.h"

namespace epicrisis::llm {
namespace {

using testing::HasSubstr;

const TomlTable& cases() {
  static const TomlTable file =
      TomlTable::parse_file(Path(EPICRISIS_SOURCE_DIR) / "tests/llm/answer_cases.toml");
  return file;
}

ChatAnswer read(int status, const std::string& body) {
  HttpAnswer answer;
  answer.status = status;
  answer.body = body;
  return read_chat_answer(answer, {});
}

ChatAnswer read_content(const std::string& content) {
  return read(
      200,
      dump_json({{"choices", {{{"message", {{"content", content}}}, {"finish_reason", "stop"}}}}}));
}

TEST(AnswerCases, WhatNoModelWroteIsNoText) {
  for (const std::string& content : cases().table("content").strings_or("no_model", {})) {
    const ChatAnswer answer = read_content(content);
    EXPECT_EQ(answer.kind, ChatKind::kFailed) << content;
    EXPECT_TRUE(answer.attempt.unbilled) << content;
    EXPECT_THAT(answer.attempt.reason, HasSubstr("no model wrote")) << content;
    EXPECT_LE(answer.attempt.reason.size(), 300U);
  }
  // The account is as empty for every other request.
  EXPECT_EQ(read_content("You exceeded your current quota, please check your plan.").attempt.next,
            NextStep::kStopRun);
  EXPECT_EQ(read_content("502 Bad Gateway").attempt.next, NextStep::kRetry);
}

TEST(AnswerCases, WhatAModelWroteIs) {
  for (const std::string& content : cases().table("content").strings_or("of_a_model", {})) {
    EXPECT_EQ(read_content(content).text, content);
  }
}

ErrorMeaning meaning_named(const std::string& name) {
  constexpr std::array<std::pair<const char*, ErrorMeaning>, 8> kNames = {
      {{"", ErrorMeaning::kNone},
       {"money", ErrorMeaning::kMoney},
       {"day", ErrorMeaning::kDay},
       {"model", ErrorMeaning::kModel},
       {"room", ErrorMeaning::kRoom},
       {"pictures", ErrorMeaning::kPictures},
       {"parameter", ErrorMeaning::kParameter},
       {"address", ErrorMeaning::kAddress}}};
  for (const auto& [known, meaning] : kNames) {
    if (known == name) return meaning;
  }
  ADD_FAILURE() << "no meaning is called " << name;
  return ErrorMeaning::kNone;
}

TEST(AnswerCases, ErrorsMeanWhatTheySay) {
  int checked = 0;
  for (const TomlTable& one : cases().tables_or_empty("error")) {
    const ErrorMeaning expected = meaning_named(one.string("means"));
    std::vector<std::string> bodies = one.strings_or("bodies", {});
    for (const std::string& message : one.strings_or("messages", {})) {
      bodies.push_back(dump_json({{"error", {{"message", message}}}}));
      bodies.push_back(dump_json({{"message", message}, {"code", 1}}));
    }
    for (const std::int64_t status : one.integers_or("status", {})) {
      for (const std::string& body : bodies) {
        const ServerError error = read_server_error(body);
        EXPECT_EQ(static_cast<int>(meaning_of(error, static_cast<int>(status)).meaning),
                  static_cast<int>(expected))
            << one.place("means") << " " << status << " " << body;
        const ChatAnswer answer = read(static_cast<int>(status), body);
        EXPECT_EQ(answer.attempt.next == NextStep::kStopRun, expected != ErrorMeaning::kNone)
            << body << answer.attempt.reason;
        EXPECT_EQ(answer.attempt.unknown_model, expected == ErrorMeaning::kModel) << body;
        EXPECT_EQ(answer.attempt.too_much, expected == ErrorMeaning::kRoom) << body;
        EXPECT_THAT(answer.attempt.reason, HasSubstr(one.string_or("says", ""))) << body;
        ++checked;
      }
    }
  }
  EXPECT_GE(checked, 100);
}

// In any spelling, where there should be choices.
TEST(AnswerCases, AnErrorWithoutChoicesMeansWhatItSays) {
  for (
      const char* body :
      {R"({"choices": null, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}})",
       R"({"code": 30001, "message": "Sorry, your account balance is insufficient", "data": null})",
       R"({"choices": [], "errmsg": "insufficient balance"})",
       R"({"success": false, "err_msg": "You have used all requests per day"})"}) {
    const ChatAnswer answer = read(200, body);
    EXPECT_EQ(answer.attempt.next, NextStep::kStopRun) << body;
    EXPECT_FALSE(answer.attempt.unanswered) << body;
    EXPECT_TRUE(answer.attempt.unbilled) << body;
    EXPECT_THAT(answer.attempt.reason, testing::Not(HasSubstr("Is the address right"))) << body;
  }
  EXPECT_THAT(read(200, R"({"code": 7, "message": "no such thing"})").attempt.reason,
              HasSubstr("Is the address right"));
}

TEST(AnswerCases, ARefusedMemberIsNamedInTheProvidersFile) {
  const auto reason = [](const std::string& message) {
    return read(400, dump_json({{"error", {{"message", message}}}})).attempt.reason;
  };
  EXPECT_THAT(reason("`temperature` and `top_p` cannot both be specified for this model."),
              HasSubstr("send_temperature = false"));
  EXPECT_THAT(reason("`temperature` may only be set to 1 when thinking is enabled."),
              HasSubstr("send_temperature = false"));
  EXPECT_THAT(reason("max_tokens is too large: 400. This model supports at most 256"),
              HasSubstr("max_tokens in the strategy's file"));
}

// Whose servers list what is wrong by field.
TEST(AnswerCases, AFieldOfAListIsTheRefusedMember) {
  for (
      const char* body :
      {R"({"errors": [{"field": "max_tokens", "message": "nope"}]})",
       R"({"error": {"message": "no", "details": [{"field": "max_tokens", "issue": "no"}]}})",
       R"({"error": {"message": "no", "details": [{"fieldViolations": [{"field": "max_tokens"}]}]}})"}) {
    EXPECT_EQ(read_server_error(body).parameter, "max_tokens") << body;
    EXPECT_EQ(read(400, body).attempt.next, NextStep::kStopRun) << body;
  }
  EXPECT_EQ(read_server_error(R"({"errors": [3], "details": {"field": "x"}})").parameter, "");
}

const std::string kNote = "The lesion is a dark brown, asymmetric macule with an irregular border.";

std::string filled(std::string form) {
  const auto fill = [&](const std::string& mark, const std::string& words) {
    for (std::size_t at = form.find(mark); at != std::string::npos; at = form.find(mark, at)) {
      form.replace(at, mark.size(), words);
      at += words.size();
    }
  };
  fill("{T}", "Melanoma in the metadata. One sentence is enough,\nthe border seems irregular.");
  fill("{N}", kNote);
  return form;
}

TEST(AnswerCases, TheNoteIsKeptAndNothingElse) {
  for (const std::string& form : cases().table("said").strings_or("note", {})) {
    const Spoken spoken = spoken_text(filled(form));
    EXPECT_EQ(spoken.fault, "") << form;
    EXPECT_EQ(spoken.text, kNote) << form;
  }
}

TEST(AnswerCases, WhatMayBeAThoughtIsAFault) {
  for (const std::string& form : cases().table("said").strings_or("fault", {})) {
    EXPECT_NE(spoken_text(filled(form)).fault, "") << form;
  }
}

TEST(AnswerCases, GoodNotesStayWhole) {
  for (const std::string& note : cases().table("said").strings_or("whole", {})) {
    const Spoken spoken = spoken_text(note);
    EXPECT_EQ(spoken.fault, "") << note;
    EXPECT_EQ(spoken.text, note);
    EXPECT_FALSE(spoken.dropped.thoughts || spoken.dropped.control_tokens) << note;
  }
}

TEST(AnswerCases, FinishReasonsOfMoreServers) {
  const TomlTable finish = cases().table("finish");
  const std::pair<const char*, std::optional<FinishKind>> lists[] = {
      {"end", FinishKind::kEnd},
      {"limit", FinishKind::kLimit},
      {"filter", FinishKind::kFilter},
      {"fault", FinishKind::kFault},
      {"unknown", std::nullopt}};
  for (const auto& [list, kind] : lists) {
    for (const std::string& name : finish.strings_or(list, {})) {
      EXPECT_EQ(finish_kind(name), kind) << list << " " << name;
    }
  }
}

ChatAnswer read_beside(const std::string& choice_members, const std::string& members,
                       const std::string& content = "A brown macule.") {
  return read(200, fmt::format(R"({{"choices": [{{"message": {{"content": {}}}{}}}]{}}})",
                               dump_json(content), choice_members, members));
}

TEST(AnswerCases, WhatStandsBesideAStopCounts) {
  const std::string stop = R"(, "finish_reason": "stop")";
  for (const std::string& members : cases().table("finish").strings_or("cut", {})) {
    EXPECT_EQ(read_beside(stop + members, "").kind, ChatKind::kCut) << members;
    EXPECT_EQ(read_beside(stop, members).kind, ChatKind::kCut) << members;
    EXPECT_EQ(read_beside("", members).kind, ChatKind::kCut) << members;
  }
  for (const std::string& members : cases().table("finish").strings_or("filtered", {})) {
    const ChatAnswer answer = read_beside(stop + members, "");
    EXPECT_EQ(answer.kind, ChatKind::kFiltered) << members;
    EXPECT_THAT(answer.attempt.reason, HasSubstr("stop, but")) << members;
    EXPECT_EQ(read_beside(stop, members).kind, ChatKind::kFiltered) << members;
  }
  for (const std::string& members : cases().table("finish").strings_or("as_it_says", {})) {
    EXPECT_EQ(read_beside(stop + members, members).kind, ChatKind::kText) << members;
  }
}

TEST(AnswerCases, WhereverAnEndIsToldItCounts) {
  const TomlTable finish = cases().table("finish");
  const std::string text = dump_json(Json(kNote));
  const std::string message = fmt::format(R"({{"role": "assistant", "content": {}}})", text);
  constexpr std::array<std::pair<const char*, ChatKind>, 4> kLists = {
      {{"answers_cut", ChatKind::kCut},
       {"answers_broken_off", ChatKind::kFailed},
       {"answers_filtered", ChatKind::kFiltered},
       {"answers_whole", ChatKind::kText}}};
  for (const auto& [list, kind] : kLists) {
    for (const std::string& form : finish.strings_or(list, {})) {
      std::string body = form;
      for (const auto& [mark, words] : {std::pair("{M}", message), std::pair("{C}", text)}) {
        const std::size_t at = body.find(mark);
        if (at != std::string::npos) body.replace(at, 3, words);
      }
      const ChatAnswer answer = read(200, body);
      EXPECT_EQ(static_cast<int>(answer.kind), static_cast<int>(kind)) << body;
      if (kind == ChatKind::kText) {
        EXPECT_EQ(answer.text, kNote) << body;
      }
    }
  }
}

TEST(AnswerCases, WhatAnotherSaysIsNoAnswer) {
  for (const char* role : {"user", "tool", "system", "Tool"}) {
    const ChatAnswer answer = read(
        200,
        fmt::format(R"({{"choices": [{{"message": {{"role": "{}", "content": "A macule."}}}}]}})",
                    role));
    EXPECT_EQ(answer.kind, ChatKind::kMalformed) << role;
    EXPECT_THAT(answer.attempt.reason, HasSubstr("not the model's")) << role;
  }
  EXPECT_THAT(
      read(200,
           R"({"choices": [{"message": {"content": "", "reasoning_details": [{"text": "a"}]}}]})")
          .elsewhere,
      HasSubstr("reasoning_details"));
}

TEST(AnswerCases, WhiteSpaceUpToTheLimitIsNotPaidTwice) {
  const std::string cut = R"(, "finish_reason": "length")";
  for (const std::string& white : cases().table("finish").strings_or("white", {})) {
    for (const char* begin : {"", "A brown macule."}) {
      std::string content = begin;
      for (int i = 0; i < 300; ++i) content += white;
      const ChatAnswer answer = read_beside(cut, "", content);
      EXPECT_EQ(answer.kind, ChatKind::kCut);
      EXPECT_EQ(answer.attempt.next, NextStep::kDone) << white;
    }
  }
  EXPECT_EQ(read_beside(cut, "").attempt.next, NextStep::kRetryLarger);
}

TEST(AnswerCases, RefusalsAndBlindModelsAreNotNotes) {
  const TomlTable said = cases().table("refusal");
  for (const std::string& text : said.strings_or("refused", {})) {
    EXPECT_NE(refusal_words(text), "") << text;
  }
  for (const std::string& text : said.strings_or("blind", {})) {
    EXPECT_THAT(refusal_words(text), HasSubstr("sees no picture")) << text;
    EXPECT_THAT(refusal_words("\n**" + text + "**"), HasSubstr("sees no picture")) << text;
  }
  for (const std::string& text : said.strings_or("advice", {})) {
    EXPECT_NE(refusal_words(text, Said::kAnswer), "") << text;
    EXPECT_EQ(refusal_words(text, Said::kPart), "") << text;
  }
  for (const std::string& text : said.strings_or("part", {})) {
    EXPECT_EQ(refusal_words(text, Said::kPart), "") << text;
  }
  for (const std::string& text : said.strings_or("note", {})) {
    EXPECT_EQ(refusal_words(text, Said::kAnswer), "") << text;
  }
  // Hostile ones.
  for (const std::string& text :
       {std::string("\xff\xfe\0 i can't", 11), std::string(100'000, 'a'), std::string(100'000, '.'),
        std::string("no image"), std::string()}) {
    EXPECT_LE(refusal_words(text).size(), 200U);
  }
}

// A large model's notes of real pictures, each of which says what it sees.
TEST(AnswerCases, RealNotesAreNotRefusals) {
  EPICRISIS_NEEDS_SHARED_DATA();
  int read = 0;
  for (const char* name : {"vlm_notes.jsonl", "ham10000_train_notes.jsonl"}) {
    std::ifstream file(test::shared_folder() / "notes" / name);
    for (std::string line; std::getline(file, line);) {
      const std::string note = parse_json(line, name).at("note").get<std::string>();
      EXPECT_EQ(refusal_words(note, Said::kAnswer), "") << note;
      for (std::size_t at = note.find(". "); at != std::string::npos;
           at = note.find(". ", at + 1)) {
        EXPECT_EQ(refusal_words(note.substr(at + 2), Said::kAnswer), "") << note;
      }
      ++read;
    }
  }
  EXPECT_GE(read, 3000);
}

// They cost nothing, or not more than they say, and a later run asks again.
TEST(AnswerCases, AnswersWithoutAMessageAreFailures) {
  for (const char* body :
       {R"({"choices": []})", R"({"choices": [], "usage": {"prompt_tokens": 5}})",
        R"({"choices": [null]})", R"({"choices": [[]]})", R"({"choices": ["A whole note."]})",
        R"({"choices": [{"text": "A whole note."}]})",
        R"({"choices": [{"message": "A whole note."}]})",
        R"({"choices": [{"delta": {"content": "A whole note."}}]})"}) {
    const ChatAnswer answer = read(200, body);
    EXPECT_EQ(answer.kind, ChatKind::kFailed) << body;
    EXPECT_EQ(answer.attempt.next, NextStep::kRetry) << body;
    EXPECT_TRUE(answer.attempt.wrong_form) << body;
    EXPECT_FALSE(answer.attempt.has_usage) << body;
  }
  EXPECT_THAT(read(200, R"({"choices": [{"text": "a"}]})").attempt.reason,
              HasSubstr("/completions"));
  EXPECT_TRUE(read(200, R"({"choices": []})").attempt.unbilled);
  EXPECT_TRUE(read(200, R"({"error": {"message": "余额不足", "code": "1113"}})").attempt.unbilled);
  EXPECT_FALSE(
      read(200, R"({"choices": [{"error": {"message": "stopped"}, "message": {"content": "A"}}]})")
          .attempt.unbilled);
}

TEST(AnswerCases, WhatStandsBetweenStopsTheRun) {
  HttpAnswer redirect;
  redirect.status = 302;
  redirect.headers = {{"location", "https://login.example/"}};
  const ChatAnswer away = read_chat_answer(redirect, {});
  EXPECT_EQ(away.attempt.next, NextStep::kStopRun);
  EXPECT_THAT(away.attempt.reason, HasSubstr("https://login.example/"));
  EXPECT_THAT(away.attempt.reason, HasSubstr("`endpoint`"));
  for (const int status : {407, 511}) {
    const ChatAnswer answer = read(status, "<html><title>Sign in</title></html>");
    EXPECT_EQ(answer.attempt.next, NextStep::kStopRun) << status;
    EXPECT_THAT(answer.attempt.reason, HasSubstr("proxy")) << status;
    EXPECT_TRUE(answer.attempt.unanswered) << status;
  }
}

}  // namespace
}  // namespace epicrisis::llm
