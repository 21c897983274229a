#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/toml.h"
#include "epicrisis/data/sample.h"

namespace epicrisis {

// The harmonised classes, read from taxonomy/classes.toml, which is built into the program. The
// views live as long as the program.
std::string_view label_name(Label label);        // "NEV"
std::string_view label_words(Label label);       // "melanocytic nevus"
std::string_view label_malignancy(Label label);  // "benign", "pre-cancerous", "malignant"

// The class of a short name ("NEV"), its words ("melanocytic nevus") or its number ("2"), white
// space around it and ASCII case apart; empty for anything else.
std::optional<Label> parse_label(std::string_view text);

// What a raw label means.
struct Mapping {
  std::optional<Label> label;  // empty: known, and none of the eight classes
  std::string malignancy;      // "" if unknown
  std::string diagnosis;       // in words
  std::string subclass;        // in words, may be empty
  std::vector<Finding> findings;
};

// The vocabulary of one data set: what its raw labels mean, and words for the values of its
// columns. The file is TOML; docs/formats/taxonomy.md describes it. Immutable once read;
// may be shared among threads.
class Taxonomy {
 public:
  // One of those built in, by name ("ham10000"), or a file of the user's own by path. A name with a
  // '/' or ending in ".toml" is a path. UsageError naming the ones there are, or the line at fault.
  static Taxonomy load(std::string_view name_or_path);
  // From text; `name` stands for the file in errors.
  static Taxonomy parse(std::string_view toml, std::string name);
  // From the keys `map` and `words` of a table that holds other keys too, which are left unread.
  static Taxonomy from_table(const TomlTable& table);
  // The names of those built in, sorted.
  static std::vector<std::string> names();

  const std::string& name() const { return name_; }
  // The meaning of a raw label: exact, white space around it and ASCII case apart. Null: unmapped;
  // nothing is ever guessed. The pointer lives as long as the taxonomy.
  const Mapping* find(std::string_view raw_label) const;
  // Words for a value of a column: words("site", "head/neck") = "head or neck". Matching as above.
  // Null if the file has none.
  const std::string* words(std::string_view finding, std::string_view value) const;
  std::size_t size() const { return labels_.size(); }  // raw labels known

 private:
  std::string name_;
  std::map<std::string, Mapping, std::less<>> labels_;  // by folded raw label
  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> words_;
};

}  // namespace epicrisis
