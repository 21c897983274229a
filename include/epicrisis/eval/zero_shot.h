#pragma once

#include <cstddef>
#include <vector>

#include "epicrisis/core/matrix.h"

namespace epicrisis {

// Cosine similarity of each image to each class, (images, classes), from embedded class prompts:
// prompt row j speaks for class prompt_classes[j] in [0, classes). Several prompts of a class are
// averaged after normalisation (Radford et al. 2021, "prompt ensembling"). The nearest class is
// predicted_classes() of the result (classification.h), and its metrics are those of that header.
// UsageError if a class has no prompt, widths differ or a value is not finite.
FloatMatrix zero_shot_similarities(const FloatMatrix& images, const FloatMatrix& prompts,
                                   const std::vector<int>& prompt_classes, std::size_t classes);

}  // namespace epicrisis
