#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"

namespace epicrisis {

// Words of a text as ids, for trained token embeddings. A word is a run of letters and digits,
// ASCII letters lower-cased.
class WordVocabulary {
 public:
  // The words that stand in at least `min_texts` of the texts, most frequent first (ties by
  // spelling), at most `max_words`; other words share `hash_buckets` ids by hash. UsageError
  // without a bucket.
  static WordVocabulary learn(std::span<const std::string> texts, std::size_t min_texts = 2,
                              std::size_t max_words = 20000, std::size_t hash_buckets = 64);
  std::size_t size() const;  // ids are below it
  // One id a word, in the text's order; none for a text without words.
  std::vector<std::int64_t> ids(std::string_view text) const;

  Json to_json() const;  // {"hash_buckets": n, "words": [...]}
  // InputError that names `source` for anything that to_json() does not write.
  static WordVocabulary from_json(const Json& json, std::string_view source);

 private:
  struct State;
  WordVocabulary() = default;
  static WordVocabulary make(std::vector<std::string> words, std::size_t buckets);
  std::shared_ptr<const State> state_;
};

}  // namespace epicrisis
