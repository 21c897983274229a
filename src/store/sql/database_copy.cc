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

// SQLite needs an index of the log, which it could not make there; it does without where it is told
// that nothing changes.
std::string immutable_uri(const Path& path) {
  std::string uri = "file:";
  for (const char c : path.string()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '.' || c == '-' || c == '_';
    uri += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return uri + "?immutable=1";
}

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

void copy_database(const Path& from, const Path& to) {
  std::error_code error;
  const std::string log = from.string() + "-wal";
  const auto logged = std::filesystem::file_size(log, error);
  const bool has_log = !error && logged > 0;
  if (copy_pages(has_log ? from.string() : immutable_uri(from), to)) return;
  // A log without its index: nobody is at work in it, so the files may be taken as they are.
  for (const char* part : {"", "-wal"}) {
    if (*part != '\0' && !has_log) continue;
    std::filesystem::copy_file(from.string() + part, to.string() + part,
                               std::filesystem::copy_options::overwrite_existing, error);
    if (error) {
      throw SystemError("cannot copy {}{} to read it: {}", from.string(), part, error.message());
    }
  }
}

}  // namespace epicrisis
