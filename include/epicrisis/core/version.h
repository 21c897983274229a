#pragma once

namespace epicrisis {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace epicrisis
