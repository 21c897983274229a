#include <algorithm>
#include <system_error>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 40;  // as the kernel has it
constexpr std::size_t kMaxPath = 4096;

// `path` (absolute) with "." and ".." and every link resolved, as opening it would. Unlike
// weakly_canonical it also follows a link whose target does not exist: a file made through such a
// link lies where the target says.
Path resolve(const Path& path) {
  std::vector<Path> todo(path.begin(), path.end());  // the next part is last
  std::reverse(todo.begin(), todo.end());
  Path result;
  int links = 0;
  while (!todo.empty()) {
    const Path part = std::move(todo.back());
    todo.pop_back();
    if (part.empty() || part == ".") continue;
    if (part.is_absolute()) {
      result = part;
    } else if (part == "..") {
      result = result.parent_path();
    } else {
      const Path next = result / part;
      std::error_code error;
      if (fs::symlink_status(next, error).type() != fs::file_type::symlink) {
        result = next;
        continue;
      }
      if (++links > kMaxLinks) throw InputError("too many links");
      const Path target = fs::read_symlink(next, error);
      if (error) throw InputError("{}", error.message());
      std::vector<Path> parts(target.begin(), target.end());
      todo.insert(todo.end(), parts.rbegin(), parts.rend());
    }
  }
  return result;
}

}  // namespace

Path path_below(const Path& root, std::string_view relative, std::string_view what) {
  const auto fail = [&](std::string_view why) {
    std::string shown;
    for (const char c : relative.substr(0, 200)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == 0x7F) {
        shown += fmt::format("\\x{:02x}", byte);
      } else {
        shown += c;
      }
    }
    throw InputError("{} '{}' is no path below '{}': {}", what, shown, root.string(), why);
  };
  if (relative.empty()) fail("it is empty");
  if (relative.size() > kMaxPath) fail("it is longer than 4096 bytes");
  if (relative.find('\0') != std::string_view::npos) fail("it holds a NUL byte");
  const Path path(relative);
  if (path.is_absolute()) fail("it is absolute");
  try {
    const Path base = resolve(fs::absolute(root));
    const Path full = resolve(fs::absolute(root) / path);
    const auto [base_end, full_end] =
        std::mismatch(base.begin(), base.end(), full.begin(), full.end());
    if (base_end != base.end()) fail("it leads out of that folder");
    if (full_end == full.end()) fail("it is that folder itself");
  } catch (const InputError& error) {
    // Of resolve(); those of fail() are whole already.
    if (std::string_view(error.what()).find("is no path below") != std::string_view::npos) throw;
    fail(error.what());
  }
  return root / path;
}

}  // namespace epicrisis
