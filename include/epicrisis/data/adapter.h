#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"
#include "epicrisis/data/field.h"
#include "epicrisis/data/sample.h"
#include "epicrisis/data/taxonomy.h"

namespace epicrisis {

// What to read and how.
struct AdapterInput {
  Path path;             // the data set's folder
  std::string dataset;   // the name that samples get; empty: the adapter's name
  std::string taxonomy;  // a built-in name or a file; empty: the adapter's own
  // What label maps must belong to (UsageError); empty: to any, the standard one where the map does
  // not say.
  std::optional<Field> field;
  // Picture folders, below `path` or absolute. Where two hold one id the earlier wins and the
  // report counts the other as shadowed. Empty: the adapter's usual ones.
  std::vector<std::string> pictures;
  std::string modality;      // "radiograph": of pictures for which the data set does not say
  Path column_map;           // generic_csv, imagefolder: the TOML file that explains the table
  bool tables_only = false;  // take rows that have no picture: image_path stays empty
  // Where there is no picture at all, go on as with tables_only and list the rows as warnings.
  bool tables_if_no_pictures = false;
  // The picture's path of the sample that is stored under this key, "" for none: a key that was
  // given once stays. Empty: nothing is stored.
  std::function<std::string(std::string_view key)> stored_picture;
  // What an earlier read of the same told in AdapterReport::suffix_twins: these ids keep their
  // suffix in the key, whichever row is first.
  std::set<std::string> suffix_twins;
  // What it told in AdapterReport::shared_ids: these tell no picture, and are no keys.
  std::set<std::string> shared_ids;
  std::size_t max_listed = 100;  // examples that the report keeps of each kind
};

// How often something was met, and the first few cases: "file.csv:12: value".
struct Tally {
  std::uint64_t count = 0;
  std::vector<std::string> examples;
  // Where the value itself is what was not understood: how often each was met, the first 50 apart.
  std::map<std::string, std::uint64_t> values = {};
  // And the finding, or the field's grade, for which a map may give words: [words.FINDING].
  std::string finding = {};
};

// What an adapter met. Nothing is dropped without being counted here:
// records == samples + skipped_total().
struct AdapterReport {
  std::string adapter;
  std::string dataset;
  std::uint64_t rows = 0;     // rows of the tables that list the samples
  std::uint64_t records = 0;  // samples that these rows describe (a row may describe two pictures)
  std::uint64_t samples = 0;  // handed to the sink
  Field field = Field::standard();                    // of the label map
  std::map<ClassId, std::uint64_t> by_label;          // of the samples with a class
  std::uint64_t without_label = 0;                    // samples whose raw label is empty
  std::uint64_t without_group = 0;                    // samples that say no patient or case
  std::map<std::string, std::uint64_t> by_raw_label;  // of the samples, as published
  std::map<std::string, std::uint64_t> no_class;  // raw labels that the taxonomy maps to no class
  // Of these, those whose block in a map is not completed.
  std::map<std::string, std::uint64_t> left_open;
  std::map<std::string, std::uint64_t> unmapped;  // raw labels that the taxonomy does not know
  // Of no_class, those that no map names and that its label for all others took.
  std::map<std::string, std::uint64_t> unnamed;
  // Of unmapped and unnamed, those that may be a slip of a known label of a class.
  std::map<std::string, KnownLabel> nearly_known;
  bool no_label_column = false;  // the column map names none, so that no sample has a label
  // The column map says on purpose that there is none: label = "", group = "".
  bool said_without_label = false;
  bool said_without_group = false;
  std::map<std::string, std::uint64_t> by_split;  // of the samples, "" for none published
  std::uint64_t in_several_splits = 0;            // samples listed in more than one published split
  std::map<std::string, Tally> skipped;           // records by reason, but for the two below
  Tally rows_without_picture;                     // records skipped for want of a picture
  Tally duplicate_ids;                            // records skipped: the first of an id stays
  Tally conflicting_labels;                  // of these, those whose label differs from the first
  Tally pictures_without_row;                // pictures that no row names
  Tally pictures_shadowed;                   // pictures hidden by one of the same id
  std::vector<std::string> picture_folders;  // where pictures were looked for and found
  std::map<std::string, Tally> warnings;     // by kind
  // Ids without suffix that rows have with several (a.jpg, a.png), where no picture told so. Not in
  // the JSON; the first row's key lacks the suffix: read again with them.
  std::set<std::string> suffix_twins;
  // imagefolder: ids that rows have for several pictures, as where folders number theirs anew. Not
  // in the JSON; some of these rows were skipped for it: read again with them.
  std::set<std::string> shared_ids;
  // Tables that are separated by something else than commas: file and "a tab", "';'".
  std::map<std::string, std::string> separators;

  std::uint64_t skipped_total() const;
};

Json to_json(const AdapterReport& report);

using SampleSink = std::function<void(Sample&&)>;

// Reads one data set's own files. Memory does not grow with the number of rows but for the ids
// seen, the names of the pictures and the rows of a table that is joined to another. Stateless.
class Adapter {
 public:
  virtual ~Adapter() = default;
  virtual std::string_view name() const = 0;
  virtual std::string_view describe() const = 0;  // one line for a person
  virtual std::vector<std::string> expected_files() const = 0;
  // Licence and terms of use, one line; "" where they are not known.
  virtual std::string_view terms() const { return {}; }
  // Whether what it reads from the folder is surely this data set. False where the folder has no
  // more than the form, as a folder a class of another set has.
  virtual bool recognises(const AdapterInput& /*input*/) const { return true; }
  // The name in the workspace of the data set in `folder` where the user gives none.
  virtual std::string default_name(const Path& folder) const;
  // Hands each sample to `sink` in the order of the files; what the sink throws passes through.
  // UsageError if a file that must be there is missing, InputError for a file that cannot be read
  // as what it should be; a single bad row is skipped and counted.
  virtual AdapterReport read(const AdapterInput& input, const SampleSink& sink) const = 0;
};

// Name, description and expected files.
Json to_json(const Adapter& adapter);

// All adapters, by name. Adding one: docs/extending.md.
const std::vector<const Adapter*>& adapters();
// UsageError naming those there are.
const Adapter& adapter(std::string_view name);

}  // namespace epicrisis
