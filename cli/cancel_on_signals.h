#pragma once

#include "epicrisis/core/job.h"

namespace epicrisis::cli {

// SIGINT, SIGTERM and, unless it is ignored, SIGHUP cancel the job; a second one ends the process
// at once, with status 130. The job lives until the process ends.
void cancel_on_signals(Job& job);

}  // namespace epicrisis::cli
