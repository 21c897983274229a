#include "data/adapters/folder_keys.h"

#include "epicrisis/core/strings.h"

namespace epicrisis {

std::string key_of_picture_path(std::string_view path) { return join(split(path, '/'), "__"); }

}  // namespace epicrisis
