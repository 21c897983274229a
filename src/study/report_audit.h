#pragma once

#include "epicrisis/report/audit_data.h"
#include "epicrisis/store/workspace.h"
#include "epicrisis/study/study_file.h"
#include "study/study_data.h"

namespace epicrisis::study {

// What the stored audits say of the notes of a study's samples. Nothing is judged here.
AuditSection describe_audit(Workspace& workspace, const Study& study, const CaseSet& set,
                            const Job& job);

}  // namespace epicrisis::study
