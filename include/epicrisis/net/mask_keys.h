#pragma once

#include <string>
#include <string_view>

namespace epicrisis {

// The text with what looks like a key in it replaced by "***": sk-..., "Bearer ...", "key: ...",
// long words that mix letters and digits. Servers repeat keys in their errors.
std::string mask_keys(std::string_view text);

}  // namespace epicrisis
