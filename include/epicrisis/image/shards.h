#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/image/image.h"
#include "epicrisis/image/prepare.h"

namespace epicrisis {

// Prepared pictures of one recipe and size in a folder of its own ("images/<recipe id>"), in files
// of 4096 pictures that are mapped into memory. docs/formats/image-shards.md has every byte.
//
// A picture is addressed by its index, which never changes. append() returns when the pictures are
// on the disk and counted; a process killed at any instant before leaves the old count, and what it
// had half written is cut off or overwritten by the next writer. So: append, then record the index
// (SQLite). An index that was appended but not recorded is only a hole of wasted bytes.
//
// A writer that finds a shard damaged or gone moves what is there aside and goes on without: the
// pictures that it held are no longer sound, replaced() tells which.
class ShardStore : public ImageSource {
 public:
  enum class Mode {
    kRead,   // the store must exist; sees what was committed when it was opened
    kWrite,  // made if missing; one writer at a time, across processes
  };

  // InputError naming file and values: another size or recipe, a file cut short, a wrong checksum
  // of a header. SystemError: no permission, or a second writer. UsageError: kRead and nothing
  // there.
  ShardStore(Path folder, int size, std::string recipe_id, Mode mode);
  ~ShardStore() override;
  ShardStore(const ShardStore&) = delete;
  ShardStore& operator=(const ShardStore&) = delete;

  struct Replaced {
    std::uint64_t first = 0;  // indices [first, end) lost their pictures
    std::uint64_t end = 0;
    std::string message;  // what was wrong, and where the file is now
  };
  // By this writer when it opened the store.
  const std::vector<Replaced>& replaced() const;

  std::size_t count() const override;
  int size() const override;
  const std::string& recipe_id() const;
  // Valid as long as the store, also while append() runs. index < count() (InternalError).
  std::span<const std::uint8_t> pixels(std::size_t index) const override;

  // Adds pictures of size() x size(), durable on return; returns the index of the first, the others
  // follow. One thread at a time, readers may go on. SystemError (disk full) leaves count() at
  // a number between the old and the new, and the store usable.
  std::uint64_t append(std::span<const Image> images);

  // Holds every picture against its CRC-32; indices of those that differ.
  std::vector<std::size_t> verify(const Job& job, unsigned threads = 0) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Pictures of a subset in an order of the caller's: index i here is indices[i] there.
class SelectedImages : public ImageSource {
 public:
  SelectedImages(const ImageSource& source, std::vector<std::size_t> indices);  // keeps a reference
  std::size_t count() const override { return indices_.size(); }
  int size() const override { return source_.size(); }
  std::span<const std::uint8_t> pixels(std::size_t index) const override;

 private:
  const ImageSource& source_;
  std::vector<std::size_t> indices_;
};

struct PrepareJob {
  std::int64_t id = 0;  // the caller's, passed back
  Path path;
};

struct PrepareOutcome {
  std::int64_t id = 0;
  std::optional<std::uint64_t> index;  // in the store, durable; none: `error` says why
  std::string error;
  double hair_fraction = 0;
  bool border_cropped = false;
  bool subject_cropped = false;
};

struct PrepareCounts {
  std::size_t prepared = 0;
  std::size_t failed = 0;
};

// Decodes, prepares and stores every job's picture with `threads` threads (0: all cores); memory is
// a few hundred prepared pictures, whatever the number of jobs. Calls on_done once a job, in the
// order of the jobs, from the calling thread, in batches after each durable append; so the caller
// can record a batch in one transaction. A picture that cannot be read is an outcome with an error,
// not an exception. A full disk or an interrupt is thrown; what was reported before stays. To
// resume, leave out the ids that are done. The store's size and recipe must be the recipe's
// (InternalError).
PrepareCounts prepare_all(std::span<const PrepareJob> jobs, const PrepareRecipe& recipe,
                          ShardStore& store, unsigned threads,
                          const std::function<void(std::span<const PrepareOutcome>)>& on_done,
                          const Job& job, const DecodeLimits& limits = {});

}  // namespace epicrisis
