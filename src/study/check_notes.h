#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "epicrisis/core/job.h"
#include "study/findings.h"
#include "study/study_data.h"

namespace epicrisis::study {

// Whether the notes that runs need will be there, who writes them, for how much; the workspace has
// those that the study imports. `set` is null where the samples are not known. Nobody is asked and
// no picture is read. The workspace, a copy, has afterwards the notes of templates, and those
// derived anew, that the study would leave there.
void check_notes(Workspace& workspace, const Study& study, const CaseSet* set, bool allow_remote,
                 Findings& findings, StudyPlan& plan, Job& job);

// For a strategy, whether a case will have a note of it, as far as that is known: of those that the
// study writes or derives for the first time it is taken that each comes out. The workspace's notes
// are read once for all runs that ask for the same.
class FutureNotes {
 public:
  FutureNotes(Workspace& workspace, const Study& study, const CaseSet& set);
  // By case.
  const std::vector<bool>& of(const std::string& strategy, const StudyRun& run);

 private:
  std::vector<bool> look_up(const std::string& strategy, const StudyRun& run) const;

  // Strategy, providers and models of notes.
  using Wish = std::tuple<std::string, std::vector<std::string>, std::vector<std::string>>;
  std::map<Wish, std::vector<bool>> known_;
  Workspace& workspace_;
  const Study& study_;
  const CaseSet& set_;
};

}  // namespace epicrisis::study
