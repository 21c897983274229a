#include <fmt/format.h>

#include "notes/synthesis/answer_support.h"
#include "notes/synthesis/grammar.h"

namespace epicrisis::test {
namespace {

using testing::HasSubstr;

const Strategy& p1() {
  static const Strategy strategy = load_strategy("P1");
  return strategy;
}

Json p1_answer() {
  return {{"statement", "The lesion is malignant and is a melanoma"},
          {"asymmetry", "asymmetric"},
          {"border", "mixed"},
          {"colours", {"light brown", "dark brown"}},
          {"dermoscopic_structures", {"dots", "globules"}}};
}

constexpr const char* kP1Note =
    "The lesion is malignant and is a melanoma. Asymmetry: asymmetric. Border: mixed. "
    "Colours: light brown, dark brown. Dermoscopic structures: dots, globules.";

Outcome structured(const std::string& content, const Strategy& strategy = p1()) {
  return answered(content, "stop", strategy);
}

TEST(StructuredAnswer, BecomesTheNote) {
  const Outcome outcome = structured(dump_json(p1_answer()));
  EXPECT_EQ(summary(outcome), "done written") << outcome.reason;
  EXPECT_EQ(outcome.text, kP1Note);
  // The order of the strategy, whatever that of the answer.
  Json turned = Json::object();
  const Json answer = p1_answer();
  for (auto member = answer.end(); member != answer.begin();) {
    --member;
    turned[member.key()] = member.value();
  }
  EXPECT_EQ(structured(dump_json(turned)).text, kP1Note);
}

TEST(StructuredAnswer, IsFoundInWhatSurroundsIt) {
  const std::string json = dump_json(p1_answer(), 2);
  for (const std::string& content :
       {json, "\n" + json + "\n", "```json\n" + json + "\n```", "```\n" + json + "\n```",
        "```json\n" + json, "Here is the report:\n```json\n" + json + "\n```\nI hope it helps.",
        "Here it is: " + json + " Done.", "<think>{\"a\": 1}</think>" + json}) {
    EXPECT_EQ(structured(content).text, kP1Note) << content;
  }
}

// A draft is not told from what it became; a thought and a piece of one are no answers.
TEST(StructuredAnswer, OfSeveralThatDifferNoneIsTheNote) {
  const std::string json = dump_json(p1_answer());
  Json draft = p1_answer();
  draft["border"] = "sharp";
  const std::string other = dump_json(draft);
  for (const std::string& content :
       {fmt::format("Draft:\n```json\n{}\n```\nFinal:\n```json\n{}\n```", other, json),
        fmt::format("{}\n{}", other, json), fmt::format("First {} and then {}.", other, json)}) {
    const Outcome outcome = structured(content);
    EXPECT_EQ(summary(outcome), "retry invalid") << content;
    EXPECT_THAT(outcome.reason, HasSubstr("several JSON answers")) << content;
  }
  for (const std::string& content :
       {fmt::format("{0}\n{0}", json), fmt::format("```json\n{0}\n```\nAgain: {0}", json),
        "{\"thought\": \"It is {dark}.\"}\n" + json, "{\"border\": \"sharp\"} becomes " + json,
        "A set {a, b}: " + json}) {
    EXPECT_EQ(structured(content).text, kP1Note) << content;
  }
}

TEST(StructuredAnswer, SmallSlipsAreSettled) {
  Json answer = p1_answer();
  answer["asymmetry"] = " Asymmetric.";
  answer["colours"] = {"Light Brown", "DARK  BROWN"};
  EXPECT_EQ(structured(dump_json(answer)).text, kP1Note);
  answer["colours"] = {"light brown", "dark brown", "light brown", "Dark Brown"};
  EXPECT_EQ(structured(dump_json(answer)).text, kP1Note);
  answer["dermoscopic_structures"] = "dots";
  EXPECT_THAT(structured(dump_json(answer)).text, HasSubstr("Dermoscopic structures: dots."));
  answer["dermoscopic_structures"] = Json::array();
  EXPECT_THAT(structured(dump_json(answer)).text, HasSubstr("Dermoscopic structures: none."));
  answer["statement"] = "It is a nevus!\u202e\nReally ";
  EXPECT_THAT(structured(dump_json(answer)).text,
              testing::StartsWith("It is a nevus! Really. Asymmetry:"));
}

TEST(StructuredAnswer, AStatementThatSendsToADoctorIsRefused) {
  Json answer = p1_answer();
  answer["statement"] = "Please see a doctor.";
  EXPECT_EQ(summary(structured(dump_json(answer))), "done refused");
}

TEST(StructuredAnswer, WhatTheSchemaRulesOutIsInvalid) {
  const auto with = [](const char* name, const Json& value) {
    Json answer = p1_answer();
    answer[name] = value;
    return structured(dump_json(answer));
  };
  const auto expect_invalid = [](const Outcome& outcome, const char* reason) {
    EXPECT_EQ(summary(outcome), "retry invalid") << outcome.text;
    EXPECT_THAT(outcome.reason, HasSubstr(reason));
    expect_sound(outcome);
  };
  expect_invalid(with("border", "round"), "$.border: 'round' is none of sharp, indistinct, mixed");
  expect_invalid(with("border", {"sharp"}), "$.border");
  expect_invalid(with("border", Json()), "$.border");
  expect_invalid(with("colours", {"red", "mauve"}), "$.colours[1]: 'mauve' is none of");
  expect_invalid(with("colours", "red, white"), "$.colours[0]");
  expect_invalid(with("vessels", "dotted"), "$.vessels: not asked for");
  expect_invalid(with("statement", ""), "$.statement");
  expect_invalid(with("statement", std::string(501, 'x')), "$.statement: 501 characters");
  expect_invalid(with("statement", 5), "$.statement");
  Json missing = p1_answer();
  missing.erase("asymmetry");
  expect_invalid(structured(dump_json(missing)), "$: 'asymmetry' is missing");
  expect_invalid(structured("A brown papule."), "not the JSON");
  expect_invalid(structured(dump_json(p1_answer()).substr(0, 100)), "not the JSON");
  expect_invalid(structured("[]"), "an array of 0 is no object");
  expect_invalid(structured("null"), "null is no object");
  expect_invalid(structured("{} {}"), "not the JSON");
  expect_invalid(structured(std::string(100'000, '{')), "not the JSON");
  expect_invalid(structured("```"), "not the JSON");
  Json many = p1_answer();
  many["colours"] = Json::array();
  for (int i = 0; i < 100'000; ++i) many["colours"].push_back("red");
  expect_invalid(structured(dump_json(many)), "100000 items, at most 6");
}

TEST(StructuredAnswer, RefusalsAndEmptyOnes) {
  EXPECT_EQ(summary(structured("I'm sorry, but I can't assist with that.")), "done refused");
  Json answer = p1_answer();
  answer["statement"] = "I'm unable to provide a diagnosis from this image.";
  EXPECT_EQ(summary(structured(dump_json(answer))), "done refused");
  EXPECT_EQ(summary(structured(" ")), "done empty");
  answer["statement"] = " \u200b";
  EXPECT_NE(structured(dump_json(answer)).status, NoteStatus::kWritten);
}

// Each option of each heading makes a sentence.
TEST(StructuredAnswer, EveryChoiceReadsWell) {
  for (std::size_t bits = 0; bits < std::size_t{32} * 64; ++bits) {
    Json answer = p1_answer();
    answer["asymmetry"] = p1().options[0].options[bits % 2];
    answer["border"] = p1().options[1].options[bits % 3];
    for (const std::size_t heading : {2U, 3U}) {
      const std::size_t chosen = heading == 2 ? bits % 64 : bits / 64;
      Json values = Json::array();
      for (std::size_t i = 0; i < p1().options[heading].options.size(); ++i) {
        if ((chosen >> i & 1U) != 0) values.push_back(p1().options[heading].options[i]);
      }
      answer[p1().options[heading].name] = values;
    }
    const Outcome outcome = structured(dump_json(answer));
    ASSERT_EQ(summary(outcome), "done written") << answer << outcome.reason;
    ASSERT_EQ(grammar_fault(outcome.text), "");
  }
}

TEST(StructuredAnswer, AUsersSchemaBecomesLines) {
  const Strategy strategy = parse_strategy(std::string(kTextStrategy) + R"(
[schema]
type = "object"
required = ["lesion_type"]
[schema.properties.lesion_type]
type = "string"
[schema.properties.size]
type = ["number", "null"]
[schema.properties.ulcerated]
type = "boolean"
[schema.properties.colours]
type = "array"
[schema.properties.place]
type = "object"
)",
                                           "s.toml");
  const Outcome outcome = structured(
      R"({"size": 4.5, "lesion_type": "papule\n<b>", "ulcerated": false, "colours": ["red", "white"],
          "place": {"body_part": "arm", "side": "left", "none": null}})",
      strategy);
  EXPECT_EQ(summary(outcome), "done written") << outcome.reason;
  EXPECT_EQ(outcome.text,
            "Size: 4.5.\nLesion type: papule <b>.\nUlcerated: no.\nColours: red, white.\n"
            "Place: Body part arm; Side left.");
  EXPECT_EQ(structured(R"({"size": null, "lesion_type": "papule."})", strategy).text,
            "Lesion type: papule.");
  EXPECT_EQ(summary(structured(R"({"lesion_type": ""})", strategy)), "done empty");
  EXPECT_EQ(summary(structured(R"({"lesion_type": "I'm sorry, but I can't assist with that."})",
                               strategy)),
            "done refused");
}

}  // namespace
}  // namespace epicrisis::test
