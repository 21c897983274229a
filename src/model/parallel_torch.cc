#include "model/parallel_torch.h"

#include <torch/torch.h>

#include "epicrisis/core/parallel.h"
#include "epicrisis/model/compute_threads.h"

namespace epicrisis {

void parallel_torch(std::size_t count, unsigned threads, const Job& job,
                    const std::function<void(std::size_t)>& work) {
  // LibTorch's count is in part a process-wide number, in part one of each thread (OpenMP's), so it
  // is set again in every worker.
  const ComputeThreads one(1);
  parallel_for(count, threads, job, [&](std::size_t i) {
    const torch::InferenceMode inference;
    torch::set_num_threads(1);
    work(i);
  });
}

}  // namespace epicrisis
