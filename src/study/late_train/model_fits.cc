#include "study/model_fits.h"

#include "study/late_train/training_plugin.h"

namespace epicrisis::study {

ModelFits model_fits(const Path& weights, const Path& folder, const Job& job) {
  return training().model_fits(weights, folder, job);
}

}  // namespace epicrisis::study
