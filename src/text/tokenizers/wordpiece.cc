#include "epicrisis/text/tokenizers/wordpiece.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <functional>
#include <unordered_map>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "text/unicode.h"

namespace epicrisis {

struct WordPiece::State {
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Table = std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>>;
  std::vector<std::string> vocabulary;
  Table first;              // pieces that start a word
  Table continuation;       // those after "##", without it
  std::size_t longest = 0;  // bytes of the longest piece
  std::int64_t cls = 0, sep = 0, unknown = 0, padding = 0;
  WordPieceOptions options;
};

namespace {

constexpr std::size_t kMaxVocabulary = std::size_t{1} << 21;
constexpr std::uint64_t kMaxVocabularyFile = std::uint64_t{256} << 20;

std::int64_t find_special(const std::vector<std::string>& vocabulary, std::string_view token,
                          std::string_view source) {
  const auto found = std::ranges::find(vocabulary, token);
  if (found == vocabulary.end()) throw InputError("{}: the vocabulary has no {}", source, token);
  return found - vocabulary.begin();
}

// Splits normalised text into words and punctuation marks and hands each to `word` with its number
// of characters.
class WordSplitter {
 public:
  WordSplitter(const WordPieceOptions& options,
               const std::function<void(std::string_view, std::size_t)>& word)
      : options_(options), word_(word) {}

  void run(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size()) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if (byte < 0x80) {
        ascii(static_cast<char>(byte));
        ++i;
      } else {
        i += wide(text.substr(i));
      }
    }
    flush();
  }

 private:
  void ascii(char c) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      flush();
    } else if (c < 0x20 || c == 0x7f) {
      return;  // control characters vanish and do not end the word
    } else if (unicode::is_punctuation(static_cast<unsigned char>(c))) {
      flush();
      word_(std::string_view(&c, 1), 1);
    } else {
      buffer_ += options_.lowercase && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      ++characters_;
    }
  }

  std::size_t wide(std::string_view rest) {
    const unicode::Decoded decoded = unicode::decode(rest);
    const std::int32_t c = decoded.code;
    if (c == 0xfffd || unicode::is_control(c)) return decoded.length;
    if (unicode::is_white_space(c)) {
      flush();
    } else if (options_.handle_chinese_chars && unicode::is_ideograph(c)) {
      flush();
      normalise(c);
      flush();
    } else {
      normalise(c);
    }
    return decoded.length;
  }

  // Accents go by canonical decomposition; what remains is lower-cased and may be punctuation.
  void normalise(std::int32_t c) {
    if (!options_.strip_accents) {
      put(options_.lowercase ? utf8proc_tolower(c) : c);
      return;
    }
    std::array<std::int32_t, 32> parts{};
    int last_boundary = UTF8PROC_BOUNDCLASS_START;
    const auto count =
        utf8proc_decompose_char(c, parts.data(), static_cast<std::ptrdiff_t>(parts.size()),
                                UTF8PROC_DECOMPOSE, &last_boundary);
    for (std::ptrdiff_t i = 0; i < std::min<std::ptrdiff_t>(count, std::ssize(parts)); ++i) {
      const std::int32_t part = parts[static_cast<std::size_t>(i)];
      if (utf8proc_category(part) == UTF8PROC_CATEGORY_MN) continue;
      put(options_.lowercase ? utf8proc_tolower(part) : part);
    }
  }

  void put(std::int32_t c) {
    if (c < 0x80 && (c == ' ' || c < 0x20)) {
      flush();
      return;
    }
    if (unicode::is_punctuation(c)) {
      flush();
      unicode::append(buffer_, c);
      characters_ = 1;
      flush();
      return;
    }
    unicode::append(buffer_, c);
    ++characters_;
  }

  void flush() {
    if (!buffer_.empty()) word_(buffer_, characters_);
    buffer_.clear();
    characters_ = 0;
  }

  const WordPieceOptions& options_;
  const std::function<void(std::string_view, std::size_t)>& word_;
  std::string buffer_;
  std::size_t characters_ = 0;
};

bool is_boundary(std::string_view text, std::size_t i) {
  return i == text.size() || (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80U;
}

bool flag_of(const Json& normalizer, const char* key, bool fallback) {
  const auto found = normalizer.find(key);
  return found == normalizer.end() || !found->is_boolean() ? fallback : found->get<bool>();
}

// `part` of a tokenizer.json must be an object of this type: a tokenizer of another kind, or
// without that step, would give other ids.
void expect_type(const Json& part, std::string_view name, std::string_view type,
                 std::string_view source) {
  if (!part.is_object()) {
    throw InputError("{}: {} is {}, only '{}' is read", source, name, part.type_name(), type);
  }
  const std::string found = json_get<std::string>(part, "type", source);
  if (found != type) {
    throw InputError("{}: {}.type is '{}', only '{}' is read", source, name, found, type);
  }
}

}  // namespace

WordPiece WordPiece::from_vocabulary(const std::vector<std::string>& vocabulary,
                                     std::string_view source, WordPieceOptions options) {
  if (vocabulary.size() > kMaxVocabulary) {
    throw InputError("{}: {} entries, at most {} are read", source, vocabulary.size(),
                     kMaxVocabulary);
  }
  auto state = std::make_shared<State>();
  state->vocabulary = vocabulary;
  state->options = options;
  for (std::size_t id = 0; id < vocabulary.size(); ++id) {
    const std::string& entry = vocabulary[id];
    const bool continues = entry.size() > 2 && entry.starts_with("##");
    auto& table = continues ? state->continuation : state->first;
    const std::string piece = continues ? entry.substr(2) : entry;
    if (!table.emplace(piece, static_cast<std::int64_t>(id)).second) {
      throw InputError("{}:{}: '{}' stands twice in the vocabulary", source, id + 1, entry);
    }
    state->longest = std::max(state->longest, piece.size());
  }
  state->cls = find_special(vocabulary, "[CLS]", source);
  state->sep = find_special(vocabulary, "[SEP]", source);
  state->unknown = find_special(vocabulary, "[UNK]", source);
  const auto padding = std::ranges::find(vocabulary, "[PAD]");
  state->padding = padding == vocabulary.end() ? 0 : padding - vocabulary.begin();
  return WordPiece(std::move(state));
}

WordPiece WordPiece::from_vocab_file(const Path& path, WordPieceOptions options) {
  const std::string text = read_file(path, kMaxVocabularyFile);
  std::vector<std::string> vocabulary;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    std::string entry = text.substr(begin, end - begin);
    if (!entry.empty() && entry.back() == '\r') entry.pop_back();
    vocabulary.push_back(std::move(entry));
    begin = end + 1;
  }
  return from_vocabulary(vocabulary, path.string(), options);
}

WordPiece WordPiece::from_tokenizer_json(const Path& path) {
  const std::string source = path.string();
  const Json root = parse_json(read_file(path, kMaxVocabularyFile), source);
  const Json model = json_get<Json>(root, "model", source);
  const std::string type = json_get_or<std::string>(model, "type", "WordPiece", source);
  if (type != "WordPiece")
    throw InputError("{}: model.type is '{}', only 'WordPiece' is read", source, type);
  const std::string prefix =
      json_get_or<std::string>(model, "continuing_subword_prefix", "##", source);
  if (prefix != "##")
    throw InputError("{}: continuing_subword_prefix is '{}', not '##'", source, prefix);
  WordPieceOptions options;
  options.max_word = static_cast<std::size_t>(std::clamp<std::int64_t>(
      json_get_or<std::int64_t>(model, "max_input_chars_per_word", 100, source), 1, 100000));
  const Json normalizer = json_get<Json>(root, "normalizer", source);
  expect_type(normalizer, "normalizer", "BertNormalizer", source);
  options.lowercase = flag_of(normalizer, "lowercase", true);
  options.strip_accents = flag_of(normalizer, "strip_accents", options.lowercase);
  options.handle_chinese_chars = flag_of(normalizer, "handle_chinese_chars", true);
  if (!flag_of(normalizer, "clean_text", true)) {
    throw InputError("{}: normalizer.clean_text is false, only true is read", source);
  }
  expect_type(json_get<Json>(root, "pre_tokenizer", source), "pre_tokenizer", "BertPreTokenizer",
              source);
  const std::string unknown = json_get_or<std::string>(model, "unk_token", "[UNK]", source);
  if (unknown != "[UNK]") {
    throw InputError("{}: model.unk_token is '{}', only '[UNK]' is read", source, unknown);
  }
  const Json vocab = json_get<Json>(model, "vocab", source);
  if (!vocab.is_object()) throw InputError("{}: model.vocab is not an object", source);
  if (vocab.size() > kMaxVocabulary)
    throw InputError("{}: model.vocab has {} entries", source, vocab.size());
  std::vector<std::string> vocabulary(vocab.size());
  std::vector<bool> seen(vocab.size());
  for (const auto& [token, id] : vocab.items()) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= vocab.size() ||
        seen[id.get<std::size_t>()]) {
      throw InputError("{}: model.vocab gives '{}' the id {}; ids must be 0 to {}, each once",
                       source, token, dump_json(id), vocab.size() - 1);
    }
    seen[id.get<std::size_t>()] = true;
    vocabulary[id.get<std::size_t>()] = token;
  }
  return from_vocabulary(vocabulary, source, options);
}

WordPiece WordPiece::from_folder(const Path& folder) {
  if (std::filesystem::exists(folder / "tokenizer.json"))
    return from_tokenizer_json(folder / "tokenizer.json");
  if (std::filesystem::exists(folder / "vocab.txt")) return from_vocab_file(folder / "vocab.txt");
  throw InputError("{}: neither tokenizer.json nor vocab.txt", folder.string());
}

std::vector<std::int64_t> WordPiece::pieces(std::string_view text) const {
  std::vector<std::int64_t> ids;
  const State& state = *state_;
  const std::function<void(std::string_view, std::size_t)> add = [&](std::string_view word,
                                                                     std::size_t characters) {
    if (characters > state.options.max_word) {
      ids.push_back(state.unknown);
      return;
    }
    const std::size_t start_of_word = ids.size();
    std::size_t begin = 0;
    while (begin < word.size()) {
      const State::Table& table = begin == 0 ? state.first : state.continuation;
      std::size_t end = std::min(word.size(), begin + state.longest);
      for (; end > begin; --end) {
        if (!is_boundary(word, end)) continue;
        const auto found = table.find(word.substr(begin, end - begin));
        if (found != table.end()) {
          ids.push_back(found->second);
          break;
        }
      }
      if (end == begin) {  // no piece fits: the whole word is unknown
        ids.resize(start_of_word);
        ids.push_back(state.unknown);
        return;
      }
      begin = end;
    }
  };
  WordSplitter(state.options, add).run(text);
  return ids;
}

std::size_t WordPiece::size() const { return state_->vocabulary.size(); }

std::string_view WordPiece::token(std::int64_t id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= state_->vocabulary.size()) {
    throw UsageError("WordPiece::token: id {} is outside [0, {})", id, state_->vocabulary.size());
  }
  return state_->vocabulary[static_cast<std::size_t>(id)];
}

std::int64_t WordPiece::first_id() const { return state_->cls; }
std::int64_t WordPiece::last_id() const { return state_->sep; }
std::optional<std::int64_t> WordPiece::unknown_id() const { return state_->unknown; }
std::int64_t WordPiece::padding_id() const { return state_->padding; }

}  // namespace epicrisis
