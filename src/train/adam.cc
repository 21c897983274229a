#include "train/adam.h"

#include <ATen/Parallel.h>

#include <array>
#include <cmath>

#include "epicrisis/core/error.h"
#include "train/adam_kernel.h"

namespace epicrisis {
namespace {

constexpr std::int64_t kGrain = 1 << 16;  // elements a thread takes at least

}  // namespace

Adam::Adam(const std::map<std::string, torch::Tensor>& parameters, const AdamOptions& options)
    : options_(options) {
  for (const auto& [name, parameter] : parameters) {
    Slot& slot = slots_[name];
    slot.parameter = parameter;
    // Of the parameter's own memory format: the kernel walks all of them side by side.
    slot.mean = torch::zeros_like(parameter, torch::MemoryFormat::Preserve).detach();
    slot.square = torch::zeros_like(slot.mean, torch::MemoryFormat::Preserve);
    slot.greatest_square = torch::zeros_like(slot.mean, torch::MemoryFormat::Preserve);
    slot.steps = torch::zeros({}, torch::kInt64);
    slot.learning_rate = options.learning_rate;
    const bool decays = options.decay_vectors || parameter.dim() > 1;
    slot.weight_decay = decays ? options.weight_decay : 0;
    for (const auto& [beginning, rate] : options.learning_rates) {
      if (name.starts_with(beginning)) slot.learning_rate = rate;
    }
  }
}

void Adam::zero_grad() {
  for (auto& [name, slot] : slots_) slot.parameter.mutable_grad() = torch::Tensor();
}

void Adam::step(double factor) {
  const torch::NoGradGuard no_gradient;
  for (auto& [name, slot] : slots_) {
    torch::Tensor gradient = slot.parameter.grad();
    if (!gradient.defined()) continue;
    std::int64_t& count = *slot.steps.data_ptr<std::int64_t>();
    const auto t = static_cast<double>(++count);
    const double correction1 = 1 - std::pow(options_.beta1, t);
    const double correction2 = 1 - std::pow(options_.beta2, t);
    const double step_size = slot.learning_rate * factor / correction1;
    if (!slot.parameter.is_cpu() || slot.parameter.scalar_type() != torch::kFloat32) {
      step_with_torch(slot, gradient, step_size, correction2);
      continue;
    }
    if (gradient.strides() != slot.parameter.strides()) {
      gradient = torch::empty_like(slot.parameter).copy_(gradient);
    }
    AdamStep numbers;
    numbers.beta1 = static_cast<float>(options_.beta1);
    numbers.beta2 = static_cast<float>(options_.beta2);
    numbers.rest1 = static_cast<float>(1 - options_.beta1);
    numbers.rest2 = static_cast<float>(1 - options_.beta2);
    numbers.weight_decay = static_cast<float>(slot.weight_decay);
    numbers.step_size = static_cast<float>(step_size);
    numbers.inverse_correction = static_cast<float>(1 / std::sqrt(correction2));
    numbers.epsilon = static_cast<float>(options_.epsilon);
    float* p = slot.parameter.data_ptr<float>();
    const float* g = gradient.data_ptr<float>();
    float* m = slot.mean.data_ptr<float>();
    float* v = slot.square.data_ptr<float>();
    float* u = slot.greatest_square.data_ptr<float>();
    at::parallel_for(0, slot.parameter.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
      adam_kernel(numbers, static_cast<std::size_t>(end - begin), p + begin, g + begin, m + begin,
                  v + begin, u + begin);
    });
  }
}

void Adam::step_with_torch(Slot& slot, const torch::Tensor& raw, double step_size,
                           double correction2) const {
  const torch::Tensor gradient = raw.add(slot.parameter, slot.weight_decay);
  slot.mean.mul_(options_.beta1).add_(gradient, 1 - options_.beta1);
  slot.square.mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
  torch::maximum_out(slot.greatest_square, slot.greatest_square, slot.square);
  const torch::Tensor denominator =
      slot.greatest_square.sqrt().div_(std::sqrt(correction2)).add_(options_.epsilon);
  slot.parameter.addcdiv_(slot.mean, denominator, -step_size);
}

std::map<std::string, torch::Tensor> Adam::state() const {
  std::map<std::string, torch::Tensor> state;
  for (const auto& [name, slot] : slots_) {
    state[name + ".mean"] = slot.mean;
    state[name + ".square"] = slot.square;
    state[name + ".greatest_square"] = slot.greatest_square;
    state[name + ".steps"] = slot.steps;
  }
  return state;
}

void Adam::load(const std::map<std::string, torch::Tensor>& state, const std::string& source) {
  const torch::NoGradGuard no_gradient;
  for (auto& [name, own] : this->state()) {
    const auto found = state.find(name);
    if (found == state.end()) {
      throw InputError("{}: the optimiser's state lacks '{}'", source, name);
    }
    if (found->second.sizes() != own.sizes()) {
      throw InputError("{}: '{}' of the optimiser's state has {} elements, {} were expected",
                       source, name, found->second.numel(), own.numel());
    }
    own.copy_(found->second);
  }
}

}  // namespace epicrisis
