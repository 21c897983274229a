#include "data/adapters/picture_index.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <tuple>
#include <utility>

#include "data/written_names.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxCompared = 64;  // near names looked at
// How like a file's name is to the one that is looked for.
constexpr int kBoth = 1;
constexpr int kSuffix = 2;
constexpr int kSpelling = 3;
constexpr int kVeryName = 4;

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// "images/a.jpg" ends with "a.jpg", not with ".jpg".
bool ends_with_path(std::string_view path, std::string_view end) {
  return path.ends_with(end) &&
         (path.size() == end.size() || path[path.size() - end.size() - 1] == '/');
}

// Of formats that the decoder does not read.
bool is_other_picture_name(std::string_view file_name) {
  constexpr std::array<std::string_view, 15> kSuffixes = {
      ".bmp",  ".dib",  ".tif", ".tiff", ".gif", ".dcm", ".dicom", ".heic",
      ".heif", ".avif", ".jp2", ".j2k",  ".jxl", ".dng", ".svs"};
  const std::string lower = ascii_lower(file_name);
  return std::ranges::any_of(kSuffixes,
                             [&](std::string_view suffix) { return lower.ends_with(suffix); });
}

bool is_any_picture_name(std::string_view file_name) {
  return is_picture_name(file_name) || is_other_picture_name(file_name);
}

// Whether there is something of this name that cannot be opened as a file: a link that leads
// nowhere, or to what may not be looked at.
bool is_dead(const std::filesystem::directory_entry& entry) {
  std::error_code error;
  const std::filesystem::file_status status = entry.status(error);
  return !std::filesystem::exists(status) || status.type() == std::filesystem::file_type::unknown;
}

// Calls `visit` with the path below `root` of each picture file until it returns false. Links to
// folders are not followed, hidden files and folders are passed over. `dead` gets the paths of
// names that are no files, where it is given.
template <typename Visit>
std::error_code find_files(const Path& root, bool recursive, bool (*is_meant)(std::string_view),
                           const Visit& visit,
                           std::filesystem::directory_options options =
                               std::filesystem::directory_options::skip_permission_denied,
                           std::vector<std::string>* dead = nullptr) {
  std::error_code error;
  std::filesystem::recursive_directory_iterator files(root, options, error);
  for (const std::filesystem::recursive_directory_iterator end; !error && files != end;
       files.increment(error)) {
    const std::string name = files->path().filename().string();
    if (!recursive || is_hidden_name(name)) files.disable_recursion_pending();
    if (is_hidden_name(name) || !is_meant(name)) continue;
    std::error_code ignored;
    if (!files->is_regular_file(ignored)) {
      if (dead != nullptr && is_dead(*files)) dead->push_back(files->path().string());
      continue;
    }
    if (!visit(files->path().lexically_relative(root).generic_string())) return {};
  }
  return error;
}

template <typename Visit>
void visit_files(const Path& root, bool recursive, bool (*is_meant)(std::string_view),
                 const Visit& visit, std::vector<std::string>* dead = nullptr) {
  const std::error_code error =
      find_files(root, recursive, is_meant, visit, std::filesystem::directory_options::none, dead);
  if (error) throw SystemError("reading the folder {}: {}", root.string(), error.message());
}

template <typename Visit>
void visit_pictures(const Path& root, bool recursive, const Visit& visit) {
  visit_files(root, recursive, is_picture_name, visit);
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
    if (!is_hidden_name(name) && entries->is_directory(ignored)) {
      folders.push_back(entries->path());
    }
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

PictureIndex::PictureIndex(const AdapterInput& input, const PictureLayout& layout)
    : match_(layout.match) {
  std::vector<Path> folders;
  for (const std::string& name : input.pictures) {
    const Path folder = input.path / name;  // an absolute name stands alone
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored)) {
      throw UsageError("reading pictures: {} is no folder{}", folder.string(),
                       near_path_words(folder));
    }
    for (Path& one : folders_with_pictures(folder, layout)) folders.push_back(std::move(one));
  }
  if (input.pictures.empty()) folders = usual_folders(input.path, layout);
  for (const Path& folder : folders) add_folder(folder, layout.recursive);
  std::error_code no_folder;
  if (folders.empty() && !input.tables_only &&
      std::filesystem::is_directory(input.path, no_folder)) {
    // All below, for what the message names: what cannot be listed is no fault of the pictures.
    const auto see = [&](const std::string& path) {
      if (!is_picture_name(path)) unreadable_.push_back((input.path / path).string());
      return true;
    };
    find_files(input.path, true, is_any_picture_name, see,
               std::filesystem::directory_options::skip_permission_denied, &dead_);
  }
  std::sort(unreadable_.begin(), unreadable_.end());
  std::sort(dead_.begin(), dead_.end());
  dead_.erase(std::unique(dead_.begin(), dead_.end()), dead_.end());
  if (empty() && !input.tables_only && !input.tables_if_no_pictures) {
    std::vector<std::string> tried = input.pictures;
    if (tried.empty()) {
      for (const auto& group : layout.usual) tried.insert(tried.end(), group.begin(), group.end());
    }
    throw UsageError(
        "reading pictures: none (jpg, png, webp) in {} of {}{}; name their folder "
        "(`pictures`), or take the tables alone (`tables_only`)",
        join(tried, ", "), input.path.string(),
        !dead_.empty() ? fmt::format("; {} is a link that leads nowhere", dead_.front())
        : unreadable_.empty()
            ? ""
            : fmt::format("; {} is of another format, convert such pictures", unreadable_.front()));
  }
}

std::string PictureIndex::key_of(std::string_view path) const {
  return normal_spelling(
      without_picture_suffix(match_ == PictureMatch::kStem ? name_of(path) : path));
}

void PictureIndex::add_folder(const Path& root, bool recursive) {
  // A folder may be named twice, or lie in another that is: its pictures are listed once.
  std::error_code error;
  Path real = std::filesystem::canonical(root, error);
  if (error) real = root;
  if (listed_.contains(real.string())) return;
  std::set<std::string> listed = {real.string()};
  const auto number = static_cast<std::uint32_t>(roots_.size());
  roots_.push_back(root);
  // Sorted, so that of two files with one stem the same one wins on every disk.
  std::vector<std::string> paths;
  const auto see = [&](std::string path) {
    const std::string_view below = folder_of(path);
    const std::string folder = below.empty() ? real.string() : (real / below).string();
    if (listed_.contains(folder)) return true;
    listed.insert(folder);
    if (is_picture_name(path)) {
      paths.push_back(std::move(path));
    } else {
      unreadable_.push_back((root / path).string());
    }
    return true;
  };
  visit_files(root, recursive, is_any_picture_name, see, &dead_);
  std::sort(paths.begin(), paths.end());
  for (std::string& path : paths) {
    const auto index = static_cast<std::uint32_t>(files_.size());
    const auto [last, is_first] = stems_.emplace(key_of(path), Chain{index, index});
    bool hidden = false;
    if (!is_first) {
      // One that differs by suffix alone from another of its own folder has a name of its own.
      const File& first = files_[last->second.first];
      hidden = match_ == PictureMatch::kStem &&
               (first.root != number || folder_of(first.path) != folder_of(path));
      if (match_ == PictureMatch::kPath && number > 0) {
        for (std::uint32_t i = last->second.first; i != 0; i = files_[i].next) {
          hidden = hidden || files_[i].path == path;
        }
      }
      files_[last->second.last].next = index;
      last->second.last = index;
    }
    files_.push_back({std::move(path), number, 0, hidden, false});
  }
  listed_.merge(listed);
}

// 4: the very name; 3: but for its spelling; 2: but for its suffix; 1: but for both; 0: another.
int PictureIndex::likeness(const File& file, std::string_view name) const {
  const bool whole = match_ == PictureMatch::kPath;
  const std::string full = whole ? file.path : path_of(file);
  const auto same = [&](std::string_view a, std::string_view b) {
    return whole ? a == b : ends_with_path(a, b);
  };
  if (same(full, name)) return kVeryName;
  const std::string normal = normal_spelling(full);
  const std::string wanted = normal_spelling(name);
  if (same(normal, wanted)) return kSpelling;
  if (whole) return 0;
  if (same(without_picture_suffix(full), without_picture_suffix(name))) return kSuffix;
  return same(without_picture_suffix(normal), without_picture_suffix(wanted)) ? kBoth : 0;
}

std::uint32_t PictureIndex::best(std::string_view name, int least) const {
  const auto chain = stems_.find(key_of(name));
  if (chain == stems_.end()) return 0;
  std::uint32_t found = 0;
  int likest = least - 1;
  bool ambiguous = false;
  for (std::uint32_t i = chain->second.first; i != 0; i = files_[i].next) {
    const File& file = files_[i];
    // An earlier folder goes before a later one.
    if (found != 0 && (file.root != files_[found].root ||
                       folder_of(file.path) != folder_of(files_[found].path))) {
      break;
    }
    const int like = likeness(file, name);
    if (like > likest) {
      found = i;
      likest = like;
      ambiguous = false;
    } else if (found != 0 && like == likest && (like == kBoth || like == kSpelling) &&
               without_picture_suffix(file.path) != without_picture_suffix(files_[found].path)) {
      ambiguous = true;  // two spellings, and the name is in neither
    }
  }
  return ambiguous ? 0 : found;
}

PictureIndex::Found PictureIndex::find(std::string_view name, bool exact) const {
  const int least = exact ? kSpelling : kBoth;
  Found found;
  found.number = best(name, least);
  if (found.number == 0) {
    const std::string plain = plain_picture_path(name);
    if (plain.empty() || plain == name) return found;
    found.number = best(plain, least);
    if (found.number == 0) return found;
  }
  const File& file = files_[found.number];
  found.path = path_of(file);
  found.used = file.used;
  const std::string_view stem = without_picture_suffix(file.path);
  for (std::uint32_t i = stems_.at(key_of(file.path)).first; i != 0; i = files_[i].next) {
    const File& other = files_[i];
    if (i == found.number || other.root != file.root ||
        folder_of(other.path) != folder_of(file.path)) {
      continue;
    }
    (without_picture_suffix(other.path) == stem ? found.suffix_twin : found.spelling_twin) = true;
  }
  return found;
}

std::optional<PictureIndex::Near> PictureIndex::near(std::string_view name) {
  const auto stem = [](std::string_view path) {
    return folded_spelling(without_picture_suffix(name_of(path)));
  };
  if (near_.empty()) {
    for (std::uint32_t i = 1; i < files_.size(); ++i) near_[stem(files_[i].path)].push_back(i);
  }
  const std::string wanted = plain_picture_path(name);
  auto found = near_.find(stem(wanted));
  // "a.bmp" where there is an "a.jpg"
  if (found == near_.end()) found = near_.find(stem(wanted.substr(0, wanted.rfind('.'))));
  if (found == near_.end()) return near_by_spelling(wanted);
  const std::string folded = folded_spelling(wanted);
  // Where the end of a path is enough, folders differ only if the name has some.
  const bool name_alone = match_ == PictureMatch::kStem && folded.find('/') == std::string::npos;
  Near near{"folder", files_[found->second.front()].path};
  for (std::size_t i = 0; i < std::min(found->second.size(), kMaxCompared); ++i) {
    const std::string& path = files_[found->second[i]].path;
    const std::string compared =
        folded_spelling(name_alone ? name_of(path) : std::string_view(path));
    if (compared == folded) return Near{"case", path};
    if (without_picture_suffix(compared) == without_picture_suffix(folded)) {
      // A suffix need not be there.
      const bool has_suffix = is_picture_name(folded) || match_ == PictureMatch::kPath;
      near = {has_suffix ? "suffix" : "case", path};
    } else if (name_alone && near.differs == "folder") {
      near = {"suffix", path};  // "a.bmp"
    }
  }
  return near;
}

// "a%20b.jpg" for "a b.jpg"; spreadsheets make 1, 1.0 or ="0001" of 0001.
std::optional<PictureIndex::Near> PictureIndex::near_by_spelling(const std::string& wanted) {
  if (numbers_.empty()) {
    numbers_.emplace("", 0);  // made
    for (std::uint32_t i = 1; i < files_.size(); ++i) {
      const std::string stem = plain_number(without_picture_suffix(name_of(files_[i].path)));
      if (!stem.empty()) numbers_.emplace(stem, i);
    }
  }
  const std::string plain = without_percent_signs(wanted);
  if (plain != wanted) {
    if (const Found found = find(plain); found.number != 0) {
      return Near{"spelling", files_[found.number].path};
    }
  }
  const std::string stem = plain_number(without_picture_suffix(name_of(plain)));
  const auto same = stem.empty() ? numbers_.end() : numbers_.find(stem);
  if (same == numbers_.end()) return std::nullopt;
  return Near{"spelling", files_[same->second].path};
}

std::vector<std::string> PictureIndex::names() const {
  std::vector<std::string> names;
  names.reserve(files_.size());
  for (std::size_t i = 1; i < files_.size(); ++i) {
    if (!files_[i].hidden) names.push_back(files_[i].path);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Tally PictureIndex::unused(std::size_t max_listed, bool hidden) const {
  std::vector<const File*> files;
  for (const File& file : files_) {
    if (&file != &files_.front() && !file.used && file.hidden == hidden) files.push_back(&file);
  }
  Tally tally;
  tally.count = files.size();
  const std::size_t listed = std::min(max_listed, files.size());
  std::partial_sort(files.begin(), files.begin() + static_cast<std::ptrdiff_t>(listed), files.end(),
                    [](const File* a, const File* b) {
                      return std::tie(a->path, a->root) < std::tie(b->path, b->root);
                    });
  for (std::size_t i = 0; i < listed; ++i) {
    std::string example = path_of(*files[i]);
    if (hidden) example += " behind " + path_of(files_[stems_.at(key_of(files[i]->path)).first]);
    tally.examples.push_back(std::move(example));
  }
  return tally;
}

}  // namespace epicrisis
