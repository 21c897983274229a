#pragma once

#include <memory>

#include "epicrisis/core/job.h"
#include "epicrisis/core/ranks.h"

namespace epicrisis::study {

// Meets the other processes of a training: join_ranks(). SystemError in a build without LibTorch.
std::unique_ptr<Ranks> join_training(const RankPlace& place);
// What the processes other than rank 0 do, until that says that no training comes any more.
// Interrupted when one of them is cancelled.
void follow_trainings(Ranks& ranks, const Job& job);
// Rank 0 says so.
void end_trainings(Ranks& ranks);

}  // namespace epicrisis::study
