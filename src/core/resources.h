#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace epicrisis {

// A file of the source tree that is built into the program.
struct ResourceFile {
  const char* name;   // path below the source root, "prompts/P1.toml"
  const char* begin;  // first byte
  const char* end;    // one past the last byte
};

// The files that are built into one part: those that its CMakeLists.txt names with
// epicrisis_embed_resources(). Its src/PART/resources.h declares PART_resources(), which returns
// them; the definition is generated.
class Resources {
 public:
  explicit Resources(std::vector<ResourceFile> files) : files_(std::move(files)) {}

  // `name` is the path below the source root. InternalError if it is not among them.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::vector<std::string> names(std::string_view prefix) const;  // sorted

 private:
  const ResourceFile* find(std::string_view name) const;

  std::vector<ResourceFile> files_;
};

}  // namespace epicrisis
