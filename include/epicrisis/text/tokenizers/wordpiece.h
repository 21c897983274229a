#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/text/tokenizers/tokenizer.h"

namespace epicrisis {

struct WordPieceOptions {
  bool lowercase = true;
  bool strip_accents = true;
  bool handle_chinese_chars = true;  // white space around each CJK ideograph
  std::size_t max_word = 100;        // a longer word (in characters) is [UNK]
};

// BERT's tokenizer: clean, space out ideographs, strip accents, lower-case, split at white space
// and punctuation, then the longest vocabulary entry from the left, "##" marking continuations
// (Devlin et al. 2019). Agrees with Hugging Face's BertTokenizer(do_lower_case) on every code point
// but 825 of 1,112,064: characters that Unicode gave a category after their tables were made, and
// ideographs U+2B820 to U+2B91F, which they take for letters. Immutable; may be shared by threads.
class WordPiece : public Tokenizer {
 public:
  // One entry a line; the line number is the id. InputError: no [CLS], [SEP] or [UNK], more than
  // 2^21 entries, an entry that stands twice.
  static WordPiece from_vocab_file(const Path& path, WordPieceOptions options = {});
  // Hugging Face tokenizer.json with a WordPiece model, a BertNormalizer, whose flags are taken,
  // and a BertPreTokenizer. InputError naming the key for any other kind. Its added tokens stay
  // text: "[SEP]" in a note is three pieces and more, never the special token.
  static WordPiece from_tokenizer_json(const Path& path);
  // tokenizer.json if the folder has one, else vocab.txt. InputError if it has neither.
  static WordPiece from_folder(const Path& folder);
  // `source` stands for the file in errors.
  static WordPiece from_vocabulary(const std::vector<std::string>& vocabulary,
                                   std::string_view source, WordPieceOptions options = {});

  // Invalid UTF-8 is read as U+FFFD, which is dropped. Cost: linear in the text for words of usual
  // length.
  std::vector<std::int64_t> pieces(std::string_view text) const override;

  std::size_t size() const override;
  std::string_view token(std::int64_t id) const;  // UsageError outside [0, size())
  std::int64_t first_id() const override;         // of [CLS]
  std::int64_t last_id() const override;          // of [SEP]
  std::int64_t padding_id() const override;       // of [PAD]; 0 if the vocabulary has none
  std::optional<std::int64_t> unknown_id() const override;  // of [UNK]

 private:
  struct State;
  explicit WordPiece(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace epicrisis
