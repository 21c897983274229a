#include "data/adapters/asked_grade.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "data/values.h"

namespace epicrisis {
namespace {

constexpr std::size_t kReach = 4;           // words from a denial to what it denies
constexpr std::size_t kShortestWithin = 5;  // bytes of a word that is looked for within another

enum class Asks { kNothing, kHighest, kLowest, kOther };

std::vector<std::string> words_of(std::string_view column) {
  std::vector<std::string> words = {""};
  for (const char c : fold_value(column)) {
    const bool is_letter = static_cast<unsigned char>(c) >= 0x80 || (c >= 'a' && c <= 'z');
    if (is_letter) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

Asks asked_by(const GradeWords& words, const std::string& grade) {
  return grade == words.yes ? Asks::kHighest : grade == words.no ? Asks::kLowest : Asks::kOther;
}

// "nonHIGH", "HIGHfree": what is left of the word denies.
bool left_denies(std::string_view before, std::string_view after) {
  return denies(before) || denies_in_name(before) || denies_in_name(after);
}

Asks asked_by_word(const GradeWords& words, const std::string& word) {
  const auto known = words.words.find(word);
  if (known != words.words.end()) return asked_by(words, known->second);
  if (asks_whether_well(word)) return Asks::kOther;
  // The longest within: "isHIGH", "LOWness".
  const std::string* longest = nullptr;
  Asks asks = Asks::kNothing;
  for (const auto& [spelling, grade] : words.words) {
    const std::size_t at = word.find(spelling);
    if (spelling.size() < kShortestWithin || at == std::string::npos) continue;
    if (longest != nullptr && spelling.size() <= longest->size()) continue;
    longest = &spelling;
    const std::string_view whole = word;
    asks = left_denies(whole.substr(0, at), whole.substr(at + spelling.size()))
               ? Asks::kOther
               : asked_by(words, grade);
  }
  return asks;
}

// Whether a denial stands before the word or close behind it.
bool is_denied(const std::vector<std::string>& words, std::size_t position) {
  const std::size_t begin = position > kReach ? position - kReach : 0;
  for (std::size_t i = begin; i < position; ++i) {
    if (denies(words[i]) || denies_in_name(words[i])) return true;
  }
  return position + 1 < words.size() && denies_in_name(words[position + 1]);
}

// Without the answers that are offered: "HIGH (yes/no)" denies nothing.
void drop_answers(std::vector<std::string>& words) {
  for (std::size_t i = 0; i + 1 < words.size();) {
    const std::optional<bool> one = yes_or_no(words[i]);
    const std::optional<bool> other = yes_or_no(words[i + 1]);
    if (one && other && *one != *other) {
      const auto first = words.begin() + static_cast<std::ptrdiff_t>(i);
      words.erase(first, first + 2);
    } else {
      ++i;
    }
  }
}

}  // namespace

bool asks_for_highest(const GradeWords& words, std::string_view column) {
  std::vector<std::string> parts = words_of(column);
  drop_answers(parts);
  std::vector<Asks> asked;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Asks asks = Asks::kNothing;
    if (i + 1 < parts.size()) {
      const auto known = words.words.find(parts[i] + " " + parts[i + 1]);
      if (known != words.words.end()) asks = asked_by(words, known->second);
    }
    if (asks == Asks::kNothing) {
      asks = asked_by_word(words, parts[i]);
      if (asks != Asks::kNothing && is_denied(parts, i)) asks = Asks::kOther;
    } else {
      ++i;
    }
    if (asks != Asks::kNothing) asked.push_back(asks);
  }
  if (asked.empty()) {
    // "no_OTHER": whatever the word is, it is denied.
    return parts.size() < 2 || !(denies(parts[0]) || denies_in_name(parts.back()));
  }
  const bool other = std::ranges::find(asked, Asks::kOther) != asked.end();
  return !other && asked.back() == Asks::kHighest;
}

}  // namespace epicrisis
