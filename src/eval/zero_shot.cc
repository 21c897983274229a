#include "epicrisis/eval/zero_shot.h"

#include "epicrisis/core/error.h"
#include "epicrisis/eval/retrieval.h"

namespace epicrisis {

FloatMatrix zero_shot_similarities(const FloatMatrix& images, const FloatMatrix& prompts,
                                   const std::vector<int>& prompt_classes, std::size_t classes) {
  if (images.columns != prompts.columns || prompts.rows != prompt_classes.size()) {
    throw UsageError("zero-shot: images of width {}, {} prompts of width {}, {} prompt classes",
                     images.columns, prompts.rows, prompts.columns, prompt_classes.size());
  }
  const FloatMatrix unit_prompts = normalised_rows(prompts);
  FloatMatrix centres(classes, prompts.columns);
  std::vector<bool> has_prompt(classes, false);
  for (std::size_t j = 0; j < prompts.rows; ++j) {
    const int label = prompt_classes[j];
    if (label < 0 || static_cast<std::size_t>(label) >= classes) {
      throw UsageError("zero-shot: prompt {} speaks for class {}, there are {}", j, label, classes);
    }
    const std::size_t c = static_cast<std::size_t>(label);
    has_prompt[c] = true;
    for (std::size_t d = 0; d < prompts.columns; ++d) centres.row(c)[d] += unit_prompts.row(j)[d];
  }
  for (std::size_t c = 0; c < classes; ++c) {
    if (!has_prompt[c]) throw UsageError("zero-shot: class {} has no prompt", c);
  }
  const FloatMatrix unit_centres = normalised_rows(centres);
  const FloatMatrix unit_images = normalised_rows(images);
  FloatMatrix similarities(images.rows, classes);
  for (std::size_t i = 0; i < images.rows; ++i) {
    const std::span<const float> image = unit_images.row(i);
    for (std::size_t c = 0; c < classes; ++c) {
      const std::span<const float> centre = unit_centres.row(c);
      float sum = 0;
      for (std::size_t d = 0; d < image.size(); ++d) sum += image[d] * centre[d];
      similarities.row(i)[c] = sum;
    }
  }
  return similarities;
}

}  // namespace epicrisis
