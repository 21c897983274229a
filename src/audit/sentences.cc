#include "audit/sentences.h"

#include <algorithm>
#include <array>

#include "epicrisis/core/strings.h"

namespace epicrisis::audit {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_lower(static_cast<char>(c | 0x20)); }

// For each byte whether it is in brackets that close on the same line.
std::vector<bool> in_brackets(std::string_view text) {
  std::vector<int> change(text.size() + 1, 0);
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') open.clear();
    if (text[i] == '(' || text[i] == '[') open.push_back(i);
    if ((text[i] == ')' || text[i] == ']') && !open.empty()) {
      ++change[open.back()];
      --change[i];
      open.pop_back();
    }
  }
  std::vector<bool> inside(text.size(), false);
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    depth += change[i];
    inside[i] = depth > 0;
  }
  return inside;
}

// Whether the full stop at `stop` belongs to the word before it.
bool is_abbreviation(std::string_view text, std::size_t begin, std::size_t stop) {
  static constexpr std::array<std::string_view, 17> kWords = {
      "al",  "approx", "ca", "cf",   "dr",   "e.g", "fig", "i.e", "mr",
      "mrs", "ms",     "no", "prof", "resp", "st",  "viz", "vs"};
  std::size_t from = stop;
  while (from > begin && stop - from < 8 &&
         (is_letter(text[from - 1]) || is_digit(text[from - 1]) || text[from - 1] == '.')) {
    --from;
  }
  const std::string word = ascii_lower(text.substr(from, stop - from));
  if (std::ranges::find(kWords, word) != kWords.end()) {
    // "no." ends a sentence too, unless a number follows.
    return word != "no" || (stop + 2 < text.size() && is_digit(text[stop + 2]));
  }
  // "1." and "A." before what they count.
  return from == begin && stop - from <= 2 &&
         (word.size() == 1 || std::ranges::all_of(word, is_digit));
}

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

// Whether the sentence goes on over the end of the line at `at`.
bool goes_on(std::string_view text, std::size_t begin, std::size_t at) {
  std::size_t last = at;
  while (last > begin && is_space(text[last - 1])) --last;
  if (last == begin) return false;
  if (const char c = text[last - 1]; c == '.' || c == '!' || c == '?' || c == ':') return false;
  std::size_t next = at + 1;
  while (next < text.size() && text[next] != '\n' && is_space(text[next])) ++next;
  return next < text.size() && is_lower(text[next]);
}

// The end of the sentence that the full stop (or its like) at `at` ends, or `at` if it ends none.
std::size_t end_at_stop(std::string_view text, std::size_t begin, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && (text[end] == '.' || text[end] == '!' || text[end] == '?')) ++end;
  while (end < text.size()) {
    if (text[end] == '"' || text[end] == '\'' || text[end] == ')' || text[end] == ']' ||
        text[end] == '*' || text[end] == '_') {
      ++end;
    } else if (text.substr(end, 3) == "\xe2\x80\x9d" || text.substr(end, 3) == "\xe2\x80\x99") {
      end += 3;
    } else {
      break;
    }
  }
  if (end < text.size() && !is_space(text[end])) return at;
  const std::size_t next = skip_space(text, end);
  if (text[at] == '.' && next < text.size() && is_lower(text[next])) return at;
  if (text[at] == '.' && is_abbreviation(text, begin, at)) return at;
  return end;
}

// "Diagnosis:", "**Diagnosis:**"
bool is_heading(std::string_view sentence) {
  while (!sentence.empty() && (sentence.back() == '*' || sentence.back() == '_')) {
    sentence.remove_suffix(1);
  }
  return !sentence.empty() && sentence.back() == ':';
}

// "- a sharp border"
bool is_entry(std::string_view sentence) {
  return sentence.starts_with("- ") || sentence.starts_with("* ") ||
         sentence.starts_with("\xe2\x80\xa2");
}

std::size_t breaks_in(std::string_view gap) {
  return static_cast<std::size_t>(std::ranges::count(gap, '\n'));
}

}  // namespace

std::vector<Sentence> sentences_of(std::string_view text) {
  std::vector<Sentence> sentences;
  const std::vector<bool> bracketed = in_brackets(text);
  std::size_t begin = skip_space(text, 0);
  const auto close = [&](std::size_t end) {
    std::size_t last = end;
    while (last > begin && is_space(text[last - 1])) --last;
    if (last > begin) sentences.push_back({begin, last});
    begin = skip_space(text, end);
  };
  for (std::size_t i = begin; i < text.size();) {
    if (text[i] == '\n' && !goes_on(text, begin, i)) {
      close(i);
      i = begin;
      continue;
    }
    const bool stop = text[i] == '.' || text[i] == '!' || text[i] == '?';
    if (stop && !bracketed[i]) {
      if (const std::size_t end = end_at_stop(text, begin, i); end > i) {
        close(end);
        i = begin;
        continue;
      }
      // The other dots of a row end none either.
      while (i < text.size() && (text[i] == '.' || text[i] == '!' || text[i] == '?')) ++i;
      continue;
    }
    ++i;
  }
  close(text.size());
  return sentences;
}

std::string without_sentences(std::string_view text, const std::vector<Sentence>& sentences,
                              std::vector<bool>& gone) {
  const auto of = [&](std::size_t i) {
    return text.substr(sentences[i].begin, sentences[i].end - sentences[i].begin);
  };
  std::size_t next = sentences.size();  // the first that stays, from i - 1 on
  for (std::size_t i = sentences.size(); i > 1; --i) {
    if (!gone[i - 1]) next = i - 1;
    if (!gone[i - 1] || gone[i - 2] || !is_heading(of(i - 2))) continue;
    // Other entries of the list below it keep it.
    if (next == sentences.size() || !is_entry(of(i - 1)) || !is_entry(of(next))) gone[i - 2] = true;
  }
  std::string result;
  std::string_view gap;  // the widest since the last one that stays
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    if (i > 0) {
      const std::string_view before =
          text.substr(sentences[i - 1].end, sentences[i].begin - sentences[i - 1].end);
      if (gap.empty() || breaks_in(before) > breaks_in(gap)) gap = before;
    }
    if (gone[i]) continue;
    if (!result.empty()) result += gap;
    result += of(i);
    gap = {};
  }
  return result;
}

}  // namespace epicrisis::audit
