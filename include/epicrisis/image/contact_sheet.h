#pragma once

#include <span>

#include "epicrisis/image/image.h"

namespace epicrisis {

// The pictures in reading order on white, each scaled to fit a cell of `cell` x `cell` pixels with
// its aspect ratio kept, `gap` pixels apart. columns, cell >= 1, gap >= 0. A sheet of more than 64
// megapixels is refused (UsageError).
Image contact_sheet(std::span<const Image> images, int columns, int cell, int gap);

}  // namespace epicrisis
