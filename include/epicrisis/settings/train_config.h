#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/settings/losses.h"
#include "epicrisis/settings/precision.h"

namespace epicrisis {

// What is trained. The terms are those of docs/method.md, "The loss".
enum class Mode {
  kImage,             // cross-entropy of the image branch
  kText,              // cross-entropy of the text branch; the image branch stays as it was drawn
  kMultimodal,        // all terms
  kContrastive,       // the contrastive term alone
  kContrastiveAlign,  // the contrastive term, the cosine and the L1 term
  kProbe  // cross-entropy of a classifier alone, on vectors as a dual encoder gives them
};
// In the two contrastive modes the classifier is a probe: it is fitted on the embeddings, and
// nothing of its gradient reaches the heads or the encoder.

// "image", "text", "multimodal", "contrastive", "contrastive_align", "probe"
std::string_view mode_name(Mode mode);
// Whether a run in this mode needs notes: all but kImage.
bool uses_text(Mode mode);
// Whether they have a part in what is trained: not in kProbe, which is measured by them.
bool trains_on_text(Mode mode);
Mode mode_from_name(std::string_view name);  // UsageError with the known names

// The learning rate over the steps, behind the warm-up.
enum class Schedule {
  kConstant,
  kCosine,  // falls to 0 at the last step of the last epoch, along half a cosine
};

// What an epoch of a training is judged by: the best one's weights are kept, and `patience` counts
// from it. The loss should be low, all others high.
enum class EpochScore { kLoss, kWeightedF1, kBalancedAccuracy, kMcc };

// Everything of a training that is not data. The defaults are the method's.
struct TrainConfig {
  Mode mode = Mode::kMultimodal;
  std::string loss = "supervised_nt_xent";  // contrastive term, a name of contrastive_loss_names()
  std::optional<double> temperature;        // the loss's own where absent
  std::optional<double> lambda;             // weight of the contrastive term; the same
  double image_weight = 1;                  // weights of the other terms
  double text_weight = 1;
  double cosine_weight = 1;
  double l1_weight = 1;
  // Steps over which cosine, L1 and the contrastive term rise from 0 to their weight, linearly.
  int alignment_ramp = 0;
  // L1 between embeddings of length 1, as the cosine is: it cannot fall by both becoming small.
  bool align_directions = false;
  double label_smoothing = 0;  // of the cross-entropies that are trained, [0, 0.99]
  int epochs = 100;
  int patience = 10;  // epochs without a better validation before the stop; 0: never stop early
  EpochScore best_by = EpochScore::kLoss;
  int batch = 32;
  int micro_batch = 0;               // fine-tuning: pictures of a batch in memory at once; 0: all
  double learning_rate = 1e-4;       // Adam, amsgrad
  double encoder_learning_rate = 0;  // fine-tuning, of the image encoder; 0: learning_rate
  Schedule schedule = Schedule::kConstant;
  int warmup = 0;              // steps over which the rates rise from 0, linearly
  double clip_norm = 0;        // greatest 2-norm of all gradients together; 0: any
  double weight_decay = 1e-5;  // added to the gradient, as Adam's L2
  bool decay_biases = true;    // also of biases and norms: what has one dimension
  std::uint64_t seed = 0;      // below 2^63
  int width = 128;             // of z
  int hidden = 0;  // of a hidden layer with GELU in front of each projection; 0: linear projections
  // Draw a class, each as likely, then one of its samples, with replacement; false: every sample
  // once an epoch. An epoch has ceil(samples / batch) steps either way.
  bool balanced = true;
  // Balanced: classes are drawn as often as this power of their size: 0 alike, 0.5 by the square
  // root, 1 as often as they occur.
  double class_power = 0;
  bool group_aware = false;  // balanced: a patient of the class is drawn, then one of its samples
  // Fine-tuning: augment the pictures. Frozen: draw one of the 1 + copies feature rows each step.
  bool augment = true;
  bool freeze_image_encoder = true;  // true: from image features; false: fine-tune on pictures
  int copies = 0;                    // frozen: augmented feature copies besides the plain one
  // Of fine-tuning: the image encoder alone; heads, losses and the optimiser stay in fp32.
  Precision precision = Precision::kAuto;
  bool channels_last = true;       // memory order of the image encoder while fine-tuning
  std::string device = "cpu";      // "cpu", "cuda" or "cuda:N"
  int threads = 0;                 // 0: one for frozen training, all cores for fine-tuning
  int evaluation_batch = 64;       // pictures at once where nothing is trained
  double checkpoint_seconds = 60;  // most between two checkpoints; does not change the result

  bool operator==(const TrainConfig&) const = default;
};

// Reads the keys of TrainConfig, by their names there ("mode" and "precision" as words). Ranges are
// checked; UsageError with file and line. Keys it does not know stay unread: the caller's finish()
// reports them. A key that is absent keeps its value in `defaults`.
TrainConfig read_train_config(const TomlTable& table, const TrainConfig& defaults = {});

// All fields, temperature and lambda resolved; from_json(to_json(c)) is c with both resolved.
Json train_config_to_json(const TrainConfig& config);
// The same without `checkpoint_seconds`, and without the settings that the first version did not
// have where they are the default: what identifies a training stays when settings are added.
Json train_config_identity(const TrainConfig& config);
// InputError that names `source` for a missing key, a wrong type or range. A setting that the first
// version did not have may be missing.
TrainConfig train_config_from_json(const Json& json, std::string_view source);

// UsageError that names the field for a value out of range or an unknown loss.
void check_train_config(const TrainConfig& config);

}  // namespace epicrisis
