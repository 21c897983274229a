#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/notes/synthesis/answer.h"
#include "epicrisis/text/schema.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// Lines 1 to 6; what a test adds begins on line 7.
constexpr const char* kHead = R"(name = "X"
version = 1
kind = "prompt"
image = true
system = "Be brief."
user = "What is it?"
)";

Strategy parse(const std::string& rest) { return parse_strategy(kHead + rest, "mine.toml"); }

std::string error_of(const std::string& rest) {
  try {
    parse(rest);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(AnswerForm, TextUnlessSaid) {
  EXPECT_EQ(parse("").answer, AnswerForm::kText);
  EXPECT_TRUE(parse("").schema.is_null());
  EXPECT_EQ(load_strategy("P3").answer, AnswerForm::kText);
}

TEST(AnswerForm, SchemaOfOptions) {
  const Strategy strategy = parse(
      "answer = \"options\"\nseveral = [\"tints\"]\n[options]\nrim = [\"sharp\", \"faded\"]\n"
      "\"a b\" = [\"x\"]\ntints = [\"red\", \"white\"]\n");
  EXPECT_EQ(strategy.answer, AnswerForm::kOptions);
  ASSERT_EQ(strategy.options.size(), 3U);
  EXPECT_EQ(strategy.options[1].name, "a b");  // the file's order
  EXPECT_FALSE(strategy.options[0].several);
  EXPECT_TRUE(strategy.options[2].several);
  EXPECT_EQ(
      dump_json(strategy.schema),
      R"({"type":"object","properties":{"statement":{"type":"string","minLength":1,"maxLength":500,)"
      R"("description":"one sentence that names the kind of lesion"},)"
      R"("rim":{"type":"string","enum":["sharp","faded"]},)"
      R"("a b":{"type":"string","enum":["x"]},)"
      R"("tints":{"type":"array","items":{"type":"string","enum":["red","white"]},"maxItems":2,"uniqueItems":true}},)"
      R"("required":["statement","rim","a b","tints"],"additionalProperties":false})");
}

TEST(AnswerForm, P1IsAChoice) {
  const Strategy strategy = load_strategy("P1");
  EXPECT_EQ(strategy.answer, AnswerForm::kOptions);
  EXPECT_GE(strategy.version, 2);
  std::vector<std::string> names;
  for (const OptionHeading& heading : strategy.options) {
    names.push_back(heading.name);
    EXPECT_EQ(heading.several,
              heading.name == "colours" || heading.name == "dermoscopic_structures");
    // The prompt must offer what the schema does, for servers that take no schema.
    for (const std::string& option : heading.options) {
      EXPECT_THAT(strategy.user->render({}), HasSubstr(option));
    }
  }
  EXPECT_THAT(names, ElementsAre("asymmetry", "border", "colours", "dermoscopic_structures"));
}

TEST(AnswerForm, ErrorsNameFileAndLine) {
  const auto expect = [](const std::string& rest, const char* line, const char* words) {
    EXPECT_THAT(error_of(rest), AllOf(HasSubstr(line), HasSubstr(words))) << rest;
  };
  expect("answer = \"choice\"\n", "mine.toml:7", "text, options and schema");
  expect("answer = \"options\"\n", "mine.toml:7", "[options]");
  expect("answer = \"options\"\n[options]\n", "mine.toml:7", "[options]");
  expect("answer = \"schema\"\n", "mine.toml:7", "[schema]");
  expect("answer = 5\n", "mine.toml:7", "answer");
  expect("answer = \"text\"\n[schema]\ntype = \"object\"\n", "mine.toml:8", "answer = \"schema\"");
  expect("several = [\"a\"]\n", "mine.toml:7", "'a', which is no heading");
  expect("several = [\"a\"]\n[options]\nb = [\"x\"]\n", "mine.toml:7", "'a', which is no heading");
  expect("[options]\na = [\"x\"]\nb = []\n", "mine.toml:9", "b has no answers");
  expect("[options]\na = [\"x\", \"y\", \"x\"]\n", "mine.toml:8", "'x' twice");
  expect("[options]\na = [\"\"]\n", "mine.toml:8", "one line");
  expect("[options]\na = [\"x\\ny\"]\n", "mine.toml:8", "one line");
  expect("[options]\na = [\" x\"]\n", "mine.toml:8", "one line");
  expect("[options]\na = [\"\\u202Ex\"]\n", "mine.toml:8", "one line");
  expect("[options]\n\"\" = [\"x\"]\n", "mine.toml:7", "one line");
  expect("[options]\n\"a\\tb\" = [\"x\"]\n", "mine.toml:8", "one line");
  expect("[options]\nstatement = [\"x\"]\n", "mine.toml:8", "the sentence");
  expect("[options]\na = 5\n", "mine.toml:8", "a");
  expect("[options]\na = [5]\n", "mine.toml:8", "a");
  expect("[options]\na = [\"" + std::string(201, 'x') + "\"]\n", "mine.toml:8", "200 bytes");
  std::string many = "[options]\n";
  for (int i = 0; i < 51; ++i) many += "a" + std::to_string(i) + " = [\"x\"]\n";
  expect(many, "mine.toml:7", "51 headings");
  // What is written for nothing is no help to who wrote it.
  expect("[options]\na = [\"x\"]\n", "mine.toml:7", "nothing uses [options]");
  expect("answer = \"text\"\n[options]\na = [\"x\"]\n", "mine.toml:8", "nothing uses [options]");
}

TEST(AnswerForm, ErrorsOfASchemaNameItsLine) {
  const auto expect = [](const std::string& rest, const char* line, const char* words) {
    EXPECT_THAT(error_of("[schema]\ntype = \"object\"\n" + rest),
                AllOf(HasSubstr(line), HasSubstr(words)))
        << rest;
  };
  const std::string a = "[schema.properties.a]\n";  // line 9
  ASSERT_EQ(error_of("[schema]\ntype = \"object\"\n" + a), "");
  EXPECT_EQ(parse("[schema]\ntype = \"object\"\n" + a).answer, AnswerForm::kSchema);
  expect("", "mine.toml:7", "properties");
  // What is not checked must not look as if it were.
  expect(a + "pattern = \"x\"\n", "mine.toml:10", "'pattern' is no keyword");
  expect(a + "enumm = [\"x\"]\n", "mine.toml:10", "'enumm'");
  expect(a + "type = \"text\"\n", "mine.toml:10", "type wants");
  expect(a + "type = []\n", "mine.toml:10", "type wants");
  expect(a + "enum = []\n", "mine.toml:10", "enum wants");
  expect(a + "minLength = -1\n", "mine.toml:10", "whole number");
  expect(a + "maxItems = 1.5\n", "mine.toml:10", "whole number");
  expect(a + "minimum = \"1\"\n", "mine.toml:10", "a number");
  expect(a + "required = \"x\"\n", "mine.toml:10", "list of names");
  expect(a + "uniqueItems = 1\n", "mine.toml:10", "true or false");
  expect(a + "items = [1]\n", "mine.toml:10", "a table");
  expect(a + "additionalProperties = 1\n", "mine.toml:10", "true, false or a table");
  expect(a + "[schema.properties.a.items]\nformat = \"date\"\n", "mine.toml:11", "'format'");
  expect("properties = {a = 1}\n", "mine.toml:9", "a");
  EXPECT_THAT(error_of("[schema]\ntype = \"string\"\n[schema.properties.a]\n"),
              HasSubstr("mine.toml:7"));
}

// A value that meets the derived schema is a note, and one that meets it after being sent without
// the keywords that servers refuse may not be.
TEST(AnswerForm, PortableSchemaIsWeakerOnly) {
  const Strategy strategy = load_strategy("P1");
  const Json portable = portable_schema(strategy.schema);
  EXPECT_EQ(dump_json(portable).find("uniqueItems"), std::string::npos);
  const Json twice = {{"statement", ""},
                      {"asymmetry", "symmetric"},
                      {"border", "sharp"},
                      {"colours", {"red", "red"}},
                      {"dermoscopic_structures", Json::array()}};
  EXPECT_EQ(schema_violation(portable, twice), "");
  EXPECT_NE(schema_violation(strategy.schema, twice), "");
}

}  // namespace
}  // namespace epicrisis
