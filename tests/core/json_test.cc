#include "epicrisis/core/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

std::string parse_error(std::string_view text) {
  return error_of([&] { parse_json(text, "a.json"); });
}

TEST(Json, KeepsOrderAndKinds) {
  const std::string text =
      R"({"z":1,"a":[true,false,null,"\u00e9\ud83d\ude00",-2.5,18446744073709551615],"m":{}})";
  EXPECT_EQ(dump_json(parse_json(text, "a")),
            "{\"z\":1,\"a\":[true,false,null,\"é😀\",-2.5,18446744073709551615],\"m\":{}}");
  EXPECT_EQ(parse_json("3", "a"), Json(3));
  EXPECT_EQ(parse_json(" [ ] ", "a"), Json::array());
}

TEST(Json, BrokenTextIsPlaced) {
  EXPECT_THAT(parse_error(""), HasSubstr("a.json:1:1: not valid JSON"));
  EXPECT_THAT(parse_error("{\n \"a\": 1,\n \"b\" 2}"), HasSubstr("a.json:3:6: not valid JSON"));
  EXPECT_THAT(parse_error("[1,]"), HasSubstr("a.json:1:4"));
  EXPECT_THAT(parse_error("{} x"), HasSubstr("a.json:1:4"));
  EXPECT_THAT(parse_error("{\"a\":1}{\"b\":2}"), HasSubstr("a.json:1:8"));
  EXPECT_THAT(parse_error("{\"a\": 1, \"a\": 2}"), HasSubstr("the key 'a' is there twice"));
  EXPECT_THAT(parse_error("{\"a\":\n 1e999}"), HasSubstr("a.json:2:"));
}

TEST(Json, StrictInWhatItTakes) {
  for (const std::string_view bad :
       {"{'a':1}", "[1 2]",   "nul",         "NaN",      "[01]",     "[.5]",     "[1.]",
        "\"\t\"",  "\"\\x\"", "\"\\ud800\"", "\"\xFF\"", "\"\xC3\"", "{\"a\"}",  "{1:2}",
        "// c\n1", "+1",      "\"open",      "[",        "{",        "\"\\u12\""}) {
    EXPECT_THAT(parse_error(bad), HasSubstr("not valid JSON")) << bad;
  }
  EXPECT_THAT(parse_error(std::string_view("[1]\0", 4)), HasSubstr("not valid JSON"));
  EXPECT_THAT(parse_error(std::string_view("\"a\0b\"", 5)), HasSubstr("not valid JSON"));
}

TEST(Json, DepthIsCapped) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_NO_THROW(parse_json(nested(64), "a"));
  EXPECT_THAT(parse_error(nested(65)), HasSubstr("a.json:1:65: not valid JSON: nested deeper"));
  EXPECT_THAT(parse_error(std::string(10'000'000, '[')), HasSubstr("nested deeper than 64"));
  std::string objects;
  for (int i = 0; i < 1'000'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(parse_error(objects), HasSubstr("nested deeper than 64"));
}

TEST(Json, AnObjectWithManyKeysIsReadInLinearTime) {
  // 400,000 keys: quadratic, this takes minutes.
  std::string text = "{";
  for (int i = 0; i < 400'000; ++i) text += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":0";
  EXPECT_EQ(parse_json(text + "}", "a").size(), 400'000U);
}

TEST(Json, DumpNeverThrowsOnText) {
  EXPECT_EQ(dump_json(Json{{"a", "x\xFFy"}}), "{\"a\":\"x\xEF\xBF\xBDy\"}");
  EXPECT_EQ(dump_json(Json{{"a", 1}}, 2), "{\n  \"a\": 1\n}");
}

TEST(Json, MembersExplainThemselves) {
  const Json object = parse_json(
      R"({"s":"x","b":true,"i":-3,"d":1.5,"big":18446744073709551615,"n":null,"o":{"k":1}})", "a");
  EXPECT_EQ(json_get<std::string>(object, "s", "f"), "x");
  EXPECT_TRUE(json_get<bool>(object, "b", "f"));
  EXPECT_EQ(json_get<std::int64_t>(object, "i", "f"), -3);
  EXPECT_EQ(json_get<double>(object, "d", "f"), 1.5);
  EXPECT_EQ(json_get<double>(object, "i", "f"), -3.0);
  EXPECT_EQ(json_get<Json>(object, "o", "f")["k"], 1);
  EXPECT_EQ(json_get_or<std::string>(object, "gone", "z", "f"), "z");

  EXPECT_EQ(error_of([&] { json_get<bool>(object, "gone", "f"); }), "f: missing key 'gone'");
  EXPECT_EQ(error_of([&] { json_get<double>(object, "s", "f"); }),
            "f: 's' is a string (\"x\"), a number was expected");
  EXPECT_THAT(error_of([&] { json_get<std::int64_t>(object, "d", "f"); }), HasSubstr("whole"));
  EXPECT_THAT(error_of([&] { json_get<std::int64_t>(object, "big", "f"); }), HasSubstr("whole"));
  EXPECT_THAT(error_of([&] { json_get_or<bool>(object, "n", true, "f"); }), HasSubstr("null"));
  EXPECT_THAT(error_of([&] { json_get<bool>(Json::array(), "x", "f"); }),
              HasSubstr("this is an array"));
}

}  // namespace
}  // namespace epicrisis
