#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/corpus/picture_files.h"
#include "epicrisis/notes/exchange/listed_texts.h"
#include "epicrisis/store/workspace.h"
#include "epicrisis/study/sample_selection.h"

namespace epicrisis {

// A note that was embedded.
struct EmbeddedNote {
  SampleLine sample;
  std::string strategy;
  std::string provider;
  std::string model;
  int variant = 0;
};

// Pictures and notes in the shared space of a run or of a model. Vectors are not normalised: for
// cosines they are to be divided by their lengths.
struct Embeddings {
  std::string encoder;  // the run's or the model's name
  bool of_run = true;
  FloatMatrix images;                 // z [pictures, width]
  std::vector<SampleLine> samples;    // of each picture; empty where files were embedded
  std::vector<Path> files;            // of each picture; empty where samples were embedded
  FloatMatrix texts;                  // z [notes, width]; empty for a run without text branch
  std::vector<EmbeddedNote> notes;    // of each
  std::size_t without_picture = 0;    // samples that have none
  std::int64_t without_text = 0;      // lines of a file of notes that have none
  std::size_t unreadable = 0;         // pictures that could not be read
  std::vector<std::string> failures;  // the first 100 of these: "what: why"
};

// Pictures of samples and, with `with_notes`, their written notes of the run's strategies. What is
// not prepared yet is prepared; features are kept in the workspace. Errors as
// predict_pictures(); UsageError for a workspace of another field, an unknown data set or part;
// InputError where the text encoder of the run is not found (saying what and where).
Embeddings embed_samples(const Path& run_folder, Workspace& workspace,
                         const SampleSelection& selection, bool with_notes, Job& job);
// Picture files. Needs nothing but the run folder. InputError for a run that sees no pictures.
Embeddings embed_files(const Path& run_folder, const std::vector<ListedPicture>& pictures,
                       Job& job);

// The same by an encoder as it was published, a folder or a name for find_model(), outside of any
// run: pictures made into its input as its checkpoint says (read_picture_fit()), vectors in the
// space that pictures and texts share where the model has a projection into it, a CLIP's.
// UsageError for a model that is not there, InputError for one that cannot be used.
Embeddings embed_files_by_model(const std::string& model,
                                const std::vector<ListedPicture>& pictures, Job& job);
// Texts, normalised where the model's folder says so.
Embeddings embed_texts_by_model(const std::string& model, const std::vector<ListedText>& texts,
                                Job& job);

}  // namespace epicrisis
