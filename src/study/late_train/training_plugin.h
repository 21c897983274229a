#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "epicrisis/study/training_ranks.h"
#include "study/encoder_model.h"
#include "study/model_fits.h"
#include "study/run_model.h"
#include "study/run_trainer.h"

namespace epicrisis::study {

// What the plugin that holds training gives out: the members of its own RunTrainer, which the
// program's passes its calls on to. Both are built from the same sources at the same time; `build`
// tells a plugin of another build.
struct TrainingPlugin {
  const char* build;
  RunTrainer* (*make)(Workspace& workspace, const Study& study, const StudyRun& run,
                      const CaseSet& set, const PictureTable& pictures, const RunNotes& notes,
                      Job& job);
  void (*destroy)(RunTrainer* trainer);
  void (*train)(RunTrainer& trainer, const TrainConfig& config, const Path& folder, Ranks* ranks);
  void (*predict)(RunTrainer& trainer, const Path& folder, const DatasetSlice& slice,
                  const std::string& identity);
  void (*complete)(RunTrainer& trainer, const Path& folder);
  RunModel* (*load_model)(const Path& folder, const RunUse& use);
  void (*destroy_model)(RunModel* model);
  FloatMatrix (*embed)(const RunModel& model, const ImageSource& pictures, const Job& job);
  FloatMatrix (*embed_prepared)(const RunModel& model, const WorkspaceImages& images,
                                const std::vector<std::size_t>& indices, const Path& features,
                                Job& job);
  FloatMatrix (*embed_texts)(const RunModel& model, const std::vector<std::string>& texts,
                             const Path& features, Job& job);
  FloatMatrix (*logits)(const RunModel& model, const FloatMatrix& embeddings);
  EncoderModel* (*load_encoder)(const std::string& model);
  void (*destroy_encoder)(EncoderModel* model);
  FloatMatrix (*encode_pictures)(const EncoderModel& model, const ImageSource& pictures,
                                 const Job& job);
  FloatMatrix (*encode_texts)(const EncoderModel& model, const std::vector<std::string>& texts,
                              Job& job);
  std::unique_ptr<Ranks> (*join_training)(const RankPlace& place);
  void (*follow_trainings)(Ranks& ranks, const Job& job);
  void (*end_trainings)(Ranks& ranks);
  ModelFits (*model_fits)(const Path& weights, const Path& folder, const Job& job);
};

// The plugin, opened at the first call. SystemError where it is missing or another build's.
const TrainingPlugin& training();

inline constexpr const char* kTrainingPluginSymbol = "epicrisis_training_plugin";
using GetTrainingPlugin = const TrainingPlugin* (*)();

}  // namespace epicrisis::study
