#include "epicrisis/core/folder_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "core/posix_files.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kListHead = "epicrisis files 1";

void check(const std::error_code& error, std::string_view tried, const Path& path) {
  if (error) throw_errno(tried, path, error.value());
}

void make_folder(const Path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  check(error, "make folder", folder);
}

// Of this writer or another one: never content.
bool is_staging(const Path& entry) {
  const std::string name = entry.filename().string();
  return name.starts_with(".epicrisis-") && name.ends_with(".part");
}

std::vector<Path> content_of(const Path& folder) {
  std::error_code error;
  std::vector<Path> entries;
  fs::directory_iterator item(folder, error);
  for (const fs::directory_iterator end; !error && item != end; item.increment(error)) {
    if (!is_staging(item->path())) entries.push_back(item->path());
  }
  check(error, "read folder", folder);
  std::ranges::sort(entries);
  return entries;
}

// Sizes by path, "train/metadata.jsonl". Links are not followed; what is no file has the size -1.
std::map<std::string, std::int64_t> files_below(const Path& folder) {
  std::map<std::string, std::int64_t> files;
  std::error_code error;
  fs::recursive_directory_iterator item(folder, error);
  for (const fs::recursive_directory_iterator end; !error && item != end; item.increment(error)) {
    const fs::file_status status = item->symlink_status(error);
    if (error) break;
    if (item.depth() == 0 && is_staging(item->path())) {
      item.disable_recursion_pending();
      continue;
    }
    const std::string name = item->path().lexically_relative(folder).generic_string();
    if (fs::is_regular_file(status)) {
      files[name] = static_cast<std::int64_t>(item->file_size(error));
    } else if (!fs::is_directory(status) || fs::is_empty(item->path(), error)) {
      files[name] = -1;
    }
    if (error) break;
  }
  check(error, "read folder", folder);
  return files;
}

std::string list_of(const std::map<std::string, std::int64_t>& files) {
  std::string text = fmt::format("{}\n", kListHead);
  for (const auto& [name, size] : files) text += fmt::format("{}\t{}\n", size, name);
  return text;
}

std::set<std::string> read_list(const Path& file) {
  std::vector<std::string> lines = split(read_file(file), '\n');
  if (lines.front() != kListHead) return {};
  return {lines.begin() + 1, lines.end()};
}

bool has_list(const Path& folder) {
  std::error_code error;
  return fs::is_regular_file(fs::symlink_status(folder / kFolderList, error));
}

// What an earlier writer did not leave as it is: its name; "" where there is nothing of the kind.
std::string foreign_file(const Path& folder) {
  const bool listed = has_list(folder);
  const std::set<std::string> known = files_left_as_written(folder);
  for (const auto& [name, size] : files_below(folder)) {
    if (listed && name == kFolderList) continue;
    if (!known.contains(name)) return name;
  }
  return "";
}

void require_free(const Path& folder, bool replace) {
  const std::vector<Path> content = content_of(folder);
  if (content.empty()) return;
  std::error_code error;
  if (!replace && fs::exists(folder / kFolderList, error)) {
    throw UsageError(
        "cannot write to the folder {}: it holds what was written there before; give a new folder, "
        "or `replace` to have this in its place",
        folder.string());
  }
  const std::string foreign = replace ? foreign_file(folder) : content.front().filename().string();
  if (foreign.empty()) return;
  throw UsageError(
      "cannot write to the folder {}: it holds {}, which was not written by this program, or was "
      "changed since; give a new or an empty folder",
      folder.string(), foreign);
}

Path clean(const Path& folder) {
  if (folder.empty()) throw UsageError("no folder was given to write to");
  std::error_code error;
  Path path = fs::weakly_canonical(fs::absolute(folder), error).lexically_normal();
  check(error, "find the folder", folder);
  return path.has_filename() ? path : path.parent_path();
}

Path staging_name(const Path& parent, const std::string& what) {
  static std::atomic<unsigned> counter{0};
  return parent / fmt::format(".epicrisis-{}-{}{}.part", getpid(), counter++, what);
}

void sync_disk_of(const Path& folder) {
  const Descriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() < 0) throw_errno("open folder", folder, errno);
  if (syncfs(descriptor.get()) != 0) throw_errno("sync folder", folder, errno);
}

// A file that is read in pieces, up to its end or to the first fault.
class Source {
 public:
  explicit Source(const Path& path) : path_(path) {}
  // "" at the end, and where there is a fault.
  std::string_view next() {
    try {
      if (!file_) file_.emplace(open_to_read(path_));
      return {buffer_.data(), read_some(file_->get(), buffer_.data(), buffer_.size(), path_)};
    } catch (const Error& error) {
      fault_ = error.what();
      return {};
    }
  }
  const std::string& fault() const { return fault_; }

 private:
  const Path& path_;
  std::optional<Descriptor> file_;
  std::string buffer_ = std::string(std::size_t{1} << 18, '\0');
  std::string fault_;
};

// Moves that can be taken back as long as keep() was not called.
class Moves {
 public:
  Moves() = default;
  Moves(const Moves&) = delete;
  Moves& operator=(const Moves&) = delete;
  ~Moves() {
    for (auto move = done_.rbegin(); move != done_.rend(); ++move) {
      std::error_code ignored;
      fs::rename(move->second, move->first, ignored);
    }
  }
  void move(const Path& from, const Path& to) {
    std::error_code error;
    fs::rename(from, to, error);
    check(error, "put in place", to);
    done_.emplace_back(from, to);
  }
  void keep() { done_.clear(); }

 private:
  std::vector<std::pair<Path, Path>> done_;
};

}  // namespace

std::set<std::string> files_left_as_written(const Path& folder) {
  std::set<std::string> files;
  if (!has_list(folder)) return files;
  const std::set<std::string> known = read_list(folder / kFolderList);
  for (const auto& [name, size] : files_below(folder)) {
    if (known.contains(fmt::format("{}\t{}", size, name))) files.insert(name);
  }
  return files;
}

FolderWriter::FolderWriter(const Path& folder, bool replace)
    : folder_(clean(folder)), replace_(replace) {
  std::error_code error;
  const fs::file_status status = fs::status(folder_, error);
  inside_ = fs::is_directory(status);
  if (!inside_ && fs::exists(status)) {
    throw UsageError("cannot write to the folder {}: it is a file; give a folder",
                     folder_.string());
  }
  if (inside_) {
    require_free(folder_, replace_);
  } else {
    make_folder(folder_.parent_path());
  }
  staging_ = staging_name(inside_ ? folder_ : folder_.parent_path(), "");
  make_folder(staging_);
}

FolderWriter::~FolderWriter() {
  std::error_code ignored;
  if (!staging_.empty()) fs::remove_all(staging_, ignored);
}

Path FolderWriter::file(const Path& relative) const {
  Path path = staging_ / relative;
  make_folder(path.parent_path());
  return path;
}

void FolderWriter::write(const Path& relative, std::string_view bytes) const {
  const Path path = file(relative);
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  if (!stream) throw_errno("write", folder_ / relative, errno);
}

std::string FolderWriter::copy(const Path& from, const Path& relative) const {
  Source source(from);
  std::string_view piece = source.next();
  // Nothing is made for what cannot be read.
  if (!source.fault().empty()) return source.fault();
  const Path path = file(relative);
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  for (; stream && !piece.empty(); piece = source.next()) {
    stream.write(piece.data(), static_cast<std::streamsize>(piece.size()));
  }
  stream.close();
  if (!stream) throw_errno("write", folder_ / relative, errno);
  if (!source.fault().empty()) {
    std::error_code error;
    fs::remove(path, error);
    check(error, "remove", path);
  }
  return source.fault();
}

void FolderWriter::replace_content() {
  const Path aside = staging_name(folder_, "-old");
  const Path list(kFolderList);
  const std::vector<Path> old = content_of(folder_);
  make_folder(aside);
  {
    // Without its list nobody replaces what is there half: it goes first and comes last.
    Moves moves;
    std::error_code error;
    if (fs::exists(folder_ / list, error)) moves.move(folder_ / list, aside / list);
    for (const Path& entry : old) {
      if (entry.filename() != list) moves.move(entry, aside / entry.filename());
    }
    for (const Path& entry : content_of(staging_)) {
      if (entry.filename() != list) moves.move(entry, folder_ / entry.filename());
    }
    moves.move(staging_ / list, folder_ / list);
    moves.keep();
  }
  std::error_code error;
  fs::remove_all(aside, error);
  check(error, "remove what was there before from", folder_);
}

void FolderWriter::commit() {
  if (staging_.empty()) throw InternalError("second commit of '{}'", folder_.string());
  write(kFolderList, list_of(files_below(staging_)));
  sync_disk_of(staging_);
  if (inside_) {
    require_free(folder_, replace_);
    replace_content();
    std::error_code ignored;
    fs::remove_all(staging_, ignored);
  } else {
    std::error_code error;
    fs::rename(staging_, folder_, error);
    check(error, "put in place", folder_);
  }
  staging_.clear();
  sync_disk_of(folder_);
}

}  // namespace epicrisis
