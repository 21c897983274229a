#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/ranks.h"
#include "epicrisis/corpus/import.h"
#include "epicrisis/eval/result_row.h"
#include "epicrisis/report/report_data.h"
#include "epicrisis/settings/train_result.h"
#include "epicrisis/store/workspace.h"
#include "epicrisis/study/study_file.h"

namespace epicrisis {

struct StudyOptions {
  bool allow_leakage = false;  // as the study's own allow_leakage = true
  bool allow_remote = false;   // prompts and pictures may go to another machine
  // Of several processes that train together: this one leads (training_ranks.h).
  Ranks* ranks = nullptr;
};

struct StudyOutcome {
  std::size_t trained = 0;  // runs of this call
  std::size_t kept = 0;     // runs that were there
  std::vector<ResultRow> rows;
  Path report;                        // the HTML file
  Path earlier_report;                // the one of the study as it was before, where it was kept
  std::string headline;               // the table for a terminal
  std::vector<ImportReport> imports;  // one a data set
};
// {"runs_trained", "runs_kept", "report", "earlier_report", "results": [...], "imports": [...]}
Json to_json(const StudyOutcome& outcome);

// Does everything the study names: import, roles, leakage check, preparation, notes, embeddings,
// training, evaluation, report. Run again it does only what is missing; broken off at any point it
// goes on from there. Takes the lock "study-<name>". LeakageError, UsageError and InputError as the
// parts below say; Interrupted when the job is cancelled.
StudyOutcome run_study(Workspace& workspace, const Study& study, Job& job,
                       const StudyOptions& options = {});

// Which trainings of a study; all for an empty list.
struct TrainingChoice {
  std::vector<std::string> runs;  // their names
  std::vector<std::int64_t> seeds;
};

// A finished training.
struct StudyTraining {
  std::string run;
  std::int64_t seed = 0;
  Path folder;
  TrainResult result;
};
Json to_json(const StudyTraining& training);

struct TrainingOutcome {
  std::size_t trained = 0;               // of this call
  std::size_t kept = 0;                  // that were there
  std::vector<StudyTraining> trainings;  // the chosen ones
  std::vector<ImportReport> imports;     // one a data set
};
// {"runs_trained", "runs_kept", "trainings": [...], "imports": [...]}
Json to_json(const TrainingOutcome& outcome);

// What run_study() does until the chosen trainings are there and have predicted, and no more:
// nothing is measured, no report is written. The next run_study() has them. UsageError, with those
// there are, for a run or a seed that the study does not have; else as run_study().
TrainingOutcome train_study(Workspace& workspace, const Study& study, const TrainingChoice& choice,
                            Job& job, const StudyOptions& options = {});

// The studies that were run in a workspace, by name.
std::vector<std::string> list_studies(const Workspace& workspace);
// A study as it was last run here. UsageError that lists those there are; "" takes the only one.
// InputError, saying how to go on, where the record of it is damaged.
Study load_study(const Workspace& workspace, const std::string& name = "");

// The result rows of a study's finished runs: one per seed, and "all" over the seeds. They come out
// of the database; what changed since they were stored there is measured first. Trains nothing.
// External data sets that the workspace has no more are left out, with a warning; UsageError where
// the study trains on one.
std::vector<ResultRow> evaluate_study(Workspace& workspace, const Study& study, Job& job);

// Gathers and writes the report of a study's finished runs: `html`, and beside it the same numbers
// as .csv, .json and .tex. Trains nothing. As evaluate_study() of data sets that are gone.
ReportData write_study_report(Workspace& workspace, const Study& study, const Path& html, Job& job);
// The files that it writes beside the page `html`.
std::vector<Path> files_beside_report(const Path& html);

}  // namespace epicrisis
