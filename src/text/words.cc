#include "epicrisis/text/words.h"

#include <algorithm>

#include "text/unicode.h"

namespace epicrisis {
namespace {

constexpr int kMaxDepth = 1000;

bool is_joiner(std::int32_t code) {
  switch (code) {
    case '-':
    case '/':
    case '\'':
    case ':':
    case 0x2010:  // hyphen
    case 0x2011:  // non-breaking hyphen
    case 0x2013:  // en dash
    case 0x2019:  // apostrophe
      return true;
    default:
      return unicode::is_white_space(code);
  }
}

// Gathers what stands between two words.
class Gap {
 public:
  void add(std::int32_t code, std::string_view rest, bool after_word) {
    if (code == '(' || code == '[') {
      word_.bracket = true;
      depth_ = std::min(depth_ + 1, kMaxDepth);
    } else if (code == ')' || code == ']') {
      word_.bracket = true;
      // One that closes nothing is the mark of a list: "A) Asymmetry".
      if (depth_ == 0) stop();
      depth_ = std::max(depth_ - 1, 0);
    } else if (code == ',') {
      word_.comma = true;
    } else if (code == ':') {
      word_.colon_depth = std::min(word_.colon_depth, depth_);
    } else if (code == ';' || code == '!' || code == '?' || code == '\n' || code == 0x2028 ||
               code == 0x2029 || (code == '.' && !(after_word && begins_word(rest)))) {
      stop();
    }
    if (code == ';') word_.semicolon = true;
    if (code == '\n') word_.line = true;
    word_.lowest_depth = std::min(word_.lowest_depth, depth_);
    // A line break parts clauses but not the words of a form.
    if (!is_joiner(code)) word_.joined = false;
  }

  // Starts the word that ends this gap; the next gap is empty.
  Word take() {
    Word word = std::move(word_);
    word.depth = depth_;
    word_ = Word();
    word_.joined = true;
    word_.lowest_depth = depth_;
    return word;
  }

 private:
  void stop() { word_.stop_depth = std::min(word_.stop_depth, depth_); }

  static bool begins_word(std::string_view rest) {
    return !rest.empty() && unicode::is_letter_or_digit(unicode::decode(rest).code);
  }

  Word word_;
  int depth_ = 0;
};

}  // namespace

std::vector<Word> split_words(std::string_view text) {
  std::vector<Word> words;
  Gap gap;
  bool in_word = false;
  for (std::size_t i = 0; i < text.size();) {
    // Most of a note is ASCII, which needs no tables.
    if (const char c = text[i];
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) {
      if (!in_word) {
        words.push_back(gap.take());
        words.back().begin = i;
        in_word = true;
      }
      words.back().folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      words.back().end = ++i;
      continue;
    }
    const unicode::Decoded character = unicode::decode(text.substr(i));
    const std::size_t next = i + character.length;
    if (unicode::is_letter_or_digit(character.code)) {
      if (!in_word) {
        words.push_back(gap.take());
        words.back().begin = i;
        in_word = true;
      }
      unicode::append_folded(words.back().folded, character.code);
      words.back().end = next;
    } else if (character.code == '\n' || !unicode::is_control(character.code)) {
      gap.add(character.code, text.substr(next), in_word);
      in_word = false;
    }
    i = next;
  }
  // A mark without a letter under it is no word.
  std::erase_if(words, [](const Word& word) { return word.folded.empty(); });
  return words;
}

}  // namespace epicrisis
