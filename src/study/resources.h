#pragma once

#include "core/resources.h"

namespace epicrisis {

// studies/
const Resources& study_resources();

}  // namespace epicrisis
