#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/store/tables/removal.h"
#include "epicrisis/store/workspace.h"
#include "epicrisis/study/run_list.h"

namespace epicrisis {

// Files of a workspace that nothing in it uses.
struct UnusedFiles {
  std::string place;  // a file or folder below the workspace
  std::string what;   // why nothing uses it; of what is kept, why it is
  std::uint64_t bytes = 0;
  std::int64_t files = 0;
};
struct SweepReport {
  std::vector<UnusedFiles> gone;  // removed; with `dry_run`, what would be
  std::vector<UnusedFiles> kept;  // unused, but not removed: outside the workspace, or not ours
  std::uint64_t bytes() const;    // of `gone`
};

// Removing is done in one transaction of the database, then files that nothing uses any more go:
// prepared pictures of recipes without a picture, cached features of no picture and no note,
// folders of runs that are no more, predictions for data sets that are no more, what a killed
// process left. A process that dies in between leaves files, which the next call of any of these
// removes. Only files of the program's own names, and none that lies outside the workspace, are
// ever removed. SystemError where another process is at work in the workspace.
struct RemovalOptions {
  bool dry_run = false;  // only say what would go
};

struct DependentRun {
  std::string study;
  std::string run;       // id
  bool trained = false;  // on the data set; else only tested on it
};

struct DatasetRemoval {
  std::string dataset;
  DatasetContent content;
  std::vector<DependentRun> runs;    // they stay
  std::vector<std::string> studies;  // that name the data set
  // Of them those that do not say where to read it; the next run of the others imports it again.
  std::vector<std::string> without_source;
  std::string adapter;              // that read it, from content.source
  std::vector<std::string> unread;  // studies whose record cannot be read
  // Prepared pictures of it that stay inside files with others, by folder.
  std::vector<UnusedFiles> inside;
  SweepReport sweep;
};
Json to_json(const DatasetRemoval& removal);
// UsageError that lists the data sets there are.
DatasetRemoval remove_dataset(Workspace& workspace, const std::string& name,
                              const RemovalOptions& options, Job& job);

struct StudyRemoval {
  std::string study;
  StudyContent content;
  SweepReport sweep;  // its record and report too
};
Json to_json(const StudyRemoval& removal);
// Runs, results, record and report of a study; notes and data sets stay. UsageError that lists the
// studies there are.
StudyRemoval remove_study(Workspace& workspace, const std::string& name,
                          const RemovalOptions& options, Job& job);

struct RunPruning {
  std::vector<ListedRun> runs;  // that nothing needs
  SweepReport sweep;            // their folders too
};
Json to_json(const RunPruning& pruning);
// Removes the runs that are superseded or unwanted (RunUse), of one study or, for "", of all, and
// everything else that nothing uses.
RunPruning prune_runs(Workspace& workspace, const std::string& study, const RemovalOptions& options,
                      Job& job);

}  // namespace epicrisis
