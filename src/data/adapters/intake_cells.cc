// What cells say: the findings, the modality and the grade of a draft.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "data/adapters/asked_grade.h"
#include "data/adapters/intake.h"
#include "data/sites.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/modalities.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxKnown = 10000;  // cells whose words are kept in memory
constexpr std::string_view kEitherSex =
    "sex in a letter that is the one in one language and the other in another, left out (say both in "
    "words)";

}  // namespace

std::string spoken(std::string_view label) {
  std::string words = ascii_lower(label);
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

void Intake::add_plain_finding(Draft& draft, std::string_view name, std::string_view value) {
  if (!is_missing(value)) add_words(draft, name, value);
}

void Intake::add_words(Draft& draft, std::string_view name, std::string_view words) {
  std::string text = clean_text(words, kMaxFindingValue);
  if (!text.empty())
    draft.sample.findings.push_back({clean_text(name, kMaxFindingName), std::move(text)});
}

bool Intake::add_given_words(Draft& draft, std::string_view name, std::string_view value) {
  const std::string* words = taxonomy_.words(name, value);
  if (words == nullptr) return is_missing(value);
  if (!words->empty()) add_words(draft, name, *words);
  return true;
}

void Intake::add_finding(Draft& draft, std::string_view name, std::string_view value) {
  if (add_given_words(draft, name, value)) return;
  const auto answers = only_answers_.find(name);
  const bool asks = answers != only_answers_.end() && answers->second;
  const std::optional<std::string> answer = asks ? answer_in_words(value) : std::nullopt;
  add_words(draft, name, answer.value_or(spoken(value)));
}

void Intake::see_finding(const std::string& name, std::string_view value) {
  if (is_missing(value)) return;
  bool& only_answers = only_answers_.emplace(name, true).first->second;
  only_answers = only_answers && answer_in_words(value).has_value();
}

bool Intake::says_no_number(const Draft& draft, std::string_view column, std::string_view value) {
  if (!taxonomy_.is_missing_number(value)) return false;
  warn_of_value(fmt::format("{} left out, as the number stands for none", column), draft.place,
                value);
  return true;
}

void Intake::add_age(Draft& draft, std::string_view value) {
  constexpr std::string_view kAge = "age";
  if (taxonomy_.words(kAge, value) == nullptr && says_no_number(draft, kAge, value)) return;
  if (add_given_words(draft, kAge, value)) return;
  if (const std::optional<std::string> words = age_in_words(value)) {
    add_words(draft, kAge, *words);
  } else if (parse_decimal(value)) {
    warn_of_value("age left out, as it is not from 0 to 120 years", draft.place, value, kAge);
  } else {
    warn_of_value("age that is no number of years", draft.place, value, kAge);
  }
}

void Intake::add_sex(Draft& draft, std::string_view value) {
  constexpr std::string_view kSex = "sex";
  const SexLetters::Says says = sexes_.says(value);
  // "U" may be uomo, and says nothing elsewhere.
  if (says == SexLetters::Says::kUsual || taxonomy_.words(kSex, value) != nullptr) {
    if (add_given_words(draft, kSex, value)) return;
  }
  if (says == SexLetters::Says::kEither) {
    warn_of_value(kEitherSex, draft.place, value, kSex);
  } else if (says != SexLetters::Says::kUsual) {
    add_words(draft, kSex, says == SexLetters::Says::kFemale ? "female" : "male");
  } else if (const std::optional<std::string> words = sex_in_words(value)) {
    add_words(draft, kSex, *words);
  } else {
    warn_of_value("sex of an unknown spelling", draft.place, value, kSex);
  }
}

void Intake::add_site(Draft& draft, std::string_view value) {
  constexpr std::string_view kSite = "site";
  if (add_given_words(draft, kSite, value) || says_no_site(value)) return;
  const std::string written = spoken(value);
  const std::optional<std::string>& known = known_words(sites_, written, site_in_words);
  if (!known) {
    warn_of_value("site that is not known, and stays as it is written", draft.place, value, kSite);
  }
  // What was not put into English must be English as a whole.
  if (known && *known == written) {
    const std::optional<std::string>& unread = known_words(
        unread_sites_, written,
        [](std::string_view site) { return std::optional(unread_words_of_site(site)); });
    if (unread && !unread->empty()) {
      warn_of_value("site of which a part is not known, and stays as it is written", draft.place,
                    value, kSite);
    }
  }
  add_words(draft, kSite, known.value_or(written));
}

const std::optional<std::string>& Intake::known_words(
    Known& known, const std::string& value,
    const std::function<std::optional<std::string>(std::string_view)>& words) {
  auto found = known.find(value);
  if (found == known.end()) {
    if (known.size() == kMaxKnown) known.clear();
    found = known.emplace(value, words(value)).first;
  }
  return found->second;
}

std::string Intake::modality_of(std::string_view place, std::string_view value) {
  constexpr std::string_view kModality = "modality";
  if (const std::string* given = taxonomy_.words(kModality, value)) return *given;
  if (is_missing(value)) return {};
  std::string written(value);
  const Field& field = taxonomy_.field();
  if (field.modalities().empty()) return written;
  const std::optional<std::string>& known = known_words(
      modalities_, written, [&](std::string_view cell) { return modality_in_words(field, cell); });
  if (known) return *known;
  warn_of_value("modality that is not known, and stays as it is written", place, value, kModality);
  return written;
}

void Intake::add_coded(Draft& draft, const CodedColumn& column, std::string_view value) {
  if (add_given_words(draft, column.finding, value)) return;
  if (const std::optional<std::string> words = coded_in_words(column, value)) {
    add_words(draft, column.finding, *words);
  } else {
    warn_of_value(fmt::format("{} that is none of 1 to {}", column.finding, column.values.size()),
                  draft.place, value, column.finding);
  }
}

void Intake::add_grade(Draft& draft, std::string_view column, std::string_view value) {
  const Field& field = taxonomy_.field();
  const GradeWords& words = field.grade_words();
  std::string& grade = draft.sample.grade;
  if (const std::string* given = taxonomy_.words(field.grade_name(), value)) {
    grade = *given;
    return;
  }
  const std::string folded = fold_value(value);
  if (const auto known = words.words.find(folded); known != words.words.end()) {
    grade = known->second;
    return;
  }
  if (words.open.contains(folded)) {
    draft.grade_cell = GradeCell::kOpen;
    return;
  }
  if (is_missing(value)) return;
  const bool is_code = grade_has_codes_ && parse_number(folded).has_value();
  const auto ticks = only_ticks_.find(column);
  const bool is_unsure = is_tick(folded) && (ticks == only_ticks_.end() || !ticks->second);
  const std::optional<bool> yes = is_code || is_unsure ? std::nullopt : yes_or_no(value);
  if (yes && !words.yes.empty() && !words.no.empty() && asks_for_highest(words, column)) {
    grade = *yes ? words.yes : words.no;
    if (!*yes) draft.grade_cell = GradeCell::kNo;
    return;
  }
  draft.grade_cell = GradeCell::kNotUnderstood;
  warn_of_value(field.grade_name() + " that is not understood", draft.place, value,
                field.grade_name());
}

void Intake::see_grade(const std::string& column, std::string_view value) {
  if (is_missing(value)) return;
  const std::optional<double> number = parse_number(trim(value));
  grade_has_codes_ = grade_has_codes_ || (number && *number != 0 && *number != 1);
  bool& only_ticks = only_ticks_.emplace(column, true).first->second;
  only_ticks = only_ticks && is_tick(fold_value(value));
}

bool Intake::says_no_grade(std::string_view value) const {
  return is_missing(value) && !taxonomy_.field().grade_words().open.contains(fold_value(value));
}

}  // namespace epicrisis
