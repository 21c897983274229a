#include "epicrisis/core/files.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

#include "core/posix_files.h"
#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

std::string_view advice(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT:
      return "; free some space or choose a folder on another disk";
    case EROFS:
      return "; choose a folder on a disk that can be written";
    case EACCES:
    case EPERM:
      return "; check the permissions of the file and its folders";
    case EMFILE:
    case ENFILE:
      return "; raise the limit of open files (ulimit -n)";
    case EISDIR:
      return "; a file is expected there: move the folder away";
    case ENOTDIR:
      return "; a part of the path is a file";
    case ENXIO:
      return "; a named pipe that nobody reads, a socket or a device is there: move it away";
    default:
      return "";
  }
}

void sync_folder(const Path& folder) {
  const Path path = folder.empty() ? Path(".") : folder;
  const Descriptor descriptor(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() < 0) throw_errno("open folder", path, errno);
  // Some file systems cannot sync a folder and say so with EINVAL; there is nothing more to do
  // there.
  if (fsync(descriptor.get()) != 0 && errno != EINVAL) throw_errno("sync folder", path, errno);
}

// Makes missing folders, each synced into its parent, so that a file in them survives a crash.
void make_folders(const Path& folder) {
  if (folder.empty()) return;
  if (mkdir(folder.c_str(), 0777) == 0) {
    sync_folder(folder.parent_path());
    return;
  }
  if (errno == EEXIST) return;  // a file of that name shows itself when it is opened as a folder
  if (errno != ENOENT || !folder.has_relative_path()) throw_errno("make folder", folder, errno);
  const Path parent =
      folder.has_filename() ? folder.parent_path() : folder.parent_path().parent_path();
  if (parent == folder || parent.empty()) throw_errno("make folder", folder, ENOENT);
  make_folders(parent);
  if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
    throw_errno("make folder", folder, errno);
  sync_folder(folder.parent_path());
}

void write_all(int descriptor, std::string_view bytes, const Path& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_errno("write", path, errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

[[noreturn]] void throw_no_file(const Path& path, std::string_view what) {
  throw InputError("cannot read '{}': it is {}; give a file", path.string(), what);
}

// A pipe, a device or a socket, or one of the links to them in /dev: to put a file of our own in
// their place would take them away from everybody.
bool is_written_in_place(const Path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return false;
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return true;
  return path.native().starts_with("/dev/") && lstat(path.c_str(), &status) == 0 &&
         S_ISLNK(status.st_mode);
}

[[noreturn]] void throw_too_large(const Path& path, std::uint64_t max_bytes) {
  throw InputError("cannot read '{}': larger than the {} bytes that are taken", path.string(),
                   max_bytes);
}

}  // namespace

void throw_errno(std::string_view tried, const Path& path, int number) {
  throw SystemError("cannot {} '{}': {}{}", tried, path.string(),
                    std::generic_category().message(number), advice(number));
}

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

Descriptor open_to_read(const Path& path) {
  // std::filesystem::path may hold a NUL, at which the system call would stop reading the name.
  if (path.native().find('\0') != std::string::npos) throw_errno("read", path, EINVAL);
  // Without O_NONBLOCK a named pipe would wait for somebody who writes.
  Descriptor descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (descriptor.get() < 0 && errno == ENXIO) throw_no_file(path, "a socket or a device");
  if (descriptor.get() < 0) throw_errno("read", path, errno);
  struct stat status {};
  if (fstat(descriptor.get(), &status) != 0) throw_errno("read", path, errno);
  if (S_ISREG(status.st_mode)) return descriptor;
  if (S_ISDIR(status.st_mode)) {
    throw SystemError("cannot read '{}': it is a folder; give a file", path.string());
  }
  if (!S_ISFIFO(status.st_mode)) throw_no_file(path, "a device");
  // A shell's <(...) has somebody who writes, and a file system of its own.
  struct statfs system {};
  if (fstatfs(descriptor.get(), &system) != 0 || system.f_type != PIPEFS_MAGIC) {
    throw_no_file(path, "a named pipe");
  }
  if (fcntl(descriptor.get(), F_SETFL, O_RDONLY) != 0) throw_errno("read", path, errno);
  return descriptor;
}

std::size_t read_some(int descriptor, char* buffer, std::size_t size, const Path& path) {
  while (true) {
    const ssize_t count = read(descriptor, buffer, size);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) throw_errno("read", path, errno);
  }
}

std::string read_file(const Path& path, std::uint64_t max_bytes) {
  const Descriptor file = open_to_read(path);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) throw_errno("read", path, errno);
  const auto size = static_cast<std::uint64_t>(std::max<off_t>(0, status.st_size));
  if (size > max_bytes) throw_too_large(path, max_bytes);

  // The size is a hint only: a pipe has none, and a file may grow meanwhile.
  std::string text;
  text.resize(static_cast<std::size_t>(size) + 1);
  std::size_t used = 0;
  while (const std::size_t count =
             read_some(file.get(), text.data() + used, text.size() - used, path)) {
    used += count;
    if (used > max_bytes) throw_too_large(path, max_bytes);
    if (used == text.size()) text.resize(text.size() * 2 + 4096);
  }
  text.resize(used);
  return text;
}

void write_file(const Path& path, std::string_view bytes) {
  AtomicFileWriter writer(path);
  writer.write(bytes);
  writer.commit();
}

AtomicFileWriter::AtomicFileWriter(const Path& path) : path_(path) {
  if (path.native().find('\0') != std::string::npos || !path.has_filename()) {
    throw_errno("write", path, EINVAL);
  }
  if (is_written_in_place(path)) {
    // Without O_NONBLOCK a named pipe would wait for somebody who reads.
    descriptor_ = open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor_ < 0 || fcntl(descriptor_, F_SETFL, O_WRONLY) != 0) {
      throw_errno("write", path, errno);
    }
    return;
  }
  make_folders(path.parent_path());
  static std::atomic<unsigned> counter{0};
  // A name may be left over from a killed process that had this one's id: then take the next.
  for (int attempt = 0; attempt < 1000; ++attempt) {
    temporary_ = path.parent_path() / fmt::format(".epicrisis-{}-{}.part", getpid(), counter++);
    descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ >= 0) return;
    if (errno != EEXIST) break;
  }
  throw_errno("write", path, errno);
}

AtomicFileWriter::~AtomicFileWriter() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void AtomicFileWriter::write(std::string_view bytes) {
  if (descriptor_ < 0) throw InternalError("write after commit of '{}'", path_.string());
  write_all(descriptor_, bytes, path_);
  position_ += bytes.size();
}

void AtomicFileWriter::commit() {
  if (descriptor_ < 0) throw InternalError("second commit of '{}'", path_.string());
  const bool in_place = temporary_.empty();
  if (!in_place && fsync(descriptor_) != 0) throw_errno("write", path_, errno);
  if (!in_place && rename(temporary_.c_str(), path_.c_str()) != 0) {
    throw_errno("write", path_, errno);
  }
  const int descriptor = std::exchange(descriptor_, -1);
  // Network file systems report a failed write only here.
  if (close(descriptor) != 0 && errno != EINTR) throw_errno("write", path_, errno);
  if (!in_place) sync_folder(path_.parent_path());
}

MappedFile::MappedFile(const Path& path) {
  const Descriptor file = open_to_read(path);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) throw_errno("read", path, errno);
  if (!S_ISREG(status.st_mode)) throw_errno("map", path, EINVAL);
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ == 0) return;  // a map of no bytes is an error to the system
  void* address = mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.get(), 0);
  if (address == MAP_FAILED) throw_errno("map", path, errno);
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  const Path parent = std::filesystem::temp_directory_path(error);
  if (error) throw SystemError("cannot make a temporary folder: {}; set TMPDIR", error.message());
  std::string name = (parent / "epicrisis-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw_errno("make temporary folder", name, errno);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // nothing useful can be done about a folder that stays
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace epicrisis
