#include "study/run_model.h"

#include "study/late_train/training_plugin.h"

// Passes calls on to the plugin's own.
namespace epicrisis::study {

struct RunModel::State {
  RunModel* model = nullptr;  // the plugin's
  ~State() { training().destroy_model(model); }
};

RunModel::RunModel(const Path& folder, const RunUse& use)
    : state_(new State{training().load_model(folder, use)}) {}

RunModel::~RunModel() = default;

FloatMatrix RunModel::embed(const ImageSource& pictures, const Job& job) const {
  return training().embed(*state_->model, pictures, job);
}

FloatMatrix RunModel::embed_prepared(const WorkspaceImages& images,
                                     const std::vector<std::size_t>& indices, const Path& features,
                                     Job& job) const {
  return training().embed_prepared(*state_->model, images, indices, features, job);
}

FloatMatrix RunModel::embed_texts(const std::vector<std::string>& texts, const Path& features,
                                  Job& job) const {
  return training().embed_texts(*state_->model, texts, features, job);
}

FloatMatrix RunModel::logits(const FloatMatrix& embeddings) const {
  return training().logits(*state_->model, embeddings);
}

}  // namespace epicrisis::study
