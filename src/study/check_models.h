#pragma once

#include "study/findings.h"

namespace epicrisis::study {

// Whether encoders are there and of the right kind, with weights whose header can be read, and
// whether the device may be there.
void check_models(const Study& study, Findings& findings);

}  // namespace epicrisis::study
