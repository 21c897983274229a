#include "study/encoder_model.h"

#include "study/late_train/training_plugin.h"

// Passes calls on to the plugin's own.
namespace epicrisis::study {

struct EncoderModel::State {
  EncoderModel* model = nullptr;  // the plugin's
  ~State() { training().destroy_encoder(model); }
};

EncoderModel::EncoderModel(const std::string& model)
    : state_(new State{training().load_encoder(model)}) {}

EncoderModel::~EncoderModel() = default;

FloatMatrix EncoderModel::embed(const ImageSource& pictures, const Job& job) const {
  return training().encode_pictures(*state_->model, pictures, job);
}

FloatMatrix EncoderModel::embed_texts(const std::vector<std::string>& texts, Job& job) const {
  return training().encode_texts(*state_->model, texts, job);
}

}  // namespace epicrisis::study
