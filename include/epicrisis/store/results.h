#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/store/database.h"

namespace epicrisis {

// One number with what it needs to be believed.
struct StoredResult {
  std::string run_id;
  std::string model;  // image encoder
  std::string mode;   // "image", "multimodal", ...
  std::string notes;  // strategy or combination; "" without text
  std::int64_t seed = 0;
  std::string dataset;
  std::string role;          // "validation", "test", "external"
  std::string task;          // "classification", "retrieval", "zero-shot"
  std::string metric;        // "weighted_f1", "i2t_p@10", ...
  double value = 0;          // finite
  std::optional<double> lo;  // confidence interval
  std::optional<double> hi;
  std::int64_t n = 0;  // cases behind the value
};

// Inserts; a row of the same run, data set, role, task, notes and metric is replaced. InputError
// for a value that is not finite, an unknown run, or an interval with lo > hi.
void put_results(Database& database, const std::vector<StoredResult>& rows);

struct ResultFilter {
  std::string study = {};  // "" : all, and so on
  std::string run_id = {};
  std::string dataset = {};
  std::string role = {};
  std::string task = {};
  std::string metric = {};
  bool done_runs_only = true;
};
std::vector<StoredResult> load_results(Database& database, const ResultFilter& filter = {});

}  // namespace epicrisis
