#pragma once

#include <string>

#include "epicrisis/store/workspace.h"

namespace epicrisis {

// The text of a study file made from what a workspace holds: its data sets (the one with most
// samples of a class is trained on, the others are external), its classes, the strategies that it
// has notes of, encoders that are found. With comments; check_study() has no error for it.
// UsageError if no data set has samples with class and picture.
struct StudySkeleton {
  std::string text;
  bool has_weights = true;  // an image encoder with weights was found; else it names a random one
};
StudySkeleton study_skeleton(Workspace& workspace, const std::string& name);

}  // namespace epicrisis
