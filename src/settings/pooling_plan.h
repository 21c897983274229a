#pragma once

#include "epicrisis/core/files.h"
#include "epicrisis/settings/text_pooling.h"

namespace epicrisis {

struct PoolingPlan {
  TextPooling pooling = TextPooling::kAuto;  // kAuto: the folder does not say
  bool normalise = false;
};
// What sentence-transformers' modules.json and the pooling folder it names say; InputError for
// modules or pooling modes that are not known.
PoolingPlan read_pooling(const Path& folder);

}  // namespace epicrisis
