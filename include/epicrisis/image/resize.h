#pragma once

#include "epicrisis/image/image.h"

namespace epicrisis {

// A rectangle of whole pixels, x and y of its upper left corner.
struct Box {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
  bool operator==(const Box&) const = default;
};

// The part of the picture inside `box`, which must lie inside it (InternalError).
Image crop(const Image& image, const Box& box);

// The largest centred square; for an odd rest the one nearer to the upper left corner.
Box centre_square(int width, int height);

// Each new pixel is the mean of the area that it covers, edge pixels by their share (an exact box
// filter, on the stored sRGB values). Where a side grows it is interpolated linearly instead. The
// same size gives the same bytes. width, height >= 1; `box` as in crop().
Image resize_area(const Image& image, int width, int height);
Image resize_area(const Image& image, const Box& box, int width, int height);

}  // namespace epicrisis
