#pragma once

#include <string>
#include <vector>

#include "epicrisis/study/study_file.h"

namespace epicrisis::study {

// What sets a run apart from its baseline besides mode and notes, and would be of consequence in
// both modes: "epochs: 20, not 100". Empty: what they differ by is what their notes made.
std::vector<std::string> differences_besides_notes(const StudyRun& run, const StudyRun& baseline);

}  // namespace epicrisis::study
