#include "epicrisis/core/near_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <vector>

#include "core/posix_files.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxEntries = 10'000;

bool is_there(const Path& path) {
  std::error_code error;
  return fs::exists(path, error) || error;  // what cannot be asked is not called missing
}

std::vector<std::string> names_in(const Path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end;
       !error && entry != end && names.size() < kMaxEntries; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

// The name in the folder that `wanted` may be a slip of; a hidden one only of a hidden one.
std::optional<std::string> near_name(const Path& folder, const std::string& wanted) {
  std::vector<std::string> names = names_in(folder);
  std::erase_if(names, [&](const std::string& name) {
    return name.starts_with('.') && !wanted.starts_with('.');
  });
  const std::string lower = ascii_lower(wanted);
  const std::string stem = Path(lower).stem().string();
  for (const std::string& name : names) {
    if (ascii_lower(name) == lower) return name;
  }
  for (const std::string& name : names) {
    if (Path(ascii_lower(name)).stem().string() == stem) return name;
  }
  std::vector<std::string> folded;
  for (const std::string& name : names) folded.push_back(ascii_lower(name));
  const std::optional<std::string> near = nearest_name(lower, folded);
  if (!near) return std::nullopt;
  return names[static_cast<std::size_t>(std::ranges::find(folded, *near) - folded.begin())];
}

}  // namespace

std::string near_path_words(const Path& path) {
  if (path.empty() || is_there(path)) return {};
  // The first part that is missing, and what it should be in.
  Path there;
  Path missing;
  Path rest;
  for (const Path& part : path) {
    if (!missing.empty()) {
      rest /= part;
    } else if (is_there(there / part)) {
      there /= part;
    } else {
      missing = part;
    }
  }
  const Path folder = there.empty() ? Path(".") : there;
  if (const std::optional<std::string> near = near_name(folder, missing.string())) {
    const Path whole = rest.empty() ? there / *near : there / *near / rest;
    // What is below a folder of nearly that name may be missing there too.
    return fmt::format("; did you mean '{}'?", (is_there(whole) ? whole : there / *near).string());
  }
  if (rest.empty()) return {};
  return fmt::format("; there is no folder '{}' either", (there / missing).string());
}

std::string read_given_file(const Path& path, std::uint64_t max_bytes) {
  require_given(path);
  return read_file(path, max_bytes);
}

void require_given(const Path& path) {
  if (is_there(path) || path.native().find('\0') != std::string::npos) return;
  throw UsageError("cannot read '{}': {}{}", path.string(), std::generic_category().message(ENOENT),
                   near_path_words(path));
}

}  // namespace epicrisis
