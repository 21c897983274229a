#include "study/run_model.h"

#include "epicrisis/core/error.h"

// What stands in for the use of a run in a build without LibTorch.
namespace epicrisis::study {

struct RunModel::State {};

RunModel::RunModel(const Path& folder, const RunUse&) {
  throw SystemError(
      "{}: this build has no LibTorch, so no run can be used; copy the folder to where a build has "
      "it",
      folder.string());
}

RunModel::~RunModel() = default;

FloatMatrix RunModel::embed(const ImageSource&, const Job&) const { return {}; }
FloatMatrix RunModel::embed_prepared(const WorkspaceImages&, const std::vector<std::size_t>&,
                                     const Path&, Job&) const {
  return {};
}
FloatMatrix RunModel::embed_texts(const std::vector<std::string>&, const Path&, Job&) const {
  return {};
}
FloatMatrix RunModel::logits(const FloatMatrix&) const { return {}; }

}  // namespace epicrisis::study
