#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/core/ranks.h"
#include "epicrisis/image/image.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/settings/train_config.h"
#include "epicrisis/settings/train_result.h"

namespace epicrisis {

// What a training has to know of a sample: where its data stand in TrainInput.
struct TrainExample {
  std::size_t image = 0;  // index of the picture
  int label = 0;          // [0, class_count)
  // Rows of TrainInput::notes; one is drawn per step. Empty: no note.
  std::vector<std::size_t> notes;
  std::size_t group = 0;  // whose picture it is, a number for each patient; of group_aware alone
};

// Texts in one of the two forms that a run takes, borrowed: vectors of a frozen text encoder, or
// the texts themselves, whose token embeddings are then trained with the run.
struct TextInput {
  const FloatMatrix* vectors = nullptr;             // g(t) [texts, G], pooled
  const std::vector<std::string>* texts = nullptr;  // UTF-8

  bool given() const { return vectors != nullptr || texts != nullptr; }
  std::size_t count() const;  // 0 if not given
};

// What is trained on. The pointers are borrowed for the call.
struct TrainInput {
  std::vector<TrainExample> train;
  std::vector<TrainExample> validation;  // empty: no early stop, the last epoch is the best
  int class_count = 0;
  // Not given in image mode. As texts: the vocabulary is made from the notes of `train` alone, and
  // a token gets kTokenWidth numbers.
  TextInput notes;

  // Frozen image encoder. [(1 + copies) * images, F]: row `copy * images + image`; copy 0 is the
  // plain picture, copies 1..k are augmented ones. With copies == 0 it is one row an image.
  const FloatMatrix* image_features = nullptr;

  // Fine-tuning: the pictures and the encoder to start from, named as ImageFeatureExtractor takes
  // it: a folder, a name for find_model(), or "random:<architecture>" (drawn from config.seed).
  const ImageSource* images = nullptr;
  std::string image_encoder;

  // For the keyword alignment loss: the concept words, in the form of the notes, and for every note
  // the concepts that its text names.
  TextInput concepts;
  const std::vector<std::vector<std::size_t>>* note_concepts = nullptr;

  // Free words on where the data come from; kept in config.json as they are.
  Json provenance = Json::object();
};

// A training cannot go on from what its folder holds: files that are damaged, or those of a run of
// another configuration or other data. In an empty folder it starts from its beginning.
class UnusableRunFolder : public Error {
 public:
  explicit UnusableRunFolder(const Error& why) : Error(why.kind(), why.what()) {}
};

// Called from the training thread.
struct TrainObserver {
  std::function<void(std::size_t images, double loss)> step;  // after each batch
  std::function<void(const EpochMetrics&)> epoch;  // after each epoch, checkpoint written
  // Before the first step of a training that goes on from a checkpoint: in this epoch, from 1.
  std::function<void(int epoch)> resumed;
};

// Trains and leaves in `run_folder` (made if missing): config.json, metrics.jsonl,
// model.safetensors (the best epoch's weights), result.json, and while it lasts
// checkpoint.safetensors, replaced after each epoch; vocabulary.json where token embeddings are
// trained. docs/formats/run-folder.md. A folder with a checkpoint of the same config and data is
// taken up where it stood, and ends with the same bits as a run that was never broken off, if it is
// computed as before: on a CPU, with the same number of threads, the same instructions (another
// processor may choose others, as ATEN_CPU_CAPABILITY and OPENBLAS_CORETYPE do) and the same
// LibTorch and BLAS; else near them. A finished one returns its result at once. UnusableRunFolder
// if it holds a run of another config or other data, or damaged files. Errors: UsageError for a
// wrong config or input (index, label or width out of range, a mode that lacks what it needs);
// InputError with epoch, step and term if a loss stops being finite, Interrupted when the job is
// cancelled (both times the last checkpoint stays). One training at a time per process: it sets
// LibTorch's thread count.
//
// Where `ranks` is given, it is this process that leads (rank 0), and fine-tuning is shared: each
// encodes a part of every batch, losses are over the whole of it. The others follow_trainings().
// Of a frozen encoder there is nothing to share. Batch norms take their numbers from a process's
// part. UsageError for a batch that the processes cannot share evenly.
TrainResult train_model(const TrainConfig& config, const TrainInput& input, const Path& run_folder,
                        const Job& job, const TrainObserver& observer = {}, Ranks* ranks = nullptr);
// Takes part in the trainings that rank 0 leads, until it says that no more come. Needs nothing but
// the connection: data and weights come through it. Interrupted when one of the processes is
// cancelled.
void follow_trainings(Ranks& ranks, const Job& job);
// Called by rank 0 alone: no more come.
void end_trainings(Ranks& ranks);

// A finished run, to embed and to classify. Members may be called from several threads.
class TrainedModel {
 public:
  // InputError naming the file for a run that is unfinished or broken.
  static TrainedModel load(const Path& run_folder);
  ~TrainedModel();
  TrainedModel(TrainedModel&&) noexcept;
  TrainedModel& operator=(TrainedModel&&) noexcept;

  const TrainConfig& config() const;
  int class_count() const;
  std::size_t width() const;        // of z
  std::size_t image_width() const;  // F; 0 if the run saw no images
  std::size_t text_width() const;   // G; 0 if the run saw no notes
  bool fine_tuned() const;  // embed_images() works, embed_image_features() takes its own f(x)

  // [n, F] -> z_img [n, width]; UsageError for another width. Not normalised.
  FloatMatrix embed_image_features(const FloatMatrix& features) const;
  // Token embeddings were trained: texts are embedded as they are, others as vectors [n, G] of the
  // encoder that the run was trained with.
  bool trained_tokens() const;
  // n texts -> z_txt [n, width]; also for class prompts and queries in words. UsageError for the
  // form that the run does not take, or another width.
  FloatMatrix embed_notes(const TextInput& notes) const;
  // z [n, width] -> class logits [n, class_count].
  FloatMatrix logits(const FloatMatrix& z) const;
  // Pictures -> z_img, for a fine-tuned run; UsageError for a frozen one. `meter` (may be null)
  // counts pictures. Interrupted between batches.
  FloatMatrix embed_images(const ImageSource& images, std::span<const std::size_t> indices,
                           const Job& job, Meter* meter = nullptr) const;

 private:
  struct State;
  explicit TrainedModel(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace epicrisis
