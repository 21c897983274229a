#include "study/with_train/run_input.h"

#include <algorithm>

#include "epicrisis/core/error.h"
#include "epicrisis/model/encoders/image/image_encoder.h"
#include "epicrisis/model/encoders/text/text_encoder.h"
#include "epicrisis/train/feature_cache.h"

namespace epicrisis::study {
namespace {

std::vector<std::size_t> indices_with_roles(const CaseSet& set, std::initializer_list<Role> roles) {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < set.cases.size(); ++i) {
    if (std::ranges::find(roles, set.cases[i].role) != roles.end()) indices.push_back(i);
  }
  return indices;
}

// Features of some cases, from the cache where it has them.
FloatMatrix case_features(const ImageFeatureExtractor& encoder, const PictureTable& pictures,
                          const std::vector<std::size_t>& cases, int copies, std::uint64_t seed,
                          const Path& folder, Job& job) {
  ImageFeatureRequest request;
  request.images = pictures.images.get();
  request.copies = copies;
  request.seed = seed;
  for (const std::size_t i : cases) {
    const std::size_t picture = pictures.picture[i];
    request.indices.push_back(picture);
    request.ids.push_back(pictures.images->content_id(picture));
  }
  return cached_image_features(encoder, request, folder, job);
}

// Notes and prompts in the form that the run trains on.
void set_text_inputs(RunInput& run, const std::string& text_encoder, const Path& folder, Job& job) {
  if (text_encoder == kTrainedTokens) {
    run.input.notes.texts = &run.notes.texts;
    run.prompts.texts = &run.prompt_texts;
    return;
  }
  const std::unique_ptr<TextEncoder> encoder = load_text_encoder(text_encoder);
  for (const std::string& remark : encoder->remarks()) job.warn("{}", remark);
  run.note_vectors = cached_text_embeddings(*encoder, run.notes.texts, folder, job);
  run.prompt_vectors = cached_text_embeddings(*encoder, run.prompt_texts, folder, job);
  run.input.notes.vectors = &run.note_vectors;
  run.prompts.vectors = &run.prompt_vectors;
}

TrainExample example_of(const CaseSet& set, const RunInput& run, std::size_t index,
                        std::size_t image) {
  TrainExample example;
  example.image = image;
  example.label = set.cases[index].label;
  if (!run.notes.of_case.empty()) example.notes = run.notes.of_case[index];
  return example;
}

void add_examples(RunInput& run, const CaseSet& set, const std::vector<std::size_t>& trained,
                  const PictureTable& pictures, bool frozen) {
  for (std::size_t row = 0; row < trained.size(); ++row) {
    const std::size_t index = trained[row];
    const TrainExample example =
        example_of(set, run, index, frozen ? row : pictures.picture[index]);
    (set.cases[index].role == Role::kTrain ? run.input.train : run.input.validation)
        .push_back(example);
  }
}

}  // namespace

std::unique_ptr<RunInput> load_run_input(Workspace& workspace, const Study& study,
                                         const StudyRun& run, const CaseSet& set,
                                         const PictureTable& pictures, Job& job) {
  auto result = std::make_unique<RunInput>();
  RunNotes run_notes = load_run_notes(workspace, run, set);
  std::vector<std::size_t> trained = indices_with_roles(set, {Role::kTrain, Role::kValidation});
  std::erase_if(trained, [&](std::size_t i) { return !run_notes.trained_on[i]; });
  if (trained.empty()) {
    throw InputError("run '{}': no training sample has a note of each of {}", run.name,
                     fmt::join(run.train_with, ", "));
  }
  result->evaluated = indices_with_roles(set, {Role::kTest, Role::kExternal});
  if (uses_text(run.train.mode)) {
    result->notes = std::move(run_notes.notes);
    result->prompt_texts = class_prompts(study);
    set_text_inputs(*result, run.text_encoder, workspace.embeddings(), job);
    const auto without = std::ranges::count_if(
        trained, [&](std::size_t i) { return result->notes.of_case[i].empty(); });
    if (without == static_cast<std::ptrdiff_t>(trained.size())) {
      throw InputError("run '{}': none of its {} training samples has a note of {}", run.name,
                       trained.size(), fmt::join(run.notes, ", "));
    }
  }
  result->input.class_count = static_cast<int>(study.classes.size());
  add_examples(*result, set, trained, pictures, run.image_encoder.frozen);
  if (run.image_encoder.frozen) {
    const ImageFeatureExtractor encoder(run.image_encoder.model);
    for (const std::string& remark : encoder.remarks()) job.warn("{}", remark);
    result->train_features =
        case_features(encoder, pictures, trained, run.image_encoder.augmented_copies,
                      study.split_seed, workspace.embeddings(), job);
    result->features =
        case_features(encoder, pictures, result->evaluated, 0, 0, workspace.embeddings(), job);
    result->input.image_features = &result->train_features;
  } else {
    result->input.images = pictures.images.get();
    result->input.image_encoder = run.image_encoder.model;
  }
  return result;
}

}  // namespace epicrisis::study
