#include <algorithm>
#include <array>
#include <cmath>

#include "data/values.h"
#include "epicrisis/audit/audit.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis::audit {
namespace {

std::string type_name(const Json& value) {
  if (value.is_number()) return "a number";
  if (value.is_boolean()) return "true or false";
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  return "a text";
}

}  // namespace

Facts facts_of(const Sample& sample, const Field& field) {
  Facts facts;
  facts.label = sample.label;
  facts.grade = sample.grade;
  if (facts.grade.empty() && sample.label) facts.grade = field.at(*sample.label).grade;
  facts.diagnosis = sample.diagnosis;
  facts.subclass = sample.subclass;
  for (const Finding& finding : sample.findings) {
    if (finding.name == "age") {
      facts.age = finding.value;
    } else if (finding.name == "sex") {
      facts.sex = finding.value;
    } else if (finding.name == "site") {
      facts.site = finding.value;
    } else {
      facts.findings.push_back(finding);
    }
  }
  return facts;
}

Facts parse_facts(const Json& json, const Field& field, std::string_view source) {
  if (!json.is_object()) {
    throw InputError(
        "{}: an object is expected, with label, {}diagnosis, subclass, age, sex or "
        "site; this is {}",
        source, field.grade_name().empty() ? "" : field.grade_name() + ", ", type_name(json));
  }
  std::vector<std::string> known = {"label", "diagnosis", "subclass", "age", "sex", "site"};
  if (!field.grade_name().empty()) known.insert(known.begin() + 1, field.grade_name());
  Facts facts;
  for (const auto& [key, value] : json.items()) {
    if (std::ranges::find(known, key) == known.end()) {
      const auto near = nearest_name(key, known);
      throw InputError("{}: unknown member '{}'{}; there are {}", source, clean_text(key, 80),
                       near ? fmt::format(", did you mean '{}'?", *near) : "", join(known, ", "));
    }
    if (value.is_null()) continue;
    if (key == "age" && value.is_number()) {
      const double age = value.get<double>();
      if (!std::isfinite(age) || age < 0 || age > 150) {
        throw InputError("{}: age is {}; 0 to 150 is allowed", source, value.dump());
      }
      facts.age = fmt::format("{:g}", age);
      continue;
    }
    if (!value.is_string()) {
      throw InputError("{}: '{}' is {}; {} is expected", source, key, type_name(value),
                       key == "age" ? "a number or a text" : "a text");
    }
    const std::string text = clean_text(value.get<std::string>(), 1000);
    if (key == "label") {
      if (text.empty()) continue;
      facts.label = field.find_class(text);
      // In other words than those of the field.
      if (!facts.label) facts.label = ClaimReader(field).read("A " + text + ".").diagnosis;
      if (!facts.label) {
        throw InputError("{}: label '{}' is none of {}", source, text, field.class_names());
      }
    } else if (key == field.grade_name()) {
      if (!text.empty() && !field.is_grade(text)) {
        throw InputError("{}: {} '{}' is none of {}", source, key, text,
                         join(field.grades(), ", "));
      }
      facts.grade = text;
    } else if (key == "diagnosis") {
      facts.diagnosis = text;
    } else if (key == "subclass") {
      facts.subclass = text;
    } else if (is_missing(text)) {
      continue;
    } else if (key == "age") {
      facts.age = age_in_words(text).value_or(text);
    } else if (key == "sex") {
      facts.sex = sex_in_words(text).value_or(text);
    } else {
      facts.site = text;
    }
  }
  if (facts.grade.empty() && facts.label) facts.grade = field.at(*facts.label).grade;
  return facts;
}

}  // namespace epicrisis::audit
