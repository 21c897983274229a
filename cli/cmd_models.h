#pragma once

#include "command.h"

namespace epicrisis::cli {

// The commands below `models`, one file each. Without one of them `models` lists.
void add_models_get(CLI::App& models, Globals& globals);
void add_models_inspect(CLI::App& models, Globals& globals);

}  // namespace epicrisis::cli
