#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/corpus/preparation.h"
#include "epicrisis/image/image.h"
#include "study/run_use.h"

namespace epicrisis::study {

// The weights of a finished run and of its encoders: what the use of a run needs LibTorch for.
class RunModel {
 public:
  // InputError for weights that are damaged, missing or others than the run was trained with;
  // SystemError in a build without LibTorch.
  RunModel(const Path& folder, const RunUse& use);
  ~RunModel();

  // Prepared pictures -> z [count(), width] in the shared space, not normalised. Interrupted when
  // the job is cancelled. One thread at a time.
  FloatMatrix embed(const ImageSource& pictures, const Job& job) const;
  // The same of pictures of a workspace, by their index. What encoders gave is kept in `features`
  // (the workspace's embeddings/), what a fine-tuned run gave in its own folder, and found there
  // the next time; nothing is kept if `features` is empty.
  FloatMatrix embed_prepared(const WorkspaceImages& images, const std::vector<std::size_t>& indices,
                             const Path& features, Job& job) const;
  // Texts -> z [n, width], kept like features of pictures. InputError for a run without text
  // branch, and where its text encoder is not found: it is read at the first call.
  FloatMatrix embed_texts(const std::vector<std::string>& texts, const Path& features,
                          Job& job) const;
  // z [n, width] -> [n, classes].
  FloatMatrix logits(const FloatMatrix& embeddings) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace epicrisis::study
