#pragma once

#include <memory>
#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/image/image.h"

namespace epicrisis::study {

// Encoders as they were published, outside of any run. Of a model with both, vectors of pictures
// and of texts are in the space that they share, where it has a projection into it.
class EncoderModel {
 public:
  // A folder or a name for find_model(). Weights are read at the first use of either side.
  // SystemError in a build without LibTorch.
  explicit EncoderModel(const std::string& model);
  ~EncoderModel();

  // Pictures as the model takes them (read_picture_fit()) -> [count(), width], not normalised.
  FloatMatrix embed(const ImageSource& pictures, const Job& job) const;
  // Texts -> [n, width], normalised where the model's folder says so. Told how many were too long.
  FloatMatrix embed_texts(const std::vector<std::string>& texts, Job& job) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace epicrisis::study
