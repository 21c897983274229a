#pragma once

#include "epicrisis/core/toml.h"
#include "epicrisis/notes/strategy/strategy.h"

namespace epicrisis {

// Reads `answer`, `several`, [options] and [schema] of a strategy file into answer, options and
// schema. UsageError with file and line.
void read_answer_form(const TomlTable& table, Strategy& strategy);

}  // namespace epicrisis
