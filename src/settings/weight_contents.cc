#include "epicrisis/settings/weight_contents.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "epicrisis/core/strings.h"
#include "epicrisis/tensor/pytorch_file.h"
#include "epicrisis/tensor/tensor_file.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

constexpr std::size_t kBiggest = 5;
constexpr double kLeastLikeness = .1;

std::string format_of(const Path& weights) {
  const MappedFile file(weights);
  if (!is_pytorch(file.text())) return "safetensors";
  return file.text().starts_with("PK") ? "PyTorch state dict"
                                       : "PyTorch state dict of before 1.6 (legacy)";
}

bool is_floating(TensorType type) {
  return type == TensorType::kF64 || type == TensorType::kF32 || type == TensorType::kF16 ||
         type == TensorType::kBF16;
}

bool is_running_statistic(const std::string& name) {
  return name.ends_with("running_mean") || name.ends_with("running_var");
}

template <typename Number, typename Widen>
void count_not_finite(const TensorView& tensor, WeightContents::NotFinite& found, Widen widen) {
  for (std::size_t at = 0; at < tensor.bytes.size(); at += sizeof(Number)) {
    Number value;
    std::memcpy(&value, tensor.bytes.data() + at, sizeof(Number));
    const auto number = widen(value);
    if (std::isfinite(number)) continue;
    ++(std::isnan(number) ? found.nan : found.infinite);
  }
}

WeightContents::NotFinite not_finite_of(const std::string& name, const TensorView& tensor) {
  WeightContents::NotFinite found{name, 0, 0};
  if (tensor.type == TensorType::kF64) {
    count_not_finite<double>(tensor, found, [](double value) { return value; });
  } else if (tensor.type == TensorType::kF32) {
    count_not_finite<float>(tensor, found, [](float value) { return value; });
  } else if (tensor.type == TensorType::kF16) {
    count_not_finite<std::uint16_t>(tensor, found, half_to_float);
  } else if (tensor.type == TensorType::kBF16) {
    count_not_finite<std::uint16_t>(tensor, found, bfloat16_to_float);
  }
  return found;
}

void add_to(std::vector<WeightContents::Share>& shares, const std::string& name,
            const TensorView& tensor) {
  auto share = std::ranges::find(shares, name, &WeightContents::Share::name);
  if (share == shares.end()) {
    WeightContents::Share fresh;
    fresh.name = name;
    share = shares.insert(shares.end(), std::move(fresh));
  }
  ++share->tensors;
  share->values += tensor.count();
  share->bytes += tensor.bytes.size();
}

// How many parts of a dotted name all tensors begin with alike; never the whole of a name.
std::size_t parts_of_all(const TensorFile& file) {
  std::optional<std::vector<std::string>> common;
  for (const auto& [name, tensor] : file.tensors()) {
    std::vector<std::string> parts = split(plain_tensor_name(name), '.');
    parts.pop_back();
    if (common) {
      const auto [end, other] = std::ranges::mismatch(*common, parts);
      parts.erase(other, parts.end());
    }
    common = std::move(parts);
  }
  return common ? common->size() : 0;
}

std::string group_of(const std::string& name, std::size_t parts_before) {
  std::vector<std::string> parts = split(plain_tensor_name(name), '.');
  parts.resize(std::min(parts.size(), parts_before + 1));
  return join(parts, ".");
}

void add_biggest(WeightContents& contents, const TensorFile& file) {
  for (const auto& [name, tensor] : file.tensors()) {
    contents.biggest.push_back(
        {name, std::string(tensor_type_name(tensor.type)), tensor.shape, tensor.count()});
  }
  std::ranges::stable_sort(contents.biggest, std::ranges::greater(),
                           &WeightContents::Tensor::values);
  if (contents.biggest.size() > kBiggest) contents.biggest.resize(kBiggest);
}

Json json_of(const std::vector<WeightContents::Share>& shares) {
  Json list = Json::array();
  for (const WeightContents::Share& share : shares) {
    list.push_back({{"name", share.name},
                    {"tensors", share.tensors},
                    {"values", share.values},
                    {"bytes", share.bytes}});
  }
  return list;
}

}  // namespace

Json to_json(const WeightContents& contents) {
  Json parts = Json::array();
  for (const Path& part : contents.parts) parts.push_back(part.string());
  Json biggest = Json::array();
  for (const auto& one : contents.biggest) {
    biggest.push_back(
        {{"name", one.name}, {"type", one.type}, {"shape", one.shape}, {"values", one.values}});
  }
  Json not_finite = Json::array();
  for (const auto& one : contents.not_finite) {
    not_finite.push_back({{"name", one.name}, {"nan", one.nan}, {"infinite", one.infinite}});
  }
  return {{"file", contents.file.string()},      {"format", contents.format},
          {"files", std::move(parts)},           {"file_bytes", contents.file_bytes},
          {"tensors", contents.tensors},         {"values", contents.values},
          {"parameters", contents.parameters},   {"types", json_of(contents.types)},
          {"groups", json_of(contents.groups)},  {"biggest", std::move(biggest)},
          {"not_finite", std::move(not_finite)}, {"wrappers", contents.wrappers},
          {"metadata", contents.metadata}};
}

WeightContents describe_weights(const Path& weights, const Job& job) {
  WeightContents contents;
  contents.file = weights;
  contents.parts = weight_parts(weights);
  const bool sharded = contents.parts.size() > 1;
  if (sharded) contents.parts.erase(contents.parts.begin());  // the index
  const TensorFile file = read_weights(weights);              // first, for it says what is no file
  for (const Path& part : contents.parts) contents.file_bytes += std::filesystem::file_size(part);
  contents.format = format_of(contents.parts.front());
  if (sharded) {
    contents.format += fmt::format(" in {}", counted(contents.parts.size(), "shard"));
  }
  contents.metadata = file.metadata();
  contents.wrappers = wrapper_parts(file);
  const std::size_t before = parts_of_all(file);
  for (const auto& [name, tensor] : file.tensors()) {
    job.check();
    ++contents.tensors;
    contents.values += tensor.count();
    if (is_floating(tensor.type) && !is_running_statistic(name)) {
      contents.parameters += tensor.count();
    }
    add_to(contents.types, std::string(tensor_type_name(tensor.type)), tensor);
    add_to(contents.groups, group_of(name, before), tensor);
    WeightContents::NotFinite found = not_finite_of(name, tensor);
    if (found.nan + found.infinite > 0) contents.not_finite.push_back(std::move(found));
  }
  std::ranges::stable_sort(contents.types, std::ranges::greater(), &WeightContents::Share::bytes);
  add_biggest(contents, file);
  return contents;
}

double ArchitectureFit::likeness() const {
  const auto all = static_cast<double>(fit.expected() + fit.extra.size());
  return all > 0 && problem.empty() ? static_cast<double>(fit.matched) / all : 0;
}

Json to_json(const ArchitectureFit& fit) {
  Json json = {{"architecture", fit.architecture},
               {"kind", fit.kind},
               {"in_config", fit.said},
               {"prefix", fit.prefix},
               {"problem", fit.problem}};
  json.update(to_json(fit.fit));
  json["fits"] = fit.fits();
  return json;
}

std::vector<ArchitectureFit> best_fits(std::vector<ArchitectureFit> all, std::size_t nearest) {
  std::erase_if(
      all, [](const ArchitectureFit& one) { return !one.said && one.likeness() < kLeastLikeness; });
  const auto rank = [](const ArchitectureFit& one) {
    return std::pair(one.fits() ? 2 : one.said ? 1 : 0, one.likeness());
  };
  std::ranges::stable_sort(all, std::ranges::greater(), rank);
  const auto others = std::ranges::find_if(all, [](const auto& one) { return !one.fits(); });
  // What fits needs no neighbours, but for what was expected of it.
  std::size_t kept = others == all.begin() ? nearest : 0;
  if (others != all.end() && others->said) kept = std::max<std::size_t>(kept, 1);
  const auto left = static_cast<std::size_t>(all.end() - others);
  all.erase(others + static_cast<std::ptrdiff_t>(std::min(kept, left)), all.end());
  for (ArchitectureFit& one : all) add_nearest_names(one.fit);
  return all;
}

}  // namespace epicrisis
