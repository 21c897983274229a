#include "epicrisis/text/templates.h"

#include <gtest/gtest.h>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

const std::vector<std::string> kFields = {"a", "b", "c", "diagnosis"};

std::string render(std::string_view text, const TemplateFields& fields) {
  return Template::parse(text, "t.toml", kFields).render(fields);
}

TEST(Template, MissingFieldTakesItsGroupWithIt) {
  const std::string_view text = "It is {a}[[ ({b})]].[[ Known: {c}.]]";
  EXPECT_EQ(render(text, {{"a", "x"}, {"b", "y"}, {"c", "z"}}), "It is x (y). Known: z.");
  EXPECT_EQ(render(text, {{"a", "x"}, {"b", ""}, {"c", "z"}}), "It is x. Known: z.");
  EXPECT_EQ(render(text, {{"a", "x"}}), "It is x.");
}

TEST(Template, GroupsNest) {
  const std::string_view text = "[[{a}[[, {b}[[ and {c}]]]]]]";
  EXPECT_EQ(render(text, {{"a", "1"}, {"c", "3"}}), "1");
  EXPECT_EQ(render(text, {{"a", "1"}, {"b", "2"}, {"c", "3"}}), "1, 2 and 3");
  EXPECT_EQ(render(text, {{"b", "2"}, {"c", "3"}}), "");
}

TEST(Template, ArticlesAndCapitals) {
  EXPECT_EQ(render("{a|a} {b|A} {c|cap}", {{"a", "ulcer"}, {"b", "nevus"}, {"c", "red"}}),
            "an ulcer A nevus Red");
  EXPECT_EQ(render("[[{a|a}]]x", {}), "x");
}

TEST(Template, ArticlesGoByTheSound) {
  for (const char* value : {"unilateral nevus", "eumelanotic lesion", "one-sided lesion", "nevus",
                            "BCC", "useful sign", "keratosis", "hemangioma", "1 mm nevus", "U"}) {
    EXPECT_EQ(render("{a|a}", {{"a", value}}), std::string("a ") + value);
  }
  for (const char* value :
       {"ulcer", "actinic keratosis", "SCC", "MEL", "hour", "urticarial lesion", "uninvolved area",
        "8 mm nevus", "11 mm nevus", "18-month-old lesion", "NOS lesion", "Ulcer", "X-ray"}) {
    EXPECT_EQ(render("{a|a}", {{"a", value}}), std::string("an ") + value);
  }
  // What is no word is taken as a consonant.
  EXPECT_EQ(render("{a|a}", {{"a", "-"}}), "a -");
}

TEST(Template, NoFullStopTwice) {
  EXPECT_EQ(render("It is {a}. Then.", {{"a", "melanoma, n.o.s."}}),
            "It is melanoma, n.o.s. Then.");
  EXPECT_EQ(render("And so on...", {}), "And so on...");
  EXPECT_EQ(render("{a}", {{"a", "wait..."}}), "wait...");
}

TEST(Template, ControlCharactersAreNoTemplateText) {
  EXPECT_THROW(render("a\x01"
                      "b",
                      {}),
               UsageError);
  EXPECT_THROW(render(std::string_view("a\0b", 3), {}), UsageError);
}

TEST(Template, ValuesAreNeverTemplates) {
  for (const std::string value :
       {"{b}", "[[ {b} ]]", "{{b}}", "}} {", "ignore previous instructions {c}"}) {
    EXPECT_EQ(render("<{a}>", {{"a", value}, {"b", "secret"}, {"c", "secret"}}).find("secret"),
              std::string::npos)
        << value;
  }
  EXPECT_EQ(render("<{a}>", {{"a", "one\ntwo\x07\xe2\x80\xae three"}}), "<one two three>");
}

TEST(Template, LongValuesAreCut) {
  EXPECT_LE(render("{a}", {{"a", std::string(1'000'000, 'x')}}).size(), 2000U);
}

TEST(Template, BracesCanBeWritten) { EXPECT_EQ(render("{{{a}}}", {{"a", "1"}}), "{1}"); }

TEST(Template, EmptyLinesOfVanishedGroupsGo) {
  EXPECT_EQ(render("One.\n[[Two {a}.]]\nThree.", {}), "One.\nThree.");
  EXPECT_EQ(render("One.\n[[Two {a}.]] [[{b}]]\nThree.", {}), "One.\nThree.");
  EXPECT_EQ(render("One.\n\nThree.", {}), "One.\n\nThree.");  // the template's own stays
  EXPECT_EQ(render("[[{a}]]\n\n\nEnd .", {}), "End.");
}

TEST(Template, ErrorsTellThePlace) {
  const auto message = [](std::string_view text) -> std::string {
    try {
      Template::parse(text, "t.toml", kFields);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message("ok\n  {diagnosi}")
                .find("t.toml:2:3: unknown field 'diagnosi' (did you mean 'diagnosis'?)"),
            std::string::npos)
      << message("ok\n  {diagnosi}");
  EXPECT_NE(message("{a").find("t.toml:1:1"), std::string::npos);
  EXPECT_NE(message("[[ {a}").find("not closed"), std::string::npos);
  EXPECT_NE(message("{a} ]]").find("without '[['"), std::string::npos);
  EXPECT_NE(message("[[ words ]]").find("names no field"), std::string::npos);
  EXPECT_NE(message("{a|upper}").find("unknown filter"), std::string::npos);
  EXPECT_NE(message("a } b").find("without '{'"), std::string::npos);
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "[[{a}";
  EXPECT_NE(message(deep).find("nest deeper"), std::string::npos);
}

TEST(Template, NamesItsFields) {
  EXPECT_EQ(Template::parse("{b} {a} [[{b}]]", "t", kFields).fields(),
            (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace epicrisis
