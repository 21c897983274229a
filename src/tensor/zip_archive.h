#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

namespace epicrisis {

// Records of a zip archive in memory, as torch.save writes them: stored, not compressed or
// encrypted; with zip64 for large ones. Views lie in the bytes given.
class ZipArchive {
 public:
  // InputError with `source` and offset for a directory that is cut off, lies outside the file,
  // repeats a name, or has over 65536 entries; for a compressed or encrypted record.
  ZipArchive(std::span<const std::byte> bytes, std::string source);

  struct Record {
    std::span<const std::byte> bytes;
    std::uint32_t crc = 0;
  };
  const std::map<std::string, Record>& records() const { return records_; }
  // The bytes of a record once their CRC-32 was checked; InputError if it is absent or wrong.
  std::span<const std::byte> checked(const std::string& name) const;

 private:
  std::string source_;
  std::map<std::string, Record> records_;
};

}  // namespace epicrisis
