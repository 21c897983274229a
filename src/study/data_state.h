#pragma once

#include <string>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/store/sql/database.h"
#include "epicrisis/study/study_file.h"

// What the data were that a run was trained on, to be held against what they are now without a
// picture or a note being read.
namespace epicrisis::study {

// Of each data set that the study trains on and the workspace has: samples_state() of its samples
// with a picture and a class of the study.
Json data_state(Database& database, const Study& study);

// What of it the run's training may depend on and is otherwise than `before`, in words: "labels of
// a". None where `before` is null, as of runs of earlier versions.
std::vector<std::string> data_changes(const Json& before, const Json& now, const Study& study,
                                      const StudyRun& run);

}  // namespace epicrisis::study
