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
  if (numbers.size() > 1) {
    const auto [least, most] = std::minmax(numbers.front(), numbers.back());
    return Years{least, most};
  }
  const double year = numbers.front();
  if (holds_one_of(lower, {"month", "week", "day"})) {
    constexpr double kMonths = 12;
    const double most = holds_one_of(lower, {"month"}) ? std::ceil(year / kMonths) : 1;
    return Years{0, most};
  }
  if (holds_one_of(lower, {"+", ">", "\u2265", "older", "over", "above", "more"})) {
    return Years{year, kOldest};
  }
  if (holds_one_of(lower, {"<", "\u2264", "younger", "under", "below", "less"})) {
    return Years{0, year};
  }
  return Years{std::floor(year), std::ceil(year)};
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
