#include "study/with_train/run_input.h"

#include <algorithm>
#include <map>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/model/encoders/image/image_encoder.h"
#include "epicrisis/model/encoders/text/text_encoder.h"
#include "epicrisis/train/feature_cache.h"

namespace epicrisis::study {
namespace {

std::vector<std::size_t> trained_cases(const Study& study, const StudyRun& run, const CaseSet& set,
                                       const RunNotes& notes) {
  std::vector<std::size_t> cases;
  for (std::size_t i = 0; i < set.cases.size(); ++i) {
    const Role role = set.cases[i].role;
    if (role == Role::kTrain || role == Role::kValidation) cases.push_back(i);
  }
  if (cases.empty()) {
    throw InputError("run '{}': the split of study '{}' has no training sample", run.name,
                     study.name);
  }
  std::erase_if(cases, [&](std::size_t i) { return !notes.trained_on[i]; });
  if (cases.empty()) {
    throw InputError("run '{}': no training sample has a note of each of {}", run.name,
                     fmt::join(run.train_with, ", "));
  }
  return cases;
}

}  // namespace

RunEncoders::RunEncoders(const StudyRun& run, Path cache, Job& job)
    : run_(run), cache_(std::move(cache)), job_(job) {}
RunEncoders::~RunEncoders() = default;

ImageFeatureExtractor& RunEncoders::images() {
  if (!images_) {
    ImageFeatureOptions options;
    options.projected = run_.train.mode == Mode::kProbe;
    images_ = std::make_unique<ImageFeatureExtractor>(run_.image_encoder.model, options);
    for (const std::string& remark : images_->remarks()) job_.warn("{}", remark);
  }
  return *images_;
}

const ImageEncoderConfig& RunEncoders::preprocessing() { return images().config(); }

FloatMatrix RunEncoders::features(const PictureTable& pictures,
                                  const std::vector<std::size_t>& cases, int copies,
                                  std::uint64_t seed) {
  ImageFeatureRequest request;
  request.images = pictures.images.get();
  request.copies = copies;
  request.seed = seed;
  for (const std::size_t i : cases) {
    const std::size_t picture = pictures.picture[i];
    request.indices.push_back(picture);
    request.ids.push_back(pictures.images->content_id(picture));
  }
  return cached_image_features(images(), request, cache_, job_);
}

TextInput RunEncoders::texts(const std::vector<std::string>& texts, FloatMatrix& vectors) {
  TextInput input;
  if (run_.text_encoder == kTrainedTokens) {
    input.texts = &texts;
    return input;
  }
  if (!texts_) {
    texts_ = load_text_encoder(run_.text_encoder);
    for (const std::string& remark : texts_->remarks()) job_.warn("{}", remark);
  }
  vectors = cached_text_embeddings(*texts_, texts, cache_, job_);
  input.vectors = &vectors;
  return input;
}

std::unique_ptr<RunInput> load_run_input(const Study& study, const StudyRun& run,
                                         const CaseSet& set, const PictureTable& pictures,
                                         const RunNotes& notes, RunEncoders& encoders) {
  auto result = std::make_unique<RunInput>();
  const std::vector<std::size_t> cases = trained_cases(study, run, set, notes);
  if (uses_text(run.train.mode)) {
    result->notes = select_notes(notes.notes, cases);
    if (result->notes.texts.empty()) {
      throw InputError("run '{}': none of its {} training samples has a note of {}", run.name,
                       cases.size(), fmt::join(run.notes, ", "));
    }
    result->input.notes = encoders.texts(result->notes.texts, result->note_vectors);
  }
  std::map<std::string, std::size_t> groups;
  result->input.class_count = static_cast<int>(study.classes.size());
  for (std::size_t row = 0; row < cases.size(); ++row) {
    const Case& entry = set.cases[cases[row]];
    TrainExample example;
    example.image = row;
    example.label = entry.label;
    example.group = groups.try_emplace(entry.group, groups.size()).first->second;
    if (!result->notes.of_case.empty()) example.notes = result->notes.of_case[row];
    (entry.role == Role::kTrain ? result->input.train : result->input.validation)
        .push_back(std::move(example));
  }
  if (run.image_encoder.frozen) {
    result->features =
        encoders.features(pictures, cases, run.image_encoder.augmented_copies, study.split_seed);
    result->input.image_features = &result->features;
  } else {
    std::vector<std::size_t> indices;
    for (const std::size_t i : cases) indices.push_back(pictures.picture[i]);
    result->images = std::make_unique<SelectedImages>(*pictures.images, std::move(indices));
    result->input.images = result->images.get();
    result->input.image_encoder = run.image_encoder.model;
  }
  return result;
}

std::unique_ptr<SliceInput> load_slice_input(const Study& study, const StudyRun& run,
                                             const DatasetSlice& slice,
                                             const PictureTable& pictures, const RunNotes& notes,
                                             RunEncoders& encoders) {
  auto result = std::make_unique<SliceInput>();
  if (run.image_encoder.frozen) {
    result->features = encoders.features(pictures, slice.cases, 0, 0);
  }
  if (uses_text(run.train.mode)) {
    result->notes = select_notes(notes.notes, slice.cases);
    result->note_input = encoders.texts(result->notes.texts, result->note_vectors);
    result->prompts = class_prompts(study);
    result->prompt_input = encoders.texts(result->prompts, result->prompt_vectors);
  }
  return result;
}

}  // namespace epicrisis::study
