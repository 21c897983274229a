#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "epicrisis/core/matrix.h"
#include "epicrisis/train/trainer.h"
#include "study/study_inputs.h"

namespace epicrisis::study {

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
                                         const PictureTable& pictures, Job& job);

}  // namespace epicrisis::study
