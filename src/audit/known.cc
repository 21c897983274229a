#include "audit/known.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "epicrisis/core/strings.h"

namespace epicrisis::audit {
namespace {

constexpr double kOldest = 120;

bool holds_one_of(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(
      parts, [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

// A unit of ages: `length` of what a year has `in_a_year` of.
struct Unit {
  double length = 1;
  double in_a_year = 1;
};

constexpr double kMonths = 12;

Unit unit_of(std::string_view lower) {
  constexpr double kDays = 365.25;
  if (holds_one_of(lower, {"month"})) return {1, kMonths};
  if (holds_one_of(lower, {"week"})) return {7, kDays};
  if (holds_one_of(lower, {"day"})) return {1, kDays};
  return {};
}

}  // namespace

std::vector<ConceptMention> mentions_in(const ClaimWords& words, std::string_view text, Kind kind) {
  std::vector<ConceptMention> found = words.lexicon().mentions(text);
  std::erase_if(found, [&](const ConceptMention& mention) {
    return words.kind(mention.concept_index) != kind;
  });
  return found;
}

std::optional<ClassId> known_class(const Facts& facts, const ClaimWords& words) {
  if (facts.label) return facts.label;
  std::optional<ClassId> named;
  for (const std::string* text : {&facts.diagnosis, &facts.subclass}) {
    for (const ConceptMention& mention : mentions_in(words, *text, Kind::kDiagnosis)) {
      if (mention.negated) continue;
      const auto label = words.field().find_class(words.at(mention.concept_index).label);
      if (named && label != named) return std::nullopt;
      named = label;
    }
  }
  return named;
}

std::optional<Years> years_of(std::string_view text) {
  const std::vector<double> numbers = numbers_in(text);
  if (numbers.empty()) return std::nullopt;
  const std::string lower = ascii_lower(text);
  const Unit unit = unit_of(lower);
  const double first = numbers.front();
  const double step = unit.length / unit.in_a_year;
  const auto years = [&](double number) { return number * unit.length / unit.in_a_year; };
  if (numbers.size() > 1) {
    if (unit.in_a_year == kMonths && holds_one_of(lower, {"year"})) {
      const double months = first * kMonths + numbers.back();  // "1 year 3 months"
      return Years{months / kMonths, (months + 1) / kMonths};
    }
    const auto [least, most] = std::minmax(first, numbers.back());
    return Years{years(least), years(most + 1)};
  }
  if (holds_one_of(lower, {"+", ">", "\u2265", "older", "over", "above", "more"})) {
    return Years{years(first), kOldest + 1};
  }
  if (holds_one_of(lower, {"<", "\u2264", "younger", "under", "below", "less"})) {
    return Years{0, years(first + 1)};
  }
  if (step < 1) return Years{years(first), years(first + 1)};
  return Years{std::floor(first), std::ceil(first) + 1};
}

std::vector<double> numbers_in(std::string_view text) {
  std::vector<double> numbers;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_digit(text[i])) {
      ++i;
      continue;
    }
    double value = 0;
    const auto parsed = std::from_chars(text.data() + i, text.data() + text.size(), value);
    if (parsed.ec != std::errc()) break;
    numbers.push_back(value);
    i = static_cast<std::size_t>(parsed.ptr - text.data());
    // "45-49": the hyphen is no sign
  }
  return numbers;
}

std::vector<double> millimetres_in(std::string_view text) {
  constexpr double kMillimetresOfAnInch = 25.4;
  const std::string lower = ascii_lower(text);
  double unit = 1;
  if (holds_one_of(lower, {"cm", "centimet"})) unit = 10;
  if (holds_one_of(lower, {"inch"})) unit = kMillimetresOfAnInch;
  std::vector<double> numbers = numbers_in(text);
  for (double& number : numbers) number *= unit;
  return numbers;
}

}  // namespace epicrisis::audit
