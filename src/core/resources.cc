#include "core/resources.h"

#include <algorithm>

#include "epicrisis/core/error.h"

namespace epicrisis {

std::string_view Resources::get(std::string_view name) const {
  const ResourceFile* file = find(name);
  if (file == nullptr) throw InternalError("resource '{}' is not built into the program", name);
  return {file->begin, static_cast<std::size_t>(file->end - file->begin)};
}

std::vector<std::string> Resources::names(std::string_view prefix) const {
  std::vector<std::string> names;
  for (const ResourceFile& file : files_) {
    if (std::string_view(file.name).starts_with(prefix)) names.emplace_back(file.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

const ResourceFile* Resources::find(std::string_view name) const {
  for (const ResourceFile& file : files_) {
    if (name == file.name) return &file;
  }
  return nullptr;
}

}  // namespace epicrisis
