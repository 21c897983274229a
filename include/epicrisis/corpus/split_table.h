#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/data/field.h"
#include "epicrisis/data/split.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/tables/splits.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

struct SplitRequest {
  SampleFilter filter = {};
  SplitFractions fractions = {};
  // 0: none. Else the training share is cut into so many folds, which are for validation in turn;
  // its validation share must be 0.
  int folds = 0;
  std::uint64_t seed = 1;
  bool honour_published = false;
  // Samples of one picture, or a hardly different one, stay together. Without, no picture is
  // opened.
  bool pictures = true;
  unsigned threads = 0;  // 0: all cores
};

struct SplitEntry {
  std::int64_t sample_id = 0;
  std::string dataset;
  std::string key;
  std::string group;  // as the data set names it, "" if the sample stands alone
  std::optional<ClassId> label;
  Role role = Role::kUnused;
  int fold = 0;           // from 1; 0: in none
  std::size_t first = 0;  // of the entries that stay together, this one or another
};

// The samples of a workspace with their splits, and how even these came out.
struct SplitTable {
  SplitRequest request;
  Field field = Field::standard();
  std::vector<SplitEntry> entries;  // in order of data set and key
  std::vector<std::string> parts;   // "train", "validation", "test", or "fold 1", ..., "test"
  std::vector<std::vector<std::int64_t>> counts;  // by class of the field and part
  std::vector<std::int64_t> groups;               // by part; a sample that stands alone is one
  std::int64_t without_class = 0;                 // in no part
  std::int64_t joined = 0;  // samples that stay with those of another patient or case: one picture
  std::int64_t left_out = 0;         // have a class and are in no part: see honour_published
  std::vector<std::string> remarks;  // what of the request could not be met
};
Json to_json(const SplitTable& table);

// Splits the samples of the filter (data/split.h): groups, which are those of one data set, stay
// whole, and so do samples of one picture, as check_leakage() finds them; classes are spread
// evenly. Depends on seed, keys, groups, classes and pictures alone, on no machine. UsageError for
// wrong shares or folds, if no sample has a class, and if all that have one, or all of a part that
// is trained on, are of one class.
SplitTable split_samples(Workspace& workspace, const SplitRequest& request, Job& job);

// dataset, key, group, class, split, fold: a row a sample. A study takes it as `file` in [split].
void write_split_csv(const SplitTable& table, const Path& file);

// Stores it under a name (save_split_set). UsageError with folds: a sample has one role in a set.
SplitSet store_split(Database& database, const std::string& name, const SplitTable& table,
                     bool replace);

// What a file of splits says of a sample.
struct FiledSplit {
  Role role = Role::kUnused;  // kUnused: the row names neither a split nor a fold
  int fold = 0;
};
// By data set and key. Columns dataset, key and split, or fold, or both, in any order; others are
// passed over. InputError with line and value for another split, a fold below 1, a sample that is
// named twice.
std::map<std::pair<std::string, std::string>, FiledSplit> read_split_csv(const Path& file);

}  // namespace epicrisis
