#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "epicrisis/image/image.h"
#include "epicrisis/image/measure.h"
#include "epicrisis/image/segment.h"
#include "image/lab.h"

namespace epicrisis {

enum SubjectColour : std::size_t {
  kWhite,
  kRed,
  kLightBrown,
  kDarkBrown,
  kBlueGray,
  kBlack,
  kSubjectColours
};
inline constexpr std::array<const char*, kSubjectColours> kColourNames{
    "white", "red", "light brown", "dark brown", "blue-gray", "black"};

// Means and deviations of L*, a* and b* inside a subject. Differences are to the
// background's median.
struct ColourSpread {
  Lab difference;      // of the means
  Lab deviation;       // standard deviations
  double darkest = 0;  // 5th percentile of L*, absolute
  double palest = 0;   // 95th of L*, difference
  double reddest = 0;  // 95th of a*, difference
  double bluest = 0;   // 5th of b*, difference
};

// The subject with a rim of background, on a grid of its own of at most 160 pixels, so that small
// and large ones are measured alike.
class Subject {
 public:
  // `mask` holds at least one pixel (its area is not 0).
  Subject(const Image& image, const SubjectMask& mask);

  Measurements measurements() const;
  ColourSpread spread() const;
  const Lab& background() const { return background_; }

  // For who draws it. The grid, and the part of the picture that it covers.
  int width() const { return mask_.width; }
  int height() const { return mask_.height; }
  const Box& box() const { return box_; }
  bool inside(int x, int y) const {
    return x >= 0 && y >= 0 && x < mask_.width && y < mask_.height &&
           mask_.inside[index(x, y)] != 0;
  }
  double centre_x() const { return centre_x_; }
  double centre_y() const { return centre_y_; }
  double angle() const { return angle_; }  // of the longer axis, radians
  double diameter() const;
  // kSubjectColours for what looks like background.
  SubjectColour colour_name(int x, int y) const;

 private:
  std::pair<double, double> asymmetry() const;
  std::vector<double> edge_steps() const;
  double perimeter() const;
  std::array<double, kSubjectColours> colour_shares() const;
  bool inside(double x, double y) const;
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(mask_.width) +
           static_cast<std::size_t>(x);
  }
  const Lab& colour(int x, int y) const { return colours_[index(x, y)]; }
  template <typename Visit>
  void each(Visit visit) const {
    for (int y = 0; y < mask_.height; ++y) {
      for (int x = 0; x < mask_.width; ++x) {
        if (mask_.inside[index(x, y)] != 0) visit(x, y);
      }
    }
  }
  void find_axes();
  void find_background();

  Box box_;
  SubjectMask mask_;  // width, height and inside alone
  double share_ = 0;  // of the picture
  bool certain_ = false;
  std::vector<Lab> colours_;
  double area_ = 0;
  double centre_x_ = 0;
  double centre_y_ = 0;
  double angle_ = 0;
  Lab background_;
};

}  // namespace epicrisis
