#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "epicrisis/image/image.h"

namespace epicrisis {

// Grows when a measure changes its meaning: what was stored under another version is measured
// again.
inline constexpr int kPictureMeasuresVersion = 1;

// What is measured on a picture, in the order of picture_measure_names(). What it means, and for
// which pictures, is said by a findings file (docs/formats/findings-files.md).
//
// Of the subject, where one is found: "certainty" of its outline (0 to 1, .5 where
// segment_subject() says certain), "area", "contrast", those of Measurements, colours by name;
// "lightness", "redness", "yellowness" (mean L*, a*, b* less the background's), "spread_l",
// "spread_a", "spread_b" (deviations), "darkest", "palest", "reddest", "bluest" (percentiles); of
// its structure (src/image/texture.h) "lines", "lines_coarse", "holes", "holes_coarse", "dots",
// "spots", "patches", "meshes", "mesh_share", "grain", "relief", "plain", "rays", "largest". Of the
// whole picture: "hair", "ink", "ruler", "bubbles", "vignette"; "side", the short side in pixels
// that structure was looked for on; "background_l", "background_a".
//
// Sums of whole numbers, roots and rounded tables: the same on every machine to about 1e-9.
struct PictureMeasures {
  bool found = false;  // a subject, certain or not; else its measures are 0
  std::vector<double> values;
  double operator[](std::string_view name) const;  // InternalError for an unknown name
};

std::span<const std::string_view> picture_measure_names();

// Hairs are painted over first. Pictures larger than 224 pixels at the short side are scaled down
// to that. About 10 ms for one of that size.
PictureMeasures measure_picture(const Image& image);

// The evidence in four panels of one size, side by side: the picture; outline and axes of the
// subject; its named colours; spots, meshes and rays within it, and ink, bubbles and ruler.
// Gray where no subject is found. `side`: pixels of a panel's longer side.
Image draw_evidence(const Image& image, int side);

}  // namespace epicrisis
