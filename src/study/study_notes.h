#pragma once

#include "epicrisis/audit/repair.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/store/workspace.h"
#include "epicrisis/study/study_file.h"
#include "study/study_data.h"

namespace epicrisis::study {

// The name of a field, strategy or provider, or its file, which may lie in `folder`.
std::string beside(const Path& folder, const std::string& name);

// The [notes] table of a study file: `write`, `import`, [[notes.synthesis]] and
// [[notes.derive]]. Relative files start from `data_root`, those of strategies, providers and
// policies from `folder`, the study file's, if they are there.
void read_notes(const TomlTable& notes, const Path& data_root, const Path& folder, Study& study);

// Takes in the files of notes that a study imports. Warns of what in them is no note, or says
// something else than a note here.
void import_study_notes(Workspace& workspace, const Study& study, Job& job);

// Brings the notes that one of the study's derivations makes up to date: repair_notes() of the
// study's data sets.
audit::RepairReport derive_study_notes(Workspace& workspace, const Study& study,
                                       const StudyDerivation& task, Job& job);

// Writes, imports and derives the notes that a study names, for its samples; what is there stays.
// An Error with its exit code if a language model's run ends early, but for a budget that is used
// up.
void write_notes(Workspace& workspace, const Study& study, const CaseSet& set, bool allow_remote,
                 Job& job);

// Brings what is found in the notes of the study's data sets up to date, for the report: whatever
// strategy they are of, as the report shows all. Needs a workspace that can be written.
void audit_study_notes(Workspace& workspace, const Study& study, Job& job);

}  // namespace epicrisis::study
