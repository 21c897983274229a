#include "epicrisis/core/resources.h"

#include <algorithm>

#include "core/resource_table.h"
#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

const ResourceEntry* find_resource(std::string_view name) {
  for (const ResourceEntry& entry : resource_table()) {
    if (name == entry.name) return &entry;
  }
  return nullptr;
}

}  // namespace

std::string_view resource(std::string_view name) {
  const ResourceEntry* entry = find_resource(name);
  if (entry == nullptr) throw InternalError("resource '{}' is not built into the program", name);
  return {entry->begin, static_cast<std::size_t>(entry->end - entry->begin)};
}

bool has_resource(std::string_view name) { return find_resource(name) != nullptr; }

std::vector<std::string> resource_names(std::string_view prefix) {
  std::vector<std::string> names;
  for (const ResourceEntry& entry : resource_table()) {
    if (std::string_view(entry.name).starts_with(prefix)) names.emplace_back(entry.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace epicrisis
