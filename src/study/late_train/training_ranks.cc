#include "epicrisis/study/training_ranks.h"

#include "study/late_train/training_plugin.h"

// Passes calls on to the plugin's own.
namespace epicrisis::study {

std::unique_ptr<Ranks> join_training(const RankPlace& place) {
  return training().join_training(place);
}
void follow_trainings(Ranks& ranks, const Job& job) { training().follow_trainings(ranks, job); }
void end_trainings(Ranks& ranks) { training().end_trainings(ranks); }

}  // namespace epicrisis::study
