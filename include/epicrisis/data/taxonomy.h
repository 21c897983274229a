#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/core/toml.h"
#include "epicrisis/data/field.h"
#include "epicrisis/data/sample.h"

namespace epicrisis {

// The label in blocks that are to be completed: asked for until a class, or "" for none, is in its
// place.
inline constexpr std::string_view kOpenLabel = "?";

// What a raw label means.
struct Mapping {
  std::optional<ClassId> label;  // empty: known, and none of the field's classes
  std::string grade;             // one of Field::grades(), "" if unknown
  std::string diagnosis;         // in words
  std::string subclass;          // in words, may be empty
  std::vector<Finding> findings;
  // Its label is kOpenLabel: the block was not completed.
  bool left_open = false;
};

// A raw label that a map knows, and its class.
struct KnownLabel {
  std::string raw;  // folded
  ClassId label;
};

// The vocabulary of one data set: what its raw labels mean, and words for the values of its
// columns. A file says to which field it belongs (`field`, a built-in name); one that does not
// belongs to the field that its reader asks for. `extends` names a built-in map that it is laid
// over. The file is TOML; docs/formats/taxonomy.md describes it. Immutable once read; may be shared
// among threads.
class Taxonomy {
 public:
  // One of those built in, by name ("common"), or a file of the user's own by path. A name with a
  // '/' or ending in ".toml" is a path. UsageError naming the ones there are, or the line at fault.
  static Taxonomy load(std::string_view name_or_path, const Field& field = Field::standard());
  // From text; `name` stands for the file in errors.
  static Taxonomy parse(std::string_view toml, std::string name,
                        const Field& field = Field::standard());
  // From the keys `field`, `map`, `words`, `missing` and `keep` of a table that holds other keys
  // too, which are left unread.
  static Taxonomy from_table(const TomlTable& table, const Field& field = Field::standard());
  // The built-in field that the key `field` of a table names, else `wanted`.
  static Field field_of(const TomlTable& table, const Field& wanted);
  // What a table that names no label map is read with: the field's own one (Field::labels()), else
  // the short names and words of its classes.
  static Taxonomy usual(const Field& field);
  // The names of those built in, sorted.
  static std::vector<std::string> names();

  const std::string& name() const { return name_; }
  const Field& field() const { return field_; }
  // Lays a map of the same field over this one: its labels, words and missing cells are added, and
  // stand where both know one.
  void extend(const Taxonomy& own);
  // The meaning of a raw label: white space around it and ASCII case apart; where no label is so
  // spelled, hyphens, underscores, apostrophes and accents apart, unless labels of several meanings
  // are alike then. Null: unmapped; nothing is ever guessed. The pointer lives as long as the
  // taxonomy.
  const Mapping* find(std::string_view raw_label) const;
  // The known label of a class that an unknown one differs from by a slip of one or two letters in
  // one place, for a person to decide; empty: none.
  std::optional<KnownLabel> nearly(std::string_view raw_label) const;
  // Words for a value of a column: words("view", "pa") = "posteroanterior". Matching as above.
  // Null if the file has none.
  const std::string* words(std::string_view finding, std::string_view value) const;
  std::size_t size() const { return labels_.size(); }  // raw labels known
  // Whether a cell says nothing: the usual ones (docs/formats/values.md) and the file's `missing`,
  // without its `keep`.
  bool is_missing(std::string_view value) const;
  // Whether the file's own `missing` names the cell: it is no code of a patient either then.
  bool names_missing(std::string_view value) const;
  // Whether a cell of a column of numbers is one that stands for none ("-1"), without the file's
  // `keep`.
  bool is_missing_number(std::string_view value) const;

 private:
  static Taxonomy whole_file(const TomlTable& table, const Field& field);
  explicit Taxonomy(Field field) : field_(std::move(field)) {}
  void add_label(const std::string& folded, const Mapping& mapping);
  Field field_;
  std::string name_;
  std::map<std::string, Mapping, std::less<>> labels_;  // by folded raw label
  // Folded raw label by its loose spelling; "" where several meanings share it.
  std::map<std::string, std::string, std::less<>> loose_;
  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> words_;
  std::map<std::string, bool, std::less<>> missing_;  // folded cell -> whether it says nothing
};

}  // namespace epicrisis
