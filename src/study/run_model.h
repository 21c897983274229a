#pragma once

#include <memory>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/image/image.h"
#include "study/run_use.h"

namespace epicrisis::study {

// The weights of a finished run and of its image encoder: what the use of a run needs LibTorch for.
class RunModel {
 public:
  // InputError for weights that are damaged, missing or others than the run was trained with;
  // SystemError in a build without LibTorch.
  RunModel(const Path& folder, const RunUse& use);
  ~RunModel();

  // Prepared pictures -> z [count(), width] in the shared space, not normalised. Interrupted when
  // the job is cancelled. One thread at a time.
  FloatMatrix embed(const ImageSource& pictures, const Job& job) const;
  // z [n, width] -> [n, classes].
  FloatMatrix logits(const FloatMatrix& embeddings) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace epicrisis::study
