#include "data/published_split.h"

#include <array>
#include <map>
#include <set>

#include "data/resources.h"
#include "data/values.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/data/sample_key.h"

namespace epicrisis {
namespace {

struct SplitWords {
  std::map<std::string, std::string, std::less<>> names;  // folded word -> split
  std::set<std::string, std::less<>> beside;
  std::set<std::string, std::less<>> none_in_columns;
};

SplitWords read_words() {
  const std::string file = "taxonomy/values/splits.toml";
  const TomlTable table = TomlTable::parse(data_resources().get(file), file);
  SplitWords words;
  for (const char* split : {"train", "validation", "test"}) {
    for (const std::string& word : table.strings_or(split, {})) {
      words.names.emplace(folded_spelling(word), split);
    }
  }
  for (const std::string& word : table.strings_or("none", {})) words.names.emplace(word, "");
  for (const std::string& word : table.strings_or("beside", {})) words.beside.insert(word);
  for (const std::string& word : table.strings_or("none_in_columns", {})) {
    words.none_in_columns.insert(fold_value(word));
  }
  table.finish();
  return words;
}

const SplitWords& split_words() {
  static const SplitWords kWords = read_words();
  return kWords;
}

bool is_between(char c) {
  return c == ' ' || c == '-' || c == '_' || c == '.' || (c >= '0' && c <= '9');
}

}  // namespace

std::optional<std::string> published_split_name(std::string_view text) {
  const SplitWords& words = split_words();
  const std::string folded = folded_spelling(text);
  if (const auto name = words.names.find(folded); name != words.names.end()) return name->second;
  std::string found;  // no part of a name says "in none"
  std::string other;
  std::string word;
  for (std::size_t i = 0; i <= folded.size(); ++i) {
    if (i < folded.size() && !is_between(folded[i])) {
      word += folded[i];
      continue;
    }
    const auto name = words.names.find(word);
    if (name != words.names.end() && !name->second.empty()) {
      if (!found.empty() && found != name->second) return std::nullopt;
      found = name->second;
    } else if (!words.beside.contains(word)) {
      other += word;
    }
    word.clear();
  }
  if (other.empty() && !found.empty()) return found;
  const auto name = words.names.find(other);  // "hold-out set"
  if (!found.empty() || name == words.names.end() || name->second.empty()) return std::nullopt;
  return name->second;
}

bool says_no_split(std::string_view cell) {
  if (split_words().none_in_columns.contains(fold_value(cell))) return true;
  const std::optional<std::string> name = published_split_name(cell);
  return name && name->empty();
}

}  // namespace epicrisis
