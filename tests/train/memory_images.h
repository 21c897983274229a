#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "epicrisis/core/random.h"
#include "epicrisis/image/image.h"

namespace epicrisis::test {

// Pictures of a colour of their own (of their index modulo `colours`) with noise.
class MemoryImages : public ImageSource {
 public:
  MemoryImages(std::size_t count, int size, std::uint64_t seed, std::size_t colours = 3)
      : size_(size) {
    Random random(seed, "memory images");
    const auto pixels = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<std::uint8_t> picture(pixels * 3);
      for (std::size_t p = 0; p < picture.size(); ++p) {
        const bool own = p % 3 == i % colours;
        picture[p] = static_cast<std::uint8_t>((own ? 150 : 60) + random.below(60));
      }
      pictures_.push_back(std::move(picture));
    }
  }
  std::size_t count() const override { return pictures_.size(); }
  int size() const override { return size_; }
  std::span<const std::uint8_t> pixels(std::size_t index) const override {
    return pictures_.at(index);
  }
  std::vector<std::uint8_t>& picture(std::size_t index) { return pictures_.at(index); }

 private:
  int size_;
  std::vector<std::vector<std::uint8_t>> pictures_;
};

}  // namespace epicrisis::test
