#include "study/stored_results.h"

#include <map>
#include <tuple>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/results.h"

namespace epicrisis::study {
namespace {

// What tells the trainings of a study apart in its rows: model, mode, notes, seed.
using Training = std::tuple<std::string, std::string, std::string, std::string>;

}  // namespace

void store_results(Workspace& workspace, const Study& study, const Evaluation& evaluation,
                   const std::vector<TrainedRun>& runs) {
  const std::string key = dump_json(Json(evaluation.keys));
  if (results_key(workspace.database(), study.name) == key) return;
  std::map<Training, std::string> ids;
  for (const TrainedRun& run : runs) {
    for (const auto& [seed, id] : run.seeds) {
      ids[{run.title, std::string(mode_name(run.run->train.mode)), join(run.run->notes, "+"),
           seed}] = id;
    }
  }
  std::vector<StoredResult> stored;
  stored.reserve(evaluation.rows.size());
  for (const ResultRow& row : evaluation.rows) {
    const auto id = ids.find({row.model, row.mode, row.notes, row.seed});
    if (id == ids.end() && row.seed != "all") {
      throw InternalError("result of {}, {}, notes '{}', seed {}: no such training", row.model,
                          row.mode, row.notes, row.seed);
    }
    stored.push_back({.run_id = id == ids.end() ? "" : id->second, .row = row});
  }
  put_results(workspace.database(), study.name, key, stored);
}

MeasuredRows find_results(Workspace& workspace, const Study& study) {
  MeasuredRows measured;
  const auto key = results_key(workspace.database(), study.name);
  if (!key || !key->starts_with('{')) return measured;  // none, or of an earlier version
  for (StoredResult& stored : load_results(workspace.database(), {.study = study.name})) {
    measured.rows[measured_name(stored.row)].push_back(std::move(stored.row));
  }
  // Another process may have put others there in between.
  if (results_key(workspace.database(), study.name) != key) return {};
  const Json keys = parse_json(*key, workspace.database().path().string());
  for (const auto& [name, hash] : keys.items()) {
    if (measured.rows.contains(name)) measured.keys[name] = hash.get<std::string>();
  }
  return measured;
}

}  // namespace epicrisis::study
