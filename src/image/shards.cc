#include "epicrisis/image/shards.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <future>
#include <mutex>
#include <string_view>
#include <system_error>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/parallel.h"
#include "image/shard_file.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxShards = 1 << 14;  // 67 million pictures

// Held by the writer; the kernel lets go of it when the process ends, however it ends.
Descriptor lock_folder(const Path& folder) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) throw_errno("make folder", folder, problem.value());
  const Path path = folder / "lock";
  Descriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (lock.get() < 0) throw_errno("open", path, errno);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) throw_errno("lock", path, errno);
    throw SystemError("'{}' is being written by another process; wait for it to end",
                      folder.string());
  }
  return lock;
}

// How many shards there are, gaps included: one more than the highest number.
std::uint32_t count_shards(const Path& folder) {
  std::uint32_t count = 0;
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(folder, problem)) {
    const std::string name = entry.path().filename().string();
    std::uint32_t number = 0;
    const char* end = name.data() + name.size();
    if (!name.starts_with("shard-") || !name.ends_with(".eps")) continue;
    const auto [rest, error] = std::from_chars(name.data() + 6, end, number);
    if (error != std::errc{} || std::string_view(rest, end) != ".eps" || number >= kMaxShards) {
      continue;
    }
    count = std::max(count, number + 1);
  }
  if (problem) throw_errno("read folder", folder, problem.value());
  return count;
}

// A name beside `path` that nothing has: "shard-00003.eps.damaged", "shard-00003.eps.damaged-2".
Path name_aside(const Path& path) {
  Path aside = path.string() + ".damaged";
  for (int i = 2; std::filesystem::exists(aside); ++i) {
    aside = fmt::format("{}.damaged-{}", path.string(), i);
  }
  return aside;
}

}  // namespace

struct ShardStore::State {
  Path folder;
  ShardShape shape;
  bool writes = false;
  Descriptor lock{-1};
  std::vector<std::unique_ptr<ShardFile>> shards;
  // Readers go by these two alone: a base is set before the count that covers it, and the vector
  // never moves.
  std::vector<const std::uint8_t*> bases;
  std::atomic<std::size_t> count{0};
  std::vector<Replaced> replaced;

  void open_shard(std::uint32_t number) {
    if (number >= kMaxShards) throw InputError("'{}' is full", folder.string());
    if (!shards.empty()) shards.back()->close();
    shards.push_back(
        std::make_unique<ShardFile>(shard_path(folder, number), shape, number, writes));
    bases[number] = shards.back()->pixels();
  }

  static void require(const Path& path) {
    if (std::filesystem::exists(path)) return;
    throw DamagedShard("'{}' is missing, though later ones are there", path.string());
  }

  // One of those that were there when the store was opened.
  void open_old_shard(std::uint32_t number, bool last) {
    const Path path = shard_path(folder, number);
    require(path);
    open_shard(number);
    const std::uint32_t pictures = shards.back()->count();
    if (!last && shards.back()->room() != 0) {
      shards.pop_back();
      throw DamagedShard("'{}' has {} pictures, but is not the last shard", path.string(),
                         pictures);
    }
  }

  void replace_shard(std::uint32_t number, bool last, const std::string& why) {
    const Path path = shard_path(folder, number);
    std::string message = why;
    if (std::filesystem::exists(path)) {
      const Path aside = name_aside(path);
      std::error_code problem;
      std::filesystem::rename(path, aside, problem);
      if (problem) throw_errno("rename", path, problem.value());
      message += fmt::format("; it is now '{}', which can be removed", aside.string());
    }
    const std::uint64_t first = std::uint64_t{number} * kShardCapacity;
    replaced.push_back({first, first + kShardCapacity, message});
    if (last) {
      ShardFile::create(path, shape, number);
    } else {
      ShardFile::create_placeholder(path, shape, number);
    }
    open_shard(number);
  }
};

ShardStore::ShardStore(Path folder, int size, std::string recipe_id, Mode mode)
    : state_(std::make_unique<State>()) {
  if (size < 1 || size > 4096)
    throw UsageError("Image shards of size {}; 1 to 4096 are possible", size);
  state_->folder = std::move(folder);
  state_->shape = {size, std::move(recipe_id)};
  state_->writes = mode == Mode::kWrite;
  state_->bases.resize(kMaxShards);
  if (state_->writes) {
    state_->lock = lock_folder(state_->folder);
  } else if (!std::filesystem::is_directory(state_->folder)) {
    throw UsageError("There are no prepared pictures in '{}'; run 'epicrisis prepare' first",
                     state_->folder.string());
  }
  const std::uint32_t shards = count_shards(state_->folder);
  // The gap itself is told, not that the shard before it is not full.
  for (std::uint32_t i = 0; i < shards && !state_->writes; ++i) {
    state_->require(shard_path(state_->folder, i));
  }
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < shards; ++i) {
    const bool last = i + 1 == shards;
    try {
      state_->open_old_shard(i, last);
    } catch (const DamagedShard& error) {
      if (!state_->writes) throw;
      state_->replace_shard(i, last, error.what());
    }
    count += state_->shards.back()->count();
  }
  if (!state_->writes && !state_->shards.empty()) state_->shards.back()->close();
  state_->count = count;
}

ShardStore::~ShardStore() = default;

const std::vector<ShardStore::Replaced>& ShardStore::replaced() const { return state_->replaced; }

std::size_t ShardStore::count() const { return state_->count.load(std::memory_order_acquire); }
int ShardStore::size() const { return state_->shape.size; }
const std::string& ShardStore::recipe_id() const { return state_->shape.recipe_id; }

std::span<const std::uint8_t> ShardStore::pixels(std::size_t index) const {
  if (index >= count()) {
    throw InternalError("'{}': picture {} of {}", state_->folder.string(), index, count());
  }
  const std::size_t bytes = state_->shape.picture_bytes();
  return {state_->bases[index / kShardCapacity] + index % kShardCapacity * bytes, bytes};
}

std::uint64_t ShardStore::append(std::span<const Image> images) {
  if (!state_->writes)
    throw InternalError("'{}': append to a store opened for reading", state_->folder.string());
  for (const Image& image : images) {
    if (image.width != size() || image.height != size() ||
        image.pixels.size() != state_->shape.picture_bytes()) {
      throw InternalError("'{}': a picture of {}x{} for a store of {}x{}", state_->folder.string(),
                          image.width, image.height, size(), size());
    }
  }
  const std::size_t first = count();
  while (!images.empty()) {
    if (state_->shards.empty() || state_->shards.back()->room() == 0) {
      const auto number = static_cast<std::uint32_t>(state_->shards.size());
      ShardFile::create(shard_path(state_->folder, number), state_->shape, number);
      state_->open_shard(number);
    }
    ShardFile& shard = *state_->shards.back();
    const std::size_t part = std::min<std::size_t>(images.size(), shard.room());
    shard.append(images.first(part));
    images = images.subspan(part);
    state_->count.fetch_add(part, std::memory_order_release);
  }
  return first;
}

std::vector<std::size_t> ShardStore::verify(const Job& job, unsigned threads) const {
  std::vector<std::size_t> broken;
  std::mutex mutex;
  parallel_for(count(), threads, job, [&](std::size_t i) {
    const ShardFile& shard = *state_->shards[i / kShardCapacity];
    if (shard.is_sound(static_cast<std::uint32_t>(i % kShardCapacity))) return;
    const std::lock_guard guard(mutex);
    broken.push_back(i);
  });
  std::sort(broken.begin(), broken.end());
  return broken;
}

SelectedImages::SelectedImages(const ImageSource& source, std::vector<std::size_t> indices)
    : source_(source), indices_(std::move(indices)) {
  for (const std::size_t index : indices_) {
    if (index >= source_.count()) {
      throw InternalError("SelectedImages: picture {} of {}", index, source_.count());
    }
  }
}

std::span<const std::uint8_t> SelectedImages::pixels(std::size_t index) const {
  return source_.pixels(indices_.at(index));
}

namespace {

// Pictures that are prepared together and made durable by one append.
struct Batch {
  std::vector<PrepareOutcome> outcomes;
  std::vector<Image> images;  // one an outcome; empty where it failed
};

Batch prepare_batch(std::span<const PrepareJob> jobs, const PrepareRecipe& recipe, unsigned threads,
                    const Job& job, const DecodeLimits& limits) {
  Batch batch;
  batch.outcomes.resize(jobs.size());
  batch.images.resize(jobs.size());
  parallel_for(jobs.size(), threads, job, [&](std::size_t i) {
    PrepareOutcome& outcome = batch.outcomes[i];
    outcome.id = jobs[i].id;
    try {
      Prepared prepared = prepare_image(load_image(jobs[i].path, limits), recipe);
      batch.images[i] = std::move(prepared.image);
      outcome.hair_fraction = prepared.hair_fraction;
      outcome.border_cropped = prepared.border_cropped;
      outcome.subject_cropped = prepared.subject_cropped;
    } catch (const InputError& error) {
      outcome.error = error.what();
    } catch (const SystemError& error) {  // this file cannot be read; the others may
      outcome.error = error.what();
    }
  });
  return batch;
}

// Gives the sound pictures of a batch their places.
void store_batch(Batch& batch, ShardStore& store) {
  std::vector<Image> sound;
  for (std::size_t i = 0; i < batch.images.size(); ++i) {
    if (batch.outcomes[i].error.empty()) sound.push_back(std::move(batch.images[i]));
  }
  batch.images.clear();
  std::uint64_t index = store.append(sound);
  for (PrepareOutcome& outcome : batch.outcomes) {
    if (outcome.error.empty()) outcome.index = index++;
  }
}

}  // namespace

PrepareCounts prepare_all(std::span<const PrepareJob> jobs, const PrepareRecipe& recipe,
                          ShardStore& store, unsigned threads,
                          const std::function<void(std::span<const PrepareOutcome>)>& on_done,
                          const Job& job, const DecodeLimits& limits) {
  if (store.size() != recipe.size || store.recipe_id() != recipe.id()) {
    throw InternalError("prepare_all: recipe {} into a store of {}", recipe.id(),
                        store.recipe_id());
  }
  constexpr std::size_t kBatch = 128;
  PrepareCounts counts;
  // While one batch goes to the disk the next is computed.
  std::future<Batch> storing;
  const auto report = [&] {
    if (!storing.valid()) return;
    const Batch done = storing.get();
    for (const PrepareOutcome& outcome : done.outcomes) {
      ++(outcome.index ? counts.prepared : counts.failed);
    }
    on_done(done.outcomes);
  };
  for (std::size_t start = 0; start < jobs.size(); start += kBatch) {
    Batch batch;
    try {
      batch = prepare_batch(jobs.subspan(start, std::min(kBatch, jobs.size() - start)), recipe,
                            threads, job, limits);
    } catch (...) {
      report();  // what is on the disk already counts, whatever stopped us
      throw;
    }
    report();
    storing = std::async(std::launch::async, [&store, batch = std::move(batch)]() mutable {
      store_batch(batch, store);
      return std::move(batch);
    });
  }
  report();
  return counts;
}

}  // namespace epicrisis
