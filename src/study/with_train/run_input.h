#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "epicrisis/core/matrix.h"
#include "epicrisis/image/shards.h"
#include "epicrisis/settings/image_encoder_config.h"
#include "epicrisis/train/trainer.h"
#include "study/run_evaluation.h"
#include "study/study_inputs.h"

namespace epicrisis {

class ImageFeatureExtractor;  // epicrisis/model/encoders/image/image_encoder.h
class TextEncoder;            // epicrisis/model/encoders/text/text_encoder.h

}  // namespace epicrisis

namespace epicrisis::study {

// The encoders of a run that are not trained, read when they are first needed.
class RunEncoders {
 public:
  RunEncoders(const StudyRun& run, Path cache, Job& job);
  ~RunEncoders();

  // Features of some cases, from the cache where it has them: [(1 + copies) * cases, F].
  FloatMatrix features(const PictureTable& pictures, const std::vector<std::size_t>& cases,
                       int copies, std::uint64_t seed);
  // What the frozen image encoder does to pixels before it looks at them.
  const ImageEncoderConfig& preprocessing();
  // Texts in the form that the run takes; `vectors` is filled where that is what it takes. Keeps
  // pointers to both arguments.
  TextInput texts(const std::vector<std::string>& texts, FloatMatrix& vectors);

 private:
  ImageFeatureExtractor& images();

  const StudyRun& run_;
  Path cache_;
  Job& job_;
  std::unique_ptr<ImageFeatureExtractor> images_;
  std::unique_ptr<TextEncoder> texts_;
};

// What one run trains on, with the memory behind TrainInput's pointers. Nothing in it depends on
// cases that are only tested on.
struct RunInput {
  TrainInput input;
  FloatMatrix features;                    // frozen: [(1 + copies) * cases, F]
  std::unique_ptr<SelectedImages> images;  // fine-tuned: those of the cases
  NoteTable notes;                         // of the cases
  FloatMatrix note_vectors;                // of a frozen text encoder: [texts, G]
};
std::unique_ptr<RunInput> load_run_input(const Study& study, const StudyRun& run,
                                         const CaseSet& set, const PictureTable& pictures,
                                         const RunNotes& notes, RunEncoders& encoders);

// What a run predicts on: the cases of one data set.
struct SliceInput {
  FloatMatrix features;  // frozen: [cases, F]
  NoteTable notes;
  FloatMatrix note_vectors;
  TextInput note_input;
  std::vector<std::string> prompts;  // one a class
  FloatMatrix prompt_vectors;
  TextInput prompt_input;
};
std::unique_ptr<SliceInput> load_slice_input(const Study& study, const StudyRun& run,
                                             const DatasetSlice& slice,
                                             const PictureTable& pictures, const RunNotes& notes,
                                             RunEncoders& encoders);

}  // namespace epicrisis::study
