#include "model/encoders/image/efficientnet_names.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string_view>
#include <system_error>

#include "tensor/name_rules.h"

namespace epicrisis {
namespace {

// Takes "12." from the front of `rest`.
bool take_index(std::string_view& rest, std::int64_t& index) {
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
  const auto digits = static_cast<std::size_t>(end - rest.data());
  if (error != std::errc{} || index < 0 || digits >= rest.size() || rest[digits] != '.')
    return false;
  rest.remove_prefix(digits + 1);
  return true;
}

// Blocks of expansion 1 have no convolution of their own before the depthwise one, and count their
// norms from there.
constexpr std::array<NameRule, 6> kPort{{{"_expand_conv.", "conv_pw."},
                                         {"_bn0.", "bn1."},
                                         {"_depthwise_conv.", "conv_dw."},
                                         {"_bn1.", "bn2."},
                                         {"_project_conv.", "conv_pwl."},
                                         {"_bn2.", "bn3."}}};
constexpr std::array<NameRule, 4> kPortFirst{{{"_depthwise_conv.", "conv_dw."},
                                              {"_bn1.", "bn1."},
                                              {"_project_conv.", "conv_pw."},
                                              {"_bn2.", "bn2."}}};
constexpr std::array<NameRule, 2> kPortGate{
    {{"_se_reduce.", "se.conv_reduce."}, {"_se_expand.", "se.conv_expand."}}};
constexpr std::array<NameRule, 5> kPortOuter{{{"_conv_stem.", "conv_stem."},
                                              {"_bn0.", "bn1."},
                                              {"_conv_head.", "conv_head."},
                                              {"_bn1.", "bn2."},
                                              {"_fc.", "classifier."}}};

// The names of the PyTorch port of TensorFlow's weights (package efficientnet-pytorch and its Lite
// sisters): blocks are counted through all stages.
std::string port_name(const std::string& published, std::span<const std::int64_t> blocks) {
  constexpr std::string_view kBlocks = "_blocks.";
  if (!published.starts_with(kBlocks)) return renamed(published, kPortOuter);
  std::string_view rest = published;
  rest.remove_prefix(kBlocks.size());
  std::int64_t block = 0;
  if (!take_index(rest, block)) return {};
  std::size_t stage = 0;
  while (stage < blocks.size() && block >= blocks[stage]) block -= blocks[stage++];
  if (stage == blocks.size()) return {};
  std::string part = stage == 0 ? renamed(rest, kPortFirst) : renamed(rest, kPort);
  if (part.empty()) part = renamed(rest, kPortGate);
  return part.empty() ? part : fmt::format("blocks.{}.{}.{}", stage, block, part);
}

constexpr std::array<NameRule, 8> kTorchvision{{{"0.0.", "conv_pw."},
                                                {"0.1.", "bn1."},
                                                {"1.0.", "conv_dw."},
                                                {"1.1.", "bn2."},
                                                {"2.fc1.", "se.conv_reduce."},
                                                {"2.fc2.", "se.conv_expand."},
                                                {"3.0.", "conv_pwl."},
                                                {"3.1.", "bn3."}}};
constexpr std::array<NameRule, 6> kTorchvisionFirst{{{"0.0.", "conv_dw."},
                                                     {"0.1.", "bn1."},
                                                     {"1.fc1.", "se.conv_reduce."},
                                                     {"1.fc2.", "se.conv_expand."},
                                                     {"2.0.", "conv_pw."},
                                                     {"2.1.", "bn2."}}};
constexpr std::array<NameRule, 4> kTorchvisionOuter{
    {{"0.0.", "conv_stem."}, {"0.1.", "bn1."}, {"8.0.", "conv_head."}, {"8.1.", "bn2."}}};

std::string torchvision_name(const std::string& published) {
  constexpr std::string_view kFeatures = "features.";
  if (!published.starts_with(kFeatures)) return {};
  std::string_view rest = published;
  rest.remove_prefix(kFeatures.size());
  if (std::string outer = renamed(rest, kTorchvisionOuter); !outer.empty()) return outer;
  std::int64_t stage = 0;
  std::int64_t block = 0;
  constexpr std::string_view kBlock = "block.";
  if (!take_index(rest, stage) || !take_index(rest, block) || !rest.starts_with(kBlock)) return {};
  rest.remove_prefix(kBlock.size());
  const std::string part =
      stage == 1 ? renamed(rest, kTorchvisionFirst) : renamed(rest, kTorchvision);
  return part.empty() ? part : fmt::format("blocks.{}.{}.{}", stage - 1, block, part);
}

}  // namespace

std::string timm_efficientnet_name(const std::string& published,
                                   std::span<const std::int64_t> blocks) {
  if (std::string name = torchvision_name(published); !name.empty()) return name;
  std::string name = port_name(published, blocks);
  return name.empty() ? published : name;
}

}  // namespace epicrisis
