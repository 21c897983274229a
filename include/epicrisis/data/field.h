#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/data/class_id.h"

namespace epicrisis {

struct FieldClass {
  std::string name;   // short: "PNEU"
  std::string words;  // "pneumonia"
  std::string grade;  // one of Field::grades(); "" where the field has none
};

// A column of numbers from 1 that a field knows, and their words.
struct CodedColumn {
  std::string column;                      // its name in column maps, and in tables
  std::string also;                        // another name that tables have for it, may be empty
  std::string finding;                     // the finding it makes
  std::vector<std::string> values;         // words of 1, 2, ...
  std::vector<std::string> missing;        // cells that say nothing, besides the usual ones
  std::vector<std::string> prefixes = {};  // what cells have before the number: "type"
};

// How tables write the grade, besides its values. Words are folded (data/values.h).
struct GradeWords {
  std::map<std::string, std::string, std::less<>> words;  // other spellings: one of grades()
  std::string yes;  // what a column that asks whether says; "" where the field gives none
  std::string no;
  std::set<std::string, std::less<>> open;  // "indeterminate": the publisher leaves it open
};

// A way to take pictures, and how tables say it. A pattern is words as they are folded
// (data/values.h) without signs, the last letters of one left open where it ends in '*'; after '='
// they are the whole cell, else they may stand among others.
struct FieldModality {
  std::string words;              // of notes: "radiograph"
  std::vector<std::string> kept;  // what stays as it is written: English, and `words` itself
  std::vector<std::string> also;  // for which `words` stand: other languages, short forms
};

// What a field of medicine is: its classes and the words that are used of them. The program knows
// none; each is a TOML file in taxonomy/fields/ (built in) or of the user's own, which
// docs/formats/fields.md describes. Immutable; copies share what was read and may be used by
// several threads.
class Field {
 public:
  // One of those built in, by name, or a file of the user's own by path (with a '/' or ending in
  // ".toml"). UsageError naming the ones there are, or file and line at fault.
  static Field load(std::string_view name_or_path);
  // From text; `source` stands for the file in errors.
  static Field parse(std::string_view toml, std::string source);
  // The field of whatever names none: the built-in one whose file says default = true.
  static const Field& standard();
  static std::vector<std::string> names();  // of those built in, sorted

  const std::string& name() const;     // a safe name: "chest_xray"
  const std::string& title() const;    // a line for a person
  const std::string& subject() const;  // what a picture is about, in the middle of a sentence
  // A coarse, ordered judgement beside the class: how the field calls it, which is its name in
  // column maps, label maps and templates too, and its values from the lowest. "" and none where
  // the field has no such notion.
  const std::string& grade_name() const;
  const std::vector<std::string>& grades() const;
  bool is_grade(std::string_view text) const;  // one of grades(), exactly
  const GradeWords& grade_words() const;
  // The built-in label map for tables that name none; "": the classes' own names and words.
  const std::string& labels() const;
  // Whether the words measured on a picture (image/measure.h) mean something in this field.
  bool measured() const;
  // How pictures are prepared where nobody says otherwise (image/prepare.h).
  bool remove_hair() const;
  bool crop_border() const;
  bool crop_to_subject() const;
  const std::vector<CodedColumn>& coded() const;
  const std::vector<FieldModality>& modalities() const;  // none where the field lists none
  const std::string& toml() const;                       // the file's text

  const std::vector<FieldClass>& classes() const;  // by ClassId; at least two
  std::vector<ClassId> class_ids() const;          // all, in order
  // InternalError for a number that is none of this field's.
  const FieldClass& at(ClassId id) const;
  // The class of a short name ("PNEU"), its words ("pneumonia") or its number ("1"), white space
  // around it and ASCII case apart; empty for anything else.
  std::optional<ClassId> find_class(std::string_view text) const;
  // The short names, "NF, PNEU, EFF", for messages.
  std::string class_names() const;
  // "The image shows pneumonia.": what stands for the class where nothing but words is compared.
  std::string class_prompt(ClassId id) const;

  // Whether a workspace of `other` may go on as one of this: same name, and all classes of `other`
  // under their numbers.
  bool continues(const Field& other) const;

 private:
  struct Data;
  explicit Field(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

// UsageError "<what> belongs to the field 'a' ..., not to 'b'" where the two differ.
void require_same_field(std::string_view what, const Field& own, const Field& wanted);

}  // namespace epicrisis
