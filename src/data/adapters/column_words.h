#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/core/toml.h"

namespace epicrisis {

// How columns of tables are called, by taxonomy/values/columns.toml.
class ColumnWords {
 public:
  static const ColumnWords& get();

  // The usual names of a column, the surest first; none for what the file does not list.
  const std::vector<std::string>& names(std::string_view role) const;
  // Whether the name is made of nothing but words of a kind and those that may stand beside them,
  // one of the kind at least: "Patienten-ID", "Alter bei Aufnahme". Kinds: of groups "person",
  // "part" (of a person) and "visit"; of columns "age", "sex", "site", "diagnosis" and
  // "proven_diagnosis".
  bool says(std::string_view kind, std::string_view name) const;

 private:
  ColumnWords();

  using Words = std::set<std::string, std::less<>>;  // as squeezed() has them
  struct Kind {
    Words words;
    Words beside;
  };
  Words read(const TomlTable& table, std::string_view key);

  std::map<std::string, std::vector<std::string>, std::less<>> names_;
  std::map<std::string, Kind, std::less<>> kinds_;
  std::size_t longest_ = 0;  // bytes of a word
};

// How a finding of this column may be called: in lower case, but with all letters, since without
// its accents a word may be another one. "Größe" is "grösse".
std::string finding_name(std::string_view column);
// The same without the unit at its end, and that; "" where it has none: "Größe_mm", "Größe (mm)".
std::pair<std::string, std::string> finding_name_and_unit(std::string_view column);

}  // namespace epicrisis
