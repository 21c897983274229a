#pragma once

#include "epicrisis/core/json.h"

namespace epicrisis {

// An array of to_json() of each item.
template <typename Items>
Json json_list(const Items& items) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(to_json(item));
  return list;
}

}  // namespace epicrisis
