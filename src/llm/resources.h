#pragma once

#include "core/resources.h"

namespace epicrisis {

// providers/, servers/
const Resources& llm_resources();

}  // namespace epicrisis
