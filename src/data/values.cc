#include "data/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "data/resources.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "text/unicode.h"

namespace epicrisis {
namespace {

using Words = std::set<std::string, std::less<>>;

constexpr const char* kFile = "taxonomy/values/words.toml";
constexpr std::size_t kLongest = 200;  // bytes of a cell that is compared
constexpr double kOldest = 120;        // years

// ---- ages ----

// A cell as words, signs and numbers apart: "AGE_40_TO_49" as "age", "#", "to", "#" with 40 and 49.
struct AgeCell {
  std::vector<std::string> parts;
  std::vector<std::string> numbers;
};

AgeCell parts_of(std::string_view value) {
  constexpr std::string_view kSigns = "-<>=+~[]();#&";
  AgeCell cell;
  std::string text = fold_value(value);
  for (const auto& [sign, fraction] :
       {std::pair("\u00bd", " 1/2"), std::pair("\u00bc", " 1/4"), std::pair("\u00be", " 3/4")}) {
    const std::size_t at = text.find(sign);
    if (at != std::string::npos) text.replace(at, std::string_view(sign).size(), fraction);
  }
  // "[40, 50)": the comma is no decimal one.
  const std::string_view trimmed = trim(value);
  if (trimmed.starts_with('[') || trimmed.starts_with('(')) {
    text = ascii_lower(trimmed);
    std::replace(text.begin(), text.end(), ',', ';');
  }
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t begin = i;
    if (text[i] == ' ') {
      ++i;
    } else if (is_digit(text[i])) {
      while (i < text.size() && is_digit(text[i])) ++i;
      if (i + 1 < text.size() && (text[i] == '.' || text[i] == ',') && is_digit(text[i + 1])) {
        for (++i; i < text.size() && is_digit(text[i]);) ++i;
      }
      cell.numbers.push_back(text.substr(begin, i - begin));
      cell.parts.emplace_back("#");
    } else if (kSigns.find(text[i]) != std::string_view::npos) {
      cell.parts.push_back(text.substr(i++, 1));
    } else {
      while (i < text.size() && text[i] != ' ' && !is_digit(text[i]) &&
             kSigns.find(text[i]) == std::string_view::npos) {
        ++i;
      }
      std::string part = text.substr(begin, i - begin);
      // "ca. 45", as the words of the list are folded.
      if (part.size() > 1 && part.back() == '.' && part[part.size() - 2] != '.') part.pop_back();
      cell.parts.push_back(std::move(part));
    }
  }
  return cell;
}

std::string without(const std::vector<std::string>& parts, const Words& words) {
  std::string text;
  for (const std::string& part : parts) {
    if (!words.contains(part)) text += part;
  }
  return text;
}

enum class AgeForm { kExact, kDecade, kAtLeast, kOver, kUnder, kAtMost, kBetween };

// ---- the file ----

struct CommonWords {
  Words missing;
  Words codes;
  Words codes_among_codes;
  Words joined;
  std::set<double> missing_numbers;
  Words doubt;
  Words yes;
  Words no;
  Words ticks;
  std::map<std::string, std::string, std::less<>> answers;  // "yes" and "no" by their words
  Words denying;
  Words denying_names;
  Words well;
  std::map<std::string, std::string, std::less<>> sex;
  Words years;  // "years" and its spellings
  Words leave_out;
  Words joining;  // "and"
  Words newborn;
  std::map<std::string, Words> parts_of_years;  // "months" and its spellings
  std::map<std::string, AgeForm, std::less<>> ages;

  static Words folded(const TomlTable& table, std::string_view key) {
    Words words;
    for (const std::string& word : table.strings_or(key, {})) words.insert(fold_value(word));
    return words;
  }

  CommonWords() {
    const TomlTable file = TomlTable::parse(data_resources().get(kFile), kFile);
    missing = folded(file, "missing");
    codes = folded(file, "codes");
    codes_among_codes = folded(file, "codes_among_codes");
    joined = folded(file, "joined");
    for (const std::string& number : file.strings_or("missing_numbers", {})) {
      if (const std::optional<double> value = parse_decimal(number)) missing_numbers.insert(*value);
    }
    doubt = folded(file, "doubt");
    ticks = folded(file, "ticks");
    denying = folded(file, "denying");
    denying_names = folded(file, "denying_names");
    well = folded(file, "well");
    yes = folded(file, "yes");
    no = folded(file, "no");
    const TomlTable answer = file.table("answers");
    for (const std::string& word : folded(answer, "english")) answers.emplace(word, word);
    for (const char* one : {"yes", "no"}) {
      for (const std::string& word : folded(answer, one)) answers.emplace(word, one);
    }
    const TomlTable sexes = file.table("sex");
    for (const char* one : {"female", "male", "other"}) {
      for (const std::string& word : folded(sexes, one)) {
        sex.emplace(word, std::string_view(one) == "other" ? "" : one);
      }
    }
    const TomlTable age = file.table("age");
    years = folded(age, "years");
    leave_out = folded(age, "leave_out");
    leave_out.insert(years.begin(), years.end());
    joining = folded(age, "joining");
    newborn = folded(age, "newborn");
    for (const char* unit : {"months", "weeks", "days"}) parts_of_years[unit] = folded(age, unit);
    for (const auto& [key, form] :
         {std::pair("exact", AgeForm::kExact), std::pair("decade", AgeForm::kDecade),
          std::pair("at_least", AgeForm::kAtLeast), std::pair("over", AgeForm::kOver),
          std::pair("under", AgeForm::kUnder), std::pair("at_most", AgeForm::kAtMost),
          std::pair("between", AgeForm::kBetween)}) {
      for (const std::string& pattern : age.strings_or(key, {})) {
        ages.emplace(without(parts_of(pattern).parts, leave_out), form);
      }
    }
    file.finish();
  }
};

const CommonWords& common() {
  static const CommonWords kWords;
  return kWords;
}

std::optional<std::string> band_in_words(AgeForm form, double first, double last) {
  const std::string from = plain_number(first);
  switch (form) {
    case AgeForm::kExact:
      return from;
    case AgeForm::kDecade:
      if (std::fmod(first, 10) != 0) return std::nullopt;
      return fmt::format("{} to {}", from, plain_number(first + 9));
    case AgeForm::kAtLeast:
      return from + " or older";
    case AgeForm::kOver:
      return "over " + from;
    case AgeForm::kUnder:
      return "under " + from;
    case AgeForm::kAtMost:
      return from + " or younger";
    case AgeForm::kBetween:
      if (last <= first) return std::nullopt;
      return fmt::format("{} to {}", from, plain_number(last));
  }
  return std::nullopt;
}

// How many of a unit a year has; 1 for "years".
double in_a_year(std::string_view unit) {
  return unit == "months" ? 12 : unit == "weeks" ? 52 : unit == "days" ? 365 : 1;
}

// `number` of a unit, of which a year has `a_year`; as years from two years on.
std::optional<std::string> young_words(double number, const std::string& unit, double a_year) {
  if (number > kOldest * a_year) return std::nullopt;
  if (number >= 2 * a_year) return plain_number(std::floor(number / a_year));
  return fmt::format("{} {}", plain_number(number),
                     number == 1 ? unit.substr(0, unit.size() - 1) : unit);
}

// "1 year and 3 months": 15 months.
std::optional<std::string> years_and_months(const AgeCell& cell, const Words& left_out) {
  constexpr double kMonths = 12;
  if (cell.numbers.size() != 2 || without(cell.parts, left_out) != "##") return std::nullopt;
  const auto second =
      std::find(std::next(std::ranges::find(cell.parts, "#")), cell.parts.end(), "#");
  const auto names_months = [](const std::string& part) {
    return common().parts_of_years.at("months").contains(part);
  };
  const bool months_last = std::none_of(cell.parts.begin(), second, names_months) &&
                           *std::prev(second) != "#" &&
                           std::any_of(second, cell.parts.end(), names_months);
  const std::optional<double> years = parse_decimal(cell.numbers.front());
  const std::optional<double> months = parse_decimal(cell.numbers.back());
  if (!months_last || !years || !months || *months >= kMonths) return std::nullopt;
  return young_words(*years * kMonths + *months, "months", kMonths);
}

// "6 months", "18-month-old".
std::optional<std::string> young_age(const AgeCell& cell) {
  for (const auto& part_of_year : common().parts_of_years) {
    const auto& [unit, spellings] = part_of_year;
    Words left_out = spellings;
    left_out.insert(common().leave_out.begin(), common().leave_out.end());
    const bool named = std::ranges::any_of(
        cell.parts, [&](const std::string& part) { return part_of_year.second.contains(part); });
    if (!named) continue;
    left_out.insert(common().joining.begin(), common().joining.end());
    if (unit == "months") {
      if (auto both = years_and_months(cell, left_out)) return both;
    }
    const std::string left = without(cell.parts, left_out);
    if (cell.numbers.size() != 1 || (left != "#" && left != "#-" && left != "#--")) continue;
    const std::optional<double> number = parse_decimal(cell.numbers.front());
    return number ? young_words(*number, unit, in_a_year(unit)) : std::nullopt;
  }
  return std::nullopt;
}

// "years", "months", "weeks", "days" for a spelling of these, "" for another word.
std::string_view unit_of(const std::string& part) {
  if (common().years.contains(part)) return "years";
  for (const auto& [unit, spellings] : common().parts_of_years) {
    if (spellings.contains(part)) return unit;
  }
  return "";
}

// The unit of each number: what is named behind it, else that of the next; "" for none.
std::vector<std::string_view> units_of(const AgeCell& cell) {
  std::vector<std::string_view> units;
  std::string_view behind;
  for (auto part = cell.parts.rbegin(); part != cell.parts.rend(); ++part) {
    if (*part == "#") {
      units.insert(units.begin(), behind);
    } else if (const std::string_view unit = unit_of(*part); !unit.empty()) {
      behind = unit;
    }
  }
  return units;
}

// "6-9 months", "< 6 weeks", "6 months to 2 years" (6 to 24 months): bands in parts of a year.
std::optional<std::string> young_band(const AgeCell& cell) {
  std::string left;
  for (const std::string& part : cell.parts) {
    const bool counts = unit_of(part).empty() && !common().leave_out.contains(part) &&
                        !common().newborn.contains(part);
    if (counts) left += part;
  }
  const auto form = common().ages.find(left);
  const bool is_band = form != common().ages.end() && form->second != AgeForm::kDecade;
  if (!is_band || left == "##") return std::nullopt;  // "3 months 1 year" is none
  const std::vector<std::string_view> units = units_of(cell);
  // Months and weeks in one band are no whole numbers of each other.
  const std::string_view unit = units.front() == "years" ? units.back() : units.front();
  if (unit.empty() || unit == "years") return std::nullopt;
  std::vector<double> numbers;
  bool is_of_years = true;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const std::optional<double> number = parse_decimal(cell.numbers[i]);
    if (!number || (units[i] != unit && units[i] != "years")) return std::nullopt;
    numbers.push_back(*number * in_a_year(unit) / in_a_year(units[i]));
    if (numbers.back() > kOldest * in_a_year(unit)) return std::nullopt;
    is_of_years = is_of_years && numbers.back() >= 2 * in_a_year(unit) &&
                  std::fmod(numbers.back(), in_a_year(unit)) == 0;
  }
  if (is_of_years) {
    return band_in_words(form->second, numbers.front() / in_a_year(unit),
                         numbers.back() / in_a_year(unit));
  }
  std::optional<std::string> words = band_in_words(form->second, numbers.front(), numbers.back());
  if (!words) return std::nullopt;
  // "6 months or older", "6 to 9 months"
  const std::size_t before = words->find(" or ");
  const bool one = numbers.back() == 1;
  words->insert(std::min(before, words->size()),
                fmt::format(" {}", one ? unit.substr(0, unit.size() - 1) : unit));
  return words;
}

// "2 1/2": 2.5.
std::optional<std::string> with_fraction(const AgeCell& cell) {
  if (cell.numbers.size() != 3 || without(cell.parts, common().leave_out) != "##/#") {
    return std::nullopt;
  }
  const std::optional<double> whole = parse_decimal(cell.numbers[0]);
  const std::optional<double> part = parse_decimal(cell.numbers[1]);
  const std::optional<double> parts = parse_decimal(cell.numbers[2]);
  if (!whole || !part || !parts || *whole >= kOldest || *part >= *parts) return std::nullopt;
  return plain_number(*whole + *part / *parts);
}

// ---- numbers with words ----

// What all values begin with, up to a space: "Fitzpatrick ".
std::size_t common_start(const std::vector<std::string>& values) {
  std::size_t length = values.front().size();
  for (const std::string& value : values) {
    std::size_t same = 0;
    while (same < std::min(length, value.size()) && value[same] == values.front()[same]) ++same;
    length = same;
  }
  const std::size_t space = std::string_view(values.front()).substr(0, length).rfind(' ');
  return space == std::string_view::npos ? 0 : space + 1;
}

std::string_view without_prefixes(const CodedColumn& column, std::string_view text) {
  text = trim(text);
  for (bool again = true; again;) {
    again = false;
    for (const std::string& prefix : column.prefixes) {
      const std::string folded = fold_value(prefix);
      if (text.size() <= folded.size() || !text.starts_with(folded)) continue;
      text.remove_prefix(folded.size());
      // "Type: 3", "FST-3"
      text.remove_prefix(std::min(text.find_first_not_of(" :#-."), text.size()));
      again = true;
    }
  }
  return text;
}

// The position of a value that stands alone; empty: none.
std::optional<std::size_t> position_alone(const CodedColumn& column, std::string_view text) {
  text = without_prefixes(column, text);
  const std::size_t start = column.values.size() > 1 ? common_start(column.values) : 0;
  const std::optional<double> number = parse_decimal(text);
  for (std::size_t i = 0; i < column.values.size(); ++i) {
    const std::string& value = column.values[i];
    if (number ? *number == static_cast<double>(i + 1)
               : text == fold_value(value) || text == fold_value(value.substr(start))) {
      return i;
    }
  }
  return std::nullopt;
}

// Of "ii fair, burns" and "iii (3)": a value in its own words, and behind it words that say neither
// another one nor doubt.
std::optional<std::size_t> position_before_words(const CodedColumn& column, std::string_view text) {
  constexpr std::string_view kBetween = " ,;:()./-";
  text = without_prefixes(column, text);
  const std::size_t end = text.find_first_of(" ,;:(");
  if (end == std::string_view::npos || parse_decimal(text.substr(0, end))) return std::nullopt;
  const std::optional<std::size_t> position = position_alone(column, text.substr(0, end));
  std::string_view rest = text.substr(end);
  if (!position || is_missing(rest)) return std::nullopt;
  while (!rest.empty()) {
    const std::size_t size = std::min(rest.find_first_of(kBetween), rest.size());
    const std::string_view word = rest.substr(0, size);
    const std::optional<std::size_t> other = position_alone(column, word);
    const bool has_digit = std::ranges::any_of(word, is_digit);
    if (other ? *other != *position : has_digit || common().doubt.contains(word)) {
      return std::nullopt;
    }
    rest.remove_prefix(std::min(size + 1, rest.size()));
  }
  return position;
}

std::optional<std::size_t> coded_position(const CodedColumn& column, std::string_view text) {
  const std::optional<std::size_t> alone = position_alone(column, text);
  return alone ? alone : position_before_words(column, text);
}

// "34" and "34.0" as 3 and 4, where no value has two digits.
std::optional<std::pair<std::string, std::string>> pair_of(const CodedColumn& column,
                                                           std::string_view text) {
  for (const char* between :
       {" or ", " to ", " and ", "-", "–", "—", "/", "&", "+", "|", ",", ";"}) {
    const std::size_t at = text.find(between, 1);
    if (at == std::string_view::npos) continue;
    return std::pair(std::string(text.substr(0, at)),
                     std::string(text.substr(at + std::string_view(between).size())));
  }
  const std::optional<double> number = parse_decimal(without_prefixes(column, text));
  if (!number || column.values.size() >= 10 || *number < 12 || *number > 99 ||
      *number != std::floor(*number)) {
    return std::nullopt;
  }
  const std::string digits = plain_number(*number);
  return std::pair(digits.substr(0, 1), digits.substr(1));
}

bool says_nothing(std::string_view part) { return common().missing.contains(fold_value(part)); }

// "N/A (not applicable)", "none / unknown", "NA - not available", "unknown!": each part is in the
// list.
bool says_nothing_twice(std::string_view folded) {
  // Nearly every cell is one part, which was looked up already.
  if (folded.find_first_of("()[]{}<>\"':;!?,/.") == std::string_view::npos &&
      folded.find(" - ") == std::string_view::npos) {
    return false;
  }
  bool any = false;
  std::string_view rest = folded;
  while (!rest.empty()) {
    const std::size_t dash = rest.find(" - ");
    const std::size_t size = std::min({rest.find_first_of("()[]:;!?,"), dash, rest.size()});
    const std::string part(trim(rest.substr(0, size)));
    if (!part.empty() && !says_nothing(part) &&
        !std::ranges::all_of(split(part, '/'), says_nothing)) {
      return false;
    }
    any = any || !part.empty();
    rest.remove_prefix(std::min(size + (size == dash ? 3 : 1), rest.size()));
  }
  return any;
}

// "None None", "nan nan nan", "nan None".
bool says_nothing_again(std::string_view folded) {
  const std::vector<std::string> words = split(folded, ' ');
  if (words.size() < 2) return false;
  const bool same = std::ranges::all_of(words, [&](const auto& word) { return word == words[0]; });
  if (same) return says_nothing(words[0]);
  return std::ranges::all_of(
      words, [](const std::string& word) { return common().joined.contains(fold_value(word)); });
}

}  // namespace

std::string fold_value(std::string_view value) {
  const std::string clean = clean_text(value, kLongest);
  std::string folded;
  for (std::string_view rest = clean; !rest.empty();) {
    const unicode::Decoded one = unicode::decode(rest);
    // Of the same width as ASCII's, in which Chinese and Japanese tables may have them.
    const bool is_wide = one.code > 0xFF00 && one.code < 0xFF5F;
    unicode::append_folded(folded, is_wide ? one.code - 0xFEE0 : one.code);
    rest.remove_prefix(one.length);
  }
  std::replace(folded.begin(), folded.end(), '_', ' ');
  std::string_view text = trim(folded);
  const auto is_around = [&](char open, char close) {
    return text.size() >= 2 && text.front() == open && text.back() == close;
  };
  while (is_around('(', ')') || is_around('[', ']') || is_around('<', '>') || is_around('{', '}') ||
         is_around('"', '"') || is_around('\'', '\'')) {
    text = trim(text.substr(1, text.size() - 2));
  }
  if (text.size() > 1 && text.back() == '.' && text[text.size() - 2] != '.') text.remove_suffix(1);
  return clean_text(text, kLongest);  // folds the spaces that were '_'
}

bool is_missing(std::string_view value) {
  if (value.size() > kLongest) return false;
  const std::string folded = fold_value(value);
  return folded.empty() || common().missing.contains(folded) || says_nothing_twice(folded) ||
         says_nothing_again(folded);
}

bool may_be_code(std::string_view value, bool among_codes) {
  const std::string folded = ascii_lower(trim(value));  // "<NA>" is none
  return common().codes.contains(folded) ||
         (among_codes && common().codes_among_codes.contains(folded));
}

bool is_like_code(std::string_view value) {
  constexpr std::size_t kLongestCode = 5;
  const std::string folded = ascii_lower(trim(value));
  if (may_be_code(value, true)) return true;
  return !folded.empty() && folded.size() <= kLongestCode &&
         std::ranges::all_of(folded,
                             [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); }) &&
         !common().joined.contains(folded);
}

bool is_missing_number(std::string_view value) {
  if (value.size() > kLongest) return false;
  const std::optional<double> number = parse_decimal(fold_value(value));
  return number && common().missing_numbers.contains(*number);
}

bool is_tick(std::string_view folded) { return common().ticks.contains(folded); }

bool denies(std::string_view folded) { return common().denying.contains(folded); }

bool denies_in_name(std::string_view folded) { return common().denying_names.contains(folded); }

bool asks_whether_well(std::string_view folded) { return common().well.contains(folded); }

std::optional<bool> yes_or_no(std::string_view value) {
  const std::string folded = fold_value(value);
  if (common().yes.contains(folded)) return true;
  if (common().no.contains(folded)) return false;
  const std::optional<double> number = parse_number(folded);
  if (number && *number == 1) return true;
  if (number && *number == 0) return false;
  return std::nullopt;
}

std::optional<std::string> answer_in_words(std::string_view value) {
  const auto position = common().answers.find(fold_value(value));
  if (position == common().answers.end()) return std::nullopt;
  return position->second;
}

std::optional<std::string> sex_in_words(std::string_view value) {
  const auto position = common().sex.find(fold_value(value));
  if (position == common().sex.end()) return std::nullopt;
  return position->second;
}

std::optional<std::string> age_in_words(std::string_view value) {
  if (value.size() > kLongest) return std::nullopt;
  const AgeCell cell = parts_of(value);
  if (cell.numbers.empty()) {
    std::string left;
    for (const std::string& part : cell.parts) {
      if (!common().leave_out.contains(part)) left += (left.empty() ? "" : " ") + part;
    }
    if (common().newborn.contains(left)) return "0";
    // "old" alone is no age, "age unknown" says nothing.
    const bool says_nothing = cell.parts.empty() || (!left.empty() && is_missing(left));
    return says_nothing ? std::optional<std::string>("") : std::nullopt;
  }
  if (std::optional<std::string> young = young_age(cell)) return young;
  if (std::optional<std::string> broken = with_fraction(cell)) return broken;
  if (std::optional<std::string> band = young_band(cell)) return band;
  const auto form = common().ages.find(without(cell.parts, common().leave_out));
  if (form == common().ages.end()) return std::nullopt;
  const std::optional<double> first = parse_decimal(cell.numbers.front());
  const std::optional<double> last = parse_decimal(cell.numbers.back());
  if (!first || !last || *first > kOldest || *last > kOldest) return std::nullopt;
  return band_in_words(form->second, *first, *last);
}

std::optional<std::string> coded_in_words(const CodedColumn& column, std::string_view value) {
  const std::string folded = fold_value(value);
  if (is_missing(folded) || is_missing(without_prefixes(column, folded))) return "";
  const std::optional<double> number = parse_number(folded);
  for (const std::string& nothing : column.missing) {
    if (folded == fold_value(nothing) || (number && number == parse_number(nothing))) return "";
  }
  if (const auto one = coded_position(column, folded)) return column.values[*one];
  const auto two = pair_of(column, folded);
  if (!two) return std::nullopt;
  const auto first = coded_position(column, two->first);
  const auto second = coded_position(column, two->second);
  if (!first || !second || *second != *first + 1) return std::nullopt;
  return fmt::format("{} or {}", column.values[*first],
                     column.values[*second].substr(common_start(column.values)));
}

std::optional<double> parse_decimal(std::string_view text) {
  text = trim(text);
  if (const std::optional<double> number = parse_number(text)) return number;
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const std::string_view after = text.substr(comma + 1);
  const std::string_view before = text.substr(0, comma);
  const bool thousands = after.size() == 3 && before != "0" && before != "-0";
  if (after.empty() || thousands || !std::ranges::all_of(after, is_digit)) return std::nullopt;
  return parse_number(std::string(before) + "." + std::string(after));
}

std::string plain_number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) {
    return std::to_string(static_cast<long long>(value));
  }
  return fmt::format("{:g}", value);
}

}  // namespace epicrisis
