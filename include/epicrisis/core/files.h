#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace epicrisis {

using Path = std::filesystem::path;

inline constexpr std::uint64_t kMaxTextFile = std::uint64_t{1} << 30;  // 1 GiB

// Errors of this file are SystemError with path and errno text, if nothing else is said.

// Whole file. InputError if it is larger than max_bytes.
std::string read_file(const Path& path, std::uint64_t max_bytes = kMaxTextFile);
// Writes `bytes` aside, syncs, renames over `path`, syncs the folder: a reader sees the old file or
// the new one, never a part. Makes missing parent folders.
void write_file(const Path& path, std::string_view bytes);

// A file written in pieces under a temporary name beside `path`; commit() syncs and renames it, the
// destructor without commit() removes it. For files too large to hold in memory.
class AtomicFileWriter {
 public:
  explicit AtomicFileWriter(const Path& path);
  ~AtomicFileWriter();
  AtomicFileWriter(const AtomicFileWriter&) = delete;
  AtomicFileWriter& operator=(const AtomicFileWriter&) = delete;
  void write(std::string_view bytes);
  std::uint64_t position() const { return position_; }
  void commit();

 private:
  Path path_;
  Path temporary_;
  int descriptor_ = -1;
  std::uint64_t position_ = 0;
};

// A read-only memory map. The file must not be shortened while mapped.
class MappedFile {
 public:
  explicit MappedFile(const Path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// `root / relative` if that stays below `root` once "..", absolute parts and links are resolved;
// InputError naming `what` and the value otherwise. The file need not exist.
Path path_below(const Path& root, std::string_view relative, std::string_view what);

// A folder that is removed with all its content at the end of its life.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const Path& path() const { return path_; }

 private:
  Path path_;
};

}  // namespace epicrisis
