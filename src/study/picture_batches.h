#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/corpus/picture_files.h"
#include "epicrisis/image/prepare.h"
#include "study/run_model.h"

namespace epicrisis::study {

// Some pictures after each other, prepared and embedded.
struct EmbeddedPictures {
  std::size_t first = 0;                  // index of the first of them
  std::vector<std::string> errors;        // one a picture: why it could not be read, "" if it could
  FloatMatrix z;                          // a row for each that could be read, not normalised
  const ImageSource* pictures = nullptr;  // those, as they are prepared; within the call alone
};

// What makes a picture into an encoder's input, and the encoder.
struct PictureEncoder {
  int size = 0;  // pixels a side of the input
  std::function<Image(const Image&)> fit;
  std::function<FloatMatrix(const ImageSource&)> embed;
};
// A run, whose recipe prepares; all that is given must outlive the result.
PictureEncoder picture_encoder(const RunModel& model, const PrepareRecipe& recipe, const Job& job);

// Prepares and embeds picture files, a batch at a time, so that memory does not grow with their
// number. `sink` is called in their order, from this thread. `step` names what is shown as
// progress. Interrupted between batches.
void embed_picture_files(const PictureEncoder& encoder, const std::vector<ListedPicture>& pictures,
                         std::string_view step,
                         const std::function<void(const EmbeddedPictures&)>& sink, Job& job);

}  // namespace epicrisis::study
