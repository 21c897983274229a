#pragma once

#include <optional>
#include <string>
#include <vector>

#include "study/run_evaluation.h"

namespace epicrisis::study {

// Puts what was measured into the workspace's database, in place of the study's rows of before.
// `key`: what it depends on.
void store_results(Workspace& workspace, const Study& study, const std::string& key,
                   const std::vector<ResultRow>& rows, const std::vector<TrainedRun>& runs);

// The rows that were stored under this key, in their order; nullopt where there are none.
std::optional<std::vector<ResultRow>> find_results(Workspace& workspace, const Study& study,
                                                   const std::string& key);

}  // namespace epicrisis::study
