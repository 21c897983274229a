#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/posix_files.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/image/image.h"

namespace epicrisis {

// One file of packed pictures; docs/formats/image-shards.md gives each byte.
inline constexpr std::uint32_t kShardCapacity = 4096;

// What all shards of a store agree on.
struct ShardShape {
  int size = 0;
  std::string recipe_id;
  std::size_t picture_bytes() const {
    return static_cast<std::size_t>(size) * static_cast<std::size_t>(size) * 3;
  }
};

// A shard file that is damaged, as against one of another recipe, size or format.
class DamagedShard : public InputError {
 public:
  using InputError::InputError;
};

Path shard_path(const Path& folder, std::uint32_t number);

class ShardFile {
 public:
  // Makes an empty one: written aside, synced, renamed.
  static void create(const Path& path, const ShardShape& shape, std::uint32_t number);
  // Makes one in which every picture is counted and none is sound, of no size on the disk: it keeps
  // the place of a damaged one.
  static void create_placeholder(const Path& path, const ShardShape& shape, std::uint32_t number);

  // Maps an existing one and reads the committed count. With `writes`, cuts off what was written
  // after the last commit. InputError if it is not a shard of this shape and number,
  // DamagedShard if it is damaged.
  ShardFile(Path path, const ShardShape& shape, std::uint32_t number, bool writes);
  ~ShardFile();
  ShardFile(const ShardFile&) = delete;
  ShardFile& operator=(const ShardFile&) = delete;

  std::uint32_t count() const { return count_; }
  std::uint32_t room() const { return kShardCapacity - count_; }
  const std::uint8_t* pixels() const;  // of picture 0; those below count() may be read

  // Writes the pictures behind the last, syncs, writes the new count, syncs.
  void append(std::span<const Image> images);
  // Of one committed picture.
  bool is_sound(std::uint32_t slot) const;
  // No more appends: closes the file, the map stays.
  void close();

 private:
  void read_header(std::uint32_t number) const;
  std::optional<std::uint32_t> read_count(int record);
  void write_at(std::uint64_t offset, std::span<const std::uint8_t> bytes) const;
  void sync() const;

  Path path_;
  ShardShape shape_;
  Descriptor file_;
  const std::uint8_t* map_ = nullptr;
  std::size_t map_size_ = 0;
  std::uint64_t sequence_ = 0;  // of the last count record
  std::uint32_t count_ = 0;
};

}  // namespace epicrisis
