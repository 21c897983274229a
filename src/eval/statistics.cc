#include "epicrisis/eval/statistics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/random.h"
#include "eval/paired_replicates.h"

namespace epicrisis {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// Draws samples with replacement, by group within stratum.
class Resampler {
 public:
  Resampler(std::size_t n, const BootstrapOptions& options) : counts_(n) {
    if (options.replicates < 2 || options.replicates > 10'000'000) {
      throw UsageError("bootstrap: {} replicates; 2 to 10,000,000 can be drawn",
                       options.replicates);
    }
    if (!(options.confidence > 0 && options.confidence < 1)) {
      throw UsageError("bootstrap: a confidence of {} is not between 0 and 1", options.confidence);
    }
    require_length(options.groups.size(), n, "groups");
    require_length(options.strata.size(), n, "strata");
    if (n > std::numeric_limits<std::uint32_t>::max()) {
      throw UsageError("bootstrap: {} samples are too many", n);
    }
    fill_units(n, options.groups);
    fill_strata(options.strata);
  }

  // Whether a resample can differ from the sample.
  bool can_vary() const {
    return std::any_of(strata_.begin(), strata_.end(),
                       [](const std::vector<std::uint32_t>& units) { return units.size() > 1; });
  }

  SampleCounts draw(Random& random) {
    std::fill(counts_.begin(), counts_.end(), 0U);
    for (const std::vector<std::uint32_t>& units : strata_) {
      for (std::size_t k = 0; k < units.size(); ++k) {
        const std::uint32_t unit = units[random.below(units.size())];
        for (std::uint32_t m = unit_begin_[unit]; m < unit_begin_[unit + 1]; ++m) {
          ++counts_[members_[m]];
        }
      }
    }
    return counts_;
  }

 private:
  static void require_length(std::size_t length, std::size_t n, const char* what) {
    if (length != 0 && length != n) {
      throw UsageError("bootstrap: {} {} for {} samples", length, what, n);
    }
  }

  // Units in order of first appearance; members_ of unit u are [unit_begin_[u], unit_begin_[u +
  // 1]).
  void fill_units(std::size_t n, const std::vector<std::string>& groups) {
    std::vector<std::uint32_t> unit_of(n);
    std::uint32_t units = 0;
    std::unordered_map<std::string, std::uint32_t> known;
    for (std::size_t i = 0; i < n; ++i) {
      if (groups.empty() || groups[i].empty()) {
        unit_of[i] = units++;
        continue;
      }
      const auto [place, fresh] = known.emplace(groups[i], units);
      if (fresh) ++units;
      unit_of[i] = place->second;
    }
    unit_begin_.assign(std::size_t{units} + 1, 0);
    for (const std::uint32_t unit : unit_of) ++unit_begin_[unit + 1];
    std::partial_sum(unit_begin_.begin(), unit_begin_.end(), unit_begin_.begin());
    std::vector<std::uint32_t> next(unit_begin_.begin(), unit_begin_.end() - 1);
    members_.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      members_[next[unit_of[i]]++] = static_cast<std::uint32_t>(i);
    }
  }

  void fill_strata(const std::vector<int>& strata) {
    std::map<int, std::vector<std::uint32_t>> by_stratum;
    for (std::uint32_t unit = 0; unit + 1 < unit_begin_.size(); ++unit) {
      const std::uint32_t first = members_[unit_begin_[unit]];
      by_stratum[strata.empty() ? 0 : strata[first]].push_back(unit);
    }
    for (auto& [stratum, units] : by_stratum) strata_.push_back(std::move(units));
  }

  std::vector<std::uint32_t> counts_;
  std::vector<std::uint32_t> unit_begin_;
  std::vector<std::uint32_t> members_;
  std::vector<std::vector<std::uint32_t>> strata_;
};

// Quantile by linear interpolation between order statistics; `sorted` is not empty.
double quantile(const std::vector<double>& sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const std::size_t below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double part = position - static_cast<double>(below);
  return sorted[below] + part * (sorted[above] - sorted[below]);
}

struct Interval {
  double lo = kUndefined;
  double hi = kUndefined;
};

// Sorts `values`.
Interval percentile_interval(std::vector<double>& values, const BootstrapOptions& options) {
  if (values.size() * 10 < options.replicates * 9) return {};
  std::sort(values.begin(), values.end());
  const double tail = (1 - options.confidence) / 2;
  return {quantile(values, tail), quantile(values, 1 - tail)};
}

void require_seeds(std::span<const ResampleStatistic> seeds) {
  if (seeds.empty()) throw UsageError("bootstrap: there is no training to measure");
}

double mean_over(std::span<const ResampleStatistic> seeds, SampleCounts counts) {
  double sum = 0;
  for (const ResampleStatistic& seed : seeds) sum += seed(counts);
  return sum / static_cast<double>(seeds.size());
}

// The mean over as many drawn trainings as there are; one that was drawn twice is computed once.
double mean_over_drawn(std::span<const ResampleStatistic> seeds, SampleCounts counts,
                       Random& random) {
  if (seeds.size() == 1) return seeds[0](counts);
  std::vector<std::uint32_t> times(seeds.size(), 0);
  for (std::size_t k = 0; k < seeds.size(); ++k) ++times[random.below(seeds.size())];
  double sum = 0;
  for (std::size_t s = 0; s < seeds.size(); ++s) {
    if (times[s] > 0) sum += times[s] * seeds[s](counts);
  }
  return sum / static_cast<double>(seeds.size());
}

}  // namespace

double on_all(const ResampleStatistic& statistic, std::size_t n) {
  const std::vector<std::uint32_t> ones(n, 1);
  return statistic(ones);
}

Estimate bootstrap(std::size_t n, const ResampleStatistic& statistic,
                   const BootstrapOptions& options) {
  return bootstrap_over_seeds(n, std::span(&statistic, 1), options);
}

Estimate bootstrap_over_seeds(std::size_t n, std::span<const ResampleStatistic> seeds,
                              const BootstrapOptions& options) {
  require_seeds(seeds);
  Resampler resampler(n, options);
  Estimate estimate{kUndefined, kUndefined, kUndefined, n, seeds.size(), 0};
  if (n == 0) return estimate;
  const std::vector<std::uint32_t> ones(n, 1);
  estimate.value = mean_over(seeds, ones);
  if (!std::isfinite(estimate.value) || !resampler.can_vary()) return estimate;

  // Samples and trainings come from streams of their own: the samples drawn for a seed of the
  // bootstrap are the same however many trainings there are.
  Random sample_random(options.seed, "bootstrap samples");
  Random training_random(options.seed, "bootstrap trainings");
  std::vector<double> values;
  values.reserve(options.replicates);
  for (std::size_t b = 0; b < options.replicates; ++b) {
    const SampleCounts counts = resampler.draw(sample_random);
    const double value = mean_over_drawn(seeds, counts, training_random);
    if (std::isfinite(value)) {
      values.push_back(value);
    } else {
      ++estimate.undefined;
    }
  }
  const Interval interval = percentile_interval(values, options);
  estimate.lo = interval.lo;
  estimate.hi = interval.hi;
  return estimate;
}

PairedReplicates paired_replicates(std::size_t n, std::span<const ResampleStatistic> baseline,
                                   std::span<const ResampleStatistic> candidate,
                                   const BootstrapOptions& options) {
  require_seeds(baseline);
  require_seeds(candidate);
  Resampler resampler(n, options);
  PairedReplicates drawn;
  PairedDifference& result = drawn.summary;
  result = {kUndefined, kUndefined, kUndefined, kUndefined, n, baseline.size(), candidate.size()};
  if (n == 0) return drawn;
  const std::vector<std::uint32_t> ones(n, 1);
  result.difference = mean_over(candidate, ones) - mean_over(baseline, ones);
  if (!std::isfinite(result.difference) || !resampler.can_vary()) return drawn;

  Random sample_random(options.seed, "bootstrap samples");
  Random baseline_random(options.seed, "bootstrap baseline trainings");
  Random candidate_random(options.seed, "bootstrap candidate trainings");
  std::vector<double>& differences = drawn.differences;
  differences.reserve(options.replicates);
  std::size_t not_above = 0;
  std::size_t not_below = 0;
  for (std::size_t b = 0; b < options.replicates; ++b) {
    const SampleCounts counts = resampler.draw(sample_random);
    const double difference = mean_over_drawn(candidate, counts, candidate_random) -
                              mean_over_drawn(baseline, counts, baseline_random);
    if (!std::isfinite(difference)) continue;
    differences.push_back(difference);
    if (difference <= 0) ++not_above;
    if (difference >= 0) ++not_below;
  }
  const Interval interval = percentile_interval(differences, options);
  result.lo = interval.lo;
  result.hi = interval.hi;
  if (std::isfinite(interval.lo)) {
    result.p_value = std::min(1.0, 2 * static_cast<double>(std::min(not_above, not_below) + 1) /
                                       static_cast<double>(differences.size() + 1));
  }
  return drawn;
}

PairedDifference paired_bootstrap(std::size_t n, std::span<const ResampleStatistic> baseline,
                                  std::span<const ResampleStatistic> candidate,
                                  const BootstrapOptions& options) {
  return paired_replicates(n, baseline, candidate, options).summary;
}

McNemar mcnemar(std::span<const int> truth, std::span<const int> first,
                std::span<const int> second) {
  if (truth.size() != first.size() || truth.size() != second.size()) {
    throw UsageError("McNemar's test: {} labels, {} and {} predictions", truth.size(), first.size(),
                     second.size());
  }
  McNemar result;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const bool first_right = first[i] == truth[i];
    const bool second_right = second[i] == truth[i];
    if (first_right && !second_right) ++result.only_first_right;
    if (!first_right && second_right) ++result.only_second_right;
  }
  const std::size_t pairs = result.only_first_right + result.only_second_right;
  const std::size_t fewer = std::min(result.only_first_right, result.only_second_right);
  if (pairs == 0) return result;
  // Terms of Binomial(pairs, 1/2) from their logarithms: 0.5^pairs alone would underflow.
  double tail = 0;
  const double m = static_cast<double>(pairs);
  for (std::size_t k = 0; k <= fewer; ++k) {
    const double j = static_cast<double>(k);
    tail += std::exp(std::lgamma(m + 1) - std::lgamma(j + 1) - std::lgamma(m - j + 1) -
                     m * std::log(2.0));
  }
  result.p_value = std::min(1.0, 2 * tail);
  return result;
}

double cohen_kappa(std::span<const double> first, std::span<const double> second, double same) {
  const double all = std::accumulate(first.begin(), first.end(), 0.0);
  double chance = 0;
  for (std::size_t c = 0; c < first.size(); ++c) chance += first[c] * second[c] / (all * all);
  return (same / all - chance) / (1 - chance);
}

ResampleStatistic mean_statistic(std::vector<double> values) {
  return [values = std::move(values)](SampleCounts counts) {
    double sum = 0;
    double weight = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(values[i])) continue;
      sum += counts[i] * values[i];
      weight += counts[i];
    }
    return weight == 0 ? kUndefined : sum / weight;
  };
}

ResampleStatistic median_statistic(std::vector<double> values) {
  std::vector<std::uint32_t> order;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i])) order.push_back(static_cast<std::uint32_t>(i));
  }
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; });
  return [values = std::move(values), order = std::move(order)](SampleCounts counts) {
    std::uint64_t total = 0;
    for (const std::uint32_t i : order) total += counts[i];
    if (total == 0) return kUndefined;
    // The two middle draws; the same one for an odd number.
    const std::uint64_t lower = (total - 1) / 2;
    const std::uint64_t upper = total / 2;
    double sum = 0;
    std::uint64_t passed = 0;
    for (const std::uint32_t i : order) {
      const std::uint64_t after = passed + counts[i];
      if (passed <= lower && lower < after) sum += values[i];
      if (passed <= upper && upper < after) {
        sum += values[i];
        break;
      }
      passed = after;
    }
    return sum / 2;
  };
}

}  // namespace epicrisis
