#include "settings/tensor_account.h"

#include <fmt/format.h>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxShown = 2000;  // characters of a list

}  // namespace

void TensorAccount::want(const std::string& name, const std::vector<std::int64_t>& shape) {
  wanted_.insert(name);
  const auto found = file_.tensors().find(name);
  if (found == file_.tensors().end()) {
    problems_ += fmt::format("\n  missing: {} {}", name, describe_shape(shape));
  } else if (found->second.shape != shape) {
    problems_ += fmt::format("\n  {}: the file has {}, the model {}", name,
                             describe_shape(found->second.shape), describe_shape(shape));
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

bool TensorAccount::full() const { return problems_.size() > kMaxShown; }

void TensorAccount::finish(const std::function<bool(const std::string&)>& passed_over) {
  for (const auto& [name, tensor] : file_.tensors()) {
    if (full()) break;
    if (wanted_.contains(name) || name.ends_with("position_ids") || passed_over(name)) continue;
    problems_ += fmt::format("\n  not known to the model: {} {}", name, describe(tensor));
  }
  if (full()) problems_ = problems_.substr(0, kMaxShown) + "\n  ...";
  if (!problems_.empty()) {
    throw InputError("{}: the weights do not fit config.json{}", file_.source(), problems_);
  }
}

void require_token_vectors(const Path& folder, std::int64_t vectors, std::size_t entries) {
  if (entries <= static_cast<std::size_t>(vectors)) return;
  throw InputError("{}: the tokenizer has {} entries, the model has vectors for {}",
                   folder.string(), entries, vectors);
}

}  // namespace epicrisis
