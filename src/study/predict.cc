#include "epicrisis/study/predict.h"

#include <algorithm>
#include <span>

#include "epicrisis/core/error.h"
#include "epicrisis/eval/classification.h"
#include "epicrisis/eval/retrieval.h"
#include "study/picture_batches.h"
#include "study/run_model.h"
#include "study/run_use.h"

namespace epicrisis {
namespace {

std::vector<NearCase> nearest_cases(std::span<const float> z, const study::TrainingCases& cases,
                                    std::size_t count) {
  std::vector<NearCase> result;
  for (const Match& match : nearest_rows(z, cases.embeddings, count)) {
    const study::TrainingCase& one = cases.table[match.index];
    result.push_back({one.dataset, one.key, one.class_name, match.similarity});
  }
  return result;
}

}  // namespace

Json to_json(const PicturePrediction& prediction, const std::vector<RunClass>& classes) {
  Json json = {{"picture", prediction.picture.string()}};
  if (!prediction.error.empty()) {
    json["error"] = prediction.error;
    return json;
  }
  json["class"] = classes.at(prediction.label).name;
  json["probabilities"] = Json::object();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    json["probabilities"][classes[i].name] = prediction.probabilities.at(i);
  }
  json["nearest"] = Json::array();
  for (const NearCase& one : prediction.nearest) {
    json["nearest"].push_back({{"dataset", one.dataset},
                               {"key", one.key},
                               {"class", one.class_name},
                               {"similarity", one.similarity}});
  }
  return json;
}

PredictCounts predict_pictures(const Path& run_folder, const std::vector<Path>& pictures,
                               std::size_t nearest,
                               const std::function<void(const PicturePrediction&)>& sink,
                               Job& job) {
  const study::RunUse use = study::read_run_use(run_folder);
  study::require_image_branch(run_folder, use);
  const study::TrainingCases cases = study::read_training_cases(run_folder);
  const study::RunModel model(run_folder, use);
  PredictCounts counts;
  study::embed_picture_files(
      model, use.recipe, pictures, "predict",
      [&](const study::EmbeddedPictures& batch) {
        FloatMatrix logits;
        if (batch.z.rows > 0) {
          logits = model.logits(batch.z);
          if (batch.z.columns != cases.embeddings.columns) {
            throw InputError("{}: the run embeds in {} numbers, its training cases are of {}",
                             run_folder.string(), batch.z.columns, cases.embeddings.columns);
          }
        }
        std::size_t row = 0;
        for (std::size_t i = 0; i < batch.errors.size(); ++i) {
          PicturePrediction prediction;
          prediction.picture = pictures[batch.first + i];
          prediction.error = batch.errors[i];
          if (prediction.error.empty()) {
            prediction.probabilities = softmax(logits.row(row));
            prediction.label =
                static_cast<std::size_t>(std::ranges::max_element(prediction.probabilities) -
                                         prediction.probabilities.begin());
            prediction.nearest = nearest_cases(batch.z.row(row), cases, nearest);
            ++row;
            ++counts.predicted;
          } else {
            ++counts.unreadable;
          }
          sink(prediction);
        }
      },
      job);
  return counts;
}

}  // namespace epicrisis
