#include "epicrisis/text/tokenizers/folder_tokenizer.h"

#include <system_error>

#include "epicrisis/core/json.h"
#include "epicrisis/text/tokenizers/byte_pair.h"
#include "epicrisis/text/tokenizers/wordpiece.h"

namespace epicrisis {

bool has_byte_pairs(const Path& folder) {
  constexpr std::uint64_t kMaxFile = std::uint64_t{256} << 20;
  std::error_code error;
  const auto is_there = [&](const char* name) {
    return std::filesystem::is_regular_file(folder / name, error);
  };
  if (!is_there("tokenizer.json")) return is_there("vocab.json") && !is_there("vocab.txt");
  const std::string source = (folder / "tokenizer.json").string();
  const Json root = parse_json(read_file(source, kMaxFile), source);
  const Json model = json_get_or<Json>(root, "model", Json::object(), source);
  return json_get_or<std::string>(model, "type", "", source) == "BPE" || model.contains("merges");
}

std::unique_ptr<Tokenizer> folder_tokenizer(const Path& folder) {
  if (has_byte_pairs(folder)) return std::make_unique<BytePair>(BytePair::from_folder(folder));
  return std::make_unique<WordPiece>(WordPiece::from_folder(folder));
}

}  // namespace epicrisis
