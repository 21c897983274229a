#include "epicrisis/text/tokenizers/byte_pair.h"

#include <algorithm>
#include <array>
#include <queue>
#include <unordered_map>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "text/tokenizers/byte_pair_words.h"
#include "text/unicode.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxVocabulary = std::size_t{1} << 21;
constexpr std::uint64_t kMaxVocabularyFile = std::uint64_t{256} << 20;
constexpr std::string_view kWordEnd = "</w>";

struct Pair {
  std::int64_t left = 0;
  std::int64_t right = 0;
  bool operator==(const Pair&) const = default;
};
struct PairHash {
  std::size_t operator()(const Pair& pair) const {
    return std::hash<std::uint64_t>()((static_cast<std::uint64_t>(pair.left) << 32U) ^
                                      static_cast<std::uint64_t>(pair.right));
  }
};
struct Merge {
  std::size_t rank = 0;
  std::int64_t joined = 0;
};

// GPT-2's letter for each byte: printable ones stand for themselves, the others for U+0100 on.
std::array<std::string, 256> byte_letters() {
  std::array<std::string, 256> letters;
  std::int32_t next = 0x100;
  for (std::int32_t byte = 0; byte < 256; ++byte) {
    const bool printable =
        (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    unicode::append(letters[static_cast<std::size_t>(byte)], printable ? byte : next++);
  }
  return letters;
}

struct Ends {
  std::string_view first;
  std::string_view last;
  BytePair::Kind kind;
};
constexpr std::array<Ends, 3> kEnds{{{"<|startoftext|>", "<|endoftext|>", BytePair::Kind::kClip},
                                     {"<start_of_text>", "<end_of_text>", BytePair::Kind::kClip},
                                     {"<s>", "</s>", BytePair::Kind::kBytes}}};

std::string type_of(const Json& part) {
  if (!part.is_object()) return "";
  const auto type = part.find("type");
  return type != part.end() && type->is_string() ? type->get<std::string>() : "";
}

// The types of a part and of the parts that it is a sequence of.
std::vector<std::string> types_in(const Json& root, const char* part, const char* members) {
  std::vector<std::string> types;
  const auto found = root.find(part);
  if (found == root.end() || found->is_null()) return types;
  if (type_of(*found) != "Sequence") return {type_of(*found)};
  const auto parts = found->find(members);
  if (parts == found->end() || !parts->is_array()) return {"Sequence"};
  for (const Json& one : *parts) types.push_back(type_of(one));
  return types;
}

// Special tokens may stand beside the vocabulary alone.
void add_tokens_of(const Json& root, Json& vocabulary) {
  const auto added = root.find("added_tokens");
  if (added == root.end() || !added->is_array() || !vocabulary.is_object()) return;
  for (const Json& token : *added) {
    if (!token.is_object() || !token.contains("content") || !token.contains("id")) continue;
    const Json& content = token["content"];
    if (content.is_string() && !vocabulary.contains(content.get<std::string>())) {
      vocabulary[content.get<std::string>()] = token["id"];
    }
  }
}

// What CLIP's and RoBERTa's tokenizers have, by the types of their steps.
struct Steps {
  std::vector<std::string> normalizers;
  std::vector<std::string> pre_tokenizers;
  BytePair::Kind kind;
};
const std::array<Steps, 2>& known_steps() {
  static const std::array<Steps, 2> steps{
      {{{"NFC", "Replace", "Lowercase"}, {"Split", "ByteLevel"}, BytePair::Kind::kClip},
       {{}, {"ByteLevel"}, BytePair::Kind::kBytes}}};
  return steps;
}

}  // namespace

struct BytePair::State {
  std::size_t size = 0;
  std::int64_t first = 0, last = 0, padding = 0;
  Kind kind = Kind::kClip;
  bool space_before = false;                // a text begins as if a space stood before it
  std::array<std::int64_t, 256> bytes{};    // the symbol of a byte
  std::array<std::int64_t, 256> endings{};  // of one that ends a word
  std::unordered_map<Pair, Merge, PairHash> merges;

  void add_word(std::string_view word, std::vector<std::int64_t>& ids) const;
};

// What the files say, before it is looked through.
struct BytePair::Source {
  std::string name;  // of the file, for errors
  Json vocabulary;
  std::vector<std::pair<std::string, std::string>> merges;
  std::optional<Kind> kind;  // by the ends where it is not told
  bool space_before = false;
};

BytePair BytePair::from(const Source& source) {
  const Json& vocabulary = source.vocabulary;
  if (!vocabulary.is_object() || vocabulary.empty() || vocabulary.size() > kMaxVocabulary) {
    throw InputError("{}: the vocabulary is no object of 1 to {} tokens", source.name,
                     kMaxVocabulary);
  }
  std::unordered_map<std::string, std::int64_t> ids;
  ids.reserve(vocabulary.size());
  auto state = std::make_shared<State>();
  for (const auto& [token, id] : vocabulary.items()) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= kMaxVocabulary) {
      throw InputError(
          "{}: the vocabulary gives '{}' the id {}; a whole number below {} was "
          "expected",
          source.name, token, dump_json(id), kMaxVocabulary);
    }
    ids.emplace(token, id.get<std::int64_t>());
    state->size = std::max(state->size, id.get<std::size_t>() + 1);
  }
  const auto id_of = [&](const std::string& token) {
    const auto found = ids.find(token);
    return found == ids.end() ? std::int64_t{-1} : found->second;
  };
  const auto* ends = std::ranges::find_if(kEnds, [&](const Ends& pair) {
    return id_of(std::string(pair.first)) >= 0 && id_of(std::string(pair.last)) >= 0;
  });
  if (ends == kEnds.end()) {
    throw InputError(
        "{}: the vocabulary has neither <|startoftext|> and <|endoftext|> nor <s> and "
        "</s>",
        source.name);
  }
  state->first = id_of(std::string(ends->first));
  state->last = id_of(std::string(ends->last));
  state->padding = id_of("<pad>") >= 0 ? id_of("<pad>") : state->last;
  state->kind = source.kind.value_or(ends->kind);
  state->space_before = source.space_before;
  const std::string_view end = state->kind == Kind::kClip ? kWordEnd : "";
  const std::array<std::string, 256> letters = byte_letters();
  for (std::size_t byte = 0; byte < letters.size(); ++byte) {
    state->bytes[byte] = id_of(letters[byte]);
    state->endings[byte] = id_of(fmt::format("{}{}", letters[byte], end));
    if (state->bytes[byte] < 0 || state->endings[byte] < 0) {
      throw InputError("{}: the vocabulary has no symbol '{}{}' for the byte {:#04x}", source.name,
                       letters[byte], state->bytes[byte] < 0 ? "" : end, byte);
    }
  }
  state->merges.reserve(source.merges.size());
  for (std::size_t rank = 0; rank < source.merges.size(); ++rank) {
    const auto& [left, right] = source.merges[rank];
    const Pair pair{id_of(left), id_of(right)};
    const std::int64_t joined = id_of(left + right);
    if (pair.left < 0 || pair.right < 0 || joined < 0) {
      throw InputError("{}: merge {}, '{} {}': '{}' is not in the vocabulary", source.name,
                       rank + 1, left, right,
                       pair.left < 0    ? left
                       : pair.right < 0 ? right
                                        : left + right);
    }
    state->merges.try_emplace(pair, Merge{rank, joined});
  }
  return BytePair(std::move(state));
}

BytePair BytePair::from_tokenizer_json(const Path& path) {
  Source source;
  source.name = path.string();
  const Json root = parse_json(read_file(path, kMaxVocabularyFile), source.name);
  const Json model = json_get<Json>(root, "model", source.name);
  const auto type = json_get_or<std::string>(model, "type", "BPE", source.name);
  if (type != "BPE") {
    throw InputError("{}: model.type is '{}', only 'BPE' is read", source.name, type);
  }
  const auto normalizers = types_in(root, "normalizer", "normalizers");
  const auto pre_tokenizers = types_in(root, "pre_tokenizer", "pretokenizers");
  const auto* steps = std::ranges::find_if(known_steps(), [&](const Steps& known) {
    return known.normalizers == normalizers && known.pre_tokenizers == pre_tokenizers;
  });
  if (steps == known_steps().end()) {
    throw InputError(
        "{}: normalizer [{}] and pre_tokenizer [{}]; those of CLIP and of RoBERTa are "
        "read",
        source.name, join(normalizers, ", "), join(pre_tokenizers, ", "));
  }
  source.kind = steps->kind;
  const auto suffix = model.find("end_of_word_suffix");
  const std::string_view end = steps->kind == Kind::kClip ? kWordEnd : "";
  const std::string found =
      suffix != model.end() && suffix->is_string() ? suffix->get<std::string>() : "";
  if (found != end) {
    throw InputError("{}: end_of_word_suffix is '{}', '{}' was expected", source.name, found, end);
  }
  if (steps->kind == Kind::kBytes) {
    source.space_before =
        json_get_or<bool>(root["pre_tokenizer"], "add_prefix_space", true, source.name);
  }
  source.vocabulary = json_get<Json>(model, "vocab", source.name);
  add_tokens_of(root, source.vocabulary);
  const Json merges = json_get<Json>(model, "merges", source.name);
  if (!merges.is_array()) throw InputError("{}: model.merges is not a list", source.name);
  for (const Json& merge : merges) {
    std::vector<std::string> parts;
    if (merge.is_string()) {
      parts = split(merge.get<std::string>(), ' ');
    } else if (merge.is_array()) {
      for (const Json& part : merge) {
        if (part.is_string()) parts.push_back(part.get<std::string>());
      }
    }
    if (parts.size() != 2) {
      throw InputError("{}: model.merges has {}; two symbols were expected", source.name,
                       dump_json(merge).substr(0, 100));
    }
    source.merges.emplace_back(std::move(parts[0]), std::move(parts[1]));
  }
  return from(source);
}

BytePair BytePair::from_vocab_files(const Path& vocabulary, const Path& merges) {
  Source source;
  source.name = vocabulary.string();
  source.vocabulary = parse_json(read_file(vocabulary, kMaxVocabularyFile), source.name);
  std::size_t number = 0;
  for (const std::string& line : split(read_file(merges, kMaxVocabularyFile), '\n')) {
    ++number;
    const std::string_view pair = trim(line);
    if (pair.empty() || (number == 1 && pair.starts_with("#version"))) continue;
    std::vector<std::string> parts = split(pair, ' ');
    if (parts.size() != 2) {
      throw InputError("{}:{}: '{}'; two symbols were expected", merges.string(), number,
                       pair.substr(0, 100));
    }
    source.merges.emplace_back(std::move(parts[0]), std::move(parts[1]));
  }
  return from(source);
}

BytePair BytePair::from_folder(const Path& folder) {
  if (std::filesystem::exists(folder / "tokenizer.json")) {
    return from_tokenizer_json(folder / "tokenizer.json");
  }
  for (const char* name : {"vocab.json", "merges.txt"}) {
    if (!std::filesystem::exists(folder / name)) {
      throw InputError("{}: no tokenizer.json, and no {} for want of it", folder.string(), name);
    }
  }
  return from_vocab_files(folder / "vocab.json", folder / "merges.txt");
}

// Joins neighbours, those of the lowest rank first and of equal rank the leftmost.
void BytePair::State::add_word(std::string_view word, std::vector<std::int64_t>& ids) const {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  struct Symbol {
    std::int64_t id;
    std::size_t before, after;  // places of the neighbours
  };
  struct Candidate {
    std::size_t rank, left;
    Pair pair;
    std::int64_t joined;
    bool operator>(const Candidate& other) const {
      return std::pair(rank, left) > std::pair(other.rank, other.left);
    }
  };
  std::vector<Symbol> symbols(word.size());
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto byte = static_cast<unsigned char>(word[i]);
    const bool ends = i + 1 == word.size();
    symbols[i] = {ends ? endings[byte] : bytes[byte], i == 0 ? kNone : i - 1, ends ? kNone : i + 1};
  }
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  const auto offer = [&](std::size_t left) {
    if (left == kNone || symbols[left].after == kNone) return;
    const Pair pair{symbols[left].id, symbols[symbols[left].after].id};
    const auto found = merges.find(pair);
    if (found != merges.end()) {
      candidates.push({found->second.rank, left, pair, found->second.joined});
    }
  };
  for (std::size_t i = 0; i < symbols.size(); ++i) offer(i);
  while (!candidates.empty()) {
    const Candidate best = candidates.top();
    candidates.pop();
    Symbol& left = symbols[best.left];
    // One of the two may have been joined with another meanwhile.
    if (left.id != best.pair.left || left.after == kNone ||
        symbols[left.after].id != best.pair.right) {
      continue;
    }
    Symbol& right = symbols[left.after];
    left.id = best.joined;
    left.after = right.after;
    right.id = -1;
    if (left.after != kNone) symbols[left.after].before = best.left;
    offer(left.before);
    offer(best.left);
  }
  for (std::size_t i = symbols.empty() ? kNone : 0; i != kNone; i = symbols[i].after) {
    ids.push_back(symbols[i].id);
  }
}

std::vector<std::int64_t> BytePair::pieces(std::string_view text) const {
  std::vector<std::int64_t> ids;
  const State& state = *state_;
  const auto add = [&](std::string_view word) { state.add_word(word, ids); };
  if (state.kind == Kind::kClip) {
    for_clip_words(text, add);
  } else {
    for_gpt_words(text, state.space_before, add);
  }
  return ids;
}

std::size_t BytePair::size() const { return state_->size; }
std::int64_t BytePair::first_id() const { return state_->first; }
std::int64_t BytePair::last_id() const { return state_->last; }
std::int64_t BytePair::padding_id() const { return state_->padding; }
BytePair::Kind BytePair::kind() const { return state_->kind; }

}  // namespace epicrisis
