#include "store/sql/database_copy.h"

#include <sqlite3.h>

#include <memory>
#include <string>
#include <system_error>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

struct Close {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
using Handle = std::unique_ptr<sqlite3, Close>;

Handle open(const std::string& name, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_URI, nullptr);
  Handle owner(handle);
  return code == SQLITE_OK ? std::move(owner) : nullptr;
}

bool copy_pages(const std::string& from, const Path& to) {
  const Handle source = open(from, SQLITE_OPEN_READONLY);
  const Handle target = open(to.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (source == nullptr || target == nullptr) return false;
  sqlite3_backup* backup = sqlite3_backup_init(target.get(), "main", source.get(), "main");
  if (backup == nullptr) return false;
  const bool done = sqlite3_backup_step(backup, -1) == SQLITE_DONE;
  return sqlite3_backup_finish(backup) == SQLITE_OK && done;
}

}  // namespace

bool has_log(const Path& database) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(database.string() + "-wal", error);
  return !error && bytes > 0;
}

std::string immutable_uri(const Path& path) {
  std::string uri = "file:";
  for (const char c : path.string()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '.' || c == '-' || c == '_';
    uri += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return uri + "?immutable=1";
}

void copy_database(const Path& from, const Path& to) {
  // SQLite needs an index of the log, which it could not make there.
  const bool logged = has_log(from);
  if (copy_pages(logged ? from.string() : immutable_uri(from), to)) return;
  // A log without its index: nobody is at work in it, so the files may be taken as they are.
  for (const char* part : {"", "-wal"}) {
    if (*part != '\0' && !logged) continue;
    std::error_code error;
    std::filesystem::copy_file(from.string() + part, to.string() + part,
                               std::filesystem::copy_options::overwrite_existing, error);
    if (error) {
      throw SystemError("cannot copy {}{} to read it: {}", from.string(), part, error.message());
    }
  }
}

}  // namespace epicrisis
