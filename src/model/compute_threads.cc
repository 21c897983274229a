#include "epicrisis/model/compute_threads.h"

#include <dlfcn.h>
#include <torch/torch.h>

namespace epicrisis {
namespace {

// OpenBLAS comes with LibTorch, or not at all: it is looked up, not linked.
int blas_threads() {
  static const auto get =
      reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_num_threads"));
  return get != nullptr ? get() : 0;
}

void set_blas_threads(int threads) {
  static const auto set =
      reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (set != nullptr) set(threads);
}

}  // namespace

ComputeThreads::ComputeThreads(int threads)
    : torch_before_(torch::get_num_threads()), blas_before_(blas_threads()) {
  torch::set_num_threads(threads);
  if (blas_before_ > 0) set_blas_threads(threads);
}

ComputeThreads::~ComputeThreads() {
  if (blas_before_ > 0) set_blas_threads(blas_before_);
  torch::set_num_threads(torch_before_);
}

}  // namespace epicrisis
