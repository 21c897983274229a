#include "train/picture_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

#include "epicrisis/core/random.h"
#include "epicrisis/image/augment.h"

namespace epicrisis {

struct PictureLoader::State {
  const ImageSource& source;
  std::vector<std::size_t> images;
  PictureLoaderOptions options;
  std::size_t batches = 0;

  std::mutex mutex;
  std::condition_variable changed;
  std::size_t to_read = 0;  // next batch a thread takes
  std::size_t to_give = 0;  // next batch next() returns
  std::map<std::size_t, std::vector<std::uint8_t>> ready;
  std::exception_ptr failure;
  bool stop = false;
  std::vector<std::thread> threads;

  State(const ImageSource& pictures, std::vector<std::size_t> indices,
        const PictureLoaderOptions& wanted)
      : source(pictures), images(std::move(indices)), options(wanted) {}

  std::vector<std::uint8_t> read(std::size_t number) const {
    const auto side = static_cast<std::size_t>(source.size());
    const std::size_t bytes = side * side * 3;
    const std::size_t begin = number * options.batch;
    const std::size_t end = std::min(begin + options.batch, images.size());
    std::vector<std::uint8_t> pixels((end - begin) * bytes);
    for (std::size_t place = begin; place < end; ++place) {
      const auto picture = source.pixels(images[place]);
      const std::span<std::uint8_t> output(pixels.data() + (place - begin) * bytes, bytes);
      if (options.augment) {
        Random random(options.seed,
                      fmt::format("augment/{}/{}", options.epoch,
                                  options.places.empty() ? place : options.places[place]));
        augment_into(picture, source.size(), AugmentConfig{}, random, output);
      } else {
        std::copy(picture.begin(), picture.end(), output.begin());
      }
    }
    return pixels;
  }

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] {
        return stop || failure || to_read >= batches || to_read < to_give + options.depth;
      });
      if (stop || failure || to_read >= batches) return;
      const std::size_t number = to_read++;
      lock.unlock();
      std::vector<std::uint8_t> pixels;
      std::exception_ptr caught;
      try {
        pixels = read(number);
      } catch (...) {
        caught = std::current_exception();
      }
      lock.lock();
      if (caught) {
        failure = caught;
      } else {
        ready[number] = std::move(pixels);
      }
      changed.notify_all();
    }
  }
};

PictureLoader::PictureLoader(const ImageSource& source, std::vector<std::size_t> images,
                             const PictureLoaderOptions& options)
    : state_(std::make_unique<State>(source, std::move(images), options)) {
  State& state = *state_;
  state.options.batch = std::max<std::size_t>(options.batch, 1);
  state.options.depth = std::max<std::size_t>(options.depth, 1);
  state.batches = (state.images.size() + state.options.batch - 1) / state.options.batch;
  state.to_read = state.to_give = options.first_batch;
  for (unsigned i = 0; i < std::max(options.workers, 1U); ++i) {
    state.threads.emplace_back([&state] { state.work(); });
  }
}

PictureLoader::~PictureLoader() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->changed.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

std::vector<std::uint8_t> PictureLoader::next() {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  if (state.to_give >= state.batches) return {};
  state.changed.wait(lock, [&] { return state.failure || state.ready.count(state.to_give) != 0; });
  if (state.failure) std::rethrow_exception(state.failure);
  auto node = state.ready.extract(state.to_give);
  ++state.to_give;
  lock.unlock();
  state.changed.notify_all();
  return std::move(node.mapped());
}

}  // namespace epicrisis
