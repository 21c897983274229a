#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/eval/result_row.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// A measured number and the run it was measured on.
struct StoredResult {
  std::string run_id;  // "" where seed is "all"
  ResultRow row;

  bool operator==(const StoredResult&) const = default;
};

// Replaces the rows of a study, all or none of them. `key` stands for everything the rows depend
// on: rows are current as long as the key is the one that would be given now. InputError for a
// value that is not finite, an interval that has one end or lo > hi, an unknown run, a run id where
// seed is "all" or none where it is not, or two rows that differ in nothing but their numbers.
void put_results(Database& database, std::string_view study, std::string_view key,
                 const std::vector<StoredResult>& rows);

// The key that the study's rows were put with; nullopt without rows, also after one of its runs was
// started again.
std::optional<std::string> results_key(Database& database, std::string_view study);

struct ResultFilter {
  std::string study = {};  // "" : all, and so on
  std::string run_id = {};
  std::string dataset = {};
  std::string role = {};
  std::string task = {};
  std::string metric = {};
};
// By study, and in the order they were put in.
std::vector<StoredResult> load_results(Database& database, const ResultFilter& filter = {});

}  // namespace epicrisis
