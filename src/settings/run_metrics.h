#pragma once

#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"
#include "epicrisis/settings/train_result.h"

// The files in which a training says how it went; docs/formats/run-folder.md.
namespace epicrisis {

inline constexpr const char* kRunMetricsFile = "metrics.jsonl";
inline constexpr const char* kRunResultFile = "result.json";

// One line of metrics.jsonl. NaN is null.
Json metrics_to_json(const EpochMetrics& metrics);
EpochMetrics metrics_from_json(const Json& json, std::string_view source);

// Writes all lines anew; append_metrics() adds one as the training goes on.
void write_metrics(const Path& folder, const std::vector<EpochMetrics>& history);
void append_metrics(const Path& folder, const EpochMetrics& metrics);

void write_train_result(const Path& folder, const TrainResult& result);

// A number of things that fits an int; InputError naming `source` and the key for another one.
int whole_number(const Json& json, std::string_view key, std::string_view source);

}  // namespace epicrisis
