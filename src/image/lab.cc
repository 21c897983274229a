#include "image/lab.h"

#include <array>
#include <cstddef>
#include <vector>

namespace epicrisis {
namespace {

constexpr int kSteps = 1 << 14;  // of the cube root's table, of 0 to 1

struct Tables {
  std::array<int, 256> linear{};  // of kSteps * 256
  std::vector<double> root;       // CIE f(t), rounded to 2^-16

  Tables() : root(kSteps + 1) {
    for (std::size_t v = 0; v < linear.size(); ++v) {
      const double share = static_cast<double>(v) / 255;
      const double value =
          share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4);
      linear[v] = static_cast<int>(std::lround(value * kSteps * 256));
    }
    constexpr double kDelta = 6.0 / 29;
    for (std::size_t i = 0; i < root.size(); ++i) {
      const double t = static_cast<double>(i) / kSteps;
      const double value =
          t > kDelta * kDelta * kDelta ? std::cbrt(t) : t / (3 * kDelta * kDelta) + 4.0 / 29;
      root[i] = std::round(value * 65536) / 65536;
    }
  }
};

}  // namespace

Lab to_lab(const std::uint8_t* pixel) {
  static const Tables tables;
  const std::int64_t r = tables.linear[pixel[0]];
  const std::int64_t g = tables.linear[pixel[1]];
  const std::int64_t b = tables.linear[pixel[2]];
  // The matrix of sRGB, each row divided by the white point; in 2^-16, rows sum to 1.
  const auto f = [&](std::int64_t red, std::int64_t green, std::int64_t blue) {
    const std::int64_t value = (red * r + green * g + blue * b + (1 << 23)) >> 24;
    return tables.root[static_cast<std::size_t>(value < kSteps ? value : kSteps)];
  };
  const double x = f(28440, 24655, 12441);
  const double y = f(13938, 46868, 4730);
  const double z = f(1164, 7174, 57198);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

}  // namespace epicrisis
