#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"

namespace epicrisis {

// One measured number with all that is needed to read it. The columns, in this order and with these
// names, are those of CSV, JSON and the store's table of results.
struct ResultRow {
  std::string run;    // its name in the study; unique there
  std::string model;  // "densenet121"
  std::string mode;   // "image", "multimodal", ... as the run's settings name it
  std::string notes;  // strategy of the notes trained on: "M", "MP"; "" for none
  std::string seed;   // "1"; "all": over all seeds
  std::string dataset;
  std::string role;    // "internal", "external"
  std::string task;    // "classification", "retrieval", "distance", "zero-shot"
  std::string metric;  // "weighted_f1", "recall/MEL", "image_to_text/P@5/pair_out"
  double value = std::numeric_limits<double>::quiet_NaN();
  std::optional<double> lo;  // interval
  std::optional<double> hi;
  std::size_t n = 0;      // samples (queries) measured
  std::size_t seeds = 0;  // trainings

  // A number without n, interval and seed count is not printed.
  bool printable() const;
  bool operator==(const ResultRow&) const = default;
};

// Undefined numbers are null in JSON and empty in CSV.
Json to_json(const ResultRow& row);
Json to_json(const std::vector<ResultRow>& rows);  // an array
// InputError naming `source`, the entry and the key.
std::vector<ResultRow> result_rows_from_json(const Json& array, std::string_view source);
// With a header line. Numbers in the shortest form that reads back to the same value.
std::string to_csv(const std::vector<ResultRow>& rows);

}  // namespace epicrisis
