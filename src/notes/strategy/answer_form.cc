#include "notes/strategy/answer_form.h"

#include <algorithm>
#include <array>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/text/schema.h"

namespace epicrisis {
namespace {

constexpr std::string_view kStatement = "statement";
constexpr std::array<std::string_view, 3> kVerdictWords = {"agrees", "contradicts", "cannot tell"};
constexpr std::size_t kMaxStatement = 500;  // characters
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxOption = 200;
constexpr std::size_t kMaxHeadings = 50;
constexpr std::size_t kMaxOptions = 200;
constexpr std::size_t kMaxSchemaDepth = 16;

// Keywords that schema_violation() checks, and those that say nothing about a value.
const std::vector<std::string>& schema_keywords() {
  static const std::vector<std::string> words = {
      "type",    "enum",     "const",    "properties",  "required",  "additionalProperties",
      "items",   "minItems", "maxItems", "uniqueItems", "minLength", "maxLength",
      "minimum", "maximum",  "title",    "description"};
  return words;
}

// Heading and options go into prompts, schemas and notes as they stand.
void check_words(const std::string& words, std::size_t max_bytes, const std::string& place) {
  if (words.empty() || clean_text(words, max_bytes) != words) {
    throw UsageError(
        "{}: '{}': a heading or an option is one line of at most {} bytes without control "
        "characters or spaces at its ends",
        place, clean_text(words, 100), max_bytes);
  }
}

std::vector<OptionHeading> read_options(const TomlTable& table) {
  std::vector<OptionHeading> headings;
  const auto options = table.table_if("options");
  if (options) {
    for (const std::string& name : options->keys()) {
      const std::string place = options->place(name);
      OptionHeading heading{name, options->strings_or(name, {}), false};
      check_words(name, kMaxName, place);
      if (name == kStatement) {
        throw UsageError("{}: '{}' is the name of the sentence that every such answer begins with",
                         place, name);
      }
      if (heading.options.empty()) {
        throw UsageError("{}: {} has no answers to choose from", place, name);
      }
      if (heading.options.size() > kMaxOptions) {
        throw UsageError("{}: {} has {} options; at most {}", place, name, heading.options.size(),
                         kMaxOptions);
      }
      std::set<std::string> seen;
      for (const std::string& option : heading.options) {
        check_words(option, kMaxOption, place);
        if (!seen.insert(option).second) {
          throw UsageError("{}: {} has the option '{}' twice", place, name, option);
        }
      }
      headings.push_back(std::move(heading));
    }
    if (headings.size() > kMaxHeadings) {
      throw UsageError("{}: {} headings; at most {}", options->place(), headings.size(),
                       kMaxHeadings);
    }
  }
  for (const std::string& name : table.strings_or("several", {})) {
    const auto heading = std::ranges::find(headings, name, &OptionHeading::name);
    if (heading == headings.end()) {
      throw UsageError("{}: several names '{}', which is no heading of [options]",
                       table.place("several"), name);
    }
    heading->several = true;
  }
  return headings;
}

Json options_schema(const std::vector<OptionHeading>& headings, const Field& field) {
  Json properties = {{kStatement,
                      {{"type", "string"},
                       {"minLength", 1},
                       {"maxLength", kMaxStatement},
                       {"description", "one sentence that names the kind of " + field.subject()}}}};
  Json required = {kStatement};
  for (const OptionHeading& heading : headings) {
    Json one = {{"type", "string"}, {"enum", heading.options}};
    if (heading.several) {
      properties[heading.name] = {{"type", "array"},
                                  {"items", std::move(one)},
                                  {"maxItems", heading.options.size()},
                                  {"uniqueItems", true}};
    } else {
      properties[heading.name] = std::move(one);
    }
    required.push_back(heading.name);
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

Json verdicts_schema() {
  const Json one = {{"type", "object"},
                    {"properties",
                     {{"claim", {{"type", "integer"}, {"minimum", 1}}},
                      {"verdict", {{"type", "string"}, {"enum", kVerdictWords}}}}},
                    {"required", {"claim", "verdict"}},
                    {"additionalProperties", false}};
  return {{"type", "object"},
          {"properties", {{"verdicts", {{"type", "array"}, {"items", one}}}}},
          {"required", {"verdicts"}},
          {"additionalProperties", false}};
}

bool is_type_name(const Json& value) {
  static const std::set<std::string> names = {"object",  "array",   "string", "number",
                                              "integer", "boolean", "null"};
  return value.is_string() && names.contains(value.get_ref<const std::string&>());
}

bool is_array_of_strings(const Json& value) {
  return value.is_array() &&
         std::ranges::all_of(value, [](const Json& v) { return v.is_string(); });
}

// "" or what a keyword's value should have been.
std::string_view keyword_fault(std::string_view key, const Json& value) {
  if (key == "type") {
    const bool good = value.is_array() ? !value.empty() && std::ranges::all_of(value, is_type_name)
                                       : is_type_name(value);
    return good ? "" : "object, array, string, number, integer, boolean or null";
  }
  if (key == "enum") return value.is_array() && !value.empty() ? "" : "a list of values";
  if (key == "required") return is_array_of_strings(value) ? "" : "a list of names";
  if (key == "uniqueItems") return value.is_boolean() ? "" : "true or false";
  if (key == "minimum" || key == "maximum") return value.is_number() ? "" : "a number";
  if (key.starts_with("min") || key.starts_with("max")) {
    return value.is_number_integer() && value >= 0 ? "" : "a whole number from 0";
  }
  if (key == "properties" || key == "items") return value.is_object() ? "" : "a table";
  if (key == "title" || key == "description") return value.is_string() ? "" : "a string";
  return "";
}

// A keyword that is not checked would let answers through that the author of the file ruled out.
void check_schema(const TomlTable& schema, std::size_t depth) {
  if (depth == kMaxSchemaDepth) {
    throw UsageError("{}: the schema is nested deeper than {} levels", schema.place(),
                     kMaxSchemaDepth);
  }
  const Json values = schema.to_json();
  for (const std::string& key : schema.keys()) {
    if (std::ranges::find(schema_keywords(), key) == schema_keywords().end()) {
      throw UsageError("{}: '{}' is no keyword of schemas that is understood here; there are {}",
                       schema.place(key), clean_text(key, 100), join(schema_keywords(), ", "));
    }
    const Json& value = values[key];
    if (const std::string_view wanted = keyword_fault(key, value); !wanted.empty()) {
      throw UsageError("{}: {} wants {}", schema.place(key), key, wanted);
    }
    if (key == "items" || (key == "additionalProperties" && value.is_object())) {
      check_schema(schema.table(key), depth + 1);
    } else if (key == "additionalProperties" && !value.is_boolean()) {
      throw UsageError("{}: {} wants true, false or a table", schema.place(key), key);
    } else if (key == "properties") {
      const TomlTable properties = schema.table(key);
      for (const std::string& name : properties.keys()) {
        check_schema(properties.table(name), depth + 1);
      }
    }
  }
}

AnswerForm read_form(const TomlTable& table, bool has_schema) {
  const std::string form = table.string_or("answer", has_schema ? "schema" : "text");
  if (form == "text") return AnswerForm::kText;
  if (form == "options") return AnswerForm::kOptions;
  if (form == "schema") return AnswerForm::kSchema;
  throw UsageError("{}: answer = '{}'; there are text, options and schema", table.place("answer"),
                   clean_text(form, 100));
}

std::string heading_words(std::string_view name) {
  std::string words(name);
  std::ranges::replace(words, '_', ' ');
  if (!words.empty() && words[0] >= 'a' && words[0] <= 'z') {
    words[0] = static_cast<char>(words[0] - 'a' + 'A');
  }
  return words;
}

std::string value_words(const Json& value) {
  if (value.is_string()) return clean_text(value.get_ref<const std::string&>(), std::string::npos);
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (!value.is_structured()) return value.is_null() ? "" : dump_json(value);
  std::vector<std::string> parts;
  for (const auto& [name, part] : value.items()) {
    const std::string words = value_words(part);
    if (words.empty()) continue;
    parts.push_back(value.is_object() ? heading_words(name) + " " + words : words);
  }
  return parts.empty() ? "none" : join(parts, value.is_object() ? "; " : ", ");
}

std::string with_full_stop(std::string text) {
  if (!text.empty() && std::string_view(".!?").find(text.back()) == std::string_view::npos) {
    text += '.';
  }
  return text;
}

}  // namespace

void read_answer_form(const TomlTable& table, Strategy& strategy) {
  if (strategy.kind == StrategyKind::kJudge) {
    strategy.answer = AnswerForm::kVerdicts;
    strategy.schema = verdicts_schema();
    return;
  }
  strategy.options = read_options(table);
  const auto schema = table.table_if("schema");
  strategy.answer = read_form(table, schema.has_value());
  if (schema && strategy.answer != AnswerForm::kSchema) {
    throw UsageError("{}: [schema] goes with answer = \"schema\" alone", schema->place());
  }
  if (!strategy.options.empty() && strategy.answer != AnswerForm::kOptions) {
    throw UsageError("{}: nothing uses [options] here: only answer = \"options\" is held to them",
                     table.place("options"));
  }
  switch (strategy.answer) {
    case AnswerForm::kText:
      return;
    case AnswerForm::kOptions:
      if (strategy.options.empty()) {
        throw UsageError("{}: answer = \"options\" wants a table [options] with headings",
                         table.place("answer"));
      }
      strategy.schema = options_schema(strategy.options, strategy.field);
      return;
    case AnswerForm::kSchema:
      if (!schema) {
        throw UsageError("{}: answer = \"schema\" wants a table [schema]", table.place("answer"));
      }
      check_schema(*schema, 0);
      strategy.schema = schema->to_json();
      if (strategy.schema.value("type", Json()) != "object" ||
          strategy.schema.value("properties", Json::object()).empty()) {
        throw UsageError("{}: [schema] wants type = \"object\" and properties", schema->place());
      }
      return;
    case AnswerForm::kVerdicts:  // of no name in a file
      return;
  }
}

std::string render_answer(const Strategy& strategy, const Json& answer) {
  std::vector<std::string> parts;
  if (strategy.answer == AnswerForm::kOptions) {
    parts.push_back(with_full_stop(value_words(answer.value(std::string(kStatement), Json()))));
    for (const OptionHeading& heading : strategy.options) {
      const auto chosen = answer.find(heading.name);
      if (chosen == answer.end()) continue;
      parts.push_back(
          with_full_stop(fmt::format("{}: {}", heading_words(heading.name), value_words(*chosen))));
    }
    return join(parts, " ");
  }
  for (const auto& [name, value] : answer.items()) {
    if (value.is_null()) continue;
    const std::string words = value_words(value);
    if (words.empty()) continue;
    parts.push_back(with_full_stop(fmt::format("{}: {}", heading_words(name), words)));
  }
  return join(parts, "\n");
}

}  // namespace epicrisis
