#include <fmt/format.h>
#include <torch/version.h>

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/random.h"
#include "model/encoders/attention_torch.h"
#include "model/encoders/image/image_layers_torch.h"
#include "model/encoders/image/vit_names.h"
#include "settings/vit_config.h"

namespace epicrisis {
namespace {

torch::Tensor mix_by_attention(const std::array<torch::Tensor, 3>& qkv) {
#if TORCH_VERSION_MAJOR >= 2
  return at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]);
#else
  return softmax_attention(qkv[0], qkv[1], qkv[2], {});
#endif
}

// Names as timm's vision_transformer. Dropout and stochastic depth, which are for training from
// scratch, are left out.
class VisionTransformer : public LayeredEncoder {
 public:
  explicit VisionTransformer(const ImageEncoderConfig& config) : LayeredEncoder(config) {
    if (!config.vit) throw InternalError("'{}' has no form", config.architecture);
    const VitForm& form = *config.vit;
    LayerBuilder builder(*this);
    const std::int64_t width = form.width;
    const std::int64_t prefix = form.class_position ? 1 : 0;
    class_token_ = builder.parameter("cls_token", {1, 1, width});
    if (form.registers > 0) {
      registers_ = builder.parameter("reg_token", {1, form.registers, width});
    }
    positions_ = builder.parameter("pos_embed", {1, form.grid * form.grid + prefix, width});
    patches_.weight =
        builder.parameter("patch_embed.proj.weight", {width, 3, form.patch, form.patch});
    if (!form.pre_norm) patches_.bias = builder.parameter("patch_embed.proj.bias", {width});
    const auto affine = [&](const std::string& name, std::int64_t out, std::int64_t in,
                            bool bias = true) {
      AffineTensors map;
      map.weight = builder.parameter(name + ".weight", {out, in});
      if (bias) map.bias = builder.parameter(name + ".bias", {out});
      return map;
    };
    const auto norm = [&](const std::string& name) {
      return AffineTensors{builder.parameter(name + ".weight", {width}),
                           builder.parameter(name + ".bias", {width})};
    };
    if (form.pre_norm) norm_pre_ = norm("norm_pre");
    for (std::int64_t i = 0; i < form.layers; ++i) {
      const std::string name = fmt::format("blocks.{}.", i);
      Layer layer;
      layer.norm1 = norm(name + "norm1");
      layer.qkv = affine(name + "attn.qkv", 3 * width, width, form.qkv_bias);
      layer.attended = affine(name + "attn.proj", width, width);
      layer.norm2 = norm(name + "norm2");
      layer.up = affine(name + "mlp.fc1", form.hidden, width);
      layer.down = affine(name + "mlp.fc2", width, form.hidden);
      if (form.layer_scale) {
        layer.scale1 = builder.parameter(name + "ls1.gamma", {width});
        layer.scale2 = builder.parameter(name + "ls2.gamma", {width});
      }
      layers_.push_back(std::move(layer));
    }
    norm_ = norm(form.mean_of_patches && !form.norm_twice ? "fc_norm" : "norm");
  }

  torch::Tensor forward(torch::Tensor x) override {
    require_whole_patches(config(), x.size(2), x.size(3));
    x = embed(x);
    for (const Layer& layer : layers_) {
      x = x + scaled(attend(layer, normalise(layer.norm1, x)), layer.scale1);
      x = x + scaled(widen(layer, normalise(layer.norm2, x)), layer.scale2);
    }
    const VitForm& form = *config().vit;
    if (form.norm_twice) x = normalise(norm_, x);
    const torch::Tensor pooled =
        form.mean_of_patches ? x.slice(1, 1 + form.registers).mean(1) : x.select(1, 0);
    return normalise(norm_, pooled).to(torch::kFloat32);
  }

 private:
  struct Layer {
    AffineTensors norm1, qkv, attended, norm2, up, down;
    torch::Tensor scale1, scale2;  // undefined without layer scales
  };

  // [B, 3, H, W] -> tokens [B, 1 + registers + patches, D]
  torch::Tensor embed(const torch::Tensor& x) {
    const VitForm& form = *config().vit;
    const torch::Tensor map = torch::conv2d(x, patches_.weight, patches_.bias, form.patch);
    torch::Tensor patches = map.flatten(2).transpose(1, 2);
    const std::int64_t batch = patches.size(0);
    patches = patches + patch_positions(map.size(2), map.size(3));
    torch::Tensor first = class_token_;
    if (form.class_position) first = first + positions_.slice(1, 0, 1);
    // Under autocast patches are of another type than the tokens; the wider one is kept.
    const torch::ScalarType type = torch::promote_types(patches.scalar_type(), first.scalar_type());
    std::vector<torch::Tensor> tokens = {first.expand({batch, -1, -1}).to(type)};
    if (registers_.defined()) tokens.push_back(registers_.expand({batch, -1, -1}).to(type));
    tokens.push_back(patches.to(type));
    const torch::Tensor all = torch::cat(tokens, 1);
    return form.pre_norm ? normalise(norm_pre_, all) : all;
  }

  // [1, high * wide, D], resampled from the weights' grid as timm's resample_abs_pos_embed does.
  torch::Tensor patch_positions(std::int64_t high, std::int64_t wide) const {
    const VitForm& form = *config().vit;
    torch::Tensor own = positions_.slice(1, form.class_position ? 1 : 0);
    if (high == form.grid && wide == form.grid) return own;
    const torch::Tensor square =
        own.to(torch::kFloat32).view({1, form.grid, form.grid, form.width}).permute({0, 3, 1, 2});
    return at::_upsample_bicubic2d_aa(square.contiguous(), {high, wide}, false)
        .permute({0, 2, 3, 1})
        .reshape({1, high * wide, form.width})
        .to(own.scalar_type());
  }

  torch::Tensor normalise(const AffineTensors& norm, const torch::Tensor& x) const {
    return torch::layer_norm(x, {config().vit->width}, norm.weight, norm.bias,
                             config().norm_epsilon);
  }

  torch::Tensor attend(const Layer& layer, const torch::Tensor& x) const {
    const torch::Tensor qkv = torch::linear(x, layer.qkv.weight, layer.qkv.bias);
    return torch::linear(join_heads(mix_by_attention(split_heads(qkv, config().vit->heads))),
                         layer.attended.weight, layer.attended.bias);
  }

  torch::Tensor widen(const Layer& layer, const torch::Tensor& x) const {
    const torch::Tensor wide = torch::linear(x, layer.up.weight, layer.up.bias);
    return torch::linear(activated(wide, config().vit->activation), layer.down.weight,
                         layer.down.bias);
  }

  static torch::Tensor scaled(const torch::Tensor& x, const torch::Tensor& scale) {
    return scale.defined() ? x * scale : x;
  }

  torch::Tensor class_token_, registers_, positions_;
  AffineTensors patches_, norm_pre_, norm_;
  std::vector<Layer> layers_;
};

// As timm does: normal numbers, of the token zero nearly, of maps within two deviations of .02;
// layer scales of 1e-5, norms 1, biases 0.
void initialise_vit(torch::nn::Module& module, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  for (auto& item : module.named_parameters()) {
    torch::Tensor& weight = item.value();
    const std::string& name = item.key();
    if (weight.dim() == 1) {
      weight.fill_(name.ends_with("gamma") ? 1e-5 : name.ends_with("weight") ? 1. : 0.);
      continue;
    }
    const double deviation = name == "cls_token" || name == "reg_token" ? 1e-6 : .02;
    Random random(seed, name);
    float* values = weight.data_ptr<float>();
    for (std::int64_t i = 0; i < weight.numel(); ++i) {
      double number = random.normal();
      while (std::abs(number) > 2) number = random.normal();
      values[i] = static_cast<float>(number * deviation);
    }
  }
}

TensorFile fit_vit(const TensorFile& weights, ImageEncoderConfig& config) {
  TensorFile own = timm_vit_tensors(weights);
  tell_vit_form(own, *config.vit);
  return own;
}

ImageArchitecture vit_architecture(std::string_view name) {
  ImageArchitecture vit;
  vit.name = name;
  vit.classifier = "head.";
  vit.bf16_pays = true;
  vit.make = [](const ImageEncoderConfig& config) -> std::shared_ptr<LayeredEncoder> {
    return std::make_shared<VisionTransformer>(config);
  };
  vit.own_name = [](std::string_view, const std::string& published) {
    return timm_vit_name(published);
  };
  vit.initialise = &initialise_vit;
  vit.fit = &fit_vit;
  return vit;
}

}  // namespace

std::vector<ImageArchitecture> vit_architectures() {
  std::vector<ImageArchitecture> all;
  for (const NamedVit& named : named_vits()) all.push_back(vit_architecture(named.name));
  return all;
}

const ImageArchitecture& vit_of_sizes() {
  static const ImageArchitecture vit = vit_architecture(kVitOfSizes);
  return vit;
}

}  // namespace epicrisis
