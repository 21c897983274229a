#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/text/tokenizers/tokenizer.h"

namespace epicrisis {

// Tokenizers of byte pairs (Sennrich et al. 2016) over bytes (Radford et al. 2019): words are cut
// by a pattern, a word's bytes become symbols, and neighbours are joined in the order of the list
// of merges. Agrees with Hugging Face's tokenizers, but for characters that Unicode gave a category
// after their tables were made.
class BytePair : public Tokenizer {
 public:
  enum class Kind {
    kClip,   // composed (NFC), white space is one, lower case, digits apart, "</w>" ends a word
    kBytes,  // as it stands, a space belongs to the word after it: GPT-2's, RoBERTa's
  };

  // Hugging Face tokenizer.json with a BPE model. InputError naming the key for any other kind, for
  // entries and merges that are none, and where the tokens that begin and end a text are missing.
  static BytePair from_tokenizer_json(const Path& path);
  // vocab.json, {token: id}, and merges.txt, a pair a line after an optional "#version" line. The
  // kind is told by the tokens that begin and end a text.
  static BytePair from_vocab_files(const Path& vocabulary, const Path& merges);
  // tokenizer.json if the folder has one, else vocab.json and merges.txt. InputError if it has
  // neither.
  static BytePair from_folder(const Path& folder);

  // Invalid UTF-8 is read as U+FFFD. Cost: n log n in the bytes of a word, linear in the words.
  std::vector<std::int64_t> pieces(std::string_view text) const override;

  std::size_t size() const override;
  std::int64_t first_id() const override;    // of <|startoftext|>, <s>
  std::int64_t last_id() const override;     // of <|endoftext|>, </s>
  std::int64_t padding_id() const override;  // of <pad>, else last_id()
  // None: every byte has a symbol.
  std::optional<std::int64_t> unknown_id() const override { return std::nullopt; }
  Kind kind() const;

 private:
  struct State;
  struct Source;
  static BytePair from(const Source& source);
  explicit BytePair(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace epicrisis
