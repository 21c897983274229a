#include "train/check_input.h"

#include <algorithm>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

void check_matrix(const FloatMatrix& matrix, std::string_view what) {
  if (matrix.columns == 0 || matrix.values.size() != matrix.rows * matrix.columns) {
    throw UsageError("training: the {} are {} x {} with {} values", what, matrix.rows,
                     matrix.columns, matrix.values.size());
  }
}

void check_texts(const TextInput& input, const std::string& what) {
  if ((input.vectors != nullptr) == (input.texts != nullptr)) {
    throw UsageError("training: {} must be given either as vectors or as texts", what);
  }
  if (input.vectors != nullptr) check_matrix(*input.vectors, what + " embeddings");
}

void check_concepts(const TrainInput& input) {
  if (!input.concepts.given() || input.note_concepts == nullptr) {
    throw UsageError(
        "training: the loss 'keyword_alignment' needs the concept words and the concepts of each "
        "note");
  }
  check_texts(input.concepts, "concept");
  if ((input.concepts.vectors != nullptr) != (input.notes.vectors != nullptr)) {
    throw UsageError("training: concepts and notes must have one form, vectors or texts");
  }
  if (input.concepts.vectors != nullptr &&
      input.concepts.vectors->columns != input.notes.vectors->columns) {
    throw UsageError("training: concept embeddings have {} columns, note embeddings {}",
                     input.concepts.vectors->columns, input.notes.vectors->columns);
  }
  if (input.note_concepts->size() != input.notes.count()) {
    throw UsageError("training: concepts of {} notes, there are {}", input.note_concepts->size(),
                     input.notes.count());
  }
  for (std::size_t row = 0; row < input.note_concepts->size(); ++row) {
    for (const std::size_t k : (*input.note_concepts)[row]) {
      if (k >= input.concepts.count()) {
        throw UsageError("training: note {} names concept {}, there are {}", row, k,
                         input.concepts.count());
      }
    }
  }
}

// How many pictures examples may point to.
std::size_t check_images(const TrainConfig& config, const TrainInput& input) {
  if (config.freeze_image_encoder) {
    if (input.image_features == nullptr) {
      throw UsageError("training: mode '{}' with a frozen image encoder needs image features",
                       mode_name(config.mode));
    }
    check_matrix(*input.image_features, "image features");
    const auto versions = static_cast<std::size_t>(config.copies) + 1;
    if (input.image_features->rows % versions != 0) {
      throw UsageError("training: {} rows of image features are not {} versions of each image",
                       input.image_features->rows, versions);
    }
    return input.image_features->rows / versions;
  }
  if (input.images == nullptr || input.image_encoder.empty()) {
    throw UsageError("training: fine-tuning needs pictures and an image encoder to start from");
  }
  return input.images->count();
}

// Pictures and notes have vectors of one model.
void check_one_space(const TrainConfig& config, const TrainInput& input) {
  if (!config.freeze_image_encoder || input.notes.vectors == nullptr) {
    throw UsageError("training: mode '{}' takes vectors of a frozen model", mode_name(config.mode));
  }
  if (input.image_features->columns != input.notes.vectors->columns) {
    throw UsageError(
        "training: mode '{}', but pictures have vectors of {} numbers and notes of {}: the model "
        "has no projections into one space",
        mode_name(config.mode), input.image_features->columns, input.notes.vectors->columns);
  }
}

}  // namespace

void check_train_input(const TrainConfig& config, const TrainInput& input) {
  if (input.class_count < 1 || input.class_count > 100'000) {
    throw UsageError("training: {} classes", input.class_count);
  }
  const bool notes = uses_text(config.mode);
  const bool pictures = config.mode != Mode::kText;
  if (notes) {
    if (!input.notes.given()) {
      throw UsageError("training: mode '{}' needs notes", mode_name(config.mode));
    }
    check_texts(input.notes, "note");
    const bool contrasts = trains_on_text(config.mode) && config.mode != Mode::kText;
    if (contrasts && loss_settings(config.loss).needs_concepts) check_concepts(input);
  }
  const std::size_t images = pictures ? check_images(config, input) : 0;
  if (config.mode == Mode::kProbe) check_one_space(config, input);
  const auto check_examples = [&](const std::vector<TrainExample>& examples, const char* what) {
    for (std::size_t i = 0; i < examples.size(); ++i) {
      const TrainExample& example = examples[i];
      if (example.label < 0 || example.label >= input.class_count) {
        throw UsageError("training: {} example {} has the label {}, there are {} classes", what, i,
                         example.label, input.class_count);
      }
      if (pictures && example.image >= images) {
        throw UsageError("training: {} example {} is picture {}, there are {}", what, i,
                         example.image, images);
      }
      if (!notes) continue;
      for (const std::size_t note : example.notes) {
        if (note >= input.notes.count()) {
          throw UsageError("training: {} example {} has note {}, there are {}", what, i, note,
                           input.notes.count());
        }
      }
    }
  };
  check_examples(input.train, "training");
  check_examples(input.validation, "validation");
  if (input.train.empty()) throw UsageError("training: there are no training examples");
  if (trains_on_text(config.mode) &&
      std::all_of(input.train.begin(), input.train.end(),
                  [](const TrainExample& e) { return e.notes.empty(); })) {
    throw UsageError("training: mode '{}', but no training example has a note",
                     mode_name(config.mode));
  }
}

}  // namespace epicrisis
