#include "study/stored_results.h"

#include <map>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/results.h"

namespace epicrisis::study {
namespace {

// What tells the trainings of a study apart in its rows: run and seed.
using Training = std::pair<std::string, std::string>;

}  // namespace

void store_results(Workspace& workspace, const Study& study, const Evaluation& evaluation,
                   const std::vector<TrainedRun>& runs) {
  const std::string key = dump_json(Json(evaluation.keys));
  if (results_key(workspace.database(), study.name) == key) return;
  std::map<Training, std::string> ids;
  for (const TrainedRun& run : runs) {
    for (const auto& [seed, id] : run.seeds) {
      ids[{run.run->name, seed}] = id;
    }
  }
  std::vector<StoredResult> stored;
  stored.reserve(evaluation.rows.size());
  for (const ResultRow& row : evaluation.rows) {
    const auto id = ids.find({row.run, row.seed});
    if (id == ids.end() && row.seed != "all") {
      throw InternalError("result of run '{}', seed {}: no such training", row.run, row.seed);
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
