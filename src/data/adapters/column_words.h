#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace epicrisis {

// How columns of tables are called, by taxonomy/values/columns.toml.
class ColumnWords {
 public:
  static const ColumnWords& get();

  // The usual names of a column, the surest first; none for what the file does not list.
  const std::vector<std::string>& names(std::string_view role) const;
  // Whether the name is made of nothing but words for a kind of group and those that stand beside
  // them, one of the kind at least: "Patienten-ID", "n° de historia clínica". Kinds: "person",
  // "part" (of a person) and "visit".
  bool says(std::string_view kind, std::string_view name) const;

 private:
  ColumnWords();

  using Words = std::set<std::string, std::less<>>;  // as squeezed() has them
  std::map<std::string, std::vector<std::string>, std::less<>> names_;
  std::map<std::string, Words, std::less<>> kinds_;
  Words beside_;
  std::size_t longest_ = 0;  // bytes of a word
};

}  // namespace epicrisis
