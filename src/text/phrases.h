#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "epicrisis/text/words.h"

namespace epicrisis {

// What a phrase of the lexicon does.
struct Meaning {
  std::optional<std::size_t> concept_index;
  bool before = false, prefix = false, after = false, ends = false, link = false;
  bool briefly = false;  // of `before`: to the next comma
};

// Phrases by their words. Each word of a text is looked up once; from there on words are numbers.
class Phrases {
 public:
  using WordId = std::uint32_t;
  static constexpr WordId kUnknown = 0;

  // The number of a word of the text; kUnknown if no phrase holds it.
  WordId word_id(std::string_view folded) const {
    const auto found = word_ids_.find(folded);
    return found == word_ids_.end() ? kUnknown : found->second;
  }
  std::vector<WordId> word_ids(const std::vector<Word>& words) const;

  // `variant` is read as `word`, in phrases and in texts. Before any phrase is added that has it.
  // False if it has a number of its own already.
  bool add_spelling(std::string_view variant, std::string_view word);
  // The meaning of a phrase, made if it is new.
  Meaning& add(const std::vector<std::string>& words);
  const Meaning* find(const std::vector<std::string>& words) const;
  // Phrases that say the same as "not", and words that may stand anywhere in a phrase after it.
  void add_not(const std::vector<std::string>& words);
  void add_filler(std::string_view word);

  struct Match {
    std::size_t words = 0;  // 0: none
    const Meaning* meaning = nullptr;
  };
  // The longest phrase that begins at word `at`; `ids` are those of `words`.
  Match longest(const std::vector<Word>& words, const std::vector<WordId>& ids,
                std::size_t at) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  // What is known of a word by its number.
  struct Vocable {
    std::uint32_t first_step = 0;  // the node of phrases that begin with it; 0: none do
    bool filler = false;
    bool begins_not = false;
  };

  WordId intern(std::string_view word);
  // 0 if no phrase goes on from the node with the word.
  std::uint32_t step(std::uint32_t node, WordId word) const;
  Match walk(const std::vector<Word>& words, const std::vector<WordId>& ids, std::size_t at,
             std::size_t done, std::uint32_t node, bool skips_fillers) const;
  static std::uint64_t key(std::uint32_t node, WordId word) {
    return (std::uint64_t{node} << 32U) | word;
  }

  std::unordered_map<std::string, WordId, Hash, std::equal_to<>> word_ids_;
  std::vector<Vocable> vocables_ = std::vector<Vocable>(1);  // by WordId; 0 is the unknown word
  std::unordered_map<std::uint64_t, std::uint32_t> steps_;   // but for the first ones
  std::vector<std::optional<Meaning>> meanings_ = {std::nullopt};  // by node; 0 is the root
  std::vector<std::vector<WordId>> nots_;
  WordId not_ = kUnknown;
};

}  // namespace epicrisis
