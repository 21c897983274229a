#include "epicrisis/study/predict.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <system_error>

#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/sample_key.h"
#include "epicrisis/eval/retrieval.h"
#include "epicrisis/image/decode.h"
#include "study/folders.h"
#include "study/run_model.h"
#include "study/run_use.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatch = 64;  // pictures in memory at a time

// Prepared pictures of a batch.
class BatchPictures : public ImageSource {
 public:
  explicit BatchPictures(int size) : size_(size) {}
  void add(Image picture) { pictures_.push_back(std::move(picture)); }
  std::size_t count() const override { return pictures_.size(); }
  int size() const override { return size_; }
  std::span<const std::uint8_t> pixels(std::size_t index) const override {
    return pictures_[index].pixels;
  }

 private:
  int size_;
  std::vector<Image> pictures_;
};

void add_folder(const Path& folder, std::vector<Path>& pictures) {
  std::vector<Path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && is_picture_name(entry.path().filename().string())) {
      found.push_back(entry.path());
    }
  }
  if (found.empty()) {
    throw InputError("{}: the folder holds no picture (.jpg, .jpeg, .png, .webp)", folder.string());
  }
  std::ranges::sort(found);
  pictures.insert(pictures.end(), found.begin(), found.end());
}

void add_table(const Path& table, std::vector<Path>& pictures) {
  CsvReader rows(table);
  std::string column = "picture";  // where none is there, what the error asks for
  for (const char* name : {"file", "path", "image_path", "image", "picture"}) {
    if (rows.has_column(name)) column = name;
  }
  const std::size_t index = rows.column(column);
  const std::size_t before = pictures.size();
  while (rows.next()) {
    const std::string& name = rows.at(index);
    if (name.empty()) throw InputError("{}: column '{}' is empty", rows.place(), column);
    pictures.push_back(table.parent_path() / name);
  }
  if (pictures.size() == before) throw InputError("{}: the table has no row", table.string());
}

std::vector<double> softmax(std::span<const float> logits) {
  const double most = *std::ranges::max_element(logits);
  std::vector<double> result;
  for (const float logit : logits) result.push_back(std::exp(logit - most));
  const double sum = std::accumulate(result.begin(), result.end(), 0.0);
  for (double& value : result) value /= sum;
  return result;
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

std::vector<Path> list_pictures(const std::vector<std::string>& places) {
  std::vector<Path> pictures;
  for (const std::string& place : places) {
    if (place == "-") {
      throw UsageError("pictures are not read from standard input ('-'); name files or folders");
    }
    std::error_code error;
    if (!fs::exists(place, error)) throw UsageError("picture '{}': there is no such file", place);
    if (fs::is_directory(place, error)) {
      add_folder(place, pictures);
    } else if (ascii_lower(Path(place).extension().string()) == ".csv") {
      add_table(place, pictures);
    } else {
      pictures.emplace_back(place);
    }
  }
  return pictures;
}

Path find_run_folder(const std::string& run, const Path& workspace) {
  std::error_code error;
  if (fs::is_directory(run, error)) return run;
  const Path runs = workspace / "runs";
  const bool name = !run.empty() && run.find('/') == std::string::npos && run != "..";
  if (!workspace.empty() && name && fs::is_directory(runs / run, error)) return runs / run;
  std::vector<std::string> known;
  if (!workspace.empty()) {
    for (const Path& entry : study::entries_of(runs)) known.push_back(entry.filename().string());
  }
  throw UsageError("run '{}': there is no such folder{}", run,
                   workspace.empty() ? "; to name a run, give its `workspace` too"
                   : known.empty()
                       ? fmt::format(", and {} holds no run", runs.string())
                       : fmt::format("; {} holds {}", runs.string(), join(known, ", ")));
}

std::vector<RunClass> run_classes(const Path& run_folder) {
  return study::read_run_use(run_folder).classes;
}

PredictCounts predict_pictures(const Path& run_folder, const std::vector<Path>& pictures,
                               std::size_t nearest,
                               const std::function<void(const PicturePrediction&)>& sink,
                               Job& job) {
  const study::RunUse use = study::read_run_use(run_folder);
  if (use.mode == Mode::kText) {
    throw InputError("{}: the run classifies notes alone (mode 'text'), no pictures",
                     run_folder.string());
  }
  const study::TrainingCases cases = study::read_training_cases(run_folder);
  const study::RunModel model(run_folder, use);
  PredictCounts counts;
  Meter meter = job.meter("predict", pictures.size(), "images");
  for (std::size_t begin = 0; begin < pictures.size(); begin += kBatch) {
    std::vector<PicturePrediction> batch(std::min(kBatch, pictures.size() - begin));
    std::vector<Image> prepared(batch.size());
    parallel_for(batch.size(), 0, job, [&](std::size_t i) {
      batch[i].picture = pictures[begin + i];
      try {
        prepared[i] = prepare_image(load_image(batch[i].picture), use.recipe).image;
      } catch (const InputError& error) {
        batch[i].error = error.what();
      } catch (const SystemError& error) {
        batch[i].error = error.what();
      }
    });
    BatchPictures readable(use.recipe.size);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch[i].error.empty()) readable.add(std::move(prepared[i]));
    }
    FloatMatrix z;
    FloatMatrix logits;
    if (readable.count() > 0) {
      z = model.embed(readable, job);
      logits = model.logits(z);
      if (z.columns != cases.embeddings.columns) {
        throw InputError("{}: the run embeds in {} numbers, its training cases are of {}",
                         run_folder.string(), z.columns, cases.embeddings.columns);
      }
    }
    std::size_t row = 0;
    for (PicturePrediction& prediction : batch) {
      if (prediction.error.empty()) {
        prediction.probabilities = softmax(logits.row(row));
        prediction.label = static_cast<std::size_t>(
            std::ranges::max_element(prediction.probabilities) - prediction.probabilities.begin());
        prediction.nearest = nearest_cases(z.row(row), cases, nearest);
        ++row;
        ++counts.predicted;
      } else {
        ++counts.unreadable;
      }
      sink(prediction);
    }
    meter.add(batch.size());
  }
  return counts;
}

}  // namespace epicrisis
