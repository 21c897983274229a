#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "epicrisis/core/random.h"
#include "model/encoders/image/image_layers_torch.h"

namespace epicrisis {

torch::Tensor pad_same(const torch::Tensor& x, std::int64_t kernel, std::int64_t stride,
                       double value) {
  const auto total = [&](std::int64_t n) {
    const std::int64_t out = (n + stride - 1) / stride;
    return std::max<std::int64_t>((out - 1) * stride + kernel - n, 0);
  };
  const std::int64_t high = total(x.size(2));
  const std::int64_t wide = total(x.size(3));
  return torch::constant_pad_nd(x, {wide / 2, wide - wide / 2, high / 2, high - high / 2}, value);
}

torch::Tensor max_pool(const torch::Tensor& x, ConvPadding padding) {
  if (padding == ConvPadding::kSymmetric) return torch::max_pool2d(x, 3, 2, 1);
  return torch::max_pool2d(pad_same(x, 3, 2, -std::numeric_limits<double>::infinity()), 3, 2);
}

namespace {

constexpr std::int64_t kGrain = 1 << 16;  // elements a thread takes at least
constexpr std::int16_t kSixInBFloat16 = 0x40C0;

// gradient [n] where 0 < value < 6, else 0; `values` are those after the clamp. Numbers of bfloat16
// come as their bits, whose order is that of the numbers where these are not negative. Without a
// branch, for the compiler to take several at once.
template <typename Number>
void pass_between(const Number* __restrict values, const Number* __restrict gradient,
                  Number* __restrict out, std::size_t count, Number six) {
  for (std::size_t i = 0; i < count; ++i) {
    const Number passed = gradient[i];
    const int inside = static_cast<int>(values[i] > Number{0}) & static_cast<int>(values[i] < six);
    out[i] = inside != 0 ? passed : Number{0};
  }
}

template <typename Number>
void between(const Number* values, const Number* gradient, Number* out, std::int64_t count,
             Number six) {
  at::parallel_for(0, count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    pass_between(values + begin, gradient + begin, out + begin,
                 static_cast<std::size_t>(end - begin), six);
  });
}

class Rectify6 : public torch::autograd::Function<Rectify6> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, torch::Tensor x) {
    x.clamp_(0, 6);
    context->mark_dirty({x});
    context->save_for_backward({x});
    return x;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const torch::Tensor y = context->get_saved_variables().front();
    torch::Tensor gradient = gradients.front();
    const bool bits = y.scalar_type() == torch::kBFloat16;
    if (!y.is_cpu() || !y.is_non_overlapping_and_dense() ||
        gradient.scalar_type() != y.scalar_type() ||
        (!bits && y.scalar_type() != torch::kFloat32)) {
      return {gradient * y.gt(0).logical_and_(y.lt(6))};
    }
    if (gradient.strides() != y.strides()) gradient = torch::empty_like(y).copy_(gradient);
    torch::Tensor out = torch::empty_like(y);
    if (bits) {
      between(static_cast<const std::int16_t*>(y.data_ptr()),
              static_cast<const std::int16_t*>(gradient.data_ptr()),
              static_cast<std::int16_t*>(out.data_ptr()), y.numel(), kSixInBFloat16);
    } else {
      between(y.data_ptr<float>(), gradient.data_ptr<float>(), out.data_ptr<float>(), y.numel(),
              6.F);
    }
    return {out};
  }
};

}  // namespace

torch::Tensor rectify6(torch::Tensor x) {
  return torch::GradMode::is_enabled() ? Rectify6::apply(x) : torch::relu6_(x);
}

torch::Tensor global_average(const torch::Tensor& x) {
  return torch::mean(x, {2, 3}, false, torch::kFloat32);
}

torch::Tensor ConvNorm::operator()(const torch::Tensor& input) const {
  torch::Tensor x = input;
  std::int64_t around = shape_.kernel / 2;
  if (padding_ == ConvPadding::kSameTf && shape_.stride > 1) {
    x = pad_same(x, shape_.kernel, shape_.stride, 0);
    around = 0;
  }
  torch::Tensor out =
      torch::conv2d(x, conv_->weight, folded_bias_, shape_.stride, around, 1, shape_.groups);
  if (folded_bias_.defined()) return out;
  torch::nn::BatchNorm2d norm = norm_;  // forward() is not const
  return norm->forward(out);
}

void ConvNorm::fold() {
  if (folded_bias_.defined()) return;
  const torch::NoGradGuard no_grad;
  const torch::Tensor scale =
      norm_->weight / torch::sqrt(norm_->running_var + norm_->options.eps());
  conv_->weight.mul_(scale.view({-1, 1, 1, 1}));
  folded_bias_ =
      norm_parent_->register_buffer(folded_name_, norm_->bias - norm_->running_mean * scale);
}

void LayeredEncoder::fold_batch_norm() {
  for (const auto& layer : foldable_) layer->fold();
}

torch::nn::Module& LayerBuilder::parent_of(const std::string& name, std::string& leaf) {
  torch::nn::Module* parent = &encoder_;
  std::size_t start = 0;
  for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', start)) {
    const std::string part = name.substr(start, dot - start);
    const auto children = parent->named_children();
    const auto* known = children.find(part);
    parent = known != nullptr
                 ? known->get()
                 : parent->register_module(part, std::make_shared<torch::nn::Module>()).get();
    start = dot + 1;
  }
  leaf = name.substr(start);
  return *parent;
}

torch::nn::Conv2d LayerBuilder::conv(const std::string& name, const ConvShape& shape) {
  std::string leaf;
  auto options = torch::nn::Conv2dOptions(shape.in, shape.out, shape.kernel)
                     .stride(shape.stride)
                     .padding(shape.kernel / 2)
                     .groups(shape.groups)
                     .bias(shape.bias);
  torch::nn::Module& parent = parent_of(name, leaf);
  return parent.register_module(leaf, torch::nn::Conv2d(options));
}

torch::nn::BatchNorm2d LayerBuilder::norm(const std::string& name, std::int64_t channels) {
  std::string leaf;
  torch::nn::Module& parent = parent_of(name, leaf);
  return parent.register_module(
      leaf, torch::nn::BatchNorm2d(
                torch::nn::BatchNorm2dOptions(channels).eps(encoder_.config().norm_epsilon)));
}

torch::Tensor LayerBuilder::parameter(const std::string& name, torch::IntArrayRef shape) {
  std::string leaf;
  torch::nn::Module& parent = parent_of(name, leaf);
  return parent.register_parameter(leaf, torch::empty(shape));
}

std::shared_ptr<ConvNorm> LayerBuilder::conv_norm(const std::string& conv_name,
                                                  const std::string& norm_name,
                                                  const ConvShape& shape) {
  auto layer = std::make_shared<ConvNorm>();
  layer->conv_ = conv(conv_name, shape);
  layer->norm_ = norm(norm_name, shape.out);
  std::string leaf;
  layer->norm_parent_ = &parent_of(norm_name, leaf);
  layer->folded_name_ = leaf + "_folded_bias";
  layer->shape_ = shape;
  layer->padding_ = encoder_.config().padding;
  encoder_.foldable_.push_back(layer);
  return layer;
}

void initialise_convolutions(torch::nn::Module& module, Fan fan, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  for (auto& item : module.named_parameters()) {
    torch::Tensor& weight = item.value();
    if (weight.dim() != 4) continue;
    const std::int64_t channels = fan == Fan::kIn ? weight.size(1) : weight.size(0);
    const double deviation =
        std::sqrt(2.0 / static_cast<double>(channels * weight.size(2) * weight.size(3)));
    Random random(seed, item.key());
    float* values = weight.data_ptr<float>();
    for (std::int64_t i = 0; i < weight.numel(); ++i) {
      values[i] = static_cast<float>(random.normal() * deviation);
    }
  }
}

}  // namespace epicrisis
