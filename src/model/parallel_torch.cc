#include "model/parallel_torch.h"

#include <torch/torch.h>

#include "epicrisis/core/parallel.h"

namespace epicrisis {

void parallel_torch(std::size_t count, unsigned threads,
                    const std::function<void(std::size_t)>& work) {
  // The count is in part a process-wide number, in part one of each thread (OpenMP's), so it is set
  // in every worker and put back for the caller.
  struct Restore {
    int count = torch::get_num_threads();
    ~Restore() { torch::set_num_threads(count); }
  } const restore;
  parallel_for(count, threads, [&](std::size_t i) {
    const torch::InferenceMode inference;
    torch::set_num_threads(1);
    work(i);
  });
}

}  // namespace epicrisis
