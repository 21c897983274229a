#include "study/encoder_model.h"

#include "epicrisis/core/error.h"

// What stands in for published encoders in a build without LibTorch.
namespace epicrisis::study {

struct EncoderModel::State {};

EncoderModel::EncoderModel(const std::string& model) {
  throw SystemError("{}: this build has no LibTorch, so no encoder can be used", model);
}

EncoderModel::~EncoderModel() = default;

FloatMatrix EncoderModel::embed(const ImageSource&, const Job&) const { return {}; }
FloatMatrix EncoderModel::embed_texts(const std::vector<std::string>&, Job&) const { return {}; }

}  // namespace epicrisis::study
