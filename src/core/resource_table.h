#pragma once

#include <vector>

namespace epicrisis {

struct ResourceEntry {
  const char* name;   // path below the source root, "taxonomy/classes.toml"
  const char* begin;  // first byte
  const char* end;    // one past the last byte
};

// Generated at configure time from the folders that the build embeds; sorted within each folder.
const std::vector<ResourceEntry>& resource_table();

}  // namespace epicrisis
