#pragma once

#include <sqlite3.h>

#include <atomic>
#include <functional>
#include <string>

namespace epicrisis::test {

// A disk that can fail: passes everything to SQLite's own VFS, but asks `on_write` before each
// write, sync and truncation. While it lives it is the process's default VFS. One at a time.
class FaultVfs {
 public:
  // What to do with the operation of this number (from 0): an SQLite error code to fail with, or
  // SQLITE_OK. A write may also be cut: `bytes` is its length, and may be made smaller.
  using Decide = std::function<int(std::int64_t number, int& bytes)>;

  explicit FaultVfs(Decide decide);
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  static std::int64_t operations();
};

}  // namespace epicrisis::test
