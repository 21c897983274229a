#include <fmt/format.h>

#include "epicrisis/core/files.h"
#include "epicrisis/net/mask_keys.h"
#include "notes/synthesis/answer_support.h"
#include "support/shared_data.h"

namespace epicrisis::test {
namespace {

using testing::HasSubstr;

TEST(Answer, ANote) {
  const Outcome outcome = answered("A brown papule.\r\nIts border is sharp. ");
  EXPECT_EQ(summary(outcome), "done written");
  EXPECT_EQ(outcome.text, "A brown papule.\nIts border is sharp.");
  EXPECT_EQ(outcome.reason, "");
  EXPECT_TRUE(outcome.has_usage);
  EXPECT_EQ(outcome.input_tokens, 120);
  EXPECT_EQ(outcome.output_tokens, 34);
  EXPECT_FALSE(outcome.retry_after);
}

TEST(Answer, WordsForNothingAreNoNote) {
  for (const char* text : {"None", "N/A", "null", "unknown", "#N/A", "TBD", "not available",
                           "keine Angabe", "No description available.", "\"N/A\"", "nan nan"}) {
    const Outcome outcome = answered(text);
    EXPECT_EQ(summary(outcome), "done empty") << text;
    EXPECT_THAT(outcome.reason, HasSubstr("says nothing")) << text;
  }
  for (const char* text : {"Unremarkable.", "No findings.", "Not known to itch, brown macule."}) {
    EXPECT_EQ(summary(answered(text)), "done written") << text;
  }
}

// Of small models.
TEST(Answer, ThePromptSaidBackIsNoNote) {
  constexpr const char* kLong = R"(name = "T"
version = 1
kind = "prompt"
system = "Describe in medical terms what the picture shows."
user = """
Name the characteristics that you see.
1) Type of lesion: macule or papule.
"""
)";
  const Strategy strategy = parse_strategy(kLong, "t.toml");
  const auto reason = [&](const std::string& text) {
    const Outcome outcome = answered(text, "stop", strategy);
    EXPECT_EQ(outcome.status == NoteStatus::kWritten, outcome.reason.empty());
    return outcome.reason;
  };
  EXPECT_THAT(reason("describe in medical  terms what the picture shows"),
              HasSubstr("prompt back"));
  EXPECT_THAT(
      reason("Name the characteristics that you see.\n1) Type of lesion: macule or papule."),
      HasSubstr("prompt back"));
  EXPECT_THAT(reason("There is no picture: go by the data given here alone."),
              HasSubstr("prompt back"));
  const std::string mystery = "It is a little bit of a mystery. ";
  EXPECT_THAT(reason("The lesion is benign. " + mystery + mystery + mystery + mystery),
              HasSubstr("over and over"));
  std::string loop;
  for (int i = 0; i < 60; ++i) loop += "brown macule ";
  EXPECT_THAT(reason(loop), HasSubstr("over and over"));
  EXPECT_THAT(reason(R"({"note": "A brown macule."})"), HasSubstr("text was asked for"));
  EXPECT_THAT(reason("```json\n[{\"type\": \"text\"}]\n```"), HasSubstr("text was asked for"));
  // Short ones may come back, and a long note may repeat a heading.
  EXPECT_EQ(reason("Type of lesion: papule. Not visible. Not visible. Not visible. Not visible."),
            "");
  EXPECT_EQ(
      reason("1) Type of lesion: macule or papule.\nA brown papule of 4 mm with a sharp border "
             "and an even pigment network lies on calm skin."),
      "");
  EXPECT_EQ(reason("The lesion is benign. " + mystery + mystery), "");
}

TEST(Answer, NetworkFailuresAreTriedAgain) {
  struct Case {
    HttpFailure failure;
    const char* summary;
  };
  for (const Case& c : {Case{HttpFailure::kConnect, "retry failed fault"},
                        Case{HttpFailure::kConnectTimeout, "retry failed fault"},
                        Case{HttpFailure::kTls, "retry failed fault"},
                        Case{HttpFailure::kIdleTimeout, "retry failed fault"},
                        Case{HttpFailure::kTotalTimeout, "retry failed fault"},
                        Case{HttpFailure::kBroken, "retry failed fault"},
                        Case{HttpFailure::kTooLarge, "retry invalid"},
                        Case{HttpFailure::kRefused, "stop failed"}}) {
    HttpAnswer answer;
    answer.failure = c.failure;
    answer.error = "it went wrong";
    const Outcome outcome = read(answer);
    EXPECT_EQ(summary(outcome), c.summary) << http_failure_name(c.failure);
    EXPECT_THAT(outcome.reason, HasSubstr("it went wrong"));
    expect_sound(outcome);
    // Bytes that came before the end count for nothing.
    answer.status = 200;
    answer.body = dump_json(completion({{"content", "A whole note."}}));
    EXPECT_EQ(summary(read(answer)), c.summary);
  }
}

TEST(Answer, EveryStatus) {
  struct Case {
    int status;
    const char* summary;
  };
  const Case cases[] = {{300, "stop failed"},
                        {301, "stop failed"},
                        {302, "stop failed"},
                        {307, "stop failed"},
                        {308, "stop failed"},
                        {400, "done failed"},
                        {401, "stop failed"},
                        {402, "stop failed"},
                        {403, "done failed"},
                        {404, "done failed"},
                        {405, "done failed"},
                        {408, "retry failed fault"},
                        {409, "retry failed throttled"},
                        {410, "done failed"},
                        {413, "done failed"},
                        {415, "done failed"},
                        {422, "done failed"},
                        {425, "retry failed throttled"},
                        {429, "retry failed throttled"},
                        {431, "done failed"},
                        {499, "done failed"},
                        {500, "retry failed fault"},
                        {501, "retry failed fault"},
                        {502, "retry failed fault"},
                        {503, "retry failed fault"},
                        {504, "retry failed fault"},
                        {520, "retry failed fault"},
                        {529, "retry failed fault"},
                        {599, "retry failed fault"},
                        {999, "retry failed fault"},
                        {0, "done failed"},
                        {101, "done failed"},
                        {-5, "done failed"}};
  for (const Case& c : cases) {
    for (const std::string& body :
         {std::string(), std::string(R"({"error": {"message": "no"}})"), std::string("{"),
          dump_json(completion({{"content", "A whole note."}}))}) {
      const Outcome outcome = read(c.status, body);
      // That no path is there a page says, not a message about something else.
      const bool no_path = (c.status == 404 || c.status == 405) && (body.empty() || body == "{");
      EXPECT_EQ(summary(outcome), no_path ? "stop failed" : c.summary) << c.status << " " << body;
      EXPECT_THAT(outcome.reason, HasSubstr(std::to_string(c.status)));
      expect_sound(outcome);
    }
  }
}

TEST(Answer, RetryAfterIsThatOfThisAnswer) {
  HttpAnswer answer = http(429, "{}");
  EXPECT_FALSE(read(answer).retry_after);
  answer.headers = {{"retry-after", "7"}};
  EXPECT_EQ(read(answer).retry_after->count(), 7);
  answer.headers = {{"retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"}};
  EXPECT_EQ(read(answer).retry_after->count(), 30);
  answer.status = 503;
  EXPECT_EQ(read(answer).retry_after->count(), 30);
  answer.headers = {{"retry-after-ms", "1500"}};
  EXPECT_EQ(read(answer).retry_after->count(), 1.5);
  // It says nothing where nothing is tried again.
  answer.status = 400;
  EXPECT_FALSE(read(answer).retry_after);
}

TEST(Answer, ARedirectSaysWhereTo) {
  HttpAnswer answer = http(307, "");
  answer.headers = {{"location", "https://elsewhere.example/v1"}};
  EXPECT_THAT(read(answer).reason, HasSubstr("https://elsewhere.example/v1"));
}

TEST(Answer, WhatIsNoCompletionIsInvalid) {
  const std::string whole = dump_json(completion({{"content", "A whole note."}}));
  for (const std::string& body :
       {std::string("{"), std::string(R"({"choices": [{"message": {"content": 5}}]})"),
        std::string(R"({"choices": [{"message": {"content": {"text": "A whole note."}}}]})"),
        whole + whole, whole + "x",
        std::string(R"({"choices": [{"message": {"content": "A \ud800 note."}}]})"),
        std::string("{\"choices\": [{\"message\": {\"content\": \"A \xff note.\"}}]}"),
        std::string(R"({"choices": [{"message": {"content": "a", "content": "b"}}]})"),
        std::string(R"({"a":)") + std::string(100'000, '{')}) {
    const Outcome outcome = read(200, body);
    EXPECT_EQ(summary(outcome), "retry invalid") << body.substr(0, 200);
    EXPECT_FALSE(outcome.has_usage);
    EXPECT_FALSE(outcome.unanswered);
    expect_sound(outcome);
  }
  // Every place where it can be cut.
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(summary(read(200, whole.substr(0, size))), "retry invalid") << size;
  }
}

// It costs nothing, comes again in a later run, and is the address's fault.
TEST(Answer, WhatNoModelWroteIsAFailure) {
  for (const int status : {200, 201, 204}) {
    for (const std::string& body :
         {std::string(),
          std::string(" \r\n"),
          std::string("null"),
          std::string("3"),
          std::string("\"x\""),
          std::string("[]"),
          std::string("{}"),
          std::string("OK"),
          std::string("<html><body>Sign in</body></html>"),
          std::string("<!DOCTYPE html>\n<html><head><title>Proxy</title>"),
          std::string("upstream connect error or disconnect/reset before headers"),
          std::string("Ollama is running"),
          std::string(R"({"status": "ok"})"),
          std::string(R"({"choices": null})"),
          std::string(R"({"choices": {}})"),
          std::string(R"({"model": "m", "message": {"content": "A note."}, "done": true})"),
          std::string(R"({"candidates": [{"content": {"parts": [{"text": "A note."}]}}]})"),
          std::string(R"({"type": "message", "content": [{"type": "text", "text": "A note."}]})"),
          std::string(R"([{"generated_text": "A note."}])"),
          std::string(100'000, '[')}) {
      const Outcome outcome = read(status, body);
      EXPECT_EQ(summary(outcome), "retry failed") << body.substr(0, 200);
      EXPECT_TRUE(outcome.unanswered);
      EXPECT_THAT(outcome.reason, HasSubstr("address"));
      EXPECT_THAT(outcome.reason, HasSubstr("/v1"));
      expect_sound(outcome);
    }
  }
  EXPECT_THAT(read(200, "<html><title>Sign in</title></html>").reason,
              HasSubstr("web page: Sign in"));
  EXPECT_THAT(read(200, "<p>" + std::string(1000, 'x')).reason, HasSubstr("/v1"));
  const Outcome streamed =
      read(200, "data: " + dump_json(completion({{"content", "A note."}})) + "\n\ndata: [DONE]\n");
  EXPECT_EQ(summary(streamed), "retry failed");
  EXPECT_THAT(streamed.reason, HasSubstr("stream"));
}

TEST(Answer, EmptyContent) {
  for (const Json& content :
       {Json(), Json(""), Json(" \n\t "), Json("\u200b\u202e"), Json("..."),
        Json("\ufeff\u2014 -- "), Json::array(), Json::array({{{"type", "text"}, {"text", " "}}}),
        Json("<think>So.</think>\n"), Json("<|im_end|>")}) {
    EXPECT_EQ(summary(answered(content)), "done empty") << content;
  }
  EXPECT_EQ(summary(read(200, R"({"choices": [{"message": {}, "finish_reason": "stop"}]})")),
            "done empty");
  EXPECT_EQ(summary(read(200, R"({"choices": [{"message": {"content": null,
      "reasoning_content": "It looks like a nevus."}}]})")),
            "done empty");
}

// Asked for again with more room it would say as little.
TEST(Answer, WhiteSpaceToTheLimitIsNotPaidTwice) {
  for (const std::string& content :
       {std::string(500, ' '), std::string(500, '\n'), std::string(500, '!'), std::string("\t\n"),
        "{\"statement\": \"A" + std::string(500, '\n'), "{\"a\": 1}" + std::string(300, ' '),
        "{\"a\": \"x" + std::string(400, '\t'), std::string("<pad><pad><pad><pad>")}) {
    const Outcome outcome = answered(content, "length");
    EXPECT_EQ(summary(outcome), "done truncated") << content;
    EXPECT_THAT(outcome.reason, HasSubstr("white space"));
  }
  std::string escaped = "{\"a\": \"x";
  for (int i = 0; i < 200; ++i) escaped += "\\n";
  EXPECT_EQ(summary(answered(escaped, "length")), "done truncated");
  EXPECT_EQ(summary(answered("A brown pap\n\n", "length")), "larger truncated");
  EXPECT_EQ(summary(answered("<think>So it is", "length")), "larger truncated");
  EXPECT_EQ(summary(answered("<think>So.</think>\n", "length")), "larger truncated");
}

TEST(Answer, WordsInAnotherMemberAreToldOf) {
  const auto reason_of = [](const Json& message) {
    const Outcome outcome = read(200, dump_json(completion(message)));
    EXPECT_EQ(summary(outcome), "done empty");
    expect_sound(outcome);
    return outcome.reason;
  };
  for (const char* member : {"reasoning_content", "reasoning", "thinking"}) {
    for (const char* json : {R"({"statement": "x"})", "\n[1]", "```json\n{}\n```"}) {
      const std::string reason = reason_of({{"content", nullptr}, {member, json}});
      EXPECT_THAT(reason, HasSubstr(member));
      EXPECT_THAT(reason, HasSubstr("JSON"));
      EXPECT_THAT(reason, HasSubstr("reasoning parser"));
    }
    EXPECT_THAT(reason_of({{"content", ""}, {member, "It is a nevus."}}), HasSubstr(member));
  }
  EXPECT_EQ(reason_of({{"content", ""}}), "no text");
}

TEST(Answer, ThoughtsAndControlTokensAreNoNotes) {
  EXPECT_EQ(summary(answered("<think>It never ends")), "done invalid");
  EXPECT_EQ(answered("<think>It never ends").text, "<think>It never ends");
  EXPECT_EQ(answered("A papule.<|im_end|>\n<|im_start|>user\nAnd?").text, "A papule.");
  EXPECT_EQ(summary(answered("The user wants a note. A papule.")), "done invalid");
  EXPECT_EQ(summary(answered("<musical>x</musical>A papule.")), "done invalid");
}

TEST(Answer, ToolCallsAreNoText) {
  EXPECT_EQ(summary(read(200, dump_json(completion({{"content", nullptr},
                                                    {"tool_calls", Json::array({{{"id", "1"}}})}},
                                                   "tool_calls")))),
            "retry invalid");
  EXPECT_EQ(summary(read(
                200, dump_json(completion({{"content", ""}, {"function_call", {{"name", "f"}}}})))),
            "retry invalid");
  EXPECT_EQ(
      summary(read(200,
                   dump_json(completion({{"content", "A note."}, {"tool_calls", Json::array()}})))),
      "done written");
}

TEST(Answer, ContentInParts) {
  EXPECT_EQ(answered(Json::array({{{"type", "text"}, {"text", "A brown "}},
                                  {{"type", "thinking"}, {"thinking", "hm"}, {"text", "hm"}},
                                  {{"type", "image_url"}, {"image_url", "x"}},
                                  {{"type", "text"}, {"text", "papule."}}}))
                .text,
            "A brown papule.");
  EXPECT_EQ(answered(Json::array({"A ", "note."})).text, "A note.");
  EXPECT_EQ(summary(answered(Json::array({{{"type", "refusal"}, {"refusal", "No."}}}))),
            "done refused");
  EXPECT_EQ(summary(answered(Json::array({1, nullptr, {{"type", "text"}, {"text", 5}}}))),
            "done empty");
}

TEST(Answer, ThinkingIsDropped) {
  EXPECT_EQ(answered("<think>\nBrown? Black.\n</think>\n\nA black papule.").text,
            "A black papule.");
  EXPECT_EQ(answered(" <thinking>hm</thinking>A black papule.").text, "A black papule.");
  EXPECT_EQ(answered("Brown? Black.\n</think>\nA black papule.").text, "A black papule.");
  EXPECT_EQ(answered("<think></think><think>again</think>A papule.").text, "A papule.");
  EXPECT_EQ(answered("A papule. <think>Later thoughts</think>").text, "A papule.");
  EXPECT_EQ(summary(answered("<think>I'm sorry, I cannot help.</think>A papule.")), "done written");
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "<think></think>";
  EXPECT_EQ(answered(many + "A papule.").text, "A papule.");
}

TEST(Answer, UsageThatCannotBeIsNone) {
  const auto with_usage = [](const Json& usage) {
    Json body = completion({{"content", "A note."}});
    body["usage"] = usage;
    return read(200, dump_json(body));
  };
  EXPECT_EQ(with_usage({{"prompt_tokens", 5.0}, {"completion_tokens", 0}}).input_tokens, 5);
  EXPECT_EQ(with_usage({{"input_tokens", 7}, {"output_tokens", 8}}).output_tokens, 8);
  for (const char* usage : {"null", "[]", "5", "{}", R"({"prompt_tokens": 5})",
                            R"({"prompt_tokens": -1, "completion_tokens": 5})",
                            R"({"prompt_tokens": 1, "completion_tokens": -5})",
                            R"({"prompt_tokens": 1.5, "completion_tokens": 5})",
                            R"({"prompt_tokens": "5", "completion_tokens": "5"})",
                            R"({"prompt_tokens": 18446744073709551615, "completion_tokens": 5})",
                            R"({"prompt_tokens": 5, "completion_tokens": 1e300})",
                            R"({"prompt_tokens": null, "completion_tokens": 5})"}) {
    const Outcome outcome = with_usage(parse_json(usage, "test"));
    EXPECT_EQ(summary(outcome), "done written") << usage;
    EXPECT_FALSE(outcome.has_usage) << usage;
    expect_sound(outcome);
  }
  // What was no note was paid for as well.
  EXPECT_EQ(answered(Json()).input_tokens, 120);
  EXPECT_EQ(answered("x", "length").output_tokens, 34);
}

TEST(Answer, LengthOfANote) {
  const auto words = [](int n) {
    std::string text;
    for (int i = 0; i < n; ++i) text += fmt::format("word{} ", i);
    return text;
  };
  EXPECT_EQ(summary(answered(words(51))), "done written");  // audits judge that
  EXPECT_EQ(summary(answered(words(100))), "done written");
  EXPECT_EQ(summary(answered(words(101))), "done invalid");
  EXPECT_THAT(answered(words(101)).reason, HasSubstr("101 words"));
  EXPECT_EQ(summary(answered(std::string(65536, 'x'))), "done written");
  EXPECT_EQ(summary(answered(std::string(65537, 'x'))), "done invalid");
  const Outcome huge = answered(std::string(10 << 20, 'x'));
  EXPECT_EQ(summary(huge), "done invalid");
  EXPECT_LE(huge.text.size(), 4096U);
  expect_sound(huge);
}

TEST(Answer, TextIsCleaned) {
  EXPECT_EQ(answered("A \x1b[31mred\x07  papule\u202e.\r\n\r\nEnd").text,
            "A [31mred papule.\n\nEnd");
}

TEST(Answer, RefusalsAreNoNotes) {
  EXPECT_EQ(
      summary(read(200,
                   dump_json(completion({{"content", nullptr}, {"refusal", "I can't do that."}})))),
      "done refused");
  EXPECT_EQ(summary(read(200, dump_json(completion({{"content", "A note."}, {"refusal", " "}})))),
            "done written");
  for (const char* text :
       {"I'm sorry, but I can't assist with that.",
        "I\u2019m sorry, but I can\u2019t assist with that request.",
        "I'm sorry, I can't help with identifying or diagnosing medical conditions from images.",
        "Sorry, I cannot provide medical diagnoses.",
        "I am sorry but I am unable to analyze this image.",
        "I'm unable to provide a diagnosis based on the image. Please consult a dermatologist.",
        "I can't provide medical advice.",
        "I cannot assist with this request.",
        "I'm not able to directly view or analyze images.",
        "I'm unable to view images.",
        "I am unable to interpret medical images.",
        "I cannot see the image you are referring to.",
        "As an AI language model, I cannot diagnose diseases.",
        "As an AI, I don't have the ability to view images.",
        "I apologize, but I'm not comfortable describing this picture.",
        "I apologise; I am not able to write such a report.",
        "My apologies, I cannot process this image.",
        "Unfortunately, I am unable to help with medical images.",
        "Unfortunately, I can't provide a diagnosis.",
        "I'm an AI and not a medical professional, so take this with care.",
        "I must decline to describe this image.",
        "I won't provide a diagnosis.",
        "I will not generate this content.",
        "\"I can't help with that.\"",
        "**I'm sorry, but I can't help.**",
        "  \n I can\u2019t do that.",
        "I'M SORRY, BUT I CAN'T ASSIST WITH THAT.",
        "I don't see an image attached. Could you upload it?",
        "Please upload the image of the lesion.",
        "There is no image attached to your message.",
        "Your request was rejected as a result of our safety system."}) {
    const Outcome outcome = answered(text);
    EXPECT_EQ(summary(outcome), "done refused") << text;
    expect_sound(outcome);
  }
  // Notes that begin alike.
  for (const char* text :
       {"I cannot see a pigment network. The lesion is a nevus.", "I see a brown papule.",
        "Unfortunately, the image is blurred; the border cannot be assessed.",
        "Unfortunately, I cannot see a clear border. The lesion is brown.",
        "As an AI-assisted finding, the lesion is asymmetric.",
        "The lesion cannot be assessed for symmetry.", "I can identify dots and globules.",
        "The image is not able to show the border. I'm sorry.",
        "A sorry-looking papule. I cannot assist.", "I'm describing a nevus.",
        "I cannot exclude melanoma.", "There is no image artefact; the lesion is sharp.",
        "Icy blue structures.",
        "I am unable to identify a pigment network in this image; dots are seen."}) {
    const Outcome outcome = answered(text);
    EXPECT_EQ(summary(outcome), "done written") << text;
  }
}

// Real notes of a large model, none of which refuses.
TEST(Answer, RealNotesAreNotes) {
  EPICRISIS_NEEDS_SHARED_DATA();
  Strategy strategy = text_strategy();
  strategy.max_words = 250;
  int notes = 0;
  for (const std::string& line :
       split(read_file(shared_folder() / "notes/vlm_notes.jsonl", 1 << 24), '\n')) {
    if (line.empty()) continue;
    const auto note = json_get<std::string>(parse_json(line, "notes"), "note", "notes");
    const Outcome outcome = answered(note, "stop", strategy);
    EXPECT_EQ(summary(outcome), "done written") << note;
    EXPECT_EQ(outcome.text, clean_multiline_text(note, 1 << 20));
    // None looks like a key, so that masking what a server says leaves such words alone.
    EXPECT_EQ(mask_keys(note), note);
    ++notes;
  }
  EXPECT_GE(notes, 300);
}

// Masked again, it would say another thing.
TEST(Answer, TheReasonOfAnErrorIsTheNotesAsItStands) {
  for (const int status : {200, 400, 401, 429, 500}) {
    expect_sound(read(status, R"({"error": {"message": "Incorrect API key provided: sk-abc*<** )"
                              "\xef\xbf\xbd"
                              R"("type": "invalid_rdquest_error", "code": "invalid_api_key"})"));
  }
}

TEST(Answer, OneCompletionOfABatch) {
  const Outcome outcome =
      outcome_of(read_completion(completion({{"content", "A note."}}), text_strategy(), Json()));
  EXPECT_EQ(summary(outcome), "done written");
  EXPECT_EQ(outcome.input_tokens, 120);
  for (const Json& value : {Json(), Json(3), Json::array(), Json::object()}) {
    EXPECT_EQ(summary(outcome_of(read_completion(value, text_strategy(), Json()))), "retry failed");
  }
}

std::vector<Json> answers_of_case(const char* folder) {
  const Path file = shared_folder() / "cases" / folder / "scenario.json";
  return parse_json(read_file(file, 1 << 24), folder).at("answers").get<std::vector<Json>>();
}

// Answers as servers gave them; each means the same note, or what its name says.
TEST(Answer, CasesOfServers) {
  EPICRISIS_NEEDS_SHARED_DATA();
  if (!std::filesystem::exists(shared_folder() / "cases")) GTEST_SKIP() << "needs ../shared/cases";
  const std::string note =
      "The lesion is a dark brown, asymmetric macule with an irregular border.";
  for (const char* folder : {"12-thinking-marks", "13-end-tokens"}) {
    for (const Json& answer : answers_of_case(folder)) {
      const Outcome outcome = read(200, dump_json(answer.at("json")));
      EXPECT_EQ(summary(outcome), "done written") << answer;
      EXPECT_EQ(outcome.text, note) << answer;
    }
  }
  for (const Json& answer : answers_of_case("15-finish-reasons")) {
    const auto name = answer.at("name").get<std::string>();
    const Outcome outcome = read(200, dump_json(answer.at("json")));
    EXPECT_EQ(outcome.status == NoteStatus::kWritten, name.starts_with("the end:")) << name;
    EXPECT_TRUE(!name.starts_with("filtered") || outcome.status == NoteStatus::kFiltered) << name;
  }
}

}  // namespace
}  // namespace epicrisis::test
