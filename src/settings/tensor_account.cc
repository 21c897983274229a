#include "settings/tensor_account.h"

#include <fmt/format.h>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxShown = 2000;  // characters of a list
constexpr std::size_t kMostProblems = 512;

}  // namespace

void TensorAccount::want(const std::string& name, const std::vector<std::int64_t>& shape) {
  wanted_.insert(name);
  const auto found = file_.tensors().find(name);
  if (found == file_.tensors().end()) {
    fit_.missing.push_back({name, shape, ""});
  } else if (found->second.shape != shape) {
    fit_.misshapen.push_back({name, found->second.shape, shape});
  } else {
    ++fit_.matched;
  }
}

void TensorAccount::want_map(const std::string& name, std::int64_t out, std::int64_t in) {
  want(name + ".weight", {out, in});
  want(name + ".bias", {out});
}

void TensorAccount::want_norm(const std::string& name, std::int64_t width) {
  want(name + ".weight", {width});
  want(name + ".bias", {width});
}

bool TensorAccount::full() const {
  return fit_.missing.size() + fit_.misshapen.size() > kMostProblems;
}

WeightFit TensorAccount::finish(const std::function<bool(const std::string&)>& passed_over) {
  for (const auto& [name, tensor] : file_.tensors()) {
    if (wanted_.contains(name)) continue;
    if (name.ends_with("position_ids") || passed_over(name)) {
      ++fit_.passed_over;
    } else {
      fit_.extra.push_back({name, tensor.shape});
    }
  }
  return fit_;
}

void require_fit(const WeightFit& fit, const TensorFile& file) {
  if (fit.fits()) return;
  std::string problems;
  for (const auto& one : fit.missing) {
    problems += fmt::format("\n  missing: {} {}", one.name, describe_shape(one.shape));
  }
  for (const auto& one : fit.misshapen) {
    problems += fmt::format("\n  {}: the file has {}, the model {}", one.name,
                            describe_shape(one.in_file), describe_shape(one.in_model));
  }
  for (const auto& one : fit.extra) {
    problems +=
        fmt::format("\n  not known to the model: {} {}", one.name, describe(file.at(one.name)));
  }
  if (problems.size() > kMaxShown) problems = problems.substr(0, kMaxShown) + "\n  ...";
  throw InputError("{}: the weights do not fit config.json{}", file.source(), problems);
}

void require_token_vectors(const Path& folder, std::int64_t vectors, std::size_t entries) {
  if (entries <= static_cast<std::size_t>(vectors)) return;
  throw InputError("{}: the tokenizer has {} entries, the model has vectors for {}",
                   folder.string(), entries, vectors);
}

}  // namespace epicrisis
