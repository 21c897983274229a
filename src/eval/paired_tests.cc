#include "epicrisis/eval/paired_tests.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>

#include "epicrisis/core/error.h"
#include "eval/normal.h"

namespace epicrisis {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kExact = 50;  // differences

std::vector<std::size_t> ascending(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  return order;
}

// Calls with the places [begin, end) in `order` of each set of equal values, ascending.
template <typename Call>
void for_each_tie(std::span<const double> values, std::span<const std::size_t> order,
                  const Call& call) {
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    call(begin, end);
    begin = end;
  }
}

// Twice the rank of each value, from 1; equal values share the mean of theirs.
std::vector<std::size_t> doubled_mid_ranks(std::span<const double> values) {
  const std::vector<std::size_t> order = ascending(values);
  std::vector<std::size_t> ranks(values.size());
  for_each_tie(values, order, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = begin + 1 + end;
  });
  return ranks;
}

// For each sample the share of the other side that it is ranked rightly against: the structural
// components of the area.
struct Components {
  std::vector<double> positives;
  std::vector<double> negatives;
};

Components components(std::span<const int> positive, std::span<const double> scores) {
  std::vector<double> above;
  std::vector<double> below;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    (positive[i] != 0 ? above : below).push_back(scores[i]);
  }
  const std::vector<std::size_t> all = doubled_mid_ranks(scores);
  const std::vector<std::size_t> among_positives = doubled_mid_ranks(above);
  const std::vector<std::size_t> among_negatives = doubled_mid_ranks(below);
  Components result;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto rank = static_cast<double>(all[i]);
    if (positive[i] != 0) {
      const auto own = static_cast<double>(among_positives[result.positives.size()]);
      result.positives.push_back((rank - own) / 2 / static_cast<double>(below.size()));
    } else {
      const auto own = static_cast<double>(among_negatives[result.negatives.size()]);
      result.negatives.push_back(1 - (rank - own) / 2 / static_cast<double>(above.size()));
    }
  }
  return result;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Variance of the mean of the differences; NaN of fewer than two.
double variance_of_mean(const std::vector<double>& first, const std::vector<double>& second) {
  const auto n = static_cast<double>(first.size());
  const double middle = mean(second) - mean(first);
  double squares = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const double off = second[i] - first[i] - middle;
    squares += off * off;
  }
  return n < 2 ? kUndefined : squares / (n - 1) / n;
}

// P(sum of the doubled ranks with a plus sign <= `most`), each sign as likely.
double share_of_signs(const std::vector<std::size_t>& doubled_ranks, std::size_t most) {
  std::vector<double> shares(most + 1, 0.0);
  shares[0] = 1;
  for (const std::size_t rank : doubled_ranks) {
    for (std::size_t sum = most + 1; sum-- > 0;) {
      shares[sum] = (shares[sum] + (sum >= rank ? shares[sum - rank] : 0)) / 2;
    }
  }
  return std::accumulate(shares.begin(), shares.end(), 0.0);
}

// Two-sided p-value of the smaller sum of ranks by the normal approximation.
double approximate(const std::vector<double>& sizes, double smaller) {
  const auto n = static_cast<double>(sizes.size());
  double variance = n * (n + 1) * (2 * n + 1) / 24;
  const std::vector<std::size_t> order = ascending(sizes);
  for_each_tie(sizes, order, [&](std::size_t begin, std::size_t end) {
    const auto t = static_cast<double>(end - begin);
    variance -= t * (t * t - 1) / 48;
  });
  return two_sided_p((smaller - n * (n + 1) / 4) / std::sqrt(variance));
}

}  // namespace

DeLong delong(std::span<const int> positive, std::span<const double> first,
              std::span<const double> second, double confidence) {
  if (positive.size() != first.size() || positive.size() != second.size()) {
    throw UsageError("DeLong's test: {} labels, {} and {} scores", positive.size(), first.size(),
                     second.size());
  }
  if (!(confidence > 0 && confidence < 1)) {
    throw UsageError("DeLong's test: a confidence of {} is not between 0 and 1", confidence);
  }
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (!std::isfinite(first[i]) || !std::isfinite(second[i])) {
      throw UsageError("DeLong's test: the scores of sample {} are {} and {}", i, first[i],
                       second[i]);
    }
  }
  DeLong result;
  result.positives =
      static_cast<std::size_t>(std::ranges::count_if(positive, [](int one) { return one != 0; }));
  result.negatives = positive.size() - result.positives;
  result.first = result.second = result.difference = result.standard_error = kUndefined;
  result.lo = result.hi = result.p_value = kUndefined;
  if (result.positives == 0 || result.negatives == 0) return result;
  const Components a = components(positive, first);
  const Components b = components(positive, second);
  result.first = mean(a.positives);
  result.second = mean(b.positives);
  result.difference = result.second - result.first;
  result.standard_error = std::sqrt(variance_of_mean(a.positives, b.positives) +
                                    variance_of_mean(a.negatives, b.negatives));
  const double half = normal_quantile((1 + confidence) / 2) * result.standard_error;
  result.lo = result.difference - half;
  result.hi = result.difference + half;
  if (result.standard_error > 0) {
    result.p_value = two_sided_p(result.difference / result.standard_error);
  } else if (result.standard_error == 0) {
    result.p_value = result.difference == 0 ? 1 : 0;
  }
  return result;
}

Wilcoxon wilcoxon_signed_rank(std::span<const double> differences) {
  std::vector<double> sizes;
  std::vector<bool> above;
  for (const double difference : differences) {
    if (!std::isfinite(difference)) {
      throw UsageError("Wilcoxon's test: a difference is {}", difference);
    }
    if (difference == 0) continue;
    sizes.push_back(std::abs(difference));
    above.push_back(difference > 0);
  }
  Wilcoxon result;
  result.n = sizes.size();
  result.rank_biserial = kUndefined;
  if (sizes.empty()) return result;
  const std::vector<std::size_t> ranks = doubled_mid_ranks(sizes);
  std::size_t positive = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) positive += above[i] ? ranks[i] : 0;
  const std::size_t all = sizes.size() * (sizes.size() + 1);  // doubled, as the ranks
  const std::size_t negative = all - positive;
  result.positive_ranks = static_cast<double>(positive) / 2;
  result.negative_ranks = static_cast<double>(negative) / 2;
  result.rank_biserial =
      (result.positive_ranks - result.negative_ranks) / (static_cast<double>(all) / 2);
  const std::size_t smaller = std::min(positive, negative);
  result.p_value =
      std::min(1.0, sizes.size() <= kExact ? 2 * share_of_signs(ranks, smaller)
                                           : approximate(sizes, static_cast<double>(smaller) / 2));
  return result;
}

std::vector<double> holm(std::span<const double> p_values) {
  std::vector<std::size_t> tests;
  for (std::size_t i = 0; i < p_values.size(); ++i) {
    if (std::isnan(p_values[i])) continue;
    if (!(p_values[i] >= 0 && p_values[i] <= 1)) {
      throw UsageError("Holm's correction: {} is not a p-value", p_values[i]);
    }
    tests.push_back(i);
  }
  std::ranges::stable_sort(tests,
                           [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> adjusted(p_values.begin(), p_values.end());
  double largest = 0;
  for (std::size_t k = 0; k < tests.size(); ++k) {
    const auto left = static_cast<double>(tests.size() - k);
    largest = std::max(largest, std::min(1.0, left * p_values[tests[k]]));
    adjusted[tests[k]] = largest;
  }
  return adjusted;
}

}  // namespace epicrisis
