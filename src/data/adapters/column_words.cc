#include "data/adapters/column_words.h"

#include <algorithm>
#include <array>

#include "data/resources.h"
#include "data/values.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "text/unicode.h"

namespace epicrisis {
namespace {

constexpr const char* kFile = "taxonomy/values/columns.toml";
constexpr const char* kGroups = "group_words";
constexpr const char* kColumns = "column_words";
constexpr std::size_t kLongestName = 80;  // bytes of a column's name that is taken apart

// Without accents, signs, digits and spaces, in lower case: "N° paciente_2" as "npaciente".
std::string squeezed(std::string_view name) {
  std::string left;
  for (const char c : fold_value(name)) {
    const bool is_sign = static_cast<unsigned char>(c) < 0x80 && !(c >= 'a' && c <= 'z');
    if (!is_sign) left += c;
  }
  return left;
}

}  // namespace

const ColumnWords& ColumnWords::get() {
  static const ColumnWords kWords;
  return kWords;
}

ColumnWords::Words ColumnWords::read(const TomlTable& table, std::string_view key) {
  Words words;
  for (const std::string& word : table.strings_or(key, {})) {
    std::string one = squeezed(word);
    longest_ = std::max(longest_, one.size());
    if (!one.empty()) words.insert(std::move(one));
  }
  return words;
}

ColumnWords::ColumnWords() {
  const TomlTable file = TomlTable::parse(data_resources().get(kFile), kFile);
  const TomlTable groups = file.table(kGroups);
  const Words beside_groups = read(groups, "beside");
  for (const char* kind : {"person", "part", "visit"}) {
    kinds_[kind] = {read(groups, kind), beside_groups};
  }
  const TomlTable columns = file.table(kColumns);
  for (const std::string& kind : columns.keys()) {
    const TomlTable words = columns.table(kind);
    kinds_[kind] = {read(words, "words"), read(words, "beside")};
  }
  for (const std::string& role : file.keys()) {
    if (role != kGroups && role != kColumns) names_[role] = file.strings_or(role, {});
  }
  file.finish();
}

const std::vector<std::string>& ColumnWords::names(std::string_view role) const {
  static const std::vector<std::string> kNone;
  const auto found = names_.find(role);
  return found == names_.end() ? kNone : found->second;
}

bool ColumnWords::says(std::string_view kind, std::string_view name) const {
  const std::string text = squeezed(name);
  const auto found = kinds_.find(kind);
  if (found == kinds_.end() || text.empty() || text.size() > kLongestName) return false;
  const auto& [words, beside] = found->second;
  // Whether the first bytes are made of such words, without and with one of the kind among them.
  std::vector<std::array<bool, 2>> made(text.size() + 1, {false, false});
  made[0][0] = true;
  for (std::size_t begin = 0; begin < text.size(); ++begin) {
    const auto& [plain, named] = made[begin];
    if (!plain && !named) continue;
    for (std::size_t size = 1; size <= std::min(longest_, text.size() - begin); ++size) {
      const std::string_view word = std::string_view(text).substr(begin, size);
      std::array<bool, 2>& after = made[begin + size];
      if (words.contains(word)) after[1] = true;
      if (!beside.contains(word)) continue;
      after[0] = after[0] || plain;
      after[1] = after[1] || named;
    }
  }
  return made.back()[1];
}

std::string finding_name(std::string_view column) {
  std::string text = unicode::composed(unicode::case_folded(clean_text(column, kLongestName)));
  std::replace(text.begin(), text.end(), '_', ' ');
  return clean_text(text, kLongestName);  // folds the spaces that were '_'
}

std::pair<std::string, std::string> finding_name_and_unit(std::string_view column) {
  std::string name = finding_name(column);
  for (const std::string& unit : ColumnWords::get().names("units")) {
    const std::string small = finding_name(unit);
    for (const std::string& end : {" " + small, "(" + small + ")", "[" + small + "]", "." + small,
                                   "-" + small, " in " + small}) {
      if (name.size() <= end.size() || !name.ends_with(end)) continue;
      name.resize(name.size() - end.size());
      if (name.ends_with(" in")) name.resize(name.size() - 3);
      return {std::string(trim(name)), unit};
    }
  }
  return {name, ""};
}

}  // namespace epicrisis
