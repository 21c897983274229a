#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace epicrisis {

// The label of the greatest weight of "{'a': 0.7, "b's": 0.3}", as Python writes it; of equal ones
// the first. "" for an empty cell or "{}"; none for anything else. What follows the last whole
// entry is not read: a long cell may have been cut.
std::optional<std::string> heaviest_label(std::string_view cell);

}  // namespace epicrisis
