#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "epicrisis/store/sql/database.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis {

// What a workspace holds, in numbers. All of it is counted by the database, no row is read out.

struct PreparedCount {
  std::int64_t pictures = 0;
  std::int64_t failed = 0;
};

struct DatasetInventory {
  std::string dataset;
  std::int64_t groups = 0;                        // patients or cases
  std::int64_t grouped = 0;                       // samples that name theirs
  std::int64_t raw_labelled = 0;                  // samples with a label as published
  std::map<std::string, std::int64_t> published;  // by published split, those of none left out
  std::map<std::string, PreparedCount> prepared;  // by recipe
  std::map<std::string, std::map<std::string, std::int64_t>> roles;  // by split set and role
};
std::vector<DatasetInventory> count_inventory(Database& database);  // by name

// Requests that were sent and have no entry in the ledger: of a run at work, or of one that was
// killed.
std::int64_t count_under_way(Database& database);
// Requests in batch files that have no answer yet.
std::int64_t count_batched_out(Database& database);
// Samples of the filter with a picture whose fingerprint is not known.
std::int64_t count_without_fingerprint(Database& database, SampleFilter filter);
// SHA-256 over what the samples of the filter say, in the order of their keys, by what it is:
// "samples" (which there are), "labels", "groups", "splits" (published ones) and "metadata" (all
// that notes are written from). Equal where nothing of it changed.
std::map<std::string, std::string> samples_state(Database& database, const SampleFilter& filter);
// When splits were last held against each other; empty if never.
std::optional<std::string> last_leakage_check(Database& database);
// Ids of the runs that stored results were measured on.
std::set<std::string> runs_with_results(Database& database);
std::set<std::string> studies_with_results(Database& database);
// Recipes of which a picture is prepared, or failed to be.
std::set<std::string> prepared_recipes(Database& database);
// The SHA-256 of every prepared picture, 64 hex digits; an equal one may come several times.
void for_each_prepared_hash(Database& database, const std::function<void(std::string)>& callback);

}  // namespace epicrisis
