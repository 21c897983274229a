#include "epicrisis/study/study.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/json_checksum.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/json_list.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/version.h"
#include "epicrisis/report/html_report.h"
#include "epicrisis/report/tables.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/notes.h"
#include "study/report_builder.h"
#include "study/report_files.h"
#include "study/stored_results.h"
#include "study/study_notes.h"
#include "study/study_state.h"
#include "study/training.h"

namespace epicrisis {
namespace {

using study::beside;
using study::Evaluation;
using study::study_record;
using study::StudyState;
using study::TrainedRun;

// Earlier versions wrote a record without a checksum. InputError where it is damaged.
void check_record(Json record, const std::string& source) {
  if (!has_checksum(record) || take_checksum(record, source).agrees()) return;
  throw InputError("its checksum is not the one in it");
}

// Keeps the study file's text and its data root, so that evaluate and report need only the
// workspace.
void remember_study(const Workspace& workspace, const Study& study) {
  Json record = {{"source", study.source},
                 {"file", study.file.string()},
                 {"data_root", study.data_root.string()},
                 {"allow_leakage", study.allow_leakage}};
  add_checksum(record);
  write_file(study_record(workspace, study.name), dump_json(record, 1) + "\n");
}

// To be raised when a report shows more of the same within one version.
constexpr const char* kReport = "report 6";

// What the report of a study depends on. It is written beside the report when all of that is done,
// so that a second run of a study finds nothing to do.
std::string report_key(Workspace& workspace, const Study& study, const StudyState& state,
                       const Evaluation& evaluation) {
  Json notes = Json::array();
  for (const NoteCount& count : count_notes(workspace.database())) notes.push_back(to_json(count));
  notes.push_back(audits_state(workspace.database()));
  std::string runs;
  for (const TrainedRun& run : state.finished.runs) {
    runs += '\n' + run.run->name + '|' + run.title;
    for (const auto& [seed, id] : run.seeds) runs += '|' + id;
  }
  return sha256_of_fields(
      {kVersion, kReport, study.source, study.allow_leakage ? "leakage allowed" : "",
       fmt::format("{} {}", study.bootstrap, study.baseline), dump_json(Json(evaluation.keys)),
       runs, join(state.finished.missing, "\n"), study::hash_of(state.set, state.pictures),
       study::hash_of(study::load_note_table(workspace, state.set, {})), dump_json(notes)});
}

// Measures what is not stored yet, and stores the rows: everything that shows them reads them
// there.
Evaluation evaluate_state(Workspace& workspace, const Study& study, const StudyState& state,
                          Job& job) {
  Evaluation evaluation =
      study::evaluate_runs(study, state.finished.runs, study::slice_by_dataset(state.set, study),
                           workspace.runs(), study::find_results(workspace, study), job);
  study::store_results(workspace, study, evaluation, state.finished.runs);
  return evaluation;
}

ReportData make_report(Workspace& workspace, const Study& study, const StudyState& state,
                       Evaluation evaluation, const Path& html, Job& job) {
  study::compare_runs(study, state.finished.runs, study::slice_by_dataset(state.set, study),
                      evaluation, job);
  ReportData data = study::build_report(workspace, study, state.set, state.pictures, state.finished,
                                        std::move(evaluation), job);
  write_file(beside(html, ".csv"), report_csv(data));
  write_file(beside(html, ".audit.csv"), audit_csv(data.audit));
  write_file(beside(html, ".json"), dump_json(to_json(data), 1) + "\n");
  write_file(beside(html, ".tex"), report_latex(data));
  write_file(beside(html, ".txt"), report_text(data));
  write_file(html, render_html(data));
  return data;
}

Study with_leave(const Study& given, const StudyOptions& options) {
  Study study = given;
  study.allow_leakage = study.allow_leakage || options.allow_leakage;
  return study;
}

struct Trained {
  StudyState state;
  study::RunCounts counts;
  std::vector<ImportReport> imports;
};

// All that comes before the first number: data, roles, pictures, notes, trainings.
Trained bring_to_trained(Workspace& workspace, const Study& study, const StudyOptions& options,
                         Job& job) {
  settle_field(workspace.database(), study.field);
  remember_study(workspace, study);
  Trained trained;
  StudyState& state = trained.state;
  trained.imports = study::import_data(workspace, study, job);
  state.set = study::assign_roles(workspace, study, job);
  for (const std::string& words : study::untrained_classes(study, state.set.cases)) {
    job.warn("study '{}': {}", study.name, words);
  }
  state.pictures = study::load_pictures(workspace, study, state.set, job, true);
  study::write_notes(workspace, study, state.set, options.allow_remote, job);
  trained.counts = study::train_runs(workspace, study, state.set, state.pictures, state.models, job,
                                     options.ranks);
  state.finished = study::finished_runs(workspace, study, state.set, state.pictures, state.models);
  return trained;
}

// The study with the chosen trainings alone.
Study with_runs(Study study, const TrainingChoice& choice) {
  std::vector<std::string> names;
  for (const StudyRun& run : study.runs) names.push_back(run.name);
  for (const std::string& name : choice.runs) {
    if (std::ranges::find(names, name) != names.end()) continue;
    throw UsageError("study '{}' has no run '{}'; it has: {}", study.name, name, join(names, ", "));
  }
  for (const std::int64_t seed : choice.seeds) {
    const bool known = std::ranges::any_of(study.runs, [&](const StudyRun& run) {
      return std::ranges::find(run.seeds, seed) != run.seeds.end();
    });
    if (!known) throw UsageError("study '{}': no run has the seed {}", study.name, seed);
  }
  std::erase_if(study.runs, [&](StudyRun& run) {
    std::erase_if(run.seeds, [&](std::int64_t seed) {
      return !choice.seeds.empty() && std::ranges::find(choice.seeds, seed) == choice.seeds.end();
    });
    return run.seeds.empty() ||
           (!choice.runs.empty() && std::ranges::find(choice.runs, run.name) == choice.runs.end());
  });
  if (study.runs.empty()) {
    throw UsageError("study '{}': none of the chosen runs has one of the chosen seeds", study.name);
  }
  return study;
}

Study read_record(const Path& file) {
  const std::string source = file.string();
  const Json record = parse_json(read_file(file), source);
  check_record(record, source);
  Study study = parse_study(json_get<std::string>(record, "source", source),
                            json_get_or<std::string>(record, "file", source, source),
                            json_get<std::string>(record, "data_root", source));
  study.allow_leakage = json_get<bool>(record, "allow_leakage", source);
  return study;
}

}  // namespace

Json to_json(const StudyOutcome& outcome) {
  return {{"runs_trained", outcome.trained},   {"runs_kept", outcome.kept},
          {"report", outcome.report.string()}, {"earlier_report", outcome.earlier_report.string()},
          {"results", to_json(outcome.rows)},  {"imports", json_list(outcome.imports)}};
}

Json to_json(const StudyTraining& training) {
  const EpochMetrics& best = training.result.best();
  // No number where nothing was validated.
  const Json loss = std::isfinite(best.validation_loss) ? Json(best.validation_loss) : Json();
  return {{"run", training.run},
          {"seed", training.seed},
          {"folder", training.folder.string()},
          {"epochs", training.result.epochs},
          {"best_epoch", training.result.best_epoch},
          {"validation_loss", loss},
          {"validation_weighted_f1", loss.is_null() ? Json() : Json(best.validation_weighted_f1)},
          {"seconds", training.result.seconds}};
}

Json to_json(const TrainingOutcome& outcome) {
  return {{"runs_trained", outcome.trained},
          {"runs_kept", outcome.kept},
          {"trainings", json_list(outcome.trainings)},
          {"imports", json_list(outcome.imports)}};
}

StudyOutcome run_study(Workspace& workspace, const Study& given, Job& job,
                       const StudyOptions& options) {
  const Study study = with_leave(given, options);
  const WorkspaceLock lock = workspace.lock(study::study_lock(study.name));
  StudyOutcome outcome;
  auto [state, counts, imports] = bring_to_trained(workspace, study, options, job);
  outcome.imports = std::move(imports);

  study::audit_study_notes(workspace, study, job);

  outcome.trained = counts.trained;
  outcome.kept = counts.kept;
  outcome.report = study::report_file(workspace, study.name);
  Evaluation evaluation = evaluate_state(workspace, study, state, job);
  outcome.rows = evaluation.rows;
  const std::string key = report_key(workspace, study, state, evaluation);
  if (!study::report_is_current(workspace, study.name, key)) {
    if (study::report_was_changed(workspace, study.name)) {
      job.warn("{} or a file beside it was changed or damaged; the report is written anew",
               outcome.report.string());
    }
    const std::string day = job.now_utc().substr(0, std::string_view("2026-11-24").size());
    outcome.earlier_report = study::begin_report(workspace, study, day);
    make_report(workspace, study, state, std::move(evaluation), outcome.report, job);
    study::end_report(workspace, study, day, key);
  }
  outcome.headline = read_file(beside(outcome.report, ".txt"));
  return outcome;
}

TrainingOutcome train_study(Workspace& workspace, const Study& given, const TrainingChoice& choice,
                            Job& job, const StudyOptions& options) {
  const Study study = with_runs(with_leave(given, options), choice);
  const WorkspaceLock lock = workspace.lock(study::study_lock(study.name));
  const Trained trained = bring_to_trained(workspace, study, options, job);
  TrainingOutcome outcome;
  outcome.trained = trained.counts.trained;
  outcome.kept = trained.counts.kept;
  outcome.imports = trained.imports;
  for (const TrainedRun& run : trained.state.finished.runs) {
    for (const auto& [seed, id] : run.seeds) {
      const Path folder = workspace.runs() / id;
      outcome.trainings.push_back(
          {run.run->name, std::stoll(seed), folder, read_train_result(folder).value()});
    }
  }
  return outcome;
}

std::vector<std::string> list_studies(const Workspace& workspace) {
  std::vector<std::string> names;
  const Path folder = workspace.root() / "studies";
  if (!std::filesystem::is_directory(folder)) return names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

Study load_study(const Workspace& workspace, const std::string& name) {
  const std::vector<std::string> names = list_studies(workspace);
  const std::string chosen = name.empty() && names.size() == 1 ? names.front() : name;
  if (std::ranges::find(names, chosen) == names.end()) {
    throw UsageError("{}: {}; studies run here: {}", workspace.root().string(),
                     chosen.empty() ? "name one as `study`" : "no study '" + chosen + "'",
                     names.empty() ? "none" : join(names, ", "));
  }
  const Path file = study_record(workspace, chosen);
  try {
    return read_record(file);
  } catch (const Error& error) {
    throw InputError(
        "{}: the record of study '{}' is damaged or of another version ({}); run the study again "
        "from its file: the record is written anew",
        file.string(), chosen, error.what());
  }
}

std::vector<ResultRow> evaluate_study(Workspace& workspace, const Study& given, Job& job) {
  std::vector<std::string> left_out;
  const Study study = study::with_data_there(workspace, given, left_out);
  const StudyState state = study::load_state(workspace, study, job, std::move(left_out));
  return evaluate_state(workspace, study, state, job).rows;
}

ReportData write_study_report(Workspace& workspace, const Study& given, const Path& html,
                              Job& job) {
  std::vector<std::string> left_out;
  const Study study = study::with_data_there(workspace, given, left_out);
  const StudyState state = study::load_state(workspace, study, job, std::move(left_out));
  return make_report(workspace, study, state, evaluate_state(workspace, study, state, job), html,
                     job);
}

}  // namespace epicrisis
