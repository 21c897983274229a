#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/adapters/picture_index.h"
#include "data/sex_letters.h"
#include "data/values.h"
#include "epicrisis/core/csv.h"
#include "epicrisis/data/adapter.h"
#include "epicrisis/data/taxonomy.h"

namespace epicrisis {

// Bytes kept of a published value and of a finding; longer ones are cut.
inline constexpr std::size_t kMaxMetadataValue = 500;
inline constexpr std::size_t kMaxFindingValue = 200;
inline constexpr std::size_t kMaxFindingName = 100;  // of a column's, too
inline constexpr std::size_t kMaxMetadataColumns = 1024;
inline constexpr std::size_t kMaxDistinctNames = 2000;  // raw labels counted apart

// Why a record is skipped whose id says nothing.
inline constexpr std::string_view kNoId = "no id";

// The raw label of a map that takes every label which the others do not name.
inline constexpr std::string_view kAnyOther = "*";

// What a cell of the table said of the grade.
enum class GradeCell {
  kNone,  // nothing, or Sample::grade as it stands
  kNo,    // not the highest: a class's own grade in between goes with it
  kOpen,  // that it is open
  kNotUnderstood,
};

// One record of a table on its way to a sample.
struct Draft {
  std::string place;           // "file.csv:12"
  std::string id;              // as published, with the picture's suffix if it has one
  std::string picture;         // what finds the picture; empty: the key
  std::string second_picture;  // tried next, may be empty
  GradeCell grade_cell = GradeCell::kNone;
  // What raw_label is a kind of, the nearest first: they say its class where the taxonomy does not
  // know it.
  std::vector<std::string> broader_labels;
  Sample sample;  // raw_label, findings, group, published_splits, modality, metadata; texts unclean
};

// "Some_Label" as "some label".
std::string spoken(std::string_view label);

// What every adapter does with a record: checks the id, refuses duplicates, maps the label, finds
// the picture, cleans what was published, counts, hands on. One per read.
class Intake {
 public:
  // The taxonomy that `input` names, else the built-in one of that name.
  Intake(const AdapterInput& input, std::string_view adapter, std::string_view taxonomy,
         const PictureLayout& layout, const SampleSink& sink);
  Intake(const AdapterInput& input, std::string_view adapter, Taxonomy taxonomy,
         const PictureLayout& layout, const SampleSink& sink);

  const Taxonomy& taxonomy() const { return taxonomy_; }
  void count_row() { ++report_.rows; }

  // Counts the record and either hands it on or skips it.
  void take(Draft draft);
  // Counts a record that the adapter itself cannot make a sample of.
  void skip(std::string_view reason, std::string_view place, std::string_view value);
  // Also counts each value.
  void skip_value(std::string_view reason, std::string_view place, std::string_view value);
  void warn(std::string_view kind, std::string_view place, std::string_view value);
  // Warns of a value that was not understood; the report counts each. `finding`: for whose values a
  // map may give words; "" for none.
  void warn_of_value(std::string_view kind, std::string_view place, std::string_view value,
                     std::string_view finding = {});
  // Tells in the report how the table is separated, where that is not by commas.
  void note_separator(const CsvReader& reader);
  // Of a row that lacks its last fields (CsvReader::take_short_rows()).
  void warn_of_short_row(const CsvReader& reader);

  // Whether a cell says nothing, by the label map's list.
  bool is_missing(std::string_view value) const { return taxonomy_.is_missing(value); }

  // The same of an id or a group, in which a short word may be a code.
  bool says_no_code(std::string_view value) const;
  // A group of the tables: where most are as short as codes, a short word is one.
  void see_group(std::string_view value);

  // Whether a cell of a column of numbers stands for none; it is counted in the report then.
  bool says_no_number(const Draft& draft, std::string_view column, std::string_view value);

  // Adds the row to the published metadata, cleaned. A column that is already there with another
  // value stays as it was and is warned of.
  void add_metadata(Draft& draft, const std::vector<std::string>& header,
                    const std::vector<std::string>& row);

  // The grade by the taxonomy's words for it, else the field's, else yes or no where the column's
  // name asks for the highest (data/adapters/asked_grade.h). What is not understood is warned of,
  // and the class's own grade does not stand for it.
  void add_grade(Draft& draft, std::string_view column, std::string_view value);
  // Whether a cell of a grade column says nothing, not even that it is open.
  bool says_no_grade(std::string_view value) const;
  // A cell of a grade column, of which all are seen before one is read: where there are numbers
  // besides 0 and 1, these are codes of its own, and none of them is yes or no; an "x" is a yes
  // only where nothing else is said.
  void see_grade(const std::string& column, std::string_view value);

  // Findings. The taxonomy's words for the value go first ("" drops it), then missing values add
  // nothing, then it is read (data/values.h); what is not understood is warned of.
  void add_age(Draft& draft, std::string_view value);
  // Of a letter that may be either by the column's others (sexes()), nothing.
  void add_sex(Draft& draft, std::string_view value);
  // The sexes of the tables, of which an adapter of tables that anybody made sees all first.
  SexLetters& sexes() { return sexes_; }
  void add_coded(Draft& draft, const CodedColumn& column, std::string_view value);
  // One that is not known stays as it is written, in lower case.
  void add_site(Draft& draft, std::string_view value);
  // How a picture was taken: the taxonomy's words for it, else the field's (data/modalities.h). One
  // that is not known is warned of, and stays as it is written. "" for what says nothing.
  std::string modality_of(std::string_view place, std::string_view value);
  // A cell of a finding, of which all are seen before one is read: where each is a yes or a no,
  // those of other languages are said in English.
  void see_finding(const std::string& name, std::string_view value);
  // The taxonomy's words for `name`; else the value in lower case, "_" as a space, or a yes or no.
  // The taxonomy may map a value to "", which adds nothing.
  void add_finding(Draft& draft, std::string_view name, std::string_view value);
  // As it is, but cleaned; a missing value adds nothing.
  void add_plain_finding(Draft& draft, std::string_view name, std::string_view value);

  // The names of the pictures, sorted.
  std::vector<std::string> picture_names() const { return pictures_.names(); }
  // Whether pictures were found in a folder of this name, ASCII case apart.
  bool has_picture_folder(std::string_view name) const;
  // Pictures of formats that are not read.
  const std::vector<std::string>& unreadable_pictures() const { return pictures_.unreadable(); }
  // Names of pictures that are no files.
  const std::vector<std::string>& dead_pictures() const { return pictures_.dead(); }

  AdapterReport finish();

 private:
  void tally(Tally& tally, std::string_view place, std::string_view value) const;
  static void count_name(std::map<std::string, std::uint64_t>& counts, const std::string& name,
                         std::size_t most = kMaxDistinctNames);
  bool check_id(Draft& draft);
  void settle_words(std::string_view place, std::string_view what, std::string& words);
  static bool is_bare(const Draft& draft);
  bool is_stored(std::string_view key, const PictureIndex::Found& picture) const;
  void count_unnamed(std::map<std::string, std::uint64_t>& counts, const std::string& label);
  PictureIndex::Found look_up(const Draft& draft, bool exact) const;
  std::string key_of(const Draft& draft, const PictureIndex::Found& picture) const;
  bool settle_key(Draft& draft, PictureIndex::Found& picture);
  bool settle_picture(Draft& draft, const PictureIndex::Found& picture);
  void map_label(Draft& draft);
  void settle_grade(Draft& draft, const Mapping* mapping);
  // Whether the taxonomy has words for the value, or it says nothing.
  bool add_given_words(Draft& draft, std::string_view name, std::string_view value);
  static void add_words(Draft& draft, std::string_view name, std::string_view words);
  const Mapping* find_broader(const Draft& draft) const;
  void settle_split(Draft& draft);
  void settle_group(Draft& draft);
  void count_sample(const Sample& sample);
  void tell_like_groups();

  const AdapterInput& input_;
  const SampleSink& sink_;
  Taxonomy taxonomy_;
  bool grade_has_codes_ = false;
  std::map<std::string, bool, std::less<>>
      only_ticks_;  // whether a grade column has no other words
  std::map<std::string, bool, std::less<>> only_answers_;  // whether a finding has no other words
  SexLetters sexes_;
  std::int64_t short_groups_ = 0;  // rows with a group of 1 to 3 letters, less the others
  PictureIndex pictures_;
  AdapterReport report_;
  std::map<std::string, std::uint64_t> groups_;  // samples of each
  using Known = std::unordered_map<std::string, std::optional<std::string>>;
  // What `words` says of a value, which is asked once.
  static const std::optional<std::string>& known_words(
      Known& known, const std::string& value,
      const std::function<std::optional<std::string>(std::string_view)>& words);
  Known sites_;         // site_in_words() of cells
  Known unread_sites_;  // unread_words_of_site() of cells
  Known modalities_;    // modality_in_words() of cells
  struct Seen {
    std::uint64_t label = 0;   // hash of the raw label
    std::uint64_t id = 0;      // hash of the id as published, without suffix
    std::uint64_t suffix = 0;  // hash of its suffix, 0: none
  };
  std::unordered_map<std::string, Seen> seen_;  // by key
};

}  // namespace epicrisis
