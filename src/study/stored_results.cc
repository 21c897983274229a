#include "study/stored_results.h"

#include <map>
#include <tuple>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/results.h"

namespace epicrisis::study {
namespace {

// What tells the trainings of a study apart in its rows: model, mode, notes, seed.
using Training = std::tuple<std::string, std::string, std::string, std::string>;

}  // namespace

void store_results(Workspace& workspace, const Study& study, const std::string& key,
                   const std::vector<ResultRow>& rows, const std::vector<TrainedRun>& runs) {
  std::map<Training, std::string> ids;
  for (const TrainedRun& run : runs) {
    for (const auto& [seed, id] : run.seeds) {
      ids[{run.title, std::string(mode_name(run.run->train.mode)), join(run.run->notes, "+"),
           seed}] = id;
    }
  }
  std::vector<StoredResult> stored;
  stored.reserve(rows.size());
  for (const ResultRow& row : rows) {
    const auto id = ids.find({row.model, row.mode, row.notes, row.seed});
    if (id == ids.end() && row.seed != "all") {
      throw InternalError("result of {}, {}, notes '{}', seed {}: no such training", row.model,
                          row.mode, row.notes, row.seed);
    }
    stored.push_back({.run_id = id == ids.end() ? "" : id->second, .row = row});
  }
  put_results(workspace.database(), study.name, key, stored);
}

std::optional<std::vector<ResultRow>> find_results(Workspace& workspace, const Study& study,
                                                   const std::string& key) {
  const auto are_current = [&] { return results_key(workspace.database(), study.name) == key; };
  if (!are_current()) return std::nullopt;
  std::vector<ResultRow> rows;
  for (StoredResult& stored : load_results(workspace.database(), {.study = study.name})) {
    rows.push_back(std::move(stored.row));
  }
  // Another process may have put others there in between.
  if (!are_current()) return std::nullopt;
  return rows;
}

}  // namespace epicrisis::study
