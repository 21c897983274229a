#include "tensor/name_rules.h"

namespace epicrisis {

std::string renamed(std::string_view name, std::span<const NameRule> rules) {
  for (const auto& [theirs, ours] : rules) {
    const bool fits = theirs.ends_with('.') ? name.starts_with(theirs) : name == theirs;
    if (fits) return std::string(ours) += name.substr(theirs.size());
  }
  return {};
}

}  // namespace epicrisis
