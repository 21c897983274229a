// The plugin that src/study/late_train/ opens: everything of a study that needs LibTorch.

#include "study/late_train/training_plugin.h"

#include "epicrisis/core/version.h"

namespace epicrisis::study {
namespace {

RunTrainer* make(Workspace& workspace, const Study& study, const StudyRun& run, const CaseSet& set,
                 const PictureTable& pictures, const RunNotes& notes, Job& job) {
  return new RunTrainer(workspace, study, run, set, pictures, notes, job);
}

void destroy(RunTrainer* trainer) { delete trainer; }

void train(RunTrainer& trainer, const TrainConfig& config, const Path& folder, Ranks* ranks) {
  trainer.train(config, folder, ranks);
}

void predict(RunTrainer& trainer, const Path& folder, const DatasetSlice& slice,
             const std::string& identity) {
  trainer.predict(folder, slice, identity);
}

void complete(RunTrainer& trainer, const Path& folder) { trainer.complete(folder); }

RunModel* load_model(const Path& folder, const RunUse& use) { return new RunModel(folder, use); }

void destroy_model(RunModel* model) { delete model; }

FloatMatrix embed(const RunModel& model, const ImageSource& pictures, const Job& job) {
  return model.embed(pictures, job);
}

FloatMatrix embed_prepared(const RunModel& model, const WorkspaceImages& images,
                           const std::vector<std::size_t>& indices, const Path& features,
                           Job& job) {
  return model.embed_prepared(images, indices, features, job);
}

FloatMatrix embed_texts(const RunModel& model, const std::vector<std::string>& texts,
                        const Path& features, Job& job) {
  return model.embed_texts(texts, features, job);
}

FloatMatrix logits(const RunModel& model, const FloatMatrix& embeddings) {
  return model.logits(embeddings);
}

EncoderModel* load_encoder(const std::string& model) { return new EncoderModel(model); }

void destroy_encoder(EncoderModel* model) { delete model; }

FloatMatrix encode_pictures(const EncoderModel& model, const ImageSource& pictures,
                            const Job& job) {
  return model.embed(pictures, job);
}

FloatMatrix encode_texts(const EncoderModel& model, const std::vector<std::string>& texts,
                         Job& job) {
  return model.embed_texts(texts, job);
}

constexpr TrainingPlugin kPlugin{
    kVersion,     make,          destroy,          train,           predict,
    complete,     load_model,    destroy_model,    embed,           embed_prepared,
    embed_texts,  logits,        load_encoder,     destroy_encoder, encode_pictures,
    encode_texts, join_training, follow_trainings, end_trainings,   model_fits};

}  // namespace
}  // namespace epicrisis::study

extern "C" __attribute__((visibility("default"))) const epicrisis::study::TrainingPlugin*
epicrisis_training_plugin() {
  return &epicrisis::study::kPlugin;
}
