#include "study/study_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis::study {

Study with_data_there(Workspace& workspace, const Study& study,
                      std::vector<std::string>& left_out) {
  const std::vector<std::string> there = dataset_names(workspace.database());
  Study present = study;
  std::erase_if(present.data, [&](const StudyData& data) {
    if (std::ranges::find(there, data.name) != there.end()) return false;
    const char* way = data.adapter.empty() ? "import it again, then run the study again"
                                           : "run the study again: it is imported again";
    if (!data.external) {
      throw UsageError("study '{}': the workspace {} has no data set '{}', which it trains on; {}",
                       study.name, workspace.root().string(), data.name, way);
    }
    left_out.push_back(
        fmt::format("data set '{}' is left out: the workspace has it no more; {}", data.name, way));
    return true;
  });
  return present;
}

StudyState load_state(Workspace& workspace, const Study& study, Job& job,
                      std::vector<std::string> left_out) {
  StudyState state;
  state.set = assign_roles(workspace, study, job);
  state.pictures = load_pictures(workspace, study, state.set, job);
  state.finished = finished_runs(workspace, study, state.set, state.pictures, state.models);
  if (state.finished.runs.empty()) {
    throw UsageError("study '{}' has no finished run; start it with: epicrisis study run FILE. {}",
                     study.name, join(state.finished.missing, ". "));
  }
  left_out.insert(left_out.end(), state.finished.missing.begin(), state.finished.missing.end());
  state.finished.missing = std::move(left_out);
  for (const std::string& line : state.finished.missing) job.warn("{}", line);
  return state;
}

}  // namespace epicrisis::study
