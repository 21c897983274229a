#include "epicrisis/study/predict.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/data/split.h"
#include "epicrisis/eval/classification.h"
#include "epicrisis/eval/retrieval.h"
#include "epicrisis/settings/train_result.h"
#include "epicrisis/store/tables/results.h"
#include "epicrisis/store/workspace.h"
#include "study/picture_batches.h"
#include "study/run_model.h"
#include "study/run_use.h"
#include "study/seen_pictures.h"

namespace epicrisis {
namespace {

// Less lies between the two most probable classes where a run is unsure.
constexpr double kUnsure = 0.1;
// The cosine of a picture with itself is 1 up to rounding.
constexpr double kSamePicture = 0.9999;

// The test results of a run that lies in a workspace.
void read_tests(const Path& run_folder, RunQuality& quality) {
  const Path root = workspace_around(run_folder);
  if (root.empty()) return;
  try {
    Workspace workspace = Workspace::open_to_read(root);
    std::error_code error;
    const Path folder = std::filesystem::weakly_canonical(run_folder, error);
    for (const StoredResult& result :
         load_results(workspace.database(), {.run_id = folder.filename().string(),
                                            .task = "classification",
                                            .metric = "weighted_f1"})) {
      quality.tests.push_back(
          {result.row.dataset, result.row.role, result.row.value, result.row.n});
    }
  } catch (const Error& error) {
    quality.problem = error.what();
  }
}

std::string name_of(const std::string& dataset, const std::string& key) {
  return dataset + "/" + key;
}

bool is_same_picture(const std::vector<NearCase>& nearest) {
  return !nearest.empty() && nearest.front().similarity > kSamePicture;
}

// The training case that a picture is, or cannot be told from; "" if there is none.
std::string trained_on(const PicturePrediction& prediction) {
  if (prediction.seen_in == role_name(Role::kTrain)) return prediction.seen_as;
  if (!is_same_picture(prediction.nearest)) return "";
  return name_of(prediction.nearest.front().dataset, prediction.nearest.front().key);
}

std::vector<NearCase> nearest_cases(std::span<const float> z, const study::TrainingCases& cases,
                                    std::size_t count) {
  std::vector<NearCase> result;
  for (const Match& match : nearest_rows(z, cases.embeddings, count)) {
    const study::TrainingCase& one = cases.table[match.index];
    result.push_back({one.dataset, one.key, one.class_name, match.similarity});
  }
  return result;
}

// `pixels`: the picture as it is prepared.
void tell_where_seen(std::span<const std::uint8_t> pixels, study::SeenPictures& seen,
                     PicturePrediction& prediction) {
  if (const auto found = seen.find(sha256_hex(std::as_bytes(pixels)))) {
    prediction.seen_in = role_name(found->role);
    prediction.seen_as = name_of(found->dataset, found->key);
  } else if (!seen.known() && is_same_picture(prediction.nearest)) {
    prediction.seen_in = role_name(Role::kTrain);
    prediction.seen_as =
        name_of(prediction.nearest.front().dataset, prediction.nearest.front().key);
  }
}

}  // namespace

std::vector<std::string> prediction_remarks(const PicturePrediction& prediction,
                                            const std::vector<RunClass>& classes) {
  std::vector<std::string> remarks;
  if (!prediction.error.empty()) return remarks;
  const double top = prediction.probabilities.at(prediction.label);
  std::size_t second = prediction.label;
  for (std::size_t i = 0; i < prediction.probabilities.size(); ++i) {
    if (i == prediction.label) continue;
    if (second == prediction.label ||
        prediction.probabilities[i] > prediction.probabilities[second])
      second = i;
  }
  if (second != prediction.label && top - prediction.probabilities[second] < kUnsure) {
    remarks.push_back(fmt::format("unsure: {} is about as probable; chance would be {:.3f} each",
                                  classes.at(second).name,
                                  1 / static_cast<double>(classes.size())));
  }
  const std::string trained = trained_on(prediction);
  if (!trained.empty()) {
    remarks.push_back(
        fmt::format("the run was trained on this picture, or on one that it cannot tell from it "
                    "({}): that it knows it says nothing about new ones",
                    trained));
  }
  if (prediction.seen_in == role_name(Role::kValidation)) {
    remarks.push_back(fmt::format(
        "the run was validated on this picture ({}): its best epoch was chosen by such pictures, "
        "so that it knows it says little about new ones",
        prediction.seen_as));
  } else if (!prediction.seen_in.empty() && prediction.seen_in != role_name(Role::kTrain)) {
    remarks.push_back(
        fmt::format("the run was tested on this picture ({}, {}): its scores count it already",
                    prediction.seen_as, prediction.seen_in));
  }
  return remarks;
}

RunQuality run_quality(const Path& run_folder) {
  RunQuality quality;
  const auto result = read_train_result(run_folder);
  if (result && std::isfinite(result->best().validation_loss)) {
    quality.validation_weighted_f1 = result->best().validation_weighted_f1;
  }
  read_tests(run_folder, quality);
  return quality;
}

std::vector<std::string> quality_lines(const RunQuality& quality) {
  std::vector<std::string> lines;
  if (quality.validation_weighted_f1) {
    lines.push_back(fmt::format("validated while it was trained: weighted F1 {:.3f}",
                                *quality.validation_weighted_f1));
  }
  for (const TestScore& one : quality.tests) {
    lines.push_back(fmt::format("tested on {} ({}): weighted F1 {:.3f}, n={}", one.dataset,
                                one.role, one.weighted_f1, one.n));
  }
  if (!quality.problem.empty()) {
    lines.push_back(fmt::format("its test results could not be read: {}", quality.problem));
  }
  return lines;
}

Json to_json(const RunQuality& quality) {
  Json validation;
  if (quality.validation_weighted_f1) {
    validation = {{"weighted_f1", *quality.validation_weighted_f1}};
  }
  Json tests = Json::array();
  for (const TestScore& one : quality.tests) {
    tests.push_back({{"dataset", one.dataset},
                     {"role", one.role},
                     {"weighted_f1", one.weighted_f1},
                     {"n", one.n}});
  }
  return {{"validation", std::move(validation)},
          {"tests", std::move(tests)},
          {"problem", quality.problem},
          {"calibrated", false},
          {"medical_device", false}};
}

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
  json["seen_in"] = prediction.seen_in;
  json["seen_as"] = prediction.seen_as;
  json["remarks"] = prediction_remarks(prediction, classes);
  return json;
}

PredictCounts predict_pictures(const Path& run_folder, const std::vector<ListedPicture>& pictures,
                               std::size_t nearest,
                               const std::function<void(const PicturePrediction&)>& sink,
                               Job& job) {
  study::RunUse use = study::read_run_use(run_folder);
  study::require_image_branch(run_folder, use);
  const study::TrainingCases cases = study::read_training_cases(run_folder);
  study::find_image_encoder(run_folder, use, job);
  const study::RunModel model(run_folder, use);
  study::SeenPictures seen(run_folder, use, job);
  PredictCounts counts;
  study::embed_picture_files(
      study::picture_encoder(model, use.recipe, job), pictures, "predict",
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
          prediction.picture = pictures[batch.first + i].path;
          prediction.error = batch.errors[i];
          if (prediction.error.empty()) {
            prediction.probabilities = softmax(logits.row(row));
            prediction.label =
                static_cast<std::size_t>(std::ranges::max_element(prediction.probabilities) -
                                         prediction.probabilities.begin());
            // One at least: by it a picture that was trained on is known.
            prediction.nearest =
                nearest_cases(batch.z.row(row), cases, std::max(nearest, std::size_t{1}));
            tell_where_seen(batch.pictures->pixels(row), seen, prediction);
            if (nearest == 0) prediction.nearest.clear();
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
