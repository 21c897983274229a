#pragma once

#include <vector>

#include "epicrisis/eval/retrieval.h"

namespace epicrisis {

// How far an image lies from notes in the shared space, as cosine distance (1 - cosine: 0 the same
// direction, 1 orthogonal, 2 opposite), the mean over the notes. One entry an image; NaN for one
// without such notes.
struct NoteDistances {
  std::vector<double> own;     // its own notes
  std::vector<double> others;  // those of images of other patients or cases
  std::vector<double> margin;  // others less own: above 0 the own notes lie nearer
};

// The notes of images of the same group count for neither. A zero row has cosine 0 to all. Cost:
// (images + notes) * width. UsageError for sizes that do not fit and for rows that are not finite.
NoteDistances note_distances(const RetrievalSet& set);

}  // namespace epicrisis
