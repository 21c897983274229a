#pragma once

#include <string_view>

namespace epicrisis {

struct Migration {
  int version;  // PRAGMA user_version after it
  std::string_view script;
};

// PRAGMA application_id of our databases: "EPIC".
inline constexpr int kApplicationId = 0x45504943;

}  // namespace epicrisis
