#pragma once

#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/report/report_data.h"
#include "study/training.h"

namespace epicrisis::study {

// Gathers what the report shows of a study: data, leakage, note examples, curves, results, gallery,
// settings.
ReportData build_report(Workspace& workspace, const Study& study, const CaseSet& set,
                        const PictureTable& pictures, const FinishedRuns& finished,
                        Evaluation evaluation, const Job& job);

}  // namespace epicrisis::study
