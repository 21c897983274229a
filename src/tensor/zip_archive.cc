#include "tensor/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

// Sizes and signatures of APPNOTE.TXT (PKWARE), sections 4.3.7, 4.3.12 and 4.3.14 to 4.3.16.
constexpr std::uint32_t kLocal = 0x04034b50;
constexpr std::uint32_t kEntry = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kLocator64 = 0x07064b50;
constexpr std::size_t kLocalSize = 30;
constexpr std::size_t kEntrySize = 46;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kEnd64Size = 56;
constexpr std::size_t kLocator64Size = 20;
constexpr std::uint32_t kIn64 = 0xFFFFFFFF;  // "see the zip64 field"
constexpr std::uint64_t kMaxRecords = 65536;

class Bytes {
 public:
  Bytes(std::span<const std::byte> bytes, const std::string& source)
      : bytes_(bytes), source_(source) {}

  std::uint64_t size() const { return bytes_.size(); }
  std::span<const std::byte> part(std::uint64_t offset, std::uint64_t length) const {
    if (offset > bytes_.size() || length > bytes_.size() - offset) {
      throw InputError("{}: the zip archive points at {} bytes from {}, beyond its end at {}",
                       source_, length, offset, bytes_.size());
    }
    return bytes_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
  }
  template <typename T>
  T number(std::uint64_t offset) const {
    T value;
    std::memcpy(&value, part(offset, sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::uint16_t u16(std::uint64_t offset) const { return number<std::uint16_t>(offset); }
  std::uint32_t u32(std::uint64_t offset) const { return number<std::uint32_t>(offset); }
  std::uint64_t u64(std::uint64_t offset) const { return number<std::uint64_t>(offset); }
  std::string text(std::uint64_t offset, std::uint64_t length) const {
    const auto bytes = part(offset, length);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  [[noreturn]] void fail(std::uint64_t offset, const std::string& what) const {
    throw InputError("{}: zip archive, byte {}: {}", source_, offset, what);
  }

 private:
  std::span<const std::byte> bytes_;
  const std::string& source_;
};

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t count = 0;
};

// The end record is the last one whose comment reaches exactly to the end of the file.
Directory find_directory(const Bytes& file) {
  if (file.size() < kEndSize) file.fail(0, "too short for a zip archive");
  const std::uint64_t lowest =
      file.size() > kEndSize + 0xFFFF ? file.size() - kEndSize - 0xFFFF : 0;
  for (std::uint64_t at = file.size() - kEndSize;; --at) {
    if (file.u32(at) == kEnd && at + kEndSize + file.u16(at + 20) == file.size()) {
      Directory directory{file.u32(at + 16), file.u16(at + 10)};
      if (at >= kLocator64Size && file.u32(at - kLocator64Size) == kLocator64) {
        const std::uint64_t end64 = file.u64(at - kLocator64Size + 8);
        if (file.part(end64, kEnd64Size).empty() || file.u32(end64) != kEnd64) {
          file.fail(end64, "no zip64 end record where the locator says");
        }
        directory = {file.u64(end64 + 48), file.u64(end64 + 32)};
      }
      return directory;
    }
    if (at == lowest) break;
  }
  file.fail(file.size(), "no end record: the file is cut off or no zip archive");
}

struct Entry {
  std::string name;
  std::uint64_t size = 0;
  std::uint64_t local = 0;
  std::uint32_t crc = 0;
};

// Replaces 32-bit fields that say kIn64 by those of the zip64 extra field (4.5.3).
void read_zip64(const Bytes& file, std::uint64_t extra, std::uint64_t length, Entry& entry,
                std::uint64_t& packed) {
  if (entry.size != kIn64 && packed != kIn64 && entry.local != kIn64) return;
  for (std::uint64_t at = extra; at + 4 <= extra + length;) {
    const std::uint64_t end = at + 4 + file.u16(at + 2);
    if (end > extra + length) break;
    if (file.u16(at) == 1) {
      std::uint64_t field = at + 4;
      for (std::uint64_t* value : {&entry.size, &packed, &entry.local}) {
        if (*value != kIn64) continue;
        if (field + 8 > end) file.fail(at, "the zip64 field is too short");
        *value = file.u64(field);
        field += 8;
      }
      return;
    }
    at = end;
  }
  file.fail(extra, "a zip64 field is missing");
}

Entry read_entry(const Bytes& file, std::uint64_t& at) {
  if (file.part(at, kEntrySize).empty() || file.u32(at) != kEntry) {
    file.fail(at, "a directory entry was expected");
  }
  Entry entry;
  const std::uint16_t name_length = file.u16(at + 28);
  const std::uint16_t extra_length = file.u16(at + 30);
  entry.name = file.text(at + kEntrySize, name_length);
  entry.crc = file.u32(at + 16);
  std::uint64_t packed = file.u32(at + 20);
  entry.size = file.u32(at + 24);
  entry.local = file.u32(at + 42);
  if ((file.u16(at + 8) & 1U) != 0) file.fail(at, fmt::format("'{}' is encrypted", entry.name));
  if (file.u16(at + 10) != 0) {
    file.fail(at,
              fmt::format("'{}' is compressed; torch.save stores records as they are", entry.name));
  }
  read_zip64(file, at + kEntrySize + name_length, extra_length, entry, packed);
  if (packed != entry.size) {
    file.fail(at, fmt::format("'{}' is stored, but its sizes {} and {} differ", entry.name, packed,
                              entry.size));
  }
  at += kEntrySize + std::uint64_t{name_length} + extra_length + file.u16(at + 32);
  return entry;
}

}  // namespace

ZipArchive::ZipArchive(std::span<const std::byte> bytes, std::string source)
    : source_(std::move(source)) {
  const Bytes file(bytes, source_);
  const Directory directory = find_directory(file);
  if (directory.count > kMaxRecords) {
    file.fail(directory.offset,
              fmt::format("{} records, the cap is {}", directory.count, kMaxRecords));
  }
  std::uint64_t at = directory.offset;
  for (std::uint64_t i = 0; i < directory.count; ++i) {
    const Entry entry = read_entry(file, at);
    if (file.part(entry.local, kLocalSize).empty() || file.u32(entry.local) != kLocal) {
      file.fail(entry.local, fmt::format("no local header for '{}'", entry.name));
    }
    const std::uint16_t name_length = file.u16(entry.local + 26);
    if (file.text(entry.local + kLocalSize, name_length) != entry.name) {
      file.fail(entry.local, fmt::format("the local header is not that of '{}'", entry.name));
    }
    const std::uint64_t data = entry.local + kLocalSize + name_length + file.u16(entry.local + 28);
    if (!records_.emplace(entry.name, Record{file.part(data, entry.size), entry.crc}).second) {
      file.fail(at, fmt::format("'{}' is there twice", entry.name));
    }
  }
}

std::span<const std::byte> ZipArchive::checked(const std::string& name) const {
  const auto found = records_.find(name);
  if (found == records_.end()) throw InputError("{}: the archive has no '{}'", source_, name);
  const auto bytes = found->second.bytes;
  const auto crc = static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  if (crc != found->second.crc) {
    throw InputError("{}: '{}' is damaged: CRC-32 {:08x}, the archive says {:08x}", source_, name,
                     crc, found->second.crc);
  }
  return bytes;
}

}  // namespace epicrisis
