#include "data/sex_letters.h"

#include <functional>
#include <map>
#include <vector>

#include "data/resources.h"
#include "data/values.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"

namespace epicrisis {
namespace {

constexpr const char* kFile = "taxonomy/values/sex_letters.toml";

struct Pair {
  std::string female;  // in `open_names`: the letter that is open
  std::string male;    // in `open_names`: the one that settles it
  bool has(std::string_view letter) const { return letter == female || letter == male; }
};

Pair pair_of(const std::string& text) {
  const std::vector<std::string> letters = split(text, ' ');
  if (letters.size() != 2) throw UsageError("{}: '{}' is no pair of letters", kFile, text);
  return {fold_value(letters[0]), fold_value(letters[1])};
}

std::string name_of(std::string_view column) { return loose_name(fold_value(column)); }

struct LetterFile {
  std::vector<Pair> pairs;
  std::vector<Pair> open;
  std::vector<Pair> open_alone;
  std::map<std::string, std::string, std::less<>> words;  // the letter that a word stands for
  std::map<std::string, Pair, std::less<>> names;
  std::map<std::string, Pair, std::less<>> names_of_pairs;
  std::map<std::string, Pair, std::less<>> open_names;
  std::set<std::string, std::less<>> letters;  // all of them

  std::vector<Pair> read_pairs(const TomlTable& file, std::string_view key) {
    std::vector<Pair> read;
    for (const std::string& text : file.strings_or(key, {})) {
      read.push_back(pair_of(text));
      letters.insert(read.back().female);
      letters.insert(read.back().male);
    }
    return read;
  }
  std::map<std::string, Pair, std::less<>> read_names(const TomlTable& file, std::string_view key) {
    std::map<std::string, Pair, std::less<>> read;
    const TomlTable table = file.table(key);
    for (const std::string& name : table.keys()) {
      const Pair pair = pair_of(table.string(name));
      letters.insert(pair.female);
      letters.insert(pair.male);
      read.emplace(name_of(name), pair);
    }
    return read;
  }

  LetterFile() {
    const TomlTable file = TomlTable::parse(data_resources().get(kFile), kFile);
    pairs = read_pairs(file, "pairs");
    open = read_pairs(file, "open");
    open_alone = read_pairs(file, "open_alone");
    const TomlTable table = file.table("words");
    for (const std::string& word : table.keys())
      words.emplace(fold_value(word), table.string(word));
    names = read_names(file, "names");
    names_of_pairs = read_names(file, "names_of_pairs");
    open_names = read_names(file, "open_names");
    file.finish();
  }
};

const LetterFile& letter_file() {
  static const LetterFile kLetters;
  return kLetters;
}

}  // namespace

void SexLetters::name(std::string_view column) { names_.insert(name_of(column)); }

void SexLetters::see(std::string_view cell) {
  const std::string folded = fold_value(cell);
  if (letter_file().letters.contains(folded)) seen_.insert(folded);
  const auto word = letter_file().words.find(folded);
  if (word != letter_file().words.end()) seen_.insert(word->second);
}

SexLetters::Says SexLetters::says(std::string_view cell) const {
  const LetterFile& file = letter_file();
  const std::string letter = fold_value(cell);
  if (!file.letters.contains(letter)) return Says::kUsual;
  const auto is_there = [&](const Pair& pair) { return has(pair.female) && has(pair.male); };
  for (const std::string& name : names_) {
    const auto named = file.names.find(name);
    if (named == file.names.end() || !named->second.has(letter)) continue;
    return letter == named->second.female ? Says::kFemale : Says::kMale;
  }
  bool female = false;
  bool male = false;
  const auto take = [&](const Pair& pair) {
    if (pair.has(letter) && is_there(pair)) (letter == pair.female ? female : male) = true;
  };
  for (const std::string& name : names_) {
    const auto named = file.names_of_pairs.find(name);
    if (named != file.names_of_pairs.end()) take(named->second);
  }
  for (const Pair& pair : file.open) {
    if (!female && !male && pair.has(letter) && is_there(pair)) return Says::kEither;
  }
  for (const Pair& pair : file.pairs) take(pair);
  if (female && male) return Says::kEither;
  if (female) return Says::kFemale;
  if (male) return Says::kMale;
  for (const Pair& pair : file.open_alone) {
    if (pair.has(letter) && is_there(pair)) return Says::kEither;
  }
  for (const std::string& name : names_) {
    const auto named = file.open_names.find(name);
    if (named == file.open_names.end() || named->second.female != letter) continue;
    if (!has(named->second.male)) return Says::kEither;
  }
  return Says::kUsual;
}

}  // namespace epicrisis
