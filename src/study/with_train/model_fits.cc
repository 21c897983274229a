#include "study/model_fits.h"

#include "model/encoders/image/image_fits.h"

namespace epicrisis::study {

ModelFits model_fits(const Path& weights, const Path& folder, const Job& job) {
  return {image_fits(weights, folder, job), ""};
}

}  // namespace epicrisis::study
