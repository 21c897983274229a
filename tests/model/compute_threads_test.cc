#include "epicrisis/model/compute_threads.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <atomic>

#include "model/parallel_torch.h"

namespace epicrisis {
namespace {

using GetThreads = int (*)();

GetThreads openblas_threads() {
  return reinterpret_cast<GetThreads>(dlsym(RTLD_DEFAULT, "openblas_get_num_threads"));
}

TEST(ComputeThreads, AreSetAndPutBack) {
  const int before = torch::get_num_threads();
  {
    const ComputeThreads threads(before + 1);
    EXPECT_EQ(torch::get_num_threads(), before + 1);
  }
  EXPECT_EQ(torch::get_num_threads(), before);
}

// A pool of OpenBLAS's own serves one product at a time: several workers that each use it stand in
// line, which is many times slower than one thread.
TEST(ComputeThreads, WorkersDoNotShareOpenBlasThreads) {
  const GetThreads get = openblas_threads();
  if (get == nullptr) GTEST_SKIP() << "SKIPPED: this LibTorch has no OpenBLAS";
  const ComputeThreads several(2);  // also where the machine has one core
  const int before = get();
  std::atomic<int> most = 0;
  parallel_torch(4, 2, Job(), [&](std::size_t) {
    int seen = most;
    while (seen < get() && !most.compare_exchange_weak(seen, get())) {
    }
  });
  EXPECT_EQ(most, 1);
  EXPECT_EQ(get(), before);
}

}  // namespace
}  // namespace epicrisis
