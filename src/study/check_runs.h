#pragma once

#include "study/findings.h"
#include "study/study_data.h"

namespace epicrisis::study {

// Which runs are there, which are to be trained, on how much, and how long that may take; what room
// pictures and features need; of what is to be trained, whether the device may be there and the
// image encoder's weights fit. `set` is null where the samples are not known. Interrupted when the
// job is cancelled.
void check_runs(Workspace& workspace, const Study& study, const CaseSet* set, Findings& findings,
                StudyPlan& plan, const Job& job);

}  // namespace epicrisis::study
