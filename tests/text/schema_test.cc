#include "epicrisis/text/schema.h"

#include <gmock/gmock.h>

namespace epicrisis {
namespace {

using testing::HasSubstr;

Json json(std::string_view text) { return parse_json(text, "test"); }

std::string violation(std::string_view schema, std::string_view value) {
  return schema_violation(json(schema), json(value));
}

struct Case {
  const char* schema;
  const char* value;
  const char* violation;
};

// Every keyword, met and broken.
TEST(Schema, Keywords) {
  const Case cases[] = {
      {"{}", "[1, {}]", ""},
      {"null", "1", ""},
      {"true", "1", ""},
      {"false", "1", "$: not asked for"},
      {R"({"type": "object"})", "{}", ""},
      {R"({"type": "object"})", "[1, 2]", "$: an array of 2 is no object"},
      {R"({"type": "string"})", "3", "$: 3 is no string"},
      {R"({"type": "number"})", "3", ""},
      {R"({"type": "number"})", "3.5", ""},
      {R"({"type": "number"})", "\"3\"", "$: '3' is no number"},
      {R"({"type": "integer"})", "3", ""},
      {R"({"type": "integer"})", "3.0", ""},
      {R"({"type": "integer"})", "3.5", "$: 3.5 is no integer"},
      {R"({"type": "integer"})", "1e300", ""},
      {R"({"type": "boolean"})", "true", ""},
      {R"({"type": "boolean"})", "0", "$: 0 is no boolean"},
      {R"({"type": "null"})", "null", ""},
      {R"({"type": ["string", "null"]})", "null", ""},
      {R"({"type": ["string", "null"]})", "{}", "$: an object is no string or null"},
      {R"({"enum": ["sharp", "indistinct", "mixed"]})", "\"mixed\"", ""},
      {R"({"enum": ["sharp", "indistinct", "mixed"]})", "\"round\"",
       "$: 'round' is none of sharp, indistinct, mixed"},
      {R"({"enum": ["a"]})", "\"A\"", "$: 'A' is none of a"},
      {R"({"enum": [1, null]})", "2", "$: 2 is none of 1, null"},
      {R"({"const": 7})", "7", ""},
      {R"({"const": 7})", "8", "$: 8 is not 7"},
      {R"({"properties": {"a": {"type": "string"}}})", R"({"a": "x", "b": 1})", ""},
      {R"({"properties": {"a": {"type": "string"}}})", R"({"a": 1})", "$.a: 1 is no string"},
      {R"({"properties": {"a": {"type": "string"}}})", "3", ""},  // of objects alone
      {R"({"required": ["a", "b"]})", R"({"a": null})", "$: 'b' is missing"},
      {R"({"additionalProperties": false, "properties": {"a": {}}})", R"({"a": 1})", ""},
      {R"({"additionalProperties": false, "properties": {"a": {}}})", R"({"a": 1, "b": 2})",
       "$.b: not asked for"},
      {R"({"additionalProperties": {"type": "string"}})", R"({"b": 2})", "$.b: 2 is no string"},
      {R"({"items": {"enum": ["x", "y"]}})", R"(["x", "y", "x"])", ""},
      {R"({"items": {"enum": ["x", "y"]}})", R"(["x", "z"])", "$[1]: 'z' is none of x, y"},
      {R"({"minItems": 2})", "[1, 2]", ""},
      {R"({"minItems": 2})", "[1]", "$: 1 items, at least 2"},
      {R"({"maxItems": 2})", "[1, 2, 3]", "$: 3 items, at most 2"},
      {R"({"uniqueItems": true})", R"(["a", "b"])", ""},
      {R"({"uniqueItems": true})", R"(["a", "b", "a"])", "$: 'a' is there twice"},
      {R"({"uniqueItems": true})", R"([{"a": 1}, {"a": 1}])", "$: an object is there twice"},
      {R"({"uniqueItems": false})", R"(["a", "a"])", ""},
      {R"({"minLength": 2})", "\"ab\"", ""},
      {R"({"minLength": 2})", "\"a\"", "$: 1 characters, at least 2"},
      {R"({"maxLength": 2})", "\"äö\"", ""},  // characters, not bytes
      {R"({"maxLength": 2})", "\"äöü\"", "$: 3 characters, at most 2"},
      {R"({"minimum": 0, "maximum": 1})", "1", ""},
      {R"({"minimum": 0, "maximum": 1})", "-0.5", "$: -0.5, at least 0"},
      {R"({"minimum": 0, "maximum": 1})", "18446744073709551615",
       "$: 18446744073709551615, at most 1"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(violation(c.schema, c.value), c.violation) << c.schema << " with " << c.value;
  }
}

TEST(Schema, PathsLeadToThePlace) {
  EXPECT_EQ(violation(R"({"properties": {"a": {"items": {"properties": {"b": {"const": 1}}}}}})",
                      R"({"a": [{}, {"b": 2}]})"),
            "$.a[1].b: 2 is not 1");
}

// Schemas made by hand somewhere are not trusted to be schemas.
TEST(Schema, BrokenSchemasNeitherThrowNorFail) {
  for (const char* schema :
       {R"({"type": 3})", R"({"type": [3]})", R"({"enum": 3})", R"({"properties": []})",
        R"({"properties": {"a": 3}})", R"({"required": "a"})", R"({"required": [3]})",
        R"({"items": [1]})", R"({"minItems": "x"})", R"({"maxLength": null})",
        R"({"uniqueItems": 1})", R"({"additionalProperties": 5})", "[]", "3", "\"x\"",
        R"({"type": "unheard-of"})"}) {
    for (const char* value : {R"({"a": "b"})", R"(["a"])", "\"a\"", "1", "null"}) {
      EXPECT_NO_THROW(violation(schema, value)) << schema << value;
    }
  }
}

TEST(Schema, DeepValuesEndAtACap) {
  Json value = 1;
  Json schema = {{"type", "integer"}};
  for (int i = 0; i < 200; ++i) {
    value = Json::array({value});
    schema = {{"items", schema}};
  }
  EXPECT_THAT(schema_violation(schema, value), HasSubstr("too deep"));
}

TEST(Schema, HugeValuesAreReadInTimeAndShownShort) {
  Json array = Json::array();
  for (int i = 0; i < 300'000; ++i) array.push_back(i);
  EXPECT_EQ(schema_violation(json(R"({"uniqueItems": true})"), array), "");
  const std::string long_text(1 << 20, 'x');
  const std::string message = schema_violation(json(R"({"enum": ["a"]})"), long_text);
  EXPECT_LT(message.size(), 200U);
  Json object = Json::object();
  object[long_text] = 1;
  EXPECT_LT(schema_violation(json(R"({"additionalProperties": false})"), object).size(), 200U);
  EXPECT_THAT(schema_violation(json(R"({"enum": ["a"]})"), "x\x1b[2J\nb\xff"),
              HasSubstr("'x[2J b\xEF\xBF\xBD'"));
}

TEST(Schema, PortableSchemaLeavesOutWhatServersRefuse) {
  const Json schema = json(R"({"type": "object", "properties": {
      "uniqueItems": {"type": "string", "minLength": 1, "maxLength": 5, "enum": ["a"]},
      "b": {"type": "array", "maxItems": 3, "uniqueItems": true,
            "items": {"type": "string", "maxLength": 2}}},
      "required": ["uniqueItems"], "additionalProperties": {"minLength": 3, "type": "string"}})");
  EXPECT_EQ(dump_json(portable_schema(schema)),
            R"({"type":"object","properties":{"uniqueItems":{"type":"string","enum":["a"]},)"
            R"("b":{"type":"array","maxItems":3,"items":{"type":"string"}}},)"
            R"("required":["uniqueItems"],"additionalProperties":{"type":"string"}})");
  EXPECT_EQ(portable_schema(Json()), Json());
}

}  // namespace
}  // namespace epicrisis
