#include "train/adam_kernel.h"

#include <cmath>

namespace epicrisis {

// Compiled with -fno-math-errno (CMakeLists.txt), without which sqrt keeps the loop scalar.
void adam_kernel(const AdamStep& step, std::size_t count, float* __restrict parameter,
                 const float* __restrict gradient, float* __restrict mean, float* __restrict square,
                 float* __restrict greatest_square) {
  for (std::size_t i = 0; i < count; ++i) {
    const float g = gradient[i] + step.weight_decay * parameter[i];
    const float m = step.beta1 * mean[i] + step.rest1 * g;
    const float v = step.beta2 * square[i] + step.rest2 * g * g;
    const float u = greatest_square[i] < v ? v : greatest_square[i];
    mean[i] = m;
    square[i] = v;
    greatest_square[i] = u;
    parameter[i] -= step.step_size * m / (std::sqrt(u) * step.inverse_correction + step.epsilon);
  }
}

}  // namespace epicrisis
