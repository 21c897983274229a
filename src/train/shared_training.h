#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/settings/image_encoder_config.h"
#include "epicrisis/train/trainer.h"
#include "train/adam.h"
#include "train/network.h"
#include "train/run_folder.h"
#include "train/team.h"

// How a process that leads a training gives it to the others: they need no workspace and no weights
// of their own.
namespace epicrisis {

// What a training is, but for its weights. The leader's points at its data, another's holds them.
struct SharedTraining {
  TrainConfig config;
  TrainInput input;
  ImageEncoderConfig image_encoder;
  std::optional<Json> vocabulary;  // of token embeddings that are trained
  TrainProgress progress;
  bool bf16 = false;

  // What `input` of a follower points at.
  struct Data {
    FloatMatrix notes;
    FloatMatrix concepts;
    std::vector<std::string> note_texts;
    std::vector<std::string> concept_texts;
    std::vector<std::vector<std::size_t>> note_concepts;
    std::unique_ptr<ImageSource> pictures;
  };
  std::unique_ptr<Data> data;
};

// Fine-tuning alone: of a frozen encoder there is nothing to share.
void give_training(const Team& team, const SharedTraining& training);
// Says that no training comes any more.
void give_end(const Team& team);
// Nothing at the end.
std::optional<SharedTraining> take_training(const Team& team);

// The weights and the optimiser's state: the leader's are everybody's afterwards.
void share_state(const Team& team, NetworkImpl& network, const Adam& adam);

}  // namespace epicrisis
