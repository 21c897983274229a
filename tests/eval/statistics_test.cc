#include "epicrisis/eval/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "epicrisis/core/error.h"
#include "epicrisis/core/random.h"

namespace epicrisis {
namespace {

std::vector<double> normal_values(std::size_t n, Random& random, double mean = 0) {
  std::vector<double> values(n);
  for (double& value : values) value = mean + random.normal();
  return values;
}

double standard_error(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / n / n);
}

TEST(Bootstrap, IntervalOfAMeanIsThatOfTheNormalTheory) {
  Random random(1);
  const std::vector<double> values = normal_values(400, random, 3);
  BootstrapOptions options;
  options.replicates = 20000;
  const Estimate estimate = bootstrap(values.size(), mean_statistic(values), options);
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / 400;
  const double half = 1.959964 * standard_error(values);
  EXPECT_NEAR(estimate.value, mean, 1e-12);
  EXPECT_NEAR(estimate.lo, mean - half, 0.05 * half);
  EXPECT_NEAR(estimate.hi, mean + half, 0.05 * half);
  EXPECT_EQ(estimate.n, 400U);
  EXPECT_EQ(estimate.seeds, 1U);
}

TEST(Bootstrap, CoversTheTruthAsOftenAsItSays) {
  BootstrapOptions options;
  options.replicates = 400;
  std::size_t covered = 0;
  const std::size_t trials = 600;
  for (std::size_t trial = 0; trial < trials; ++trial) {
    Random random(trial, "coverage");
    options.seed = trial;
    const Estimate estimate = bootstrap(80, mean_statistic(normal_values(80, random, 1)), options);
    if (estimate.lo <= 1 && 1 <= estimate.hi) ++covered;
  }
  const double share = static_cast<double>(covered) / static_cast<double>(trials);
  EXPECT_GT(share, 0.92);
  EXPECT_LT(share, 0.97);
}

TEST(Bootstrap, SamplesOfOneGroupAreDrawnTogether) {
  // Each value four times: with groups the interval must be that of the 100 distinct values.
  Random random(2);
  const std::vector<double> distinct = normal_values(100, random);
  std::vector<double> values;
  BootstrapOptions options;
  options.replicates = 4000;
  for (std::size_t i = 0; i < distinct.size(); ++i) {
    for (int copy = 0; copy < 4; ++copy) {
      values.push_back(distinct[i]);
      options.groups.push_back("patient " + std::to_string(i));
    }
  }
  BootstrapOptions plain;
  plain.replicates = 4000;
  const Estimate grouped = bootstrap(values.size(), mean_statistic(values), options);
  const Estimate naive = bootstrap(values.size(), mean_statistic(values), plain);
  const Estimate honest = bootstrap(distinct.size(), mean_statistic(distinct), plain);
  EXPECT_NEAR((grouped.hi - grouped.lo) / (honest.hi - honest.lo), 1, 0.02);
  EXPECT_NEAR((grouped.hi - grouped.lo) / (naive.hi - naive.lo), 2, 0.15);
}

TEST(Bootstrap, AnEmptyGroupStandsAlone) {
  Random random(4);
  const std::vector<double> values = normal_values(50, random);
  BootstrapOptions ungrouped;
  BootstrapOptions empty;
  empty.groups.assign(50, "");
  const Estimate a = bootstrap(50, mean_statistic(values), ungrouped);
  const Estimate b = bootstrap(50, mean_statistic(values), empty);
  EXPECT_EQ(a.lo, b.lo);
  EXPECT_EQ(a.hi, b.hi);
}

TEST(Bootstrap, StrataKeepTheirSizes) {
  BootstrapOptions options;
  std::vector<std::uint32_t> seen;
  for (int i = 0; i < 30; ++i) options.strata.push_back(i < 5 ? 0 : 7);
  bool sizes_kept = true;
  bool varied = false;
  const ResampleStatistic statistic = [&](SampleCounts counts) {
    const auto first = std::accumulate(counts.begin(), counts.begin() + 5, 0U);
    const auto second = std::accumulate(counts.begin() + 5, counts.end(), 0U);
    sizes_kept = sizes_kept && first == 5 && second == 25;
    varied = varied || counts[0] != 1;
    return static_cast<double>(counts[0]);
  };
  bootstrap(30, statistic, options);
  EXPECT_TRUE(sizes_kept);
  EXPECT_TRUE(varied);
}

TEST(Bootstrap, IsTheSameForTheSameSeed) {
  Random random(5);
  const ResampleStatistic statistic = mean_statistic(normal_values(90, random));
  BootstrapOptions options;
  const Estimate first = bootstrap(90, statistic, options);
  const Estimate second = bootstrap(90, statistic, options);
  options.seed = 1;
  const Estimate other = bootstrap(90, statistic, options);
  EXPECT_EQ(first.lo, second.lo);
  EXPECT_EQ(first.hi, second.hi);
  EXPECT_NE(first.lo, other.lo);
}

TEST(Bootstrap, WhatCannotVaryHasNoInterval) {
  const ResampleStatistic statistic = mean_statistic({1, 2, 3});
  BootstrapOptions options;
  options.groups = {"a", "a", "a"};
  EXPECT_TRUE(std::isnan(bootstrap(3, statistic, options).lo));
  EXPECT_DOUBLE_EQ(bootstrap(3, statistic, options).value, 2);
  options.groups.clear();
  options.strata = {0, 1, 2};
  EXPECT_TRUE(std::isnan(bootstrap(3, statistic, options).hi));
  EXPECT_TRUE(std::isnan(bootstrap(1, mean_statistic({1})).lo));
  EXPECT_TRUE(std::isnan(bootstrap(0, mean_statistic({})).value));
}

TEST(Bootstrap, OftenUndefinedStatisticsHaveNoInterval) {
  // Defined only where the first sample is drawn: in about 63 % of the replicates.
  const ResampleStatistic statistic = [](SampleCounts counts) {
    return counts[0] > 0 ? 1.0 : std::numeric_limits<double>::quiet_NaN();
  };
  const Estimate estimate = bootstrap(20, statistic);
  EXPECT_EQ(estimate.value, 1);
  EXPECT_TRUE(std::isnan(estimate.lo));
  EXPECT_NEAR(static_cast<double>(estimate.undefined) / 1000, 0.36, 0.06);
}

TEST(Bootstrap, SeveralTrainingsAddTheirOwnSpread) {
  // Three trainings that differ by far more than the samples do.
  Random random(6);
  const std::vector<double> values = normal_values(1000, random);
  std::vector<ResampleStatistic> seeds;
  for (const double shift : {-1.0, 0.0, 1.0}) {
    std::vector<double> shifted = values;
    for (double& value : shifted) value = 0.01 * value + shift;
    seeds.push_back(mean_statistic(shifted));
  }
  const Estimate estimate = bootstrap_over_seeds(1000, seeds);
  EXPECT_NEAR(estimate.value, 0, 0.01);
  EXPECT_EQ(estimate.seeds, 3U);
  // Mean of three draws from {-1, 0, 1}: standard deviation sqrt(2/3/3) = 0.47; 2.5 % lie at -1.
  EXPECT_LT(estimate.lo, -0.6);
  EXPECT_GT(estimate.hi, 0.6);
  const Estimate one = bootstrap(1000, seeds[1]);
  EXPECT_LT(one.hi - one.lo, 0.01);
  // The same training three times adds nothing.
  const std::vector<ResampleStatistic> same(3, seeds[1]);
  const Estimate repeated = bootstrap_over_seeds(1000, same);
  EXPECT_NEAR(repeated.lo, one.lo, 1e-12);
  EXPECT_NEAR(repeated.hi, one.hi, 1e-12);
}

TEST(PairedBootstrap, SeesADifferenceThatUnpairedIntervalsHide) {
  Random random(7);
  const std::vector<double> first = normal_values(300, random);
  std::vector<double> second = first;
  for (double& value : second) value += 0.05 + 0.01 * random.normal();
  const std::vector<ResampleStatistic> a = {mean_statistic(first)};
  const std::vector<ResampleStatistic> b = {mean_statistic(second)};
  const PairedDifference paired = paired_bootstrap(300, a, b);
  EXPECT_NEAR(paired.difference, 0.05, 0.003);
  EXPECT_GT(paired.lo, 0.045);
  EXPECT_LT(paired.hi, 0.055);
  EXPECT_LT(paired.p_value, 0.01);
  EXPECT_GT(paired.p_value, 0);
  const PairedDifference reversed = paired_bootstrap(300, b, a);
  EXPECT_NEAR(reversed.difference, -paired.difference, 1e-12);
  EXPECT_LT(reversed.hi, 0);
}

TEST(PairedBootstrap, IdenticalModelsDoNotDiffer) {
  const std::vector<ResampleStatistic> a = {mean_statistic({0, 1, 1, 0, 1})};
  const PairedDifference same = paired_bootstrap(5, a, a);
  EXPECT_EQ(same.difference, 0);
  EXPECT_EQ(same.lo, 0);
  EXPECT_EQ(same.hi, 0);
  EXPECT_EQ(same.p_value, 1);
}

TEST(PairedBootstrap, FalseAlarmsAreAsRareAsPromised) {
  BootstrapOptions options;
  options.replicates = 300;
  std::size_t alarms = 0;
  for (std::size_t trial = 0; trial < 400; ++trial) {
    Random random(trial, "alarms");
    options.seed = trial;
    const std::vector<ResampleStatistic> a = {mean_statistic(normal_values(60, random))};
    const std::vector<ResampleStatistic> b = {mean_statistic(normal_values(60, random))};
    if (paired_bootstrap(60, a, b, options).p_value < 0.05) ++alarms;
  }
  EXPECT_GT(alarms, 6U);
  EXPECT_LT(alarms, 40U);  // 20 expected
}

TEST(Bootstrap, RefusesWrongOptions) {
  const ResampleStatistic statistic = mean_statistic({1, 2});
  BootstrapOptions options;
  options.groups = {"a"};
  EXPECT_THROW(bootstrap(2, statistic, options), UsageError);
  options = {};
  options.strata = {1, 2, 3};
  EXPECT_THROW(bootstrap(2, statistic, options), UsageError);
  options = {};
  options.confidence = 1;
  EXPECT_THROW(bootstrap(2, statistic, options), UsageError);
  options.confidence = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(bootstrap(2, statistic, options), UsageError);
  options = {};
  options.replicates = 0;
  EXPECT_THROW(bootstrap(2, statistic, options), UsageError);
  EXPECT_THROW(bootstrap_over_seeds(2, {}, {}), UsageError);
}

TEST(Median, IsTheMiddleOfTheDraws) {
  const ResampleStatistic median = median_statistic({5, 1, std::nan(""), 3});
  const std::vector<std::uint32_t> once = {1, 1, 1, 1};
  const std::vector<std::uint32_t> even = {1, 1, 9, 0};
  const std::vector<std::uint32_t> heavy = {3, 1, 0, 1};
  const std::vector<std::uint32_t> none = {0, 0, 2, 0};
  EXPECT_EQ(median(once), 3);
  EXPECT_EQ(median(even), 3);  // of 1 and 5
  EXPECT_EQ(median(heavy), 5);
  EXPECT_TRUE(std::isnan(median(none)));
}

TEST(McNemarTest, CountsTheDiscordantPairs) {
  const std::vector<int> truth(20, 1);
  std::vector<int> first(20, 1);
  std::vector<int> second(20, 1);
  for (std::size_t i = 0; i < 8; ++i) second[i] = 0;
  first[10] = 0;
  const McNemar result = mcnemar(truth, first, second);
  EXPECT_EQ(result.only_first_right, 8U);
  EXPECT_EQ(result.only_second_right, 1U);
  EXPECT_NEAR(result.p_value, 2 * (1 + 9) / 512.0, 1e-12);  // 2 P(Binomial(9, 1/2) <= 1)
  EXPECT_EQ(mcnemar(truth, first, first).p_value, 1);
  EXPECT_THROW(mcnemar(truth, first, std::vector<int>(3)), UsageError);
}

TEST(Bootstrap, WeightedF1OfTwoThousandSamplesIsFast) {
  Random random(8);
  std::vector<int> truth(2000);
  FloatMatrix logits(2000, 8);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    truth[i] = static_cast<int>(random.below(8));
    for (float& value : logits.row(i)) value = static_cast<float>(random.normal());
  }
  const ResampleStatistic statistic =
      classification_statistic(classification_metric("weighted_f1"), truth, logits);
  const auto start = std::chrono::steady_clock::now();
  const Estimate estimate = bootstrap(truth.size(), statistic);
  const double milliseconds =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  RecordProperty("milliseconds", std::to_string(milliseconds));
  std::printf("weighted F1, 2,000 samples, 1,000 replicates: %.1f ms\n", milliseconds);
  EXPECT_LT(estimate.lo, estimate.value);
  EXPECT_GT(estimate.hi, estimate.value);
}

}  // namespace
}  // namespace epicrisis
