#include "notes/strategy/repetition.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::size_t kLeastWords = 4;  // of a sentence that is looked at
constexpr std::size_t kOverAndOver = 4;

struct Sentence {
  std::string text;  // lower case, one space between words, without what ends it
  std::size_t words = 0;
};

std::vector<Sentence> sentences_of(std::string_view text) {
  std::vector<Sentence> sentences(1);
  bool inside = false;
  for (const char c : ascii_lower(text)) {
    const bool space = c == ' ' || c == '\t' || c == '\r';
    const bool end = c == '.' || c == '!' || c == '?' || c == '\n';
    Sentence& last = sentences.back();
    if (space || end) {
      inside = false;
      if (end && last.words > 0) sentences.emplace_back();
      continue;
    }
    if (!inside) {
      if (last.words > 0) last.text += ' ';
      ++last.words;
      inside = true;
    }
    last.text += c;
  }
  return sentences;
}

// Whether some few words are all that a long text has.
bool has_few_words(const std::vector<Sentence>& sentences) {
  constexpr std::size_t kLongText = 40;
  constexpr std::size_t kTimes = 8;  // that a word is said, in the mean
  std::set<std::string> different;
  std::size_t words = 0;
  for (const Sentence& sentence : sentences) {
    words += sentence.words;
    for (std::string& word : split(sentence.text, ' ')) different.insert(std::move(word));
  }
  return words >= kLongText && words >= kTimes * different.size();
}

}  // namespace

std::set<std::string, std::less<>> sentences_of_prompt(const Template& system,
                                                       const Template& user) {
  std::set<std::string, std::less<>> result;
  for (const std::string& part :
       {system.render({}), user.render({}), std::string(kPictureNotShown)}) {
    for (Sentence& sentence : sentences_of(part)) result.insert(std::move(sentence.text));
  }
  return result;
}

std::string repetition_fault(std::string_view text, const Strategy& strategy) {
  std::map<std::string, std::size_t, std::less<>> counts;
  const std::vector<Sentence> sentences = sentences_of(text);
  if (has_few_words(sentences)) return "it says the same over and over";
  std::size_t words = 0;
  for (const Sentence& sentence : sentences) {
    words += sentence.words;
    if (sentence.words >= kLeastWords) ++counts[sentence.text];
  }
  if (counts.empty()) return "";
  std::size_t echoed = 0;
  std::size_t repeated = 0;
  for (const Sentence& sentence : sentences) {
    const auto count = counts.find(sentence.text);
    if (count == counts.end()) continue;
    if (strategy.prompt_sentences.contains(sentence.text)) {
      echoed += sentence.words;
    } else if (count->second >= kOverAndOver) {
      repeated += sentence.words;
    }
  }
  if (2 * echoed > words) return "it says the prompt back";
  if (2 * (echoed + repeated) > words) return "it says the same over and over";
  return "";
}

}  // namespace epicrisis
