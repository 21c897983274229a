#include "eval/normal.h"

#include <cmath>
#include <numbers>

namespace epicrisis {
namespace {

// P(Z <= z)
double normal_share(double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; }

}  // namespace

double two_sided_p(double z) { return std::erfc(std::abs(z) / std::numbers::sqrt2); }

double normal_quantile(double probability) {
  // In the lower half, where the share has no cancellation; the upper one is its mirror.
  if (probability > 0.5) return -normal_quantile(1 - probability);
  double lo = -40;
  double hi = 0;
  while (true) {
    const double middle = (lo + hi) / 2;
    if (middle <= lo || middle >= hi) return middle;
    (normal_share(middle) < probability ? lo : hi) = middle;
  }
}

}  // namespace epicrisis
