#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace epicrisis {

// A name in published weights and ours. Those that end in '.' are beginnings, the others whole.
using NameRule = std::pair<std::string_view, std::string_view>;  // theirs, ours

// `name` by the first rule that fits; empty if none does.
std::string renamed(std::string_view name, std::span<const NameRule> rules);

}  // namespace epicrisis
