#include "epicrisis/study/removal.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json_list.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/inventory.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/study/study.h"
#include "study/sweep.h"

namespace epicrisis {
namespace {

using study::IdleWorkspace;

Json to_json(const UnusedFiles& files) {
  return {
      {"place", files.place}, {"what", files.what}, {"bytes", files.bytes}, {"files", files.files}};
}

Json to_json(const SweepReport& report) {
  Json gone = Json::array();
  Json kept = Json::array();
  for (const UnusedFiles& files : report.gone) gone.push_back(to_json(files));
  for (const UnusedFiles& files : report.kept) kept.push_back(to_json(files));
  return {{"bytes", report.bytes()}, {"removed", std::move(gone)}, {"kept", std::move(kept)}};
}

Json to_json(const DependentRun& run) {
  return {{"study", run.study}, {"run", run.run}, {"trained_on_it", run.trained}};
}

// Whose rows are taken out, to be given back where nothing is to be removed: so what would go is
// known exactly.
void change_rows(Workspace& workspace, const RemovalOptions& options, const Job& job,
                 const std::function<void()>& change, const std::function<void()>& look) {
  bool gone = false;
  try {
    Transaction transaction(workspace.database());
    change();
    job.check();
    if (options.dry_run) {
      look();
      return;
    }
    transaction.commit();
    gone = true;
    look();
  } catch (const Interrupted&) {
    job.say(LogLevel::kWarning,
            gone ? "it is taken out of the database; files that nothing uses any more may be left, "
                   "and 'epicrisis runs' with `prune` removes them"
                 : "nothing was removed");
    throw;
  }
}

// Rows are gone all the same where the disk is too full for this.
void compact_unless_dry(Workspace& workspace, const RemovalOptions& options, const Job& job) {
  if (options.dry_run) return;
  try {
    compact(workspace.database());
  } catch (const SystemError& error) {
    job.warn(
        "the database was not made smaller, and its free pages still hold what was removed: {}",
        error.what());
  }
}

void find_dependents(Workspace& workspace, DatasetRemoval& removal) {
  for (const std::string& name : list_studies(workspace)) {
    try {
      const Study study = load_study(workspace, name);
      const auto data = std::ranges::find(study.data, removal.dataset, &StudyData::name);
      if (data == study.data.end()) continue;
      removal.studies.push_back(name);
      if (data->adapter.empty()) removal.without_source.push_back(name);
      for (const std::string& run : study_content(workspace.database(), name).runs) {
        removal.runs.push_back({name, run, !data->external});
      }
    } catch (const Error&) {
      removal.unread.push_back(name);
    }
  }
}

}  // namespace

Json to_json(const DatasetRemoval& removal) {
  Json runs = Json::array();
  for (const DependentRun& run : removal.runs) runs.push_back(to_json(run));
  Json inside = Json::array();
  for (const UnusedFiles& files : removal.inside) inside.push_back(to_json(files));
  return {{"dataset", removal.dataset},
          {"content", to_json(removal.content)},
          {"runs", std::move(runs)},
          {"studies", removal.studies},
          {"without_source", removal.without_source},
          {"unread", removal.unread},
          {"inside", std::move(inside)},
          {"files", to_json(removal.sweep)}};
}

DatasetRemoval remove_dataset(Workspace& workspace, const std::string& name,
                              const RemovalOptions& options, Job& job) {
  DatasetRemoval removal;
  removal.dataset = name;
  removal.content = dataset_content(workspace.database(), name);
  IdleWorkspace idle(workspace);
  find_dependents(workspace, removal);
  if (const auto stored = find_dataset(workspace.database(), name))
    removal.adapter = stored->adapter;
  std::map<std::string, PreparedCount> prepared;
  for (DatasetInventory& inventory : count_inventory(workspace.database())) {
    if (inventory.dataset == name) prepared = std::move(inventory.prepared);
  }
  change_rows(
      workspace, options, job, [&] { remove_dataset_rows(workspace.database(), name); },
      [&] {
        removal.sweep = study::sweep(workspace, idle, options, job);
        const std::set<std::string> used = prepared_recipes(workspace.database());
        for (const auto& [recipe, count] : prepared) {
          if (count.pictures == 0 || !used.contains(recipe)) continue;
          removal.inside.push_back({"images/" + recipe,
                                    "other data sets have pictures in the same files", 0,
                                    count.pictures});
        }
      });
  compact_unless_dry(workspace, options, job);
  return removal;
}

Json to_json(const StudyRemoval& removal) {
  return {{"study", removal.study},
          {"content", to_json(removal.content)},
          {"files", to_json(removal.sweep)}};
}

StudyRemoval remove_study(Workspace& workspace, const std::string& name,
                          const RemovalOptions& options, Job& job) {
  StudyRemoval removal;
  removal.study = name;
  removal.content = study_content(workspace.database(), name);
  const std::vector<std::string> known = list_studies(workspace);
  const StudyContent& content = removal.content;
  if (content.runs.empty() && content.results == 0 && content.split_sets.empty() &&
      std::ranges::find(known, name) == known.end()) {
    throw UsageError("{}: no study '{}'; studies run here: {}", workspace.root().string(), name,
                     known.empty() ? "none" : join(known, ", "));
  }
  IdleWorkspace idle(workspace);
  change_rows(
      workspace, options, job, [&] { remove_study_rows(workspace.database(), name); },
      [&] { removal.sweep = study::sweep(workspace, idle, options, job); });
  compact_unless_dry(workspace, options, job);
  return removal;
}

Json to_json(const RunPruning& pruning) {
  return {{"runs", json_list(pruning.runs)}, {"files", to_json(pruning.sweep)}};
}

RunPruning prune_runs(Workspace& workspace, const std::string& study, const RemovalOptions& options,
                      Job& job) {
  RunPruning pruning;
  std::vector<std::string> ids;
  // Before the locks are taken, by which a training at work is told.
  for (ListedRun& run : list_workspace_runs(workspace, study)) {
    if (run.use != RunUse::kSuperseded && run.use != RunUse::kUnwanted) continue;
    ids.push_back(run.id);
    pruning.runs.push_back(std::move(run));
  }
  IdleWorkspace idle(workspace);
  change_rows(
      workspace, options, job, [&] { remove_run_rows(workspace.database(), ids); },
      [&] { pruning.sweep = study::sweep(workspace, idle, options, job); });
  return pruning;
}

}  // namespace epicrisis
