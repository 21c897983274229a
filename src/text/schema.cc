#include "epicrisis/text/schema.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxDepth = 64;  // parse_json() lets no value deeper in
constexpr std::size_t kShown = 60;     // bytes of a value from outside in a message

std::string shown(const Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return "'" + clean_text(std::string_view(text).substr(0, 4 * kShown), kShown) + "'";
  }
  if (value.is_object()) return "an object";
  if (value.is_array()) return fmt::format("an array of {}", value.size());
  return dump_json(value);
}

bool has_type(const Json& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  if (type == "integer") {
    if (value.is_number_float()) return std::trunc(value.get<double>()) == value.get<double>();
    return value.is_number_integer();
  }
  return true;
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string check(const Json& schema, const Json& value, const std::string& path,
                  std::size_t depth);

const Json* find_keyword(const Json& schema, const char* keyword) {
  const auto found = schema.find(keyword);
  return found == schema.end() ? nullptr : &*found;
}

// "" unless the keyword is there with a number that `count` is on the wrong side of.
std::string check_limit(const Json& schema, const char* keyword, bool least, const Json& count,
                        std::string_view what) {
  const Json* limit = find_keyword(schema, keyword);
  if (limit == nullptr || !limit->is_number()) return "";
  if (least ? count >= *limit : count <= *limit) return "";
  return fmt::format("{}{}, {} {}", dump_json(count), what, least ? "at least" : "at most",
                     dump_json(*limit));
}

std::string check_value(const Json& schema, const Json& value) {
  if (const Json* type = find_keyword(schema, "type")) {
    const auto fits = [&](const Json& name) {
      return !name.is_string() || has_type(value, name.get_ref<const std::string&>());
    };
    const bool good = type->is_array() ? std::ranges::any_of(*type, fits) : fits(*type);
    if (!good) {
      std::vector<std::string> names;
      for (const Json& name : type->is_array() ? *type : Json::array({*type})) {
        names.push_back(name.is_string() ? name.get<std::string>() : dump_json(name));
      }
      return fmt::format("{} is no {}", shown(value), join(names, " or "));
    }
  }
  if (const Json* constant = find_keyword(schema, "const");
      constant != nullptr && value != *constant) {
    return fmt::format("{} is not {}", shown(value), shown(*constant));
  }
  if (const Json* options = find_keyword(schema, "enum");
      options != nullptr && options->is_array()) {
    if (std::ranges::find(*options, value) == options->end()) {
      std::vector<std::string> words;
      for (const Json& option : *options) {
        words.push_back(option.is_string() ? option.get<std::string>() : dump_json(option));
      }
      return fmt::format("{} is none of {}", shown(value), join(words, ", "));
    }
  }
  std::string fault;
  if (value.is_number()) {
    fault = check_limit(schema, "minimum", true, value, "");
    if (fault.empty()) fault = check_limit(schema, "maximum", false, value, "");
  } else if (value.is_string()) {
    const Json length = characters(value.get_ref<const std::string&>());
    fault = check_limit(schema, "minLength", true, length, " characters");
    if (fault.empty()) fault = check_limit(schema, "maxLength", false, length, " characters");
  }
  return fault;
}

std::string check_object(const Json& schema, const Json& value, const std::string& path,
                         std::size_t depth) {
  if (const Json* required = find_keyword(schema, "required");
      required != nullptr && required->is_array()) {
    for (const Json& name : *required) {
      if (name.is_string() && !value.contains(name.get_ref<const std::string&>())) {
        return fmt::format("{}: '{}' is missing", path, name.get_ref<const std::string&>());
      }
    }
  }
  const Json* properties = find_keyword(schema, "properties");
  const Json* others = find_keyword(schema, "additionalProperties");
  for (const auto& [name, member] : value.items()) {
    const Json* inner = others;
    if (properties != nullptr && properties->is_object()) {
      if (const auto found = properties->find(name); found != properties->end()) inner = &*found;
    }
    if (inner == nullptr) continue;
    std::string fault =
        check(*inner, member,
              fmt::format("{}.{}", path,
                          clean_text(std::string_view(name).substr(0, 4 * kShown), kShown)),
              depth + 1);
    if (!fault.empty()) return fault;
  }
  return "";
}

std::string check_array(const Json& schema, const Json& value, const std::string& path,
                        std::size_t depth) {
  const Json size = value.size();
  std::string fault = check_limit(schema, "minItems", true, size, " items");
  if (fault.empty()) fault = check_limit(schema, "maxItems", false, size, " items");
  if (!fault.empty()) return path + ": " + fault;
  if (const Json* items = find_keyword(schema, "items")) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      fault = check(*items, value[i], fmt::format("{}[{}]", path, i), depth + 1);
      if (!fault.empty()) return fault;
    }
  }
  if (const Json* unique = find_keyword(schema, "uniqueItems");
      unique != nullptr && *unique == true) {
    std::set<std::string> seen;
    for (const Json& item : value) {
      if (!seen.insert(dump_json(item)).second) {
        return fmt::format("{}: {} is there twice", path, shown(item));
      }
    }
  }
  return "";
}
// The first fault of a value.
std::string check(const Json& schema, const Json& value, const std::string& path,
                  std::size_t depth) {
  if (depth > kMaxDepth) return path + ": nested too deep";
  if (schema == false) return path + ": not asked for";
  if (!schema.is_object()) return "";
  std::string fault = check_value(schema, value);
  if (!fault.empty()) return path + ": " + fault;
  if (value.is_object()) return check_object(schema, value, path, depth);
  if (value.is_array()) return check_array(schema, value, path, depth);
  return "";
}

}  // namespace

std::string schema_violation(const Json& schema, const Json& value) {
  return check(schema, value, "$", 0);
}

Json portable_schema(const Json& schema) {
  Json result = schema;
  if (!result.is_object()) return result;
  for (const char* keyword : {"uniqueItems", "minLength", "maxLength"}) result.erase(keyword);
  for (const char* inner : {"items", "additionalProperties"}) {
    if (result.contains(inner)) result[inner] = portable_schema(result[inner]);
  }
  if (const auto properties = result.find("properties");
      properties != result.end() && properties->is_object()) {
    for (auto& [name, property] : properties->items()) property = portable_schema(property);
  }
  return result;
}

}  // namespace epicrisis
