#pragma once

#include "epicrisis/core/files.h"

namespace epicrisis::study {

// Holds the weights of a finished run, and the vocabulary that belongs to them, against their
// checksums. InputError naming the file where one is gone or damaged.
void check_weights(const Path& run_folder);

}  // namespace epicrisis::study
