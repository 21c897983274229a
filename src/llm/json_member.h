#pragma once

#include <string>

#include "epicrisis/core/json.h"

namespace epicrisis::llm {

// The member of a value from outside; null if it is no object, has none of that name, or null.
inline const Json* find_member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

// The member if it is a string, else "".
inline std::string text_member(const Json& object, const char* name) {
  const Json* member = find_member(object, name);
  return member != nullptr && member->is_string() ? member->get<std::string>() : "";
}

}  // namespace epicrisis::llm
