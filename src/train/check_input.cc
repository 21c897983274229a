#include "train/check_input.h"

#include <algorithm>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

void check_matrix(const FloatMatrix& matrix, const char* what) {
  if (matrix.columns == 0 || matrix.values.size() != matrix.rows * matrix.columns) {
    throw UsageError("training: the {} are {} x {} with {} values", what, matrix.rows,
                     matrix.columns, matrix.values.size());
  }
}

void check_concepts(const TrainInput& input) {
  if (input.concept_embeddings == nullptr || input.note_concepts == nullptr) {
    throw UsageError(
        "training: the loss 'keyword_alignment' needs concept embeddings and the concepts of each "
        "note");
  }
  check_matrix(*input.concept_embeddings, "concept embeddings");
  if (input.concept_embeddings->columns != input.note_embeddings->columns) {
    throw UsageError("training: concept embeddings have {} columns, note embeddings {}",
                     input.concept_embeddings->columns, input.note_embeddings->columns);
  }
  if (input.note_concepts->size() != input.note_embeddings->rows) {
    throw UsageError("training: concepts of {} notes, embeddings of {}",
                     input.note_concepts->size(), input.note_embeddings->rows);
  }
  for (std::size_t row = 0; row < input.note_concepts->size(); ++row) {
    for (const std::size_t k : (*input.note_concepts)[row]) {
      if (k >= input.concept_embeddings->rows) {
        throw UsageError("training: note {} names concept {}, there are {}", row, k,
                         input.concept_embeddings->rows);
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

}  // namespace

void check_train_input(const TrainConfig& config, const TrainInput& input) {
  if (input.class_count < 1 || input.class_count > 100'000) {
    throw UsageError("training: {} classes", input.class_count);
  }
  const bool notes = uses_text(config.mode);
  const bool pictures = config.mode != Mode::kText;
  if (notes) {
    if (input.note_embeddings == nullptr) {
      throw UsageError("training: mode '{}' needs note embeddings", mode_name(config.mode));
    }
    check_matrix(*input.note_embeddings, "note embeddings");
    const bool contrasts = config.mode != Mode::kText;
    if (contrasts && loss_settings(config.loss).needs_concepts) check_concepts(input);
  }
  const std::size_t images = pictures ? check_images(config, input) : 0;
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
        if (note >= input.note_embeddings->rows) {
          throw UsageError("training: {} example {} has note {}, there are {}", what, i, note,
                           input.note_embeddings->rows);
        }
      }
    }
  };
  check_examples(input.train, "training");
  check_examples(input.validation, "validation");
  if (input.train.empty()) throw UsageError("training: there are no training examples");
  if (notes && std::all_of(input.train.begin(), input.train.end(),
                           [](const TrainExample& e) { return e.notes.empty(); })) {
    throw UsageError("training: mode '{}', but no training example has a note",
                     mode_name(config.mode));
  }
}

}  // namespace epicrisis
