#include "data/adapters/picture_index.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::array<std::string_view, 4> kSuffixes = {".jpg", ".jpeg", ".png", ".webp"};

std::size_t suffix_length(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || name[dot - 1] == '/') return 0;
  const std::string suffix = ascii_lower(name.substr(dot));
  return std::find(kSuffixes.begin(), kSuffixes.end(), suffix) == kSuffixes.end() ? 0
                                                                                  : suffix.size();
}

// Calls `visit` with the path below `root` of each picture file until it returns false. Links to
// folders are not followed, hidden files (macOS leaves "._a.jpg") are passed over.
template <typename Visit>
void visit_pictures(const Path& root, bool recursive, const Visit& visit) {
  std::error_code error;
  std::filesystem::recursive_directory_iterator files(root, error);
  for (const std::filesystem::recursive_directory_iterator end; !error && files != end;
       files.increment(error)) {
    if (!recursive) files.disable_recursion_pending();
    const std::string name = files->path().filename().string();
    if (name.starts_with('.') || !is_picture_name(name)) continue;
    std::error_code ignored;
    if (!files->is_regular_file(ignored)) continue;
    if (!visit(files->path().lexically_relative(root).generic_string())) return;
  }
  if (error) throw SystemError("reading the folder {}: {}", root.string(), error.message());
}

bool holds_pictures(const Path& folder, bool recursive) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) return false;
  bool found = false;
  visit_pictures(folder, recursive, [&](const std::string&) {
    found = true;
    return false;
  });
  return found;
}

// `folder` itself, or, where it holds none, those just below it that do: images/part_1/.
std::vector<Path> folders_with_pictures(const Path& folder, const PictureLayout& layout) {
  if (holds_pictures(folder, layout.recursive)) return {folder};
  std::vector<Path> found;
  if (layout.match == PictureMatch::kPath) return found;
  for (const Path& below : folders_below(folder)) {
    if (holds_pictures(below, layout.recursive)) found.push_back(below);
  }
  return found;
}

// The folder of this name below `base`; where there is none, one whose name differs by case alone.
Path folder_of_name(const Path& base, const std::string& name) {
  std::error_code ignored;
  if (std::filesystem::is_directory(base / name, ignored)) return base / name;
  for (const Path& folder : folders_below(base)) {
    if (ascii_lower(folder.filename().string()) == ascii_lower(name)) return folder;
  }
  return base / name;
}

std::vector<Path> usual_folders(const Path& base, const PictureLayout& layout, bool base_itself) {
  for (const std::vector<std::string>& group : layout.usual) {
    std::vector<Path> folders;
    for (const std::string& name : group) {
      if (name == ".") {
        if (base_itself && holds_pictures(base, layout.recursive)) folders.push_back(base);
        continue;
      }
      for (Path& folder : folders_with_pictures(folder_of_name(base, name), layout)) {
        folders.push_back(std::move(folder));
      }
    }
    if (!folders.empty()) return folders;
  }
  return {};
}

// The usual folders below `base` or, where an archive was unpacked into a folder of its own, below
// that one.
std::vector<Path> usual_folders(const Path& base, const PictureLayout& layout) {
  std::vector<Path> found = usual_folders(base, layout, true);
  if (!found.empty()) return found;
  for (const Path& below : folders_below(base)) {
    std::vector<Path> folders = usual_folders(below, layout, false);
    if (folders.empty()) continue;
    if (!found.empty()) return {};  // which of the two is meant?
    found = std::move(folders);
  }
  return found;
}

}  // namespace

std::vector<Path> folders_below(const Path& folder) {
  std::vector<Path> folders;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  for (const std::filesystem::directory_iterator end; !error && entries != end;
       entries.increment(error)) {
    std::error_code ignored;
    const std::string name = entries->path().filename().string();
    if (!name.starts_with('.') && name != "__MACOSX" && entries->is_directory(ignored)) {
      folders.push_back(entries->path());
    }
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

bool is_picture_name(std::string_view file_name) { return suffix_length(file_name) > 0; }

std::string_view without_picture_suffix(std::string_view file_name) {
  return file_name.substr(0, file_name.size() - suffix_length(file_name));
}

PictureIndex::PictureIndex(const AdapterInput& input, const PictureLayout& layout) {
  std::vector<Path> folders;
  for (const std::string& name : input.pictures) {
    const Path folder = input.path / name;  // an absolute name stands alone
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored)) {
      throw UsageError("reading pictures: {} is no folder", folder.string());
    }
    for (Path& one : folders_with_pictures(folder, layout)) folders.push_back(std::move(one));
  }
  if (input.pictures.empty()) folders = usual_folders(input.path, layout);
  for (const Path& folder : folders) add_folder(folder, layout, input.max_listed);
  if (entries_.empty() && !input.tables_only && !input.tables_if_no_pictures) {
    std::vector<std::string> tried = input.pictures;
    if (tried.empty()) {
      for (const auto& group : layout.usual) tried.insert(tried.end(), group.begin(), group.end());
    }
    throw UsageError(
        "reading pictures: none (jpg, png, webp) in {} of {}; name their folder "
        "(`pictures`), or take the tables alone (`tables_only`)",
        join(tried, ", "), input.path.string());
  }
}

void PictureIndex::add_folder(const Path& root, const PictureLayout& layout,
                              std::size_t max_listed) {
  const auto number = static_cast<std::uint32_t>(roots_.size());
  roots_.push_back(root);
  // Sorted, so that of two files with one stem the same one wins on every disk.
  std::vector<std::string> files;
  visit_pictures(root, layout.recursive, [&](std::string file) {
    files.push_back(std::move(file));
    return true;
  });
  std::sort(files.begin(), files.end());
  for (std::string& file : files) add_file(std::move(file), number, layout.match, max_listed);
}

void PictureIndex::add_file(std::string file, std::uint32_t root, PictureMatch match,
                            std::size_t max_listed) {
  std::string name = file;
  if (match == PictureMatch::kStem) {
    name = without_picture_suffix(std::string_view(file).substr(file.rfind('/') + 1));
  }
  const auto position = entries_.find(name);
  if (position == entries_.end()) {
    entries_.emplace(std::move(name), Entry{std::move(file), root, false});
    return;
  }
  ++shadowed_.count;
  if (shadowed_.examples.size() < max_listed) {
    shadowed_.examples.push_back((roots_[root] / file).string() + " behind " +
                                 path_of(position->second));
  }
}

std::string PictureIndex::path_of(const Entry& entry) const {
  return (roots_[entry.root] / entry.file).string();
}

std::string PictureIndex::take(std::string_view name) {
  const auto position = entries_.find(name);
  if (position == entries_.end()) return {};
  position->second.used = true;
  return path_of(position->second);
}

std::vector<std::string> PictureIndex::names() const {
  std::vector<std::string> names;
  names.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

Tally PictureIndex::unused(std::size_t max_listed) const {
  std::vector<std::string_view> names;
  for (const auto& [name, entry] : entries_) {
    if (!entry.used) names.push_back(name);
  }
  Tally tally;
  tally.count = names.size();
  const std::size_t listed = std::min(max_listed, names.size());
  std::partial_sort(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(listed),
                    names.end());
  for (std::size_t i = 0; i < listed; ++i) {
    tally.examples.push_back(path_of(entries_.find(names[i])->second));
  }
  return tally;
}

}  // namespace epicrisis
