#pragma once

#include <string>
#include <vector>

#include "epicrisis/study/study_file.h"

namespace epicrisis::study {

// What sets a run apart from its baseline besides mode and notes, and would be of consequence in
// both modes: "epochs: 20, not 100". A run that reads the notes of test samples (mode `text`)
// differs from one that sees their pictures, and from one that reads others. Empty: what they
// differ by is what their notes made.
std::vector<std::string> differences_besides_notes(const StudyRun& run, const StudyRun& baseline);

}  // namespace epicrisis::study
