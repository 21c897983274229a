#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/corpus/preparation.h"
#include "epicrisis/image/image.h"
#include "epicrisis/store/tables/notes.h"
#include "study/study_data.h"

namespace epicrisis::study {

// Notes of all cases under some strategies. Equal texts are kept once.
struct NoteTable {
  std::vector<std::string> texts;
  std::vector<std::vector<std::size_t>> of_case;  // an entry a case: rows of `texts`
  bool from_labels = false;                       // some strategy writes from the label
};
NoteTable load_note_table(Workspace& workspace, const CaseSet& set, const NoteFilter& filter);
// The notes of some of the cases, in their order; texts are numbered anew.
NoteTable select_notes(const NoteTable& notes, const std::vector<std::size_t>& cases);

// Those that a run trains on and those it is trained with, sets expanded.
std::vector<std::string> wanted_strategies(const StudyRun& run);

// The notes that a run trains on.
NoteFilter note_filter(const StudyRun& run);

// The notes that a run uses, and the cases that it may be trained and validated on.
struct RunNotes {
  NoteTable notes;               // no texts for a run without
  std::vector<bool> trained_on;  // by case
  // train_with would have left no case to validate on, so it holds for training alone.
  bool validated_on_all = false;
};
// A training that is validated on nothing neither stops early nor knows its best epoch: where no
// validation case is among `trained_on`, all are put there. Whether they were.
bool keep_validation(const CaseSet& set, std::vector<bool>& trained_on);
RunNotes load_run_notes(Workspace& workspace, const StudyRun& run, const CaseSet& set);

// Prepared pictures of the cases: `picture[i]` is the index in `images` of case i.
struct PictureTable {
  std::unique_ptr<WorkspaceImages> images;
  std::vector<std::size_t> picture;
};
// Prepares what is missing; with `verify` also what is damaged, which costs the reading of all
// pictures. Cases whose picture cannot be read are taken out of `set` and named in
// its `unreadable`.
PictureTable load_pictures(Workspace& workspace, const Study& study, CaseSet& set, Job& job,
                           bool verify = false);

// "The image shows pneumonia.": one a class, for zero-shot classification.
std::vector<std::string> class_prompts(const Study& study);

}  // namespace epicrisis::study
