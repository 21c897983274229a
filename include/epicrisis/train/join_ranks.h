#pragma once

#include <memory>

#include "epicrisis/core/ranks.h"

namespace epicrisis {

// Meets the other processes at the address of rank 0 and returns when all are there, by LibTorch's
// c10d with Gloo. SystemError where they do not come within five minutes, or in a build whose
// LibTorch was found without Gloo's headers.
std::unique_ptr<Ranks> join_ranks(const RankPlace& place);

}  // namespace epicrisis
