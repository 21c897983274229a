#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "epicrisis/core/ranks.h"
#include "train/network.h"

namespace epicrisis {

// How the processes of a training share its steps: each encodes its part of a batch, all have the
// features of the whole batch, and so the loss over all of it. Every method is called by all of
// them in the same order.
class Team {
 public:
  explicit Team(Ranks* ranks) : ranks_(ranks) {}  // null: one process alone

  bool alone() const { return ranks_ == nullptr; }
  bool leads() const { return alone() || ranks_->rank() == 0; }
  int local_count() const { return alone() ? 1 : ranks_->local_count(); }
  int local_rank() const { return alone() ? 0 : ranks_->rank() % ranks_->local_count(); }
  // Of `total` rows, what this process encodes.
  RankPart part(std::size_t total) const {
    return alone() ? RankPart{0, total} : part_of(*ranks_, total);
  }

  // The rows [total, F] of all processes from this one's [part(total).size(), F]. A gradient
  // reaches this one's own rows alone: as all compute the whole loss from all rows, it is theirs
  // whole.
  torch::Tensor all_rows(const torch::Tensor& own, std::size_t total) const;

  // Puts in place of every gradient that of the whole batch: of the image encoder, which saw a part
  // of it, the sum, of all else, which saw all of it, the mean, so that rounding does not drive the
  // processes apart. Parameters that no process has a gradient of keep none. Whether one of the
  // processes gave `stop`.
  bool share_gradients(NetworkImpl& network, bool stop) const;
  // The same for what the encoder counts itself (means and variances of batch norms): the mean.
  void share_statistics(NetworkImpl& network) const;

  // What the leader says.
  bool told(bool said) const;
  std::string told(const std::string& said) const;
  void give(const torch::Tensor& tensor) const;  // the leader's values, contiguous, on the CPU
  void give(std::span<std::byte> bytes) const;

 private:
  Ranks* ranks_;
};

}  // namespace epicrisis
