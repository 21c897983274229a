#include "epicrisis/image/contact_sheet.h"

#include <algorithm>
#include <cstdint>

#include "epicrisis/core/error.h"
#include "epicrisis/image/resize.h"

namespace epicrisis {

Image contact_sheet(std::span<const Image> images, int columns, int cell, int gap) {
  constexpr std::int64_t kMaxPixels = 64'000'000;
  if (columns < 1 || cell < 1 || gap < 0) {
    throw UsageError("contact_sheet: {} columns of {} pixels, {} apart", columns, cell, gap);
  }
  const auto count = static_cast<std::int64_t>(images.size());
  const std::int64_t rows = (count + columns - 1) / columns;
  const std::int64_t width = std::int64_t{columns} * cell + (std::int64_t{columns} - 1) * gap;
  const std::int64_t height = rows * cell + std::max<std::int64_t>(0, rows - 1) * gap;
  if (width > kMaxPixels || height > kMaxPixels || width * height > kMaxPixels) {
    throw UsageError("contact_sheet: {} x {} pixels for {} pictures; {} are allowed", width, height,
                     count, kMaxPixels);
  }
  Image sheet(static_cast<int>(width), static_cast<int>(height));
  std::fill(sheet.pixels.begin(), sheet.pixels.end(), std::uint8_t{255});
  for (std::size_t i = 0; i < images.size(); ++i) {
    const Image& image = images[i];
    if (image.width < 1 || image.height < 1) continue;
    const int longest = std::max(image.width, image.height);
    const auto scaled = [&](int side) {
      return std::max(1, static_cast<int>((std::int64_t{side} * cell + longest / 2) / longest));
    };
    const Image small = resize_area(image, scaled(image.width), scaled(image.height));
    const int column = static_cast<int>(i) % columns;
    const int row = static_cast<int>(i) / columns;
    const int left = column * (cell + gap) + (cell - small.width) / 2;
    const int top = row * (cell + gap) + (cell - small.height) / 2;
    for (int y = 0; y < small.height; ++y) {
      std::copy_n(small.at(0, y), 3 * static_cast<std::size_t>(small.width),
                  sheet.at(left, top + y));
    }
  }
  return sheet;
}

}  // namespace epicrisis
