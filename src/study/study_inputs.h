#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "epicrisis/core/matrix.h"
#include "epicrisis/corpus/preparation.h"
#include "epicrisis/image/image.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/train/trainer.h"
#include "study/study_data.h"

namespace epicrisis::study {

// Notes of all cases under some strategies. Equal texts are kept once.
struct NoteTable {
  std::vector<std::string> texts;
  std::vector<std::vector<std::size_t>>
      of_case;               // one entry a case: rows of `texts`, none empty lists
  bool from_labels = false;  // some strategy writes from the label
};
NoteTable load_note_table(Workspace& workspace, const CaseSet& set, const NoteFilter& filter);

// The notes that a run trains on.
NoteFilter note_filter(const StudyRun& run);

// The notes that a run uses, and the cases that it may be trained on.
struct RunNotes {
  NoteTable notes;               // no texts for a run without
  std::vector<bool> trained_on;  // by case
};
RunNotes load_run_notes(Workspace& workspace, const StudyRun& run, const CaseSet& set);

// Prepared pictures of the cases: `picture[i]` is the index in `images` of case i.
struct PictureTable {
  std::unique_ptr<WorkspaceImages> images;
  std::vector<std::size_t> picture;
};
// Prepares what is missing. Cases whose picture cannot be read are taken out of `set` and named in
// its `unreadable`.
PictureTable load_pictures(Workspace& workspace, const Study& study, CaseSet& set);

// What one run trains on, with the memory behind TrainInput's pointers.
struct RunInput {
  TrainInput input;
  FloatMatrix train_features;          // frozen: [(1 + copies) * trained cases, F]
  FloatMatrix features;                // frozen: [evaluated cases, F]
  std::vector<std::size_t> evaluated;  // indices of test and external cases, in order
  NoteTable notes;
  std::vector<std::string> prompt_texts;  // one a class
  TextInput prompts;                      // the same as the run takes texts
  FloatMatrix note_vectors;               // of a frozen text encoder: [texts, G]
  FloatMatrix prompt_vectors;             // and [classes, G]
};
std::unique_ptr<RunInput> load_run_input(Workspace& workspace, const Study& study,
                                         const StudyRun& run, const CaseSet& set,
                                         const PictureTable& pictures);

// "The lesion is benign: melanocytic nevus.": one a class, for zero-shot classification.
std::vector<std::string> class_prompts(const Study& study);

}  // namespace epicrisis::study
