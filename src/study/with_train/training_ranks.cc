#include "epicrisis/study/training_ranks.h"

#include "epicrisis/train/join_ranks.h"
#include "epicrisis/train/trainer.h"

namespace epicrisis::study {

std::unique_ptr<Ranks> join_training(const RankPlace& place) { return join_ranks(place); }
void follow_trainings(Ranks& ranks, const Job& job) { epicrisis::follow_trainings(ranks, job); }
void end_trainings(Ranks& ranks) { epicrisis::end_trainings(ranks); }

}  // namespace epicrisis::study
