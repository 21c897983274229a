#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace epicrisis {

// CIE L*a*b* under D65.
struct Lab {
  double l = 0;
  double a = 0;
  double b = 0;
  double chroma() const { return std::sqrt(a * a + b * b); }
  double hue() const { return std::atan2(b, a) * 180 / std::numbers::pi; }  // degrees, 0 red
};

// CIE76.
inline double delta_e(const Lab& x, const Lab& y) {
  return std::sqrt((x.l - y.l) * (x.l - y.l) + (x.a - y.a) * (x.a - y.a) +
                   (x.b - y.b) * (x.b - y.b));
}

// Of an sRGB pixel (IEC 61966-2-1). From tables of rounded values, so that it does not depend on
// how a processor's library takes roots and powers.
Lab to_lab(const std::uint8_t* pixel);

}  // namespace epicrisis
