#pragma once

namespace epicrisis {

// The number of threads that tensor operations use, for the life of the object: LibTorch's own, and
// OpenBLAS's, which LibTorch does not reach where OpenBLAS keeps a thread pool (Debian's
// libopenblas0-pthread). Such a pool serves one product at a time, so callers that compute on
// several threads would wait for each other in turn. The counts are process-wide in part: one
// object at a time, made by the thread that starts the others.
class ComputeThreads {
 public:
  explicit ComputeThreads(int threads);  // at least 1
  ~ComputeThreads();
  ComputeThreads(const ComputeThreads&) = delete;
  ComputeThreads& operator=(const ComputeThreads&) = delete;

 private:
  int torch_before_;
  int blas_before_;  // 0: no OpenBLAS in this process
};

}  // namespace epicrisis
