#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace epicrisis {

// Files of the source tree (taxonomy/, prompts/) that are built into the program.
// `name` is the path below the source root. InternalError if there is none.
std::string_view resource(std::string_view name);
bool has_resource(std::string_view name);
std::vector<std::string> resource_names(std::string_view prefix);  // sorted

}  // namespace epicrisis
