#pragma once

#include <cstddef>
#include <functional>

#include "epicrisis/core/job.h"

namespace epicrisis {

// Cores this process may use (its affinity mask), at least 1.
unsigned available_cores();

// Calls work(i) for every i in [0, count), from `threads` threads (0: available_cores()); the order
// is open. The first exception stops the hand-out of further items and is rethrown after all
// threads ended. A cancelled job does the same with Interrupted.
void parallel_for(std::size_t count, unsigned threads, const Job& job,
                  const std::function<void(std::size_t)>& work);

}  // namespace epicrisis
