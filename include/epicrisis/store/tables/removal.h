#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// What the database has of a data set and would lose with it.
struct DatasetContent {
  std::string source;  // the owner's folder that it was read from
  std::int64_t samples = 0;
  std::int64_t notes = 0;               // requests with any outcome
  std::int64_t written = 0;             // of them, notes
  double cost = 0;                      // of them all, US dollars
  std::int64_t unpriced = 0;            // tokens without a known price, not in `cost`
  std::int64_t batched_out = 0;         // requests in batch files that have no answer yet
  std::int64_t prepared = 0;            // pictures
  std::vector<std::string> split_sets;  // those that give a role to one of its samples
};
Json to_json(const DatasetContent& content);

// UsageError that lists the data sets there are.
DatasetContent dataset_content(Database& database, std::string_view name);

// Takes a data set out with all that hangs on its samples: notes and their history, audits, rows of
// prepared pictures, fingerprints, roles, overlaps, requests in batch files. A split set that a
// study made goes whole where it had a role for one of them, as does one that is empty then. The
// ledger stays. One transaction; files are the caller's.
void remove_dataset_rows(Database& database, std::string_view name);

struct StudyContent {
  std::vector<std::string> runs;  // ids
  std::int64_t results = 0;       // rows
  std::vector<std::string> split_sets;
};
Json to_json(const StudyContent& content);
StudyContent study_content(Database& database, std::string_view study);
// Takes out runs, results and split sets of a study. Notes stay: they belong to their samples.
void remove_study_rows(Database& database, std::string_view study);

// Removes runs without results, all or none. InternalError for one that results were measured on.
void remove_run_rows(Database& database, const std::vector<std::string>& ids);

// Writes the database anew without what was removed, which would else stay in its free pages. Takes
// as much room beside it as it has. SystemError where the disk has not.
void compact(Database& database);

// A study whose rows are gone and whose files may not be: kept with the rows, so that a process
// that dies between the two is found.
std::vector<std::string> studies_being_removed(Database& database);
void forget_removed_study(Database& database, std::string_view study);

}  // namespace epicrisis
