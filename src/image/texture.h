#pragma once

#include <cstdint>
#include <vector>

#include "epicrisis/image/image.h"
#include "image/plane.h"

namespace epicrisis {

// Fine structure of a subject, from the second derivatives of its smoothed gray values (Hessian
// eigenvalues as in Frangi et al., "Multiscale vessel enhancement filtering", MICCAI 1998; scale
// normalised as in Lindeberg, "Feature detection with automatic scale selection", IJCV 30, 1998).
// Shares and densities are of the subject without its outermost two pixels. "Fine" is a deviation
// of 1 pixel, "coarse" of 1.7, on a picture of 224 pixels a side.
struct Texture {
  double lines = 0;         // share of dark lines, fine
  double lines_coarse = 0;  // the same, coarse
  double holes = 0;         // light spots between dark ones a thousand pixels, fine
  double holes_coarse = 0;
  double dots = 0;     // dark spots a thousand pixels, fine
  double spots = 0;    // the same, coarse
  double patches = 0;  // compact dark regions of 20 to 150 pixels, a thousand pixels
  // Light regions that dark lines enclose, a thousand pixels (after Sadeghi, Razmara, Lee, Atkins,
  // Comput. Med. Imaging Graph. 35, 2011).
  double meshes = 0;
  double mesh_share = 0;  // of the subject
  double grain = 0;       // mean curvature, fine, in gray levels
  double relief = 0;      // coarse
  double plain = 0;       // share without structure within 3 pixels
  // Around the rim: share of lines that run outwards less those along it (after Sadeghi, Lee,
  // McLean, Lui, Atkins, IEEE Trans. Med. Imaging 32, 2013).
  double rays = 0;
  double largest = 0;  // share of the largest connected dark structure

  // For who draws it: a mark a pixel.
  enum Mark : std::uint8_t { kNone, kMesh, kDot, kSpot, kRay, kPlain };
  std::vector<std::uint8_t> marks;
};

// `inside` is 1 in the subject and of the picture's size.
Texture find_texture(const Image& image, const Plane& inside);

}  // namespace epicrisis
