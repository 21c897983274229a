#pragma once

#include <torch/torch.h>

#include <map>
#include <optional>
#include <string>

#include "train/adam.h"
#include "train/network.h"
#include "train/run_folder.h"

namespace epicrisis {

using TensorMap = std::map<std::string, torch::Tensor>;

// Copies on the CPU of all that state_dict() names, in plain memory order.
TensorMap copy_of_state(const torch::nn::Module& module);
// Copies tensors back; InputError that names `source` for a missing or misshapen one.
void restore_state(torch::nn::Module& module, const TensorMap& tensors, const std::string& source);

void write_tensors(const Path& path, const TensorMap& tensors,
                   const std::map<std::string, std::string>& metadata);

// The whole state of a training in one file that is replaced at once: "network.", "adam." and
// "best." tensors, progress and fingerprint as metadata. There are no generators to store: what a
// step draws depends on (seed, epoch, step) alone.
void write_checkpoint(const Path& folder, const std::string& fingerprint,
                      const TrainProgress& progress, const Network& network, const Adam& adam,
                      const TensorMap& best);

struct Checkpoint {
  std::string source;
  TrainProgress progress;
  TensorMap network;
  TensorMap adam;
  TensorMap best;
};
// Nothing if there is none; InputError if it is broken or has another fingerprint.
std::optional<Checkpoint> read_checkpoint(const Path& folder, const std::string& fingerprint);

}  // namespace epicrisis
