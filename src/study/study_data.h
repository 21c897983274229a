#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/corpus/import.h"
#include "epicrisis/corpus/leakage.h"
#include "epicrisis/data/split.h"
#include "epicrisis/store/workspace.h"
#include "epicrisis/study/study_file.h"

namespace epicrisis::study {

// One sample as training and evaluation see it.
struct Case {
  std::int64_t sample_id = 0;
  std::string dataset;
  std::string group;  // what the bootstrap resamples; never empty
  int label = 0;      // index in Study::classes
  Role role = Role::kUnused;
};

// What a study trains and tests on.
struct CaseSet {
  std::string split_set;    // its name in the store
  std::vector<Case> cases;  // in order of data set and key; roles train, validation, test, external
  // By data set: samples of classes that the study leaves out.
  std::map<std::string, std::int64_t> dropped;
  // By data set and reason: samples of the study's classes that got no role.
  std::map<std::string, std::map<std::string, std::int64_t>> without_role;
  Json data_state;                // as data_state() gives it: what the roles were made from
  std::set<std::string> grouped;  // data sets of which a case says its patient or case
  LeakageReport leakage;
  std::vector<std::string> unreadable;  // "dataset/key: why" of cases left out
};

std::vector<std::string> names_of_data(const Study& study);
// The short names of its classes, in its order.
std::vector<std::string> class_names(const Study& study);

// Imports every data set of the study and warns of what was left out or not understood. Idempotent.
std::vector<ImportReport> import_data(Workspace& workspace, const Study& study, Job& job);
// One of them; an empty report for one that is taken as it was imported. UsageError if that is not
// there.
ImportReport import_data(Workspace& workspace, const Study& study, const StudyData& data, Job& job);

// A sentence for each class of the study of which no sample is trained on, with the way out. None
// where nothing at all is trained on.
std::vector<std::string> untrained_classes(const Study& study, const std::vector<Case>& cases);

// Gives every sample its role, once: the assignment is stored under a name made from what it
// depends on, and found there the next time. Pictures of internal sets that show the same count as
// one group, so that no split divides them. Then looks for leakage; LeakageError if there is any
// and the study does not allow it. Without `pictures` no picture is opened: roles are then those
// that the study has if no two pictures are the same, and only ids and groups are checked.
CaseSet assign_roles(Workspace& workspace, const Study& study, Job& job, bool pictures = true);

}  // namespace epicrisis::study
