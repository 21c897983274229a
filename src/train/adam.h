#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace epicrisis {

struct AdamOptions {
  double learning_rate = 1e-4;
  std::map<std::string, double> learning_rates;  // by how a name begins, of those that have another
  double weight_decay = 0;
  bool decay_vectors = true;  // also parameters of one dimension: biases and norms
  double beta1 = .9;
  double beta2 = .999;
  double epsilon = 1e-8;
};

// Adam with AMSGrad over named float32 parameters; the formula is in train/adam_kernel.h. Differs
// from torch::optim::Adam in speed and in that its state has names, for checkpoints.
class Adam {
 public:
  Adam(const std::map<std::string, torch::Tensor>& parameters, const AdamOptions& options);

  void zero_grad();
  // Parameters without a gradient stay as they are, and so does their count of steps. `factor` is
  // of this step's rates.
  void step(double factor = 1);

  // "<parameter>.mean", ".square", ".greatest_square" [as the parameter] and ".steps" [] int64. The
  // tensors are the optimiser's own, not copies.
  std::map<std::string, torch::Tensor> state() const;
  // Takes back what state() gave; InputError that names `source` for a missing or misshapen tensor.
  void load(const std::map<std::string, torch::Tensor>& state, const std::string& source);

 private:
  struct Slot {
    torch::Tensor parameter;
    torch::Tensor mean;
    torch::Tensor square;
    torch::Tensor greatest_square;
    torch::Tensor steps;  // on the CPU
    double learning_rate = 0;
    double weight_decay = 0;
  };
  void step_with_torch(Slot& slot, const torch::Tensor& gradient, double step_size,
                       double correction2) const;

  AdamOptions options_;
  std::map<std::string, Slot> slots_;
};

}  // namespace epicrisis
