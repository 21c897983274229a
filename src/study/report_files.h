#pragma once

#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/store/workspace.h"
#include "epicrisis/study/study_file.h"

// Where the record and the reports of a study lie in a workspace.
namespace epicrisis::study {

// The lock of whoever runs a study.
std::string study_lock(const std::string& study);

// studies/<study>.json
Path study_record(const Workspace& workspace, const std::string& study);
// reports/<study>.html
Path report_file(const Workspace& workspace, const std::string& study);
// The same numbers as a page in another form, beside it: ".csv", ".audit.csv", ".json", ".tex",
// ".txt".
Path beside(const Path& html, const char* extension);

// Whether all files of the report are there as they were written, and were made of what `key`
// stands for.
bool report_is_current(const Workspace& workspace, const std::string& study,
                       const std::string& key);
// Whether a file of a whole report is gone or is not as it was written.
bool report_was_changed(const Workspace& workspace, const std::string& study);
// Before a report is written: where the one that is there tells of another text of the study, its
// files get a name that says which and of what day, reports/<study>@<day>-<state>.html, and a
// number after it where that name is taken. Returns that page; "" where nothing was kept. `day` is
// today's.
Path begin_report(const Workspace& workspace, const Study& study, const std::string& day);
// After it was written.
void end_report(const Workspace& workspace, const Study& study, const std::string& day,
                const std::string& key);

// All files there are of a study's reports, those that were kept too.
std::vector<Path> report_files(const Workspace& workspace, const std::string& study);

}  // namespace epicrisis::study
