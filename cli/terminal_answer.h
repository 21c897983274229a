#pragma once

#include <string>

#include "epicrisis/core/job.h"

namespace epicrisis::cli {

// The next line of a terminal or pipe, without its end; what there is of it where that ends.
// Interrupted as soon as the job is cancelled, whether or not anything comes.
std::string read_answer(int descriptor, const Job& job);

}  // namespace epicrisis::cli
