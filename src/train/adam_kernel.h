#pragma once

#include <cstddef>

namespace epicrisis {

// The numbers of one Adam step that are the same for all elements.
struct AdamStep {
  float beta1 = .9F;
  float beta2 = .999F;
  float rest1 = .1F;    // 1 - beta1, rounded once: 1 - .999F is off by 5e-5 of itself
  float rest2 = .001F;  // 1 - beta2
  float weight_decay = 0;
  float step_size = 0;           // learning rate / (1 - beta1^t)
  float inverse_correction = 1;  // 1 / sqrt(1 - beta2^t)
  float epsilon = 1e-8F;
};

// Adam with AMSGrad (Reddi, Kale, Kumar 2018) and L2 weight decay, as
// torch.optim.Adam(amsgrad=True) computes it, in one pass over memory:
//   g += weight_decay p;  m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;
//   u = max(u, v);  p -= step_size m / (sqrt(u) inverse_correction + epsilon)
// All arrays have `count` elements and do not overlap. torch's own needs nine passes and more time
// than a whole step of frozen training.
void adam_kernel(const AdamStep& step, std::size_t count, float* __restrict parameter,
                 const float* __restrict gradient, float* __restrict mean, float* __restrict square,
                 float* __restrict greatest_square);

}  // namespace epicrisis
