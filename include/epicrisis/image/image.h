#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace epicrisis {

// 8-bit sRGB, interleaved: pixel (x, y) is at (y * width + x) * 3.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;

  Image() = default;
  Image(int w, int h)
      : width(w),
        height(h),
        pixels(static_cast<std::size_t>(w) * static_cast<std::size_t>(h) * 3) {}
  std::uint8_t* at(int x, int y) { return pixels.data() + offset(x, y); }
  const std::uint8_t* at(int x, int y) const { return pixels.data() + offset(x, y); }

 private:
  std::size_t offset(int x, int y) const {
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
            static_cast<std::size_t>(x)) *
           3;
  }
};

// Square pictures of one size by index, for training and features. Implemented over the packed
// shards and, in tests, over memory. Reading is thread-safe.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual std::size_t count() const = 0;
  virtual int size() const = 0;  // pixels a side
  // size * size * 3 bytes, interleaved RGB; valid as long as the source.
  virtual std::span<const std::uint8_t> pixels(std::size_t index) const = 0;
};

}  // namespace epicrisis
