#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/image/image.h"

namespace epicrisis {

class ImageFeatureExtractor;  // epicrisis/model/encoders/image/image_encoder.h
class TextEncoder;            // epicrisis/model/encoders/text/text_encoder.h
class TrainedModel;           // epicrisis/train/trainer.h

// Which features are wanted. ids[i] names picture indices[i] for good (its content hash): the cache
// finds rows by it, whatever the order of the images in a later call.
struct ImageFeatureRequest {
  const ImageSource* images = nullptr;
  std::vector<std::size_t> indices;
  std::vector<std::string> ids;
  int copies = 0;  // augmented copies besides the plain picture
  // Of the augmentation; copy c of a picture depends on (seed, id, c) alone.
  std::uint64_t seed = 0;
};

// In all of these an empty `folder` keeps nothing.

// Features f(x) [(1 + copies) * n, F] of the frozen encoder: row `copy * n + i` belongs to
// indices[i], as TrainInput::image_features wants it. Takes from `folder` (the workspace's
// embeddings/) what is there and computes the rest, which it writes in chunks of 256 rows, each
// aside and renamed: a cancelled job or a kill loses at most one chunk. The job's step "image
// features" counts each row, cached or computed. UsageError if ids and indices differ in length;
// a damaged cache file is removed with a warning, and its rows are computed again.
FloatMatrix cached_image_features(const ImageFeatureExtractor& encoder,
                                  const ImageFeatureRequest& request, const Path& folder, Job& job);

// The same for a fine-tuned run, of plain pictures: z [n, width]. `fingerprint` (64 hex digits)
// names the weights for good.
FloatMatrix cached_run_embeddings(const TrainedModel& model, const std::string& fingerprint,
                                  const ImageFeatureRequest& request, const Path& folder, Job& job);

// Pooled embeddings g(t) [texts, G], found by the SHA-256 of the text and the encoder's
// fingerprint. Equal texts are computed once. The job's step is "note embeddings"; it is told how
// many texts were too long for the encoder.
FloatMatrix cached_text_embeddings(const TextEncoder& encoder, std::span<const std::string> texts,
                                   const Path& folder, Job& job);

}  // namespace epicrisis
