#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/corpus/picture_files.h"
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

// Pictures and notes in the shared space of a run. Vectors are not normalised: for cosines they are
// to be divided by their lengths.
struct Embeddings {
  FloatMatrix images;                 // z [pictures, width]
  std::vector<SampleLine> samples;    // of each picture; empty where files were embedded
  std::vector<Path> files;            // of each picture; empty where samples were embedded
  FloatMatrix texts;                  // z [notes, width]; empty for a run without text branch
  std::vector<EmbeddedNote> notes;    // of each
  std::size_t without_picture = 0;    // samples that have none
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

// Files of `folder`, which are all there or none: embeddings.safetensors, images.npy, images.csv
// and, where there are notes, texts.npy, texts.csv. docs/formats/embeddings.md. UsageError for a
// folder that is not empty, unless `replace` is set and it holds such files alone. Returns their
// paths.
std::vector<Path> write_embeddings(const Path& run_folder, const Embeddings& embeddings,
                                   const Path& folder, bool replace);
// The same error before anything is computed.
void check_embedding_folder(const Path& folder, bool replace);

}  // namespace epicrisis
