#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "epicrisis/image/image.h"

namespace epicrisis {

struct PictureLoaderOptions {
  std::size_t batch = 32;
  std::size_t first_batch = 0;  // where next() starts
  unsigned workers = 1;
  std::size_t depth = 4;  // batches held ready at most
  bool augment = false;   // with the method's AugmentConfig
  std::uint64_t seed = 0;
  int epoch = 0;
  // Where each picture stands in the whole epoch, of which these may be a part; empty: in order.
  std::vector<std::size_t> places;
};

// Reads and augments pictures ahead of the training, in threads of its own. What it gives depends
// on its arguments alone: the picture at place p of the epoch is augmented with numbers drawn from
// (seed, epoch, p), whichever thread gets to it.
class PictureLoader {
 public:
  // Keeps a reference to `source`.
  PictureLoader(const ImageSource& source, std::vector<std::size_t> images,
                const PictureLoaderOptions& options);
  ~PictureLoader();  // stops the threads
  PictureLoader(const PictureLoader&) = delete;
  PictureLoader& operator=(const PictureLoader&) = delete;

  // The next batch, [n, size, size, 3] bytes in a row; the last may be short, empty at the end.
  // Rethrows what a thread met.
  std::vector<std::uint8_t> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace epicrisis
