#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/corpus/picture_files.h"
#include "epicrisis/study/run_folder.h"

namespace epicrisis {

// A case that a run was trained on, and how near it is.
struct NearCase {
  std::string dataset;
  std::string key;
  std::string class_name;
  double similarity = 0;  // cosine in the run's shared space, -1 to 1
};

// What a run says of one picture.
struct PicturePrediction {
  Path picture;       // as ListedPicture has it
  std::string error;  // why it could not be read; all below is empty then
  std::size_t label = 0;
  std::vector<double> probabilities;  // by class; their sum is 1
  std::vector<NearCase> nearest;      // the nearest first
  // The part of the run's study that has this picture: "train", "validation", "test", "external",
  // or "" where none has it or none is known of.
  std::string seen_in;
  std::string seen_as;  // "dataset/key" there
};
// What a reader of a prediction should know besides: that two classes are about as probable, that
// the run was trained on this picture, or on one that it cannot tell from it, that it was validated
// or tested on it. A sentence each.
std::vector<std::string> prediction_remarks(const PicturePrediction& prediction,
                                            const std::vector<RunClass>& classes);
// {"picture", "class", "probabilities": {class: p}, "nearest": [...], "seen_in", "seen_as",
// "remarks": [...]} or {"picture", "error"}
Json to_json(const PicturePrediction& prediction, const std::vector<RunClass>& classes);

// How good a run was on one data set that its study tests on.
struct TestScore {
  std::string dataset;
  std::string role;  // "internal", "external"
  double weighted_f1 = 0;
  std::size_t n = 0;  // samples
};
// How good a run was where that was measured: on its validation samples, and, where the folder lies
// in a workspace, on the data sets that its study tests on.
struct RunQuality {
  std::optional<double> validation_weighted_f1;
  std::vector<TestScore> tests;
  std::string problem;  // why the tests could not be read; "" if they were
};
// InputError for a folder whose files are damaged.
RunQuality run_quality(const Path& run_folder);
// A line for each of these.
std::vector<std::string> quality_lines(const RunQuality& quality);
// {"validation": {"weighted_f1"} or null, "tests": [{"dataset", "role", "weighted_f1", "n"}],
// "problem", "calibrated": false, "medical_device": false}
Json to_json(const RunQuality& quality);

struct PredictCounts {
  std::size_t predicted = 0;
  std::size_t unreadable = 0;
};

// Prepares each picture by the run's recipe and predicts its class with the `nearest` training
// cases nearest to it. `sink` is called once a picture, in their order, from this thread; memory
// does not grow with their number. A picture that cannot be read, and a row of a list that names
// none, is a prediction with an error.
// Needs nothing but the run folder. InputError for a run that is damaged, unfinished, or of an
// earlier version (saying how it is completed); SystemError in a build without LibTorch;
// Interrupted when the job is cancelled.
PredictCounts predict_pictures(const Path& run_folder, const std::vector<ListedPicture>& pictures,
                               std::size_t nearest,
                               const std::function<void(const PicturePrediction&)>& sink, Job& job);

}  // namespace epicrisis
