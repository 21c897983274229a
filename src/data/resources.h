#pragma once

#include "core/resources.h"

namespace epicrisis {

// Label maps and fields: taxonomy/ without the lexicon, which is part text's.
const Resources& data_resources();

}  // namespace epicrisis
