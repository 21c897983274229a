#include "epicrisis/study/training_ranks.h"

#include "epicrisis/core/error.h"

// What stands in for several processes in a build without LibTorch.
namespace epicrisis::study {

std::unique_ptr<Ranks> join_training(const RankPlace& place) {
  throw SystemError("rank {} of {}: this build has no LibTorch, so nothing can be trained",
                    place.rank, place.count);
}
void follow_trainings(Ranks&, const Job&) {}
void end_trainings(Ranks&) {}

}  // namespace epicrisis::study
