#include "support/fault_vfs.h"

#include <new>
#include <utility>

namespace epicrisis::test {
namespace {

struct State {
  FaultVfs::Decide decide;
  std::int64_t operations = 0;
  sqlite3_vfs* real = nullptr;
  sqlite3_vfs vfs{};
};
State state;

struct File {
  sqlite3_file base;
  // The real VFS's file follows.
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<File*>(file)->real(); }

int decide(int& bytes) { return state.decide(state.operations++, bytes); }

int file_close(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }
int file_read(sqlite3_file* file, void* to, int bytes, sqlite3_int64 at) {
  return real(file)->pMethods->xRead(real(file), to, bytes, at);
}
int file_write(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 at) {
  int kept = bytes;
  const int code = decide(kept);
  if (kept > 0 && (code == SQLITE_OK || kept < bytes)) {
    const int written = real(file)->pMethods->xWrite(real(file), from, kept, at);
    if (written != SQLITE_OK) return written;
  }
  return code;
}
int file_truncate(sqlite3_file* file, sqlite3_int64 size) {
  int bytes = 0;
  const int code = decide(bytes);
  return code != SQLITE_OK ? code : real(file)->pMethods->xTruncate(real(file), size);
}
int file_sync(sqlite3_file* file, int flags) {
  int bytes = 0;
  const int code = decide(bytes);
  return code != SQLITE_OK ? code : real(file)->pMethods->xSync(real(file), flags);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
int file_lock(sqlite3_file* file, int level) {
  return real(file)->pMethods->xLock(real(file), level);
}
int file_unlock(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}
int file_check_lock(sqlite3_file* file, int* out) {
  return real(file)->pMethods->xCheckReservedLock(real(file), out);
}
int file_control(sqlite3_file* file, int operation, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}
int file_sector(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
int file_traits(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
int file_shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}
int file_shm_lock(sqlite3_file* file, int offset, int n, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}
void file_shm_barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
int file_shm_unmap(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

const sqlite3_io_methods kMethods = {
    2,           file_close,   file_read,     file_write,       file_truncate,  file_sync,
    file_size,   file_lock,    file_unlock,   file_check_lock,  file_control,   file_sector,
    file_traits, file_shm_map, file_shm_lock, file_shm_barrier, file_shm_unmap, nullptr,
    nullptr};

int vfs_open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out) {
  file->pMethods = nullptr;
  const int code = state.real->xOpen(state.real, name, real(file), flags, out);
  if (real(file)->pMethods != nullptr) file->pMethods = &kMethods;
  return code;
}

}  // namespace

FaultVfs::FaultVfs(Decide decide) {
  state.decide = std::move(decide);
  state.operations = 0;
  state.real = sqlite3_vfs_find("unix");
  state.vfs = *state.real;
  state.vfs.zName = "fault";
  state.vfs.pNext = nullptr;
  state.vfs.szOsFile = static_cast<int>(sizeof(File)) + state.real->szOsFile;
  state.vfs.xOpen = vfs_open;
  sqlite3_vfs_register(&state.vfs, 1);
}

FaultVfs::~FaultVfs() {
  sqlite3_vfs_unregister(&state.vfs);
  sqlite3_vfs_register(state.real, 1);
}

std::int64_t FaultVfs::operations() { return state.operations; }

}  // namespace epicrisis::test
