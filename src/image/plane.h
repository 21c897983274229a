#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "epicrisis/image/image.h"
#include "epicrisis/image/resize.h"

namespace epicrisis {

// One value a pixel, row by row.
struct Plane {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> values;

  Plane() = default;
  Plane(int w, int h, std::uint8_t value = 0)
      : width(w),
        height(h),
        values(static_cast<std::size_t>(w) * static_cast<std::size_t>(h), value) {}
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
           static_cast<std::size_t>(x);
  }
  std::uint8_t& at(int x, int y) { return values[index(x, y)]; }
  std::uint8_t at(int x, int y) const { return values[index(x, y)]; }
};

// ITU-R BT.601 luma: 0.299 R + 0.587 G + 0.114 B, rounded.
Plane to_gray(const Image& image);

// Maximum (minimum) over the square of 2 * radius + 1 pixels around each pixel; what lies outside
// the picture does not count.
Plane dilate(const Plane& plane, int radius);
Plane erode(const Plane& plane, int radius);

// Mean over the square of 2 * radius + 1 pixels, edge pixels repeated outwards.
Plane box_blur(const Plane& plane, int radius);

// Numbers the 8-connected regions of non-zero values from 1, in reading order of their first pixel.
// labels: 0 outside. areas[k - 1]: pixels of region k.
struct Regions {
  std::vector<std::int32_t> labels;
  std::vector<int> areas;
};
Regions find_regions(const Plane& mask);

// The first and the last pixel of a region, across and down.
struct RegionBox {
  int left, top, right, bottom;
  int width() const { return right - left + 1; }
  int height() const { return bottom - top + 1; }
};
// By label, that of the outside first, of a picture of this width.
std::vector<RegionBox> region_boxes(const Regions& regions, int width);
// Neither long nor full of holes: at most twice as long as wide, and half of its box.
bool is_compact(const RegionBox& box, int area);

}  // namespace epicrisis
