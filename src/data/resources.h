#pragma once

#include "core/resources.h"

namespace epicrisis {

// Label maps, fields and the words of tables: taxonomy/ without the lexicon and the claims, which
// are those of other parts.
const Resources& data_resources();

}  // namespace epicrisis
