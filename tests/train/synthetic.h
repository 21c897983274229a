#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "epicrisis/core/random.h"
#include "epicrisis/train/trainer.h"

namespace epicrisis::test {

// Samples whose image features and notes scatter around a centre of their class.
struct Synthetic {
  FloatMatrix features;
  FloatMatrix notes;
  FloatMatrix concepts;
  std::vector<std::vector<std::size_t>> note_concepts;
  std::vector<TrainExample> train;
  std::vector<TrainExample> validation;
  int classes = 3;
  int copies = 0;

  TrainInput input() const {
    TrainInput input;
    input.train = train;
    input.validation = validation;
    input.class_count = classes;
    input.image_features = &features;
    input.notes.vectors = &notes;
    input.concepts.vectors = &concepts;
    input.note_concepts = &note_concepts;
    return input;
  }
};

struct SyntheticOptions {
  std::size_t samples = 90;
  std::size_t image_width = 12;
  std::size_t text_width = 10;
  int classes = 3;
  int copies = 0;
  double image_noise = 1;  // of features around centres of length about 1 a coordinate
  std::uint64_t seed = 1;
};

inline Synthetic synthetic(const SyntheticOptions& options = {}) {
  Random random(options.seed, "synthetic");
  Synthetic data;
  data.classes = options.classes;
  data.copies = options.copies;
  const auto classes = static_cast<std::size_t>(options.classes);
  const auto versions = static_cast<std::size_t>(options.copies) + 1;
  const auto fill = [&](FloatMatrix& matrix) {
    for (float& value : matrix.values) value = static_cast<float>(random.normal());
  };
  FloatMatrix image_centres(classes, options.image_width);
  FloatMatrix text_centres(classes, options.text_width);
  fill(image_centres);
  fill(text_centres);
  data.concepts = text_centres;
  data.features = FloatMatrix(options.samples * versions, options.image_width);
  data.notes = FloatMatrix(options.samples * 2, options.text_width);
  data.note_concepts.resize(options.samples * 2);
  for (std::size_t i = 0; i < options.samples; ++i) {
    const std::size_t label = i % classes;
    for (std::size_t copy = 0; copy < versions; ++copy) {
      auto row = data.features.row(copy * options.samples + i);
      for (std::size_t d = 0; d < row.size(); ++d) {
        row[d] =
            image_centres.row(label)[d] + static_cast<float>(options.image_noise * random.normal());
      }
    }
    TrainExample example;
    example.image = i;
    example.label = static_cast<int>(label);
    // Every fifth sample has no note, every second of the others two.
    const std::size_t notes = i % 5 == 4 ? 0 : 1 + i % 2;
    for (std::size_t k = 0; k < notes; ++k) {
      const std::size_t row = 2 * i + k;
      for (std::size_t d = 0; d < options.text_width; ++d) {
        data.notes.row(row)[d] =
            text_centres.row(label)[d] + static_cast<float>(.5 * random.normal());
      }
      data.note_concepts[row] = {label};
      example.notes.push_back(row);
    }
    (i / classes % 3 == 2 ? data.validation : data.train).push_back(example);
  }
  return data;
}

inline TrainConfig quick_config(Mode mode) {
  TrainConfig config;
  config.mode = mode;
  config.epochs = 6;
  config.batch = 8;
  config.learning_rate = 1e-2;
  config.width = 8;
  config.seed = 3;
  config.threads = 1;
  return config;
}

}  // namespace epicrisis::test
