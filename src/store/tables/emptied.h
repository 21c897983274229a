#pragma once

#include <string_view>

namespace epicrisis {

// The setting of a database whose last data set was removed, which tells it from a fresh one in the
// place of one that was lost.
inline constexpr std::string_view kEmptied = "emptied";

}  // namespace epicrisis
