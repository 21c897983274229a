#include "epicrisis/store/workspace.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/shell_word.h"
#include "epicrisis/core/strings.h"
#include "store/sql/database_copy.h"
#include "store/tables/emptied.h"

namespace epicrisis {
namespace {

constexpr std::array kFolders = {"images", "embeddings", "runs", "reports", "locks"};

void make_folder(const Path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw SystemError("cannot make the folder {}: {}", folder.string(), error.message());
  }
}

void refuse_file(const Path& root) {
  std::error_code error;
  if (!std::filesystem::exists(root, error) || std::filesystem::is_directory(root, error)) return;
  throw UsageError("cannot open the workspace {}: it is a file; a workspace is a folder",
                   root.string());
}

// Also false for root where the file system is mounted read-only.
bool may_write(const Path& root) {
  return ::access(root.c_str(), W_OK) == 0 && ::access((root / "epicrisis.db").c_str(), W_OK) == 0;
}

// The lock file is left behind: removing it would let two processes lock two files of one name.
int take_lock(const Path& file, std::string_view what, bool kept) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  // Who can write nothing disturbs nobody.
  if (descriptor < 0 && (!kept || !may_write(file.parent_path().parent_path()))) return -1;
  if (descriptor < 0) {
    throw SystemError("cannot open the lock file {}: {}", file.string(), std::strerror(errno));
  }
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int code = errno;
    std::array<char, 32> holder{};
    const auto count = ::pread(descriptor, holder.data(), holder.size() - 1, 0);
    ::close(descriptor);
    if (code != EWOULDBLOCK) {
      throw SystemError("cannot lock {}: {}", file.string(), std::strerror(code));
    }
    const std::string process(
        trim({holder.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))}));
    throw SystemError(
        "cannot take the lock '{}' ({}): process {} is at work there. Wait for it or stop it", what,
        file.string(), process.empty() ? "?" : process);
  }
  const std::string process = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor, 0) != 0 ||
      ::pwrite(descriptor, process.data(), process.size(), 0) < 0) {
    // Only the message of another process wants the number.
  }
  return descriptor;
}

Path clean_root(const Path& root) {
  if (root.empty()) throw UsageError("no workspace folder was given");
  Path absolute = std::filesystem::absolute(root).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();  // "/a/b/" -> "/a/b"
  return absolute;
}

// A file below the workspace that some earlier work left, and that only its database explains.
std::optional<Path> find_work(const Path& root) {
  std::error_code error;
  for (const char* folder : {"images", "embeddings", "runs", "batches", "reports"}) {
    std::filesystem::recursive_directory_iterator item(root / folder, error), end;
    for (; !error && item != end; item.increment(error)) {
      // An empty store of pictures has but this.
      if (item->is_regular_file(error) && item->path().filename() != "lock") return item->path();
    }
  }
  return std::nullopt;
}

// New tables beside old files would have the work of weeks done again, or pass for it.
void refuse_lost_database(const Path& root, std::string_view what) {
  const std::optional<Path> work = find_work(root);
  if (!work) return;
  throw InputError(
      "cannot open the workspace {}: its database epicrisis.db {}, but {} is there: the database "
      "was lost. Put a copy of it back; to begin anew, take another folder or remove this one",
      root.string(), what, work->lexically_relative(root).string());
}

// Before it is opened: that would write to it.
void refuse_empty_database(const Path& root) {
  std::error_code error;
  if (std::filesystem::file_size(root / "epicrisis.db", error) == 0 && !error) {
    refuse_lost_database(root, "is empty");
  }
}

void refuse_fresh_database(const Path& root, Database& database) {
  const auto known = database.query_integer(
      "SELECT 1 FROM datasets UNION ALL SELECT 1 FROM settings WHERE name = ? LIMIT 1", kEmptied);
  if (!known) {
    refuse_lost_database(root, "has no data set");
  }
}

}  // namespace

WorkspaceLock::WorkspaceLock(WorkspaceLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

WorkspaceLock::~WorkspaceLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Workspace::Workspace(Path root, std::unique_ptr<Database> database)
    : root_(std::move(root)), database_(std::move(database)) {}

bool Workspace::exists(const Path& root) {
  std::error_code error;
  return std::filesystem::is_regular_file(clean_root(root) / "epicrisis.db", error);
}

Workspace Workspace::create(const Path& path) {
  const Path root = clean_root(path);
  if (exists(root)) {
    throw UsageError("cannot make a workspace in {}: there is one already", root.string());
  }
  return build(root);
}

Workspace Workspace::build(const Path& root) {
  std::error_code error;
  if (std::filesystem::exists(root, error) && !std::filesystem::is_directory(root, error)) {
    throw UsageError("cannot make a workspace in {}: it is not a folder", root.string());
  }
  if (!exists(root)) refuse_lost_database(root, "is gone");
  if (std::filesystem::is_directory(root, error)) {
    for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
      const std::string name = entry.path().filename().string();
      // Ours: an earlier attempt died before the database was there.
      if (std::find(kFolders.begin(), kFolders.end(), name) != kFolders.end()) continue;
      if (name.starts_with("epicrisis.db")) continue;
      throw UsageError(
          "cannot make a workspace in {}: the folder holds other files ('{}'). Name a new or empty "
          "folder",
          root.string(), name);
    }
    if (error) throw SystemError("cannot read the folder {}: {}", root.string(), error.message());
  }
  for (const char* folder : kFolders) make_folder(root / folder);
  refuse_empty_database(root);
  // Two processes may do this at once; migrate() sees to it that one makes the tables.
  auto database = std::make_unique<Database>(root / "epicrisis.db");
  migrate(*database);
  return {root, std::move(database)};
}

Workspace Workspace::open(const Path& path) {
  const Path root = clean_root(path);
  refuse_file(root);
  if (!exists(root)) {
    throw UsageError(
        "there is no workspace in {} (no epicrisis.db). Make one with: epicrisis init {}{}",
        root.string(), shell_word(root.string()), near_path_words(root));
  }
  if (!may_write(root)) {
    throw SystemError(
        "cannot open the workspace {} to write to it: it is read-only, by its permissions or those "
        "of its epicrisis.db, or by the disk. What is asked for has to be stored there: make it "
        "writable, or work in a copy of it",
        root.string());
  }
  refuse_empty_database(root);
  auto database =
      std::make_unique<Database>(root / "epicrisis.db", DatabaseOptions{.create = false});
  migrate(*database);
  refuse_fresh_database(root, *database);
  for (const char* folder : kFolders) make_folder(root / folder);
  return {root, std::move(database)};
}

Workspace Workspace::open_to_read(const Path& path) {
  const Path root = clean_root(path);
  if (exists(root) && !may_write(root)) return copy_of(root);
  try {
    return open(root);
  } catch (const SystemError&) {
    // No room for the index of a log: a temporary copy may lie on another disk.
    if (std::optional<Workspace> workspace = copy_if_possible(root)) return std::move(*workspace);
    if (std::optional<Workspace> workspace = look_at(root)) return std::move(*workspace);
    throw;
  }
}

Workspace Workspace::open_to_look(const Path& path) {
  const Path root = clean_root(path);
  if (!exists(root) || !may_write(root)) return open_to_read(root);
  try {
    return open(root);
  } catch (const SystemError&) {
    if (std::optional<Workspace> workspace = look_at(root)) return std::move(*workspace);
    throw;
  }
}

std::optional<Workspace> Workspace::copy_if_possible(const Path& root) {
  try {
    return copy_of(root);
  } catch (const SystemError&) {
    return std::nullopt;
  }
}

// Nothing where the file alone does not say all, or cannot be read.
std::optional<Workspace> Workspace::look_at(const Path& root) {
  if (!exists(root) || has_log(root / "epicrisis.db")) return std::nullopt;
  try {
    auto database =
        std::make_unique<Database>(root / "epicrisis.db", DatabaseOptions{.unchanging = true});
    if (database->query_integer("PRAGMA user_version") != current_layout_version()) {
      return std::nullopt;
    }
    refuse_fresh_database(root, *database);
    Workspace workspace(root, std::move(database));
    workspace.kept_ = false;
    return workspace;
  } catch (const SystemError&) {
    return std::nullopt;
  }
}

Workspace Workspace::open_copy(const Path& path) { return copy_of(clean_root(path)); }

Workspace Workspace::copy_of(const Path& root) {
  refuse_file(root);
  const bool there = exists(root);
  if (there) refuse_empty_database(root);
  auto scratch = std::make_unique<TemporaryFolder>();
  const Path copy = scratch->path() / "epicrisis.db";
  if (there) copy_database(root / "epicrisis.db", copy);
  auto database = std::make_unique<Database>(copy, DatabaseOptions{.create = !there});
  migrate(*database);
  if (there) refuse_fresh_database(root, *database);
  Workspace workspace(root, std::move(database));
  workspace.scratch_ = std::move(scratch);
  workspace.kept_ = false;
  return workspace;
}

Workspace Workspace::open_or_create(const Path& root, bool* created) {
  const bool there = exists(root);
  if (created != nullptr) *created = !there;
  return there ? open(root) : build(clean_root(root));
}

WorkspaceLock Workspace::lock(std::string_view name) const {
  if (!is_safe_id(name)) throw InternalError("lock '{}' is not a file name", name);
  return WorkspaceLock(take_lock(root_ / "locks" / fmt::format("{}.lock", name), name, kept_));
}

}  // namespace epicrisis
