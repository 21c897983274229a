#include "epicrisis/study/run_list.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/inventory.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/study/study.h"
#include "settings/run_metrics.h"
#include "study/data_state.h"
#include "study/folders.h"
#include "study/report_files.h"
#include "study/run_identity.h"

namespace epicrisis {
namespace {

constexpr std::array<std::string_view, 4> kUseNames = {"used", "goes on", "superseded", "unwanted"};

// A run and its seed.
using RunKey = std::pair<std::string, std::int64_t>;

// What a workspace knows of a study's file.
struct StudyWishes {
  std::optional<Study> study;
  std::string problem;
  std::set<RunKey> runs;
};

StudyWishes wishes_of(const Workspace& workspace, const std::string& name) {
  StudyWishes wishes;
  try {
    wishes.study = load_study(workspace, name);
  } catch (const Error& error) {
    wishes.problem = error.what();
    return wishes;
  }
  for (const StudyRun& run : wishes.study->runs) {
    for (const std::int64_t seed : run.seeds) wishes.runs.emplace(run.name, seed);
  }
  return wishes;
}

bool is_locked(const Workspace& workspace, const std::string& lock) {
  std::error_code error;
  if (!std::filesystem::exists(workspace.root() / "locks" / (lock + ".lock"), error)) return false;
  try {
    workspace.lock(lock);
    return false;
  } catch (const SystemError&) {
    return true;
  }
}

// A finished run that has to be trained again.
bool has_lost_files(const Workspace& workspace, const ListedRun& run) {
  std::error_code error;
  return run.status == RunStatus::kDone &&
         !std::filesystem::exists(workspace.runs() / run.id / kRunResultFile, error);
}

// Which of a study's runs, in the order of starting, something still needs.
void judge(std::vector<ListedRun*>& runs, const StudyWishes& wishes, bool known,
           const std::set<std::string>& measured) {
  std::map<RunKey, std::size_t> last_done;
  std::map<RunKey, std::size_t> last_other;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!runs[i]->seed) continue;
    (runs[i]->status == RunStatus::kDone ? last_done
                                         : last_other)[{runs[i]->name, *runs[i]->seed}] = i;
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    ListedRun& run = *runs[i];
    const auto say = [&](RunUse use, std::string why) {
      run.use = use;
      run.why = std::move(why);
    };
    const RunKey key{run.name, run.seed.value_or(-1)};
    if (run.status == RunStatus::kRunning && run.at_work) {
      say(RunUse::kUsed, "it is being trained");
    } else if (measured.contains(run.id)) {
      say(RunUse::kUsed, "results of the study were measured on it");
    } else if (!known) {
      say(RunUse::kUnwanted, "the workspace has no study of this name");
    } else if (!wishes.problem.empty()) {
      say(RunUse::kUsed, "the record of its study cannot be read");
    } else if (!run.seed) {
      say(RunUse::kUsed, "its configuration does not tell its seed");
    } else if (!wishes.runs.contains(key)) {
      say(RunUse::kUnwanted, "the study no longer has it");
    } else if (run.status == RunStatus::kDone) {
      if (last_done.at(key) == i) {
        say(RunUse::kUsed, "the study has it");
      } else {
        say(RunUse::kSuperseded, "it was trained again since");
      }
    } else if (last_other.at(key) != i || (last_done.contains(key) && last_done.at(key) > i)) {
      say(RunUse::kSuperseded, "a later training took its place");
    } else {
      say(RunUse::kGoesOn, "the next study run goes on with it");
    }
  }
}

// What the database says of runs, and whether somebody is at work on them.
std::vector<ListedRun> read_runs(Workspace& workspace, const std::string& study) {
  std::vector<ListedRun> listed;
  std::map<std::string, bool> at_work;  // by study, of those that say that they are running
  for (const RunRecord& record : list_runs(workspace.database(), study)) {
    ListedRun run;
    run.id = record.id;
    run.study = record.study;
    run.name = record.name;
    run.seed = study::seed_of(record.config);
    run.status = record.status;
    run.error = record.error;
    run.started_at = record.started_at;
    run.finished_at = record.finished_at;
    if (run.status == RunStatus::kRunning && !at_work.contains(run.study)) {
      at_work[run.study] = is_locked(workspace, study::study_lock(run.study));
    }
    listed.push_back(std::move(run));
  }
  for (ListedRun& run : listed) {
    const auto found = at_work.find(run.study);
    run.at_work = found != at_work.end() && found->second;
  }
  return listed;
}

// Which finished runs of a study were trained on other data than there are now. What was trained
// before on the same as now, and stands for the run again, is none.
std::vector<StaleRun> stale_runs(Workspace& workspace, const Study& study,
                                 const std::set<RunKey>& done) {
  std::vector<StaleRun> stale;
  if (done.empty()) return stale;
  const Json now = study::data_state(workspace.database(), study);
  const std::vector<RunRecord> records = list_runs(workspace.database(), study.name);
  for (const StudyRun& run : study.runs) {
    for (const std::int64_t seed : run.seeds) {
      if (!done.contains({run.name, seed})) continue;
      StaleRun found{.name = run.name, .seed = seed, .changed = {}};
      bool current = false;
      for (const RunRecord& record : records) {
        if (record.status != RunStatus::kDone || record.name != run.name ||
            study::seed_of(record.config) != seed) {
          continue;
        }
        found.changed = study::data_changes(record.data_state, now, study, run);
        current = current || (!record.data_state.is_null() && found.changed.empty());
      }
      if (!current && !found.changed.empty()) stale.push_back(std::move(found));
    }
  }
  return stale;
}

// Tells those runs of a study, in the order of starting, that stale_runs() finds.
void mark_stale(Workspace& workspace, const Study& study, const std::vector<ListedRun*>& runs) {
  std::map<RunKey, ListedRun*> last;
  std::set<RunKey> done;
  for (ListedRun* run : runs) {
    if (run->status != RunStatus::kDone || !run->seed || has_lost_files(workspace, *run)) continue;
    last[{run->name, *run->seed}] = run;
    done.emplace(run->name, *run->seed);
  }
  for (StaleRun& stale : stale_runs(workspace, study, done)) {
    last.at({stale.name, stale.seed})->changed = std::move(stale.changed);
  }
}

}  // namespace

std::string_view run_use_name(RunUse use) { return kUseNames.at(static_cast<std::size_t>(use)); }

Json to_json(const ListedRun& run) {
  return {{"id", run.id},
          {"study", run.study},
          {"name", run.name},
          {"seed", run.seed ? Json(*run.seed) : Json()},
          {"status", run_status_name(run.status)},
          {"at_work", run.at_work},
          {"error", run.error},
          {"started_at", run.started_at},
          {"finished_at", run.finished_at},
          {"use", run_use_name(run.use)},
          {"why", run.why},
          {"changed", run.changed},
          {"bytes", run.bytes},
          {"shared_bytes", run.shared_bytes}};
}

std::vector<ListedRun> list_workspace_runs(Workspace& workspace, const std::string& study) {
  const std::vector<std::string> studies = list_studies(workspace);
  std::vector<ListedRun> listed = read_runs(workspace, study);
  if (!study.empty() && listed.empty() && std::ranges::find(studies, study) == studies.end()) {
    throw UsageError("{}: no study '{}' and no run of one; studies run here: {}",
                     workspace.root().string(), study,
                     studies.empty() ? "none" : join(studies, ", "));
  }
  std::map<std::string, std::vector<ListedRun*>> by_study;
  for (ListedRun& run : listed) {
    const study::FolderSize size = study::folder_size(workspace.runs() / run.id);
    run.bytes = size.bytes;
    run.shared_bytes = size.shared;
    if (has_lost_files(workspace, run))
      run.error = "its files are gone: it has to be trained again";
    by_study[run.study].push_back(&run);
  }
  const std::set<std::string> measured = runs_with_results(workspace.database());
  for (auto& [name, runs] : by_study) {
    const bool known = std::ranges::find(studies, name) != studies.end();
    const StudyWishes wishes = known ? wishes_of(workspace, name) : StudyWishes();
    judge(runs, wishes, known, measured);
    if (wishes.study) mark_stale(workspace, *wishes.study, runs);
  }
  return listed;
}

Json to_json(const StudyProgress& progress) {
  Json stale = Json::array();
  for (const StaleRun& run : progress.stale) {
    stale.push_back({{"name", run.name}, {"seed", run.seed}, {"changed", run.changed}});
  }
  return {{"name", progress.name},          {"title", progress.title},
          {"file", progress.file},          {"problem", progress.problem},
          {"runs", progress.runs},          {"done", progress.done},
          {"running", progress.running},    {"interrupted", progress.interrupted},
          {"failed", progress.failed},      {"missing", progress.missing},
          {"stale", std::move(stale)},      {"report", progress.report},
          {"absent_data", progress.absent}, {"data_to_import", progress.to_import}};
}

std::vector<StudyProgress> list_study_progress(Workspace& workspace) {
  std::map<std::string, std::map<RunKey, ListedRun>> last;  // a finished one, else the latest
  for (ListedRun& run : read_runs(workspace, {})) {
    if (!run.seed) continue;
    auto& of_study = last[run.study];
    const RunKey key{run.name, *run.seed};
    const auto found = of_study.find(key);
    if (found == of_study.end() || found->second.status != RunStatus::kDone ||
        run.status == RunStatus::kDone) {
      of_study.insert_or_assign(key, std::move(run));
    }
  }
  const std::vector<std::string> there = dataset_names(workspace.database());
  std::vector<StudyProgress> list;
  for (const std::string& name : list_studies(workspace)) {
    StudyProgress progress;
    progress.name = name;
    const Path report = study::report_file(workspace, name);
    if (std::filesystem::exists(report)) progress.report = report.string();
    const StudyWishes wishes = wishes_of(workspace, name);
    progress.problem = wishes.problem;
    if (wishes.study) {
      progress.title = wishes.study->title;
      progress.file = wishes.study->file.string();
      for (const StudyData& data : wishes.study->data) {
        if (std::ranges::find(there, data.name) != there.end()) continue;
        (data.adapter.empty() ? progress.to_import : progress.absent).push_back(data.name);
      }
    }
    std::set<RunKey> done;
    for (const RunKey& key : wishes.runs) {
      ++progress.runs;
      const auto found = last[name].find(key);
      if (found == last[name].end() || has_lost_files(workspace, found->second)) {
        ++progress.missing;
        continue;
      }
      const ListedRun& run = found->second;
      if (run.status == RunStatus::kDone) {
        ++progress.done;
        done.insert(key);
      } else if (run.status == RunStatus::kFailed) {
        ++progress.failed;
      } else if (run.status == RunStatus::kRunning && run.at_work) {
        ++progress.running;
      } else {
        ++progress.interrupted;
      }
    }
    if (wishes.study) progress.stale = stale_runs(workspace, *wishes.study, done);
    list.push_back(std::move(progress));
  }
  return list;
}

}  // namespace epicrisis
