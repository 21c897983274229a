// links: text

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/text/tokenizers/wordpiece.h"

namespace {

using epicrisis::Encoding;
using epicrisis::WordPiece;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const WordPiece& tokenizer, std::string_view text) {
  const auto size = static_cast<std::int64_t>(tokenizer.size());
  const std::vector<std::int64_t> pieces = tokenizer.pieces(text);
  for (const std::int64_t id : pieces) require(id >= 0 && id < size);
  for (const std::size_t limit : {std::size_t{2}, std::size_t{7}, std::size_t{512}}) {
    const Encoding encoding = tokenizer.encode(text, limit);
    require(encoding.ids.size() >= 2 && encoding.ids.size() <= limit);
    require(encoding.ids.front() == tokenizer.first_id());
    require(encoding.ids.back() == tokenizer.last_id());
    const std::size_t kept = encoding.ids.size() - 2;
    require(kept + encoding.truncated_tokens == pieces.size());
    for (std::size_t i = 0; i < kept; ++i) require(encoding.ids[i + 1] == pieces[i]);
  }
}

const WordPiece& small(bool lowercase) {
  static const std::vector<std::string> kWords = {
      "[PAD]", "[UNK]",  "[CLS]",    "[SEP]",  "net", "##work", "##s", "a",
      "##a",   "\u00e9", "##\u4e00", "\u4e00", ".",   "-",      "x",   "##-"};
  static const WordPiece kLower = WordPiece::from_vocabulary(kWords, "words");
  epicrisis::WordPieceOptions options;
  options.lowercase = options.strip_accents = false;
  options.max_word = 5;
  static const WordPiece kCased = WordPiece::from_vocabulary(kWords, "words", options);
  return lowercase ? kLower : kCased;
}

}  // namespace

// By the first byte: a text, a vocabulary with a text in its last line, or a tokenizer.json.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const epicrisis::TemporaryFolder kFolder;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    switch (data[0] % 4) {
      case 0:
      case 1:
        check(small(data[0] % 4 == 0), text);
        break;
      case 2: {
        std::vector<std::string> words;
        std::string_view rest = text;
        for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos;) {
          words.emplace_back(rest.substr(0, end));
          rest.remove_prefix(end + 1);
        }
        check(WordPiece::from_vocabulary(words, "fuzz"), rest);
        break;
      }
      default: {
        const epicrisis::Path file = kFolder.path() / "tokenizer.json";
        std::filesystem::remove(file);  // shortening it makes some file systems flush it
        std::ofstream(file, std::ios::binary) << text;
        check(WordPiece::from_tokenizer_json(file), "a network, a \u00e9\u4e00x");
      }
    }
  } catch (const epicrisis::InputError&) {
    // A broken vocabulary, told as such.
  }
  return 0;
}
