#pragma once

#include <span>
#include <string_view>

namespace epicrisis {

// How a database of the layout before is brought to this one.
struct Layout {
  int version;
  std::string_view script;  // SQL
};

// All there are, from 1, in order.
std::span<const Layout> layouts();

}  // namespace epicrisis
