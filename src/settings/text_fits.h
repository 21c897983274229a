#pragma once

#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/settings/weight_contents.h"
#include "epicrisis/tensor/tensor_file.h"

namespace epicrisis {

// How weights fit a text encoder: that of the configuration in `folder`, where it says one that is
// read, else a BERT of the sizes that the weights tell. Nothing where neither is there.
std::vector<ArchitectureFit> text_fits(const TensorFile& weights, const Path& folder);

}  // namespace epicrisis
