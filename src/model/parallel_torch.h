#pragma once

#include <cstddef>
#include <functional>

#include "epicrisis/core/job.h"

namespace epicrisis {

// parallel_for() for tensor work in inference mode: each item runs on one thread, whatever torch's
// own thread count. Several small items at once keep their activations in the caches of their cores
// and never wait for each other, which beats one large batch that all cores share.
void parallel_torch(std::size_t count, unsigned threads, const Job& job,
                    const std::function<void(std::size_t)>& work);

}  // namespace epicrisis
