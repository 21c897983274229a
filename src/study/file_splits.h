#pragma once

#include <map>
#include <string>
#include <utility>

#include "epicrisis/core/job.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/study/study_file.h"

namespace epicrisis::study {

// The splits of a study's own file, in place of those that data sets publish. Its keys are matched
// as an import matches names (data/sample_key.h).
class FileSplits {
 public:
  // Empty where the study names no file. UsageError for a fold that the file has not. InputError
  // where no row is of a sample with a picture of an internal data set, and where two rows are of
  // one; rows of none are warned of, with examples.
  FileSplits(Database& database, const Study& study, const Job& job);

  // What stands for the published split of a sample of an internal data set.
  std::string of(const Sample& sample) const;

 private:
  const Study& study_;
  std::map<std::pair<std::string, std::string>, std::string> splits_;  // by data set and key
};

}  // namespace epicrisis::study
