#include "epicrisis/study/run_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/field.h"
#include "epicrisis/store/workspace.h"
#include "study/folders.h"
#include "study/run_use.h"

namespace epicrisis {

namespace fs = std::filesystem;

Path find_run_folder(const std::string& run, const Path& workspace) {
  std::error_code error;
  if (fs::is_directory(run, error)) return run;
  const Path runs = workspace / "runs";
  const bool name = !run.empty() && run.find('/') == std::string::npos && run != "..";
  if (!workspace.empty() && name && fs::is_directory(runs / run, error)) return runs / run;
  std::vector<std::string> known;
  std::vector<std::string> alike;
  if (!workspace.empty()) {
    for (const Path& entry : study::entries_of(runs)) {
      known.push_back(entry.filename().string());
      if (name && known.back().starts_with(run)) alike.push_back(known.back());
    }
  }
  if (alike.size() == 1) return runs / alike.front();
  if (alike.size() > 1) {
    throw UsageError("run '{}': {} names in {} begin so: {}", run, alike.size(), runs.string(),
                     join(alike, ", "));
  }
  throw UsageError("run '{}': there is no such folder{}", run,
                   workspace.empty() ? "; to name a run, give its `workspace` too"
                   : known.empty()
                       ? fmt::format(", and {} holds no run", runs.string())
                       : fmt::format("; {} holds {}", runs.string(), join(known, ", ")));
}

Path workspace_around(const Path& run_folder) {
  std::error_code error;
  const Path folder = fs::weakly_canonical(run_folder, error);
  const Path runs = folder.parent_path();
  if (error || runs.filename() != "runs" || !Workspace::exists(runs.parent_path())) return {};
  return runs.parent_path();
}

std::vector<RunClass> run_classes(const Path& run_folder) {
  return study::read_run_use(run_folder).classes;
}

std::vector<std::string> classes_not_known(const Path& run_folder) {
  const study::RunUse use = study::read_run_use(run_folder);
  const std::vector<std::string> built_in = Field::names();
  std::vector<std::string> others;
  if (std::ranges::find(built_in, use.field) == built_in.end()) return others;
  const Field field = Field::load(use.field);
  for (const FieldClass& one : field.classes()) {
    if (std::ranges::find(use.classes, one.name, &RunClass::name) == use.classes.end()) {
      others.push_back(one.name);
    }
  }
  return others;
}

std::string known_classes_words(const std::vector<RunClass>& classes,
                                const std::vector<std::string>& not_known) {
  std::vector<std::string> known;
  for (const RunClass& one : classes) known.push_back(one.name);
  return fmt::format("it knows {} alone: whatever else a picture shows{}, it calls one of these",
                     join(known, ", "),
                     not_known.empty() ? "" : fmt::format(", {} too", join(not_known, ", ")));
}

}  // namespace epicrisis
