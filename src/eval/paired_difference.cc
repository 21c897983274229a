#include "epicrisis/eval/paired_difference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "epicrisis/core/error.h"
#include "eval/normal.h"
#include "eval/paired_replicates.h"

namespace epicrisis {
namespace {

double standard_deviation(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (n - 1));
}

double share_with_one(std::ptrdiff_t count, std::size_t all) {
  return static_cast<double>(count + 1) / static_cast<double>(all + 1);
}

}  // namespace

PairedTest paired_test(std::size_t n, std::span<const ResampleStatistic> baseline,
                       std::span<const ResampleStatistic> candidate, double margin,
                       const BootstrapOptions& options) {
  if (!(margin > 0)) throw UsageError("paired test: a margin of {} is not above 0", margin);
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  PairedReplicates drawn = paired_replicates(n, baseline, candidate, options);
  PairedTest test{drawn.summary, kUndefined, kUndefined, kUndefined};
  if (!std::isfinite(drawn.summary.lo)) return test;
  const std::vector<double>& differences = drawn.differences;
  test.standard_error = standard_deviation(differences);
  const auto below = std::ranges::upper_bound(differences, -margin) - differences.begin();
  const auto above = differences.end() - std::ranges::lower_bound(differences, margin);
  test.equivalence_p = std::min(1.0, share_with_one(std::max(below, above), differences.size()));
  test.detectable = (normal_quantile(0.975) + normal_quantile(0.8)) * test.standard_error;
  return test;
}

}  // namespace epicrisis
