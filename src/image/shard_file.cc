#include "image/shard_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

constexpr std::string_view kMagic = "EPICSHRD";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderSize = 256;
constexpr std::size_t kMaxRecipe = 160;
constexpr std::size_t kRecipeAt = 28;
constexpr std::size_t kHeaderCrcAt = 252;
// Two count records, used in turn, each in a disk block of its own: a write that is torn by a power
// cut leaves the other one.
constexpr std::size_t kRecordAt[2] = {4096, 8192};
constexpr std::size_t kRecordSize = 16;
constexpr std::size_t kCrcTableAt = 12288;
constexpr std::size_t kPixelsAt = kCrcTableAt + std::size_t{kShardCapacity} * 4;

void put32(std::uint8_t* to, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}
void put64(std::uint8_t* to, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}
std::uint32_t get32(const std::uint8_t* from) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value |= std::uint32_t{from[i]} << (8 * i);
  return value;
}
std::uint64_t get64(const std::uint8_t* from) {
  return get32(from) | std::uint64_t{get32(from + 4)} << 32;
}

std::uint32_t crc(const std::uint8_t* bytes, std::size_t size) {
  return static_cast<std::uint32_t>(crc32_z(0, bytes, size));
}

std::vector<std::uint8_t> count_record(std::uint64_t sequence, std::uint32_t count) {
  std::vector<std::uint8_t> record(kRecordSize);
  put64(record.data(), sequence);
  put32(record.data() + 8, count);
  put32(record.data() + 12, crc(record.data(), 12));
  return record;
}

Descriptor open_shard(const Path& path, bool writes) {
  // Asked first: to open a device may do something, and a named pipe waits for who writes.
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    throw DamagedShard("{}: it is no file of pictures but {}", path.string(),
                       S_ISDIR(status.st_mode)    ? "a folder"
                       : S_ISFIFO(status.st_mode) ? "a named pipe"
                                                  : "a device or a socket");
  }
  const int number = ::open(path.c_str(), (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
  if (number < 0) throw_errno("open", path, errno);
  return Descriptor(number);
}

}  // namespace

Path shard_path(const Path& folder, std::uint32_t number) {
  return folder / fmt::format("shard-{:05}.eps", number);
}

namespace {

std::string header_bytes(const ShardShape& shape, std::uint32_t number, std::uint32_t count) {
  if (shape.recipe_id.empty() || shape.recipe_id.size() > kMaxRecipe) {
    throw InternalError("a shard for a recipe id of {} bytes; 1 to {} fit", shape.recipe_id.size(),
                        kMaxRecipe);
  }
  std::string bytes(kPixelsAt, '\0');
  auto* to = reinterpret_cast<std::uint8_t*>(bytes.data());
  std::ranges::copy(kMagic, bytes.begin());
  put32(to + 8, kVersion);
  put32(to + 12, static_cast<std::uint32_t>(shape.size));
  put32(to + 16, kShardCapacity);
  put32(to + 20, number);
  put32(to + 24, static_cast<std::uint32_t>(shape.recipe_id.size()));
  std::ranges::copy(shape.recipe_id, bytes.begin() + kRecipeAt);
  put32(to + kHeaderCrcAt, crc(to, kHeaderCrcAt));
  for (int i = 0; i < 2; ++i) {
    const auto record = count_record(static_cast<std::uint64_t>(i), count);
    std::memcpy(to + kRecordAt[i], record.data(), record.size());
  }
  return bytes;
}

}  // namespace

void ShardFile::create(const Path& path, const ShardShape& shape, std::uint32_t number) {
  write_file(path, header_bytes(shape, number, 0));
}

void ShardFile::create_placeholder(const Path& path, const ShardShape& shape,
                                   std::uint32_t number) {
  const Path aside = path.string() + ".new";
  std::string bytes = header_bytes(shape, number, kShardCapacity);
  // The CRC of a picture of zeros is not 0xffffffff.
  bytes.replace(kCrcTableAt, std::size_t{kShardCapacity} * 4, std::size_t{kShardCapacity} * 4,
                '\xff');
  write_file(aside, bytes);
  std::error_code problem;
  std::filesystem::resize_file(aside, kPixelsAt + shape.picture_bytes() * kShardCapacity, problem);
  if (problem) throw_errno("lengthen", aside, problem.value());
  std::filesystem::rename(aside, path, problem);
  if (problem) throw_errno("rename", aside, problem.value());
}

ShardFile::ShardFile(Path path, const ShardShape& shape, std::uint32_t number, bool writes)
    : path_(std::move(path)), shape_(shape), file_(open_shard(path_, writes)) {
  struct stat status {};
  if (fstat(file_.get(), &status) != 0) throw_errno("read", path_, errno);
  const auto length = static_cast<std::uint64_t>(status.st_size);
  if (length < kPixelsAt) {
    throw DamagedShard("{}: cut short, {} bytes where the header alone has {}", path_.string(),
                       length, kPixelsAt);
  }
  // The room for all pictures is mapped at once, so that addresses stay while the file grows. What
  // lies beyond the end of the file is not touched: reading stops at count().
  map_size_ = kPixelsAt + shape_.picture_bytes() * kShardCapacity;
  void* map = mmap(nullptr, map_size_, PROT_READ, MAP_SHARED, file_.get(), 0);
  if (map == MAP_FAILED) throw_errno("map", path_, errno);
  map_ = static_cast<const std::uint8_t*>(map);
  try {
    read_header(number);
    const std::optional<std::uint32_t> first = read_count(0);
    const std::optional<std::uint32_t> second = read_count(1);
    if (!first && !second) throw DamagedShard("{}: both count records are broken", path_.string());
    if (count_ > kShardCapacity) {
      throw DamagedShard("{}: {} pictures counted, {} fit", path_.string(), count_, kShardCapacity);
    }
    const std::uint64_t needed = kPixelsAt + std::uint64_t{count_} * shape_.picture_bytes();
    if (length < needed) {
      throw DamagedShard("{}: cut short, {} bytes for {} pictures that need {}", path_.string(),
                         length, count_, needed);
    }
    if (writes && length > needed && ftruncate(file_.get(), static_cast<off_t>(needed)) != 0) {
      throw_errno("shorten", path_, errno);
    }
  } catch (...) {
    munmap(map, map_size_);
    throw;
  }
}

ShardFile::~ShardFile() { munmap(const_cast<std::uint8_t*>(map_), map_size_); }

const std::uint8_t* ShardFile::pixels() const { return map_ + kPixelsAt; }

void ShardFile::read_header(std::uint32_t number) const {
  const std::string_view magic(reinterpret_cast<const char*>(map_), kMagic.size());
  if (magic != kMagic) throw DamagedShard("{}: not an image shard", path_.string());
  if (get32(map_ + kHeaderCrcAt) != crc(map_, kHeaderCrcAt)) {
    throw DamagedShard("{}: the header does not match its checksum", path_.string());
  }
  if (get32(map_ + 8) != kVersion) {
    throw InputError("{}: format version {}, this program knows {}", path_.string(),
                     get32(map_ + 8), kVersion);
  }
  const std::size_t length = std::min<std::size_t>(get32(map_ + 24), kMaxRecipe);
  const std::string_view recipe(reinterpret_cast<const char*>(map_ + kRecipeAt), length);
  if (get32(map_ + 12) != static_cast<std::uint32_t>(shape_.size) || recipe != shape_.recipe_id) {
    throw InputError("{}: pictures of size {} and recipe '{}', size {} and recipe '{}' were wanted",
                     path_.string(), get32(map_ + 12), recipe, shape_.size, shape_.recipe_id);
  }
  if (get32(map_ + 16) != kShardCapacity || get32(map_ + 20) != number) {
    throw InputError("{}: shard {} for {} pictures, shard {} for {} was wanted", path_.string(),
                     get32(map_ + 20), get32(map_ + 16), number, kShardCapacity);
  }
  static_assert(kHeaderSize <= kRecordAt[0]);
}

// Takes the record over if it is sound and newer than what was read before.
std::optional<std::uint32_t> ShardFile::read_count(int record) {
  const std::uint8_t* from = map_ + kRecordAt[record];
  if (get32(from + 12) != crc(from, 12)) return std::nullopt;
  const std::uint32_t count = get32(from + 8);
  if (get64(from) >= sequence_) {
    sequence_ = get64(from);
    count_ = count;
  }
  return count;
}

void ShardFile::append(std::span<const Image> images) {
  if (images.empty()) return;
  if (images.size() > room()) {
    throw InternalError("{}: {} pictures for {} free places", path_.string(), images.size(),
                        room());
  }
  std::vector<std::uint8_t> sums(images.size() * 4);
  std::uint64_t at = kPixelsAt + std::uint64_t{count_} * shape_.picture_bytes();
  for (std::size_t i = 0; i < images.size(); ++i) {
    put32(sums.data() + 4 * i, crc(images[i].pixels.data(), images[i].pixels.size()));
    write_at(at, images[i].pixels);
    at += shape_.picture_bytes();
  }
  write_at(kCrcTableAt + std::uint64_t{count_} * 4, sums);
  sync();
  const std::uint32_t count = count_ + static_cast<std::uint32_t>(images.size());
  const std::uint64_t sequence = sequence_ + 1;
  write_at(kRecordAt[sequence % 2], count_record(sequence, count));
  sync();
  sequence_ = sequence;
  count_ = count;
}

bool ShardFile::is_sound(std::uint32_t slot) const {
  const std::uint8_t* picture = pixels() + slot * shape_.picture_bytes();
  return get32(map_ + kCrcTableAt + std::size_t{slot} * 4) == crc(picture, shape_.picture_bytes());
}

void ShardFile::close() { file_ = Descriptor(-1); }

void ShardFile::write_at(std::uint64_t offset, std::span<const std::uint8_t> bytes) const {
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_errno("write", path_, errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

void ShardFile::sync() const {
  if (fdatasync(file_.get()) != 0) throw_errno("sync", path_, errno);
}

}  // namespace epicrisis
