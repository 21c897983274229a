#pragma once

#include <set>
#include <string>
#include <string_view>

namespace epicrisis {

// What the letters of one column of sexes mean, by taxonomy/values/sex_letters.toml: that depends
// on which others are in the column, so all of its cells are seen before one is read. Their order
// does not matter.
class SexLetters {
 public:
  // The name of a column.
  void name(std::string_view column);
  // A cell of it.
  void see(std::string_view cell);

  enum class Says { kFemale, kMale, kEither, kUsual };
  // Of a cell: kEither where the letter may be both, kUsual where the column does not matter (any
  // word, and a letter that means what it usually does).
  Says says(std::string_view cell) const;

 private:
  bool has(std::string_view letter) const { return seen_.contains(letter); }

  std::set<std::string, std::less<>> seen_;   // letters that the file knows, folded
  std::set<std::string, std::less<>> names_;  // of the columns, as they are compared
};

}  // namespace epicrisis
