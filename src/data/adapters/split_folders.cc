#include "data/adapters/split_folders.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

#include "data/adapters/picture_index.h"
#include "data/published_split.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

// Below it there may be split folders, as Hugging Face has it.
constexpr std::string_view kData = "data";

// The folders that all pictures lie in.
std::vector<std::string> common_folders(const std::vector<std::string>& sorted) {
  if (sorted.empty()) return {};
  std::vector<std::string> common = folders_of(sorted.front());
  const std::vector<std::string> last = folders_of(sorted.back());
  const auto end =
      std::mismatch(common.begin(), common.end(), last.begin(), last.end()).first - common.begin();
  common.resize(static_cast<std::size_t>(end));
  return common;
}

std::string last_of(std::string_view folder) {
  folder.remove_suffix(1);
  return std::string(folder.substr(folder.rfind('/') + 1));
}

// The folder at which a path below `base` may tell its split: "x/train/", "x/data/train/".
std::string folder_below(const std::string& base, const std::string& path) {
  if (!path.starts_with(base)) return "";
  const std::vector<std::string> folders = folders_of(path.substr(base.size()));
  if (folders.empty()) return "";
  const bool in_data = folders.size() > 1 && folders.front() == kData;
  return base + folders[0] + "/" + (in_data ? folders[1] + "/" : "");
}

}  // namespace

std::vector<std::string> folders_of(const std::string& path) {
  std::vector<std::string> folders = split(path, '/');
  folders.pop_back();
  return folders;
}

SplitFolders::SplitFolders(const std::vector<std::string>& pictures,
                           const std::vector<std::string>& described,
                           std::map<std::string, std::string> named)
    : named_(std::move(named)) {
  for (const auto& [name, split] : named_) {
    const std::string path = plain_picture_path(name);
    if (path.find('/') != std::string::npos) named_paths_[path] = split;
  }
  // The splits at the ends of the chain "", "archive/", "archive/images/". Deeper than the top they
  // must have folders of classes or metadata: "cat/train/1.jpg" is a class with its parts.
  const auto splits_at = [&](const std::string& base) {
    std::set<std::string> splits;
    for (const std::string& path : pictures) {
      const std::string folder = folder_below(base, path);
      if (folder.empty()) continue;
      const std::optional<std::string> split = called(last_of(folder));
      if (!split) continue;
      const bool counts = base.empty() || path.find('/', folder.size()) != std::string::npos ||
                          std::ranges::any_of(described, [&](const std::string& prefix) {
                            return path.starts_with(prefix);
                          });
      if (counts) splits.insert(*split);
    }
    return splits.size();
  };
  std::string base;
  bool found = splits_at(base) > 0;
  for (const std::string& folder : common_folders(pictures)) {
    base += folder + "/";
    // One that all pictures lie in tells none apart, whatever it is called.
    const std::size_t splits = splits_at(base);
    if (splits == 0 || (found && splits < 2)) continue;
    base_ = base;
    if (splits > 1) break;
    found = true;
  }
}

std::string SplitFolders::place_of(const std::string& path) const {
  return folder_below(base_, path);
}

std::optional<std::string> SplitFolders::called(const std::string& folder) const {
  const auto named = named_.find(ascii_lower(trim(folder)));
  if (named != named_.end()) return named->second;
  return published_split_name(folder);
}

std::optional<SplitFolders::Found> SplitFolders::named_path(
    const std::vector<std::string>& folders) const {
  if (named_paths_.empty()) return std::nullopt;
  std::string path;
  for (const std::string& folder : folders) {
    path += folder;
    const auto named = named_paths_.find(ascii_lower(path));
    path += "/";
    if (named != named_paths_.end()) return Found{path, named->second};
  }
  return std::nullopt;
}

std::optional<SplitFolders::Found> SplitFolders::of(const std::string& path) const {
  if (auto named = named_path(folders_of(path))) return named;
  std::string folder = place_of(path);
  if (folder.empty()) return std::nullopt;
  const std::optional<std::string> split = called(last_of(folder));
  if (!split) return std::nullopt;
  return Found{std::move(folder), *split};
}

std::optional<SplitFolders::Found> SplitFolders::elsewhere(const std::string& path) const {
  std::string above;
  for (const std::string& folder : folders_of(path)) {
    const std::optional<std::string> split = called(folder);
    if (split && !split->empty()) return Found{above + folder, *split};
    above += folder + "/";
  }
  return std::nullopt;
}

}  // namespace epicrisis
