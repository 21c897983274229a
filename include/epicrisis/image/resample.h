#pragma once

#include <cstdint>
#include <string_view>

#include "epicrisis/image/image.h"

namespace epicrisis {

// How published models had their pictures made smaller: a filter that is widened by the factor a
// side shrinks by, as Pillow's.
enum class ResampleFilter { kBox, kBilinear, kHamming, kBicubic, kLanczos };
std::string_view resample_filter_name(ResampleFilter filter);  // "box", "bilinear", ...

// The bytes that Pillow's Image.resize gives: first across, then down, rounded to bytes between the
// two. A side that stays is not filtered. width, height >= 1 (InternalError).
Image resample(const Image& image, int width, int height, ResampleFilter filter);

// How a model's checkpoint has pictures made into the squares that it was trained on.
enum class PictureFitting {
  kShortest,  // the shorter side becomes `resized` pixels, then the centred square is cut out
  kSquash,    // both sides become `resized` pixels, then the centred square is cut out
  kLongest,   // the longer side becomes `resized` pixels, then the rest is filled
};
std::string_view picture_fitting_name(PictureFitting fitting);  // "shortest", ...

struct PictureFit {
  PictureFitting fitting = PictureFitting::kShortest;
  int resized = 224;  // pixels a side before the cut
  int size = 224;     // pixels a side of the result
  ResampleFilter filter = ResampleFilter::kBicubic;
  std::uint8_t fill = 0;  // of all channels, where the square reaches beyond the picture
  bool operator==(const PictureFit&) const = default;
};

// size x size. InputError for a picture without pixels; UsageError for sizes out of 16 to 2048.
Image fit_picture(const Image& image, const PictureFit& fit);

}  // namespace epicrisis
