#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/random.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/image/image.h"

namespace epicrisis::test {

// A picture of its own for each seed: some soft blobs on a skin-coloured ground.
inline Image draw_picture(std::uint64_t seed, int width = 96, int height = 80) {
  Random random(seed, "picture");
  struct Blob {
    double x, y, radius;
    std::array<double, 3> colour;
  };
  std::vector<Blob> blobs;
  for (int i = 0; i < 8; ++i) {
    blobs.push_back(
        {random.uniform(),
         random.uniform(),
         random.uniform(0.05, 0.3),
         {random.uniform(-150, 60), random.uniform(-150, 60), random.uniform(-150, 60)}});
  }
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::array<double, 3> colour = {210, 170, 150};
      for (const Blob& blob : blobs) {
        const double dx = (x + 0.5) / width - blob.x;
        const double dy = (y + 0.5) / height - blob.y;
        const double weight = std::exp(-(dx * dx + dy * dy) / (2 * blob.radius * blob.radius));
        for (std::size_t c = 0; c < 3; ++c) colour.at(c) += weight * blob.colour.at(c);
      }
      for (std::size_t c = 0; c < 3; ++c) {
        image.at(x, y)[c] = static_cast<std::uint8_t>(std::clamp(colour.at(c), 0.0, 255.0));
      }
    }
  }
  return image;
}

// Left to right where bit 0 of `way` is set, upside down where bit 1 is.
inline Image mirrored(const Image& image, int way = 1) {
  Image copy(image.width, image.height);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      std::copy_n(image.at((way & 1) != 0 ? image.width - 1 - x : x,
                           (way & 2) != 0 ? image.height - 1 - y : y),
                  3, copy.at(x, y));
    }
  }
  return copy;
}

// Without `margin` pixels at each side.
inline Image cropped(const Image& image, int margin) {
  Image inner(image.width - 2 * margin, image.height - 2 * margin);
  for (int y = 0; y < inner.height; ++y) {
    std::copy_n(image.at(margin, y + margin), 3 * inner.width, inner.at(0, y));
  }
  return inner;
}

inline std::string save_png(const Path& path, const Image& image) {
  write_file(path, encode_png(image));
  return path.string();
}

}  // namespace epicrisis::test
