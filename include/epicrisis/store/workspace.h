#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "epicrisis/core/files.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// The layout of epicrisis.db that this program writes (PRAGMA user_version).
int current_layout_version();

// Brings a database to current_layout_version(), in one transaction, safe against a second process
// that does the same. InputError for a file of another program, of a newer layout (both version
// numbers in the message), or whose tables are not those of its layout.
void migrate(Database& database);

// Held while its object lives, across processes: an flock on a file, which the kernel drops when
// the process dies, however it dies.
class WorkspaceLock {
 public:
  WorkspaceLock(WorkspaceLock&& other) noexcept;
  WorkspaceLock& operator=(WorkspaceLock&&) = delete;
  WorkspaceLock(const WorkspaceLock&) = delete;
  ~WorkspaceLock();

 private:
  friend class Workspace;
  explicit WorkspaceLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

// A folder with a database and the files that it speaks of; docs/formats/workspace.md and
// docs/formats/workspace-database.md describe both. One Workspace is one database connection: one
// thread at a time; further threads open their own.
class Workspace {
 public:
  // Makes the folder and its database. UsageError if it holds a workspace already or other files,
  // InputError if it holds pictures or runs whose database is gone.
  static Workspace create(const Path& root);
  // UsageError if there is no workspace; InputError if the database is damaged, empty or fresh
  // where the folder holds pictures, features or runs; SystemError if it may not be written to.
  static Workspace open(const Path& root);
  // For who only reads: where the folder may not or cannot be written to (its permissions, a disk
  // that is mounted read-only or full), the database is a temporary copy, and what is written to it
  // goes with it. Where there is no room for a copy either, it is the database as it is, without a
  // file beside it, provided that it is of this layout and has no log; what is written to it is
  // refused. The error of open() otherwise.
  static Workspace open_to_read(const Path& root);
  // For who writes nothing at all: as open_to_read(), without the copy where it can be.
  static Workspace open_to_look(const Path& root);
  // To try things on: the database is a temporary copy that goes with the object, the folder's
  // files are the real ones. Where there is no workspace the copy is an empty one. Errors as
  // open().
  static Workspace open_copy(const Path& root);
  // `created`, if given, tells which.
  static Workspace open_or_create(const Path& root, bool* created = nullptr);
  static bool exists(const Path& root);

  // Not kept: what is written to the database is lost with this object, and the folder takes none.
  bool kept() const { return kept_; }
  const Path& root() const { return root_; }
  Path database_path() const { return root_ / "epicrisis.db"; }
  Path images() const { return root_ / "images"; }
  Path embeddings() const { return root_ / "embeddings"; }
  Path runs() const { return root_ / "runs"; }
  Path reports() const { return root_ / "reports"; }
  Database& database() { return *database_; }

  // Takes the lock `name` (letters, digits, '-', '_', '.'; "study-demo", "prepare"). SystemError
  // that names the process which holds it if another does; never waits.
  WorkspaceLock lock(std::string_view name) const;

 private:
  Workspace(Path root, std::unique_ptr<Database> database);
  static Workspace build(const Path& root);
  static Workspace copy_of(const Path& root);
  static std::optional<Workspace> copy_if_possible(const Path& root);
  static std::optional<Workspace> look_at(const Path& root);
  Path root_;
  std::unique_ptr<TemporaryFolder> scratch_;  // outlives the copy in it
  std::unique_ptr<Database> database_;
  bool kept_ = true;
};

}  // namespace epicrisis
