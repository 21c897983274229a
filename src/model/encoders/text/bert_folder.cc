#include "model/encoders/text/bert_folder.h"

#include <algorithm>
#include <system_error>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/text/tokenizers/byte_pair.h"
#include "epicrisis/text/tokenizers/folder_tokenizer.h"
#include "epicrisis/text/tokenizers/wordpiece.h"
#include "settings/tensor_account.h"

namespace epicrisis {
namespace {

constexpr std::uint64_t kMaxConfig = 1 << 20;

std::optional<Json> json_if_there(const Path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  return parse_json(read_file(path, kMaxConfig), path.string());
}

// Whether some entry has a capital letter; the special ones stand in brackets.
bool has_capitals(const Path& vocabulary) {
  constexpr std::uint64_t kMaxVocabulary = std::uint64_t{256} << 20;
  for (const std::string& line : split(read_file(vocabulary, kMaxVocabulary), '\n')) {
    if (line.starts_with('[') || line.starts_with('<')) continue;
    if (std::ranges::any_of(line, [](char c) { return c >= 'A' && c <= 'Z'; })) return true;
  }
  return false;
}

// tokenizer.json, or vocab.txt with its flags.
WordPiece read_wordpiece(const Path& folder, std::vector<std::string>& remarks) {
  std::error_code error;
  if (std::filesystem::exists(folder / "tokenizer.json", error)) {
    return WordPiece::from_folder(folder);
  }
  WordPieceOptions options;
  const Path path = folder / "tokenizer_config.json";
  const Path vocabulary = folder / "vocab.txt";
  const bool cased = has_capitals(vocabulary);
  const auto json = json_if_there(path);
  const bool is_object = json && json->is_object();
  const bool said =
      is_object && json->contains("do_lower_case") && (*json)["do_lower_case"].is_boolean();
  options.lowercase = said ? (*json)["do_lower_case"].get<bool>() : !cased;
  options.strip_accents = options.lowercase;
  if (!said && cased) {
    remarks.push_back(fmt::format(
        "{}: no do_lower_case in tokenizer_config.json; the vocabulary has words with capital "
        "letters, so texts are not lower-cased",
        folder.string()));
  } else if (said && options.lowercase == cased) {
    remarks.push_back(fmt::format(
        "{}: do_lower_case is {}, but the vocabulary has {} with capital letters; see that this "
        "is the model's own file",
        path.string(), options.lowercase, cased ? "words" : "no word"));
  }
  if (is_object) {
    // null stands for "as do_lower_case says".
    if (json->contains("strip_accents") && (*json)["strip_accents"].is_boolean()) {
      options.strip_accents = (*json)["strip_accents"].get<bool>();
    }
    options.handle_chinese_chars =
        json_get_or<bool>(*json, "tokenize_chinese_chars", true, path.string());
  }
  return WordPiece::from_vocab_file(vocabulary, options);
}

}  // namespace

std::size_t read_max_tokens(const Path& folder, const BertConfig& config) {
  std::int64_t limit = config.tokens();
  for (const auto& [file, key] : {std::pair{"sentence_bert_config.json", "max_seq_length"},
                                  std::pair{"tokenizer_config.json", "model_max_length"}}) {
    const Path path = folder / file;
    const auto json = json_if_there(path);
    if (!json || !json->is_object() || !json->contains(key)) continue;
    const Json& value = (*json)[key];
    // Some folders say 1e30 for "no limit", and null.
    if (!value.is_number_integer()) continue;
    const auto found = value.get<std::int64_t>();
    if (found < 2)
      throw InputError("{}: '{}' is {}, at least 2 was expected", path.string(), key, found);
    limit = std::min(limit, found);
    break;
  }
  return static_cast<std::size_t>(std::max<std::int64_t>(limit, 2));
}

std::unique_ptr<Tokenizer> read_tokenizer(const Path& folder, const BertConfig& config,
                                          std::vector<std::string>& remarks) {
  std::unique_ptr<Tokenizer> tokenizer;
  if (has_byte_pairs(folder)) {
    tokenizer = std::make_unique<BytePair>(BytePair::from_folder(folder));
  } else {
    tokenizer = std::make_unique<WordPiece>(read_wordpiece(folder, remarks));
  }
  require_token_vectors(folder, config.vocabulary, tokenizer->size());
  return tokenizer;
}

}  // namespace epicrisis
