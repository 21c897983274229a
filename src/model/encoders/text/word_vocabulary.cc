#include "epicrisis/model/encoders/text/word_vocabulary.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "text/unicode.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxVocabulary = std::size_t{1} << 22;

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  while (!text.empty()) {
    const auto character = unicode::decode(text);
    if (unicode::is_letter_or_digit(character.code)) {
      const bool upper = character.code >= 'A' && character.code <= 'Z';
      unicode::append(word, upper ? character.code - 'A' + 'a' : character.code);
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
    text.remove_prefix(character.length);
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

}  // namespace

struct WordVocabulary::State {
  std::unordered_map<std::string, std::int64_t> ids;
  std::vector<std::string> words;  // ids below words.size(), in order
  std::size_t buckets = 0;         // ids from words.size() on
};

WordVocabulary WordVocabulary::learn(std::span<const std::string> texts, std::size_t min_texts,
                                     std::size_t max_words, std::size_t hash_buckets) {
  std::map<std::string, std::size_t> counts;
  for (const std::string& text : texts) {
    const auto words = words_of(text);
    for (const std::string& word : std::unordered_set<std::string>(words.begin(), words.end())) {
      ++counts[word];
    }
  }
  std::vector<std::pair<std::string, std::size_t>> sorted;
  for (const auto& item : counts) {
    if (item.second >= min_texts) sorted.emplace_back(item);
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  sorted.resize(std::min(sorted.size(), max_words));
  std::vector<std::string> words;
  words.reserve(sorted.size());
  for (auto& item : sorted) words.push_back(std::move(item.first));
  return make(std::move(words), hash_buckets);
}

WordVocabulary WordVocabulary::make(std::vector<std::string> words, std::size_t buckets) {
  if (buckets == 0 || buckets > kMaxVocabulary || words.size() > kMaxVocabulary) {
    throw UsageError("A word vocabulary of {} words and {} buckets; 1 to {} buckets are allowed",
                     words.size(), buckets, kMaxVocabulary);
  }
  auto state = std::make_shared<State>();
  for (const std::string& word : words) {
    const auto id = static_cast<std::int64_t>(state->ids.size());
    if (!state->ids.emplace(word, id).second) {
      throw InputError("A word vocabulary has '{}' twice", word);
    }
  }
  state->words = std::move(words);
  state->buckets = buckets;
  WordVocabulary vocabulary;
  vocabulary.state_ = std::move(state);
  return vocabulary;
}

std::size_t WordVocabulary::size() const { return state_->words.size() + state_->buckets; }

std::vector<std::int64_t> WordVocabulary::ids(std::string_view text) const {
  std::vector<std::int64_t> ids;
  for (const std::string& word : words_of(text)) {
    const auto known = state_->ids.find(word);
    ids.push_back(
        known != state_->ids.end()
            ? known->second
            : static_cast<std::int64_t>(state_->words.size() + fnv1a(word) % state_->buckets));
  }
  return ids;
}

Json WordVocabulary::to_json() const {
  Json json;
  json["words"] = state_->words;
  json["hash_buckets"] = state_->buckets;
  return json;
}

WordVocabulary WordVocabulary::from_json(const Json& json, std::string_view source) {
  const auto buckets = json_get<std::int64_t>(json, "hash_buckets", source);
  const auto list = json_get<Json>(json, "words", source);
  if (!list.is_array() || buckets < 1) {
    throw InputError("{}: 'words' is no list or hash_buckets ({}) is not positive", source,
                     buckets);
  }
  std::vector<std::string> words;
  words.reserve(list.size());
  for (const Json& word : list) {
    if (!word.is_string()) throw InputError("{}: a word is {}", source, dump_json(word));
    words.push_back(word.get<std::string>());
    if (words_of(words.back()) != std::vector{words.back()}) {
      throw InputError("{}: '{}' is not one word in small letters", source, words.back());
    }
  }
  try {
    return make(std::move(words), static_cast<std::size_t>(buckets));
  } catch (const Error& error) {
    throw InputError("{}: {}", source, error.what());
  }
}

}  // namespace epicrisis
