#include "settings/hub_cache.h"

#include <cstdlib>
#include <system_error>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kModels = "models--";
constexpr std::string_view kBetween = "--";
constexpr const char* kMain = "main";
constexpr std::uint64_t kMaxRef = 1024;

bool is_folder(const Path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

// "." for a path that ends with '/', as a shell completes it.
std::string own_name(const Path& folder) {
  const Path plain = folder.lexically_normal();
  return (plain.has_filename() ? plain.filename() : plain.parent_path().filename()).string();
}

std::optional<Path> snapshot_of_ref(const Path& repository, std::string_view name) {
  std::error_code error;
  const Path ref = repository / "refs" / name;
  if (!fs::is_regular_file(ref, error)) return std::nullopt;
  const std::string commit(trim(read_file(ref, kMaxRef)));
  Path snapshot = repository / "snapshots" / commit;
  if (!is_safe_name(commit) || !is_folder(snapshot)) return std::nullopt;
  return snapshot;
}

std::optional<Path> only_snapshot(const Path& repository) {
  std::vector<Path> found;
  std::error_code error;
  for (fs::directory_iterator item(repository / "snapshots", error), end; !error && item != end;
       item.increment(error)) {
    if (is_folder(item->path())) found.push_back(item->path());
  }
  if (found.size() != 1) return std::nullopt;
  return found.front();
}

// A part of a repository's name.
bool is_name_part(std::string_view part) {
  return is_safe_name(part) && part.find("--") == std::string_view::npos &&
         part.find("..") == std::string_view::npos && !part.ends_with('.') && !part.ends_with('-');
}

// The value of a variable, "" where it is not set.
std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Path hub_home() {
  if (std::string home = variable("HF_HOME"); !home.empty()) return home;
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty()) {
    return Path(cache) / "huggingface";
  }
  const std::string home = variable("HOME");
  return home.empty() ? Path() : Path(home) / ".cache/huggingface";
}

Path hub_cache_folder() {
  for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
    if (std::string folder = variable(name); !folder.empty()) return folder;
  }
  const Path home = hub_home();
  return home.empty() ? Path() : home / "hub";
}

bool is_hub_name(std::string_view name) {
  constexpr std::size_t kLongest = 96;
  const std::size_t slash = name.find('/');
  if (name.size() > kLongest) return false;
  if (slash == std::string_view::npos) return is_name_part(name);
  return is_name_part(name.substr(0, slash)) && is_name_part(name.substr(slash + 1));
}

std::string hub_folder_name(std::string_view name) {
  return std::string(kModels) + join(split(name, '/'), kBetween);
}

std::string hub_name_of(const Path& repository) {
  std::string name = own_name(repository).substr(kModels.size());
  const std::size_t between = name.find(kBetween);
  return between == std::string::npos ? name : name.replace(between, kBetween.size(), "/");
}

bool is_hub_repository(const Path& folder) {
  return own_name(folder).starts_with(kModels) && is_folder(folder / "snapshots");
}

bool is_hub_snapshot(const Path& folder) {
  std::error_code error;
  const Path whole = fs::absolute(folder, error).lexically_normal();
  const Path plain = whole.has_filename() ? whole : whole.parent_path();
  return own_name(plain.parent_path()) == "snapshots" &&
         is_hub_repository(plain.parent_path().parent_path());
}

std::optional<Path> hub_snapshot(const Path& repository, std::string_view revision) {
  if (revision.empty()) {
    std::optional<Path> found = snapshot_of_ref(repository, kMain);
    return found ? found : only_snapshot(repository);
  }
  if (revision.find("..") != std::string_view::npos) return std::nullopt;
  Path snapshot = repository / "snapshots" / revision;
  if (is_safe_name(revision) && is_folder(snapshot)) return snapshot;
  return snapshot_of_ref(repository, revision);
}

}  // namespace epicrisis
