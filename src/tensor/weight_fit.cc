#include "epicrisis/tensor/weight_fit.h"

#include <algorithm>
#include <utility>

#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

// A pair of names costs some microseconds.
constexpr std::size_t kMostCompared = 512;

bool is_batch_counter(const std::string& name) { return name.ends_with("num_batches_tracked"); }

// How many dotted parts two names end with alike.
std::size_t equal_ends(const std::string& one, const std::string& other) {
  const std::vector<std::string> a = split(one, '.');
  const std::vector<std::string> b = split(other, '.');
  std::size_t equal = 0;
  while (equal < std::min(a.size(), b.size()) &&
         a[a.size() - 1 - equal] == b[b.size() - 1 - equal]) {
    ++equal;
  }
  return equal;
}

std::string nearest_of(const WeightFit::Missing& missing, const std::vector<std::string>& names,
                       const std::vector<WeightFit::Extra>& extra) {
  const WeightFit::Extra* best = nullptr;
  std::size_t most = 1;  // ".weight" alone says nothing
  for (const WeightFit::Extra& other : extra) {
    if (other.shape != missing.shape) continue;
    const std::size_t equal = equal_ends(missing.name, other.name);
    if (equal > most) {
      best = &other;
      most = equal;
    }
  }
  if (best != nullptr) return best->name;
  return nearest_name(missing.name, names).value_or("");
}

}  // namespace

Json to_json(const WeightFit& fit) {
  Json missing = Json::array();
  for (const auto& one : fit.missing) {
    Json row = {{"name", one.name}, {"shape", one.shape}};
    if (!one.nearest.empty()) row["nearest"] = one.nearest;
    missing.push_back(std::move(row));
  }
  Json extra = Json::array();
  for (const auto& one : fit.extra) extra.push_back({{"name", one.name}, {"shape", one.shape}});
  Json misshapen = Json::array();
  for (const auto& one : fit.misshapen) {
    misshapen.push_back(
        {{"name", one.name}, {"file_shape", one.in_file}, {"model_shape", one.in_model}});
  }
  return {{"fits", fit.fits()},
          {"matched", fit.matched},
          {"expected", fit.expected()},
          {"passed_over", fit.passed_over},
          {"missing", std::move(missing)},
          {"extra", std::move(extra)},
          {"misshapen", std::move(misshapen)}};
}

WeightFit weight_fit(const TensorShapes& model, const TensorFile& file, const FitRules& rules) {
  WeightFit fit;
  for (const auto& [name, shape] : model) {
    const auto found = file.tensors().find(rules.prefix + name);
    if (found == file.tensors().end()) {
      const bool may = is_batch_counter(name) || (rules.optional && rules.optional(name));
      if (!may) fit.missing.push_back({name, shape, ""});
    } else if (found->second.shape != shape) {
      fit.misshapen.push_back({name, found->second.shape, shape});
    } else {
      ++fit.matched;
    }
  }
  for (const auto& [full_name, tensor] : file.tensors()) {
    const bool prefixed = full_name.starts_with(rules.prefix);
    const std::string name = prefixed ? full_name.substr(rules.prefix.size()) : full_name;
    if (prefixed && model.count(name) != 0) continue;
    if (rules.ignore && rules.ignore(name)) {
      ++fit.passed_over;
    } else {
      fit.extra.push_back({full_name, tensor.shape});
    }
  }
  return fit;
}

void add_nearest_names(WeightFit& fit) {
  if (fit.extra.size() > kMostCompared) return;
  std::vector<std::string> names;
  names.reserve(fit.extra.size());
  for (const WeightFit::Extra& extra : fit.extra) names.push_back(extra.name);
  for (std::size_t i = 0; i < std::min(fit.missing.size(), kMostCompared); ++i) {
    fit.missing[i].nearest = nearest_of(fit.missing[i], names, fit.extra);
  }
}

}  // namespace epicrisis
