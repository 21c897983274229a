#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/settings/train_config.h"

namespace epicrisis::study {

// What one trained run says about the cases of a data set that it was not trained on. Everything
// that evaluation and report need of a run, so that neither loads a model.
struct Predictions {
  std::vector<std::int64_t> sample_ids;  // one a row of `images` and `logits`
  FloatMatrix images;                    // z_img [cases, width]
  // [cases, classes]; of z_img, in text mode of z_txt of the first note, and 0 without a note
  FloatMatrix logits;
  FloatMatrix notes;                     // z_txt [notes, width]; empty without text
  std::vector<std::int64_t> note_cases;  // row in `images` that a note belongs to
  std::vector<std::int64_t> note_texts;  // equal numbers, equal text
  FloatMatrix prompts;                   // z_txt of the class prompts [classes, width]
  std::string identity;                  // what they were computed from; predictions_identity()
  std::string checksum = "";             // of the file they were read from
};

// The rows of `logits` that say something of their case, ascending: all, but in text mode those of
// the cases with a note.
std::vector<std::size_t> predicted_rows(const Predictions& predictions, Mode mode);
// `logits` in text mode, from those of each of `notes` [notes, classes].
FloatMatrix logits_of_cases(const Predictions& predictions, const FloatMatrix& of_notes,
                            std::size_t classes);

// runs/<id>/predictions/<data set>.safetensors
Path predictions_file(const Path& run_folder, const std::string& dataset);
void write_predictions(const Path& file, const Predictions& predictions);
// InputError for a file that is not one of these, is damaged or whose tensors do not fit together.
Predictions read_predictions(const Path& file);

}  // namespace epicrisis::study
