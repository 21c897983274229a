#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "epicrisis/core/error.h"
#include "epicrisis/core/random.h"
#include "epicrisis/eval/calibration.h"
#include "epicrisis/eval/operating_points.h"
#include "epicrisis/eval/paired_difference.h"
#include "epicrisis/eval/paired_tests.h"
#include "eval/expectations.h"

namespace epicrisis {
namespace {

using test::agree;

// What make_comparison_expectations.py wrote.
const Json& compared() {
  static const Json json = parse_json(read_file(std::filesystem::path(EPICRISIS_SOURCE_DIR) /
                                                "tests/eval/comparison_expectations.json"),
                                      "comparison_expectations.json");
  return json;
}

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(PairedTests, DelongIsItsDefinition) {
  for (const Json& expected : compared()["delong"]) {
    SCOPED_TRACE(expected["name"].get<std::string>());
    const auto positive = expected["positive"].get<std::vector<int>>();
    const auto first = expected["first"].get<std::vector<double>>();
    const auto second = expected["second"].get<std::vector<double>>();
    const DeLong test = delong(positive, first, second);
    EXPECT_TRUE(agree(test.first, expected["areas"][0]));
    EXPECT_TRUE(agree(test.second, expected["areas"][1]));
    EXPECT_TRUE(agree(test.standard_error, expected["standard_error"]));
    EXPECT_TRUE(agree(test.p_value, expected["p_value"]));
    EXPECT_TRUE(agree((test.hi - test.lo) / 2, expected["half_width"]));
    EXPECT_EQ(test.positives + test.negatives, positive.size());
    const DeLong swapped = delong(positive, second, first);
    EXPECT_NEAR(swapped.difference, -test.difference, 1e-12);
    EXPECT_NEAR(swapped.p_value, test.p_value, 1e-12);
  }
}

TEST(PairedTests, DelongWithoutADifferenceOrASide) {
  const std::vector<int> positive = {1, 0, 1, 0};
  const std::vector<double> scores = {3, 1, 2, 2};
  const DeLong alike = delong(positive, scores, scores);
  EXPECT_EQ(alike.difference, 0);
  EXPECT_EQ(alike.p_value, 1);
  const std::vector<int> all = {1, 1, 1, 1};
  EXPECT_TRUE(std::isnan(delong(all, scores, scores).p_value));
  const std::vector<int> lone = {1, 0, 0, 0};
  EXPECT_TRUE(std::isnan(delong(lone, scores, scores).p_value));
  const std::vector<double> broken = {3, 1, 2, kNaN};
  EXPECT_THROW(delong(positive, scores, broken), UsageError);
  EXPECT_THROW(delong(positive, scores, {}), UsageError);
  EXPECT_THROW(delong(positive, scores, scores, 1), UsageError);
}

TEST(PairedTests, WilcoxonAgreesWithScipy) {
  for (const Json& expected : compared()["wilcoxon"]) {
    SCOPED_TRACE(expected["name"].get<std::string>());
    const auto differences = expected["differences"].get<std::vector<double>>();
    const Wilcoxon test = wilcoxon_signed_rank(differences);
    EXPECT_TRUE(agree(test.p_value, expected["p_value"])) << test.p_value;
    EXPECT_GE(test.rank_biserial, -1);
    EXPECT_LE(test.rank_biserial, 1);
  }
}

TEST(PairedTests, WilcoxonOfFewSeedsCannotBeSmall) {
  const std::vector<double> five = {0.1, 0.2, 0.3, 0.4, 0.5};
  EXPECT_DOUBLE_EQ(wilcoxon_signed_rank(five).p_value, 2.0 / 32);
  EXPECT_EQ(wilcoxon_signed_rank(five).rank_biserial, 1);
  const std::vector<double> zeros = {0, 0};
  EXPECT_EQ(wilcoxon_signed_rank(zeros).p_value, 1);
  EXPECT_EQ(wilcoxon_signed_rank(zeros).n, 0U);
  EXPECT_EQ(wilcoxon_signed_rank({}).p_value, 1);
  const std::vector<double> broken = {kNaN};
  EXPECT_THROW(wilcoxon_signed_rank(broken), UsageError);
}

TEST(PairedTests, HolmAgreesWithStatsmodels) {
  for (const Json& expected : compared()["holm"]) {
    const auto p_values = expected["p_values"].get<std::vector<double>>();
    const std::vector<double> adjusted = holm(p_values);
    ASSERT_EQ(adjusted.size(), p_values.size());
    for (std::size_t i = 0; i < adjusted.size(); ++i) {
      EXPECT_TRUE(agree(adjusted[i], expected["adjusted"][i])) << i;
    }
  }
  const std::vector<double> with_gap = {0.02, kNaN, 0.03};
  const std::vector<double> adjusted = holm(with_gap);
  EXPECT_DOUBLE_EQ(adjusted[0], 0.04);
  EXPECT_TRUE(std::isnan(adjusted[1]));
  const std::vector<double> none = {1.5};
  EXPECT_THROW(holm(none), UsageError);
}

TEST(Calibration, AndOperatingPointsAgreeWithScikitLearn) {
  for (const Json& expected : compared()["scores"]) {
    SCOPED_TRACE(expected["name"].get<std::string>());
    const auto truth = expected["truth"].get<std::vector<int>>();
    const std::size_t n = truth.size();
    const FloatMatrix logits = test::matrix_of(
        expected["logits_times_64"], expected["classes"].get<std::size_t>(), 1.0F / 64.0F);
    EXPECT_TRUE(agree(on_all(ece_statistic(truth, logits), n), expected["ece"]));
    EXPECT_TRUE(agree(on_all(brier_statistic(truth, logits), n), expected["brier"]));
    EXPECT_TRUE(agree(on_all(log_loss_statistic(truth, logits), n), expected["log_loss"]));

    std::vector<int> positive;
    std::vector<int> right;
    std::vector<double> scores;
    std::vector<double> probabilities;
    std::vector<double> confidence;
    const std::vector<int> predicted = predicted_classes(logits);
    for (std::size_t i = 0; i < n; ++i) {
      const std::vector<double> shares = softmax(logits.row(i));
      positive.push_back(truth[i] == 0 ? 1 : 0);
      right.push_back(predicted[i] == truth[i] ? 1 : 0);
      scores.push_back(static_cast<double>(logits.row(i)[0]));
      probabilities.push_back(shares[0]);
      confidence.push_back(*std::ranges::max_element(shares));
    }
    const RocCurve curve(positive, scores);
    for (const auto& [key, sensitivity] : expected["sensitivity_at"].items()) {
      const OperatingPoint point = curve.at_specificity(std::stod(key));
      EXPECT_TRUE(agree(point.sensitivity, sensitivity)) << key;
      EXPECT_GE(point.specificity, std::stod(key));
    }
    for (const auto& [key, specificity] : expected["specificity_at"].items()) {
      const OperatingPoint point = curve.at_sensitivity(std::stod(key));
      EXPECT_TRUE(agree(point.specificity, specificity)) << key;
      EXPECT_GE(point.sensitivity, std::stod(key));
    }
    EXPECT_TRUE(agree(curve.area_above_sensitivity(0.8), expected["area_above_80"]));
    EXPECT_NEAR(curve.area_above_sensitivity(0), delong(positive, scores, scores).first, 1e-12);
    for (const auto& [key, benefit] : expected["net_benefit"].items()) {
      EXPECT_TRUE(agree(net_benefit(positive, probabilities, std::stod(key)), benefit)) << key;
    }
    if (!expected["risk_coverage_area"].is_null()) {
      EXPECT_TRUE(agree(risk_coverage_area(right, confidence), expected["risk_coverage_area"]));
    }
  }
}

TEST(Calibration, BinsHoldEachSampleOnce) {
  FloatMatrix logits(4, 2);
  logits.values = {0, 0, 50, 0, 0, 50, 1, 0};
  const std::vector<int> truth = {0, 0, 0, 0};
  const std::vector<ReliabilityBin> bins = reliability(truth, logits, 10);
  ASSERT_EQ(bins.size(), 10U);
  EXPECT_EQ(bins[4].n, 1U);  // .5, closed above
  EXPECT_EQ(bins[4].right, 1);
  EXPECT_EQ(bins[7].n, 1U);
  EXPECT_EQ(bins[9].n, 2U);
  EXPECT_EQ(bins[9].right, 0.5);
  EXPECT_TRUE(std::isnan(bins[0].right));
  EXPECT_THROW(reliability(truth, logits, 0), UsageError);
  const std::vector<int> outside = {0, 0, 0, 2};
  EXPECT_THROW(brier_statistic(outside, logits), UsageError);
}

TEST(OperatingPoints, WhereNobodyReachesBoth) {
  const std::vector<int> positive = {0, 1};
  const std::vector<double> worst = {1, 0};
  const RocCurve curve(positive, worst);
  EXPECT_EQ(curve.at_specificity(1).sensitivity, 0);
  EXPECT_TRUE(std::isinf(curve.at_specificity(1).threshold));
  EXPECT_EQ(curve.at_sensitivity(1).specificity, 0);
  EXPECT_EQ(curve.at_sensitivity(0).specificity, 1);
  EXPECT_EQ(curve.area_above_sensitivity(0.8), 0);
  const std::vector<int> alone = {1, 1};
  EXPECT_THROW(RocCurve(alone, worst), UsageError);
}

// A resample is the samples written out as often as they were drawn.
TEST(OperatingPoints, OfAResample) {
  const std::vector<int> positive = {1, 0, 1, 0, 0};
  const std::vector<double> scores = {5, 4, 3, 3, 1};
  const std::vector<std::uint32_t> counts = {1, 2, 3, 0, 2};
  std::vector<int> drawn_positive;
  std::vector<double> drawn_scores;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    drawn_positive.insert(drawn_positive.end(), counts[i], positive[i]);
    drawn_scores.insert(drawn_scores.end(), counts[i], scores[i]);
  }
  const RocCurve drawn(drawn_positive, drawn_scores);
  EXPECT_EQ(sensitivity_at_specificity(positive, scores, 0.5)(counts),
            drawn.at_specificity(0.5).sensitivity);
  EXPECT_EQ(area_above_sensitivity(positive, scores, 0.2)(counts),
            drawn.area_above_sensitivity(0.2));
  const std::vector<std::uint32_t> healthy = {0, 2, 0, 1, 2};
  EXPECT_TRUE(std::isnan(area_above_sensitivity(positive, scores, 0.2)(healthy)));
}

TEST(OperatingPoints, PredictiveValuesFollowThePrevalence) {
  // Ninety of a hundred ill found, ninety of a hundred healthy left alone: at 1 % ill, one alarm of
  // twelve is right.
  const PredictiveValues rare = predictive_values({0, 0.9, 0.9}, 0.01);
  EXPECT_NEAR(rare.positive, 0.009 / (0.009 + 0.099), 1e-12);
  EXPECT_NEAR(rare.negative, 0.891 / (0.891 + 0.001), 1e-12);
  EXPECT_TRUE(std::isnan(predictive_values({0, 0, 1}, 0.5).positive));
}

TEST(OperatingPoints, EqualConfidenceStandsInRandomOrder) {
  const std::vector<int> right = {1, 0};
  const std::vector<double> alike = {0.5, 0.5};
  // (0 + 1/2) / 2 or (1 + 1/2) / 2
  EXPECT_DOUBLE_EQ(risk_coverage_area(right, alike), 0.5);
}

// Two models of the same quality and one that is better, by values of each sample.
std::vector<double> right_answers(std::size_t n, double share, Random& random) {
  std::vector<double> values(n);
  for (double& value : values) value = random.uniform() < share ? 1 : 0;
  return values;
}

TEST(PairedTest, SaysWhatPairedBootstrapSaysAndMore) {
  Random random(3);
  const std::size_t n = 500;
  const std::vector<ResampleStatistic> first = {mean_statistic(right_answers(n, 0.7, random))};
  const std::vector<ResampleStatistic> second = {mean_statistic(right_answers(n, 0.7, random))};
  BootstrapOptions options;
  options.replicates = 4000;
  const PairedTest test = paired_test(n, first, second, 0.1, options);
  const PairedDifference plain = paired_bootstrap(n, first, second, options);
  EXPECT_EQ(test.difference.difference, plain.difference);
  EXPECT_EQ(test.difference.lo, plain.lo);
  EXPECT_EQ(test.difference.p_value, plain.p_value);
  // sqrt(2 p (1 - p) / n)
  EXPECT_NEAR(test.standard_error, std::sqrt(2 * 0.21 / 500), 0.002);
  EXPECT_NEAR(test.detectable, 2.8016 * test.standard_error, 1e-3 * test.standard_error);
  EXPECT_LT(test.equivalence_p, 0.05);
  EXPECT_GT(paired_test(n, first, second, 0.01, options).equivalence_p, 0.05);
  EXPECT_THROW(paired_test(n, first, second, 0, options), UsageError);
  // Nothing can vary.
  const std::vector<ResampleStatistic> one = {mean_statistic({1})};
  EXPECT_TRUE(std::isnan(paired_test(1, one, one, 0.1, options).equivalence_p));
}

// How often a comparison of two models of the same quality calls one better, at a level of .05.
struct FalseAlarms {
  double paired_bootstrap = 0;
  double t_test_of_replicates = 0;
};

FalseAlarms false_alarms_of(std::size_t trials) {
  FalseAlarms alarms;
  for (std::size_t trial = 0; trial < trials; ++trial) {
    Random random(trial, "false alarms");
    const std::size_t n = 200;
    const std::vector<ResampleStatistic> first = {mean_statistic(right_answers(n, 0.7, random))};
    const std::vector<ResampleStatistic> second = {mean_statistic(right_answers(n, 0.7, random))};
    BootstrapOptions options;
    options.replicates = 1000;
    options.seed = trial;
    const PairedTest test = paired_test(n, first, second, 0.1, options);
    if (test.difference.p_value < 0.05) alarms.paired_bootstrap += 1;
    // The t-test takes the thousand replicates for a thousand independent measurements.
    const double t = test.difference.difference / (test.standard_error / std::sqrt(1000.0));
    if (std::abs(t) > 1.96) alarms.t_test_of_replicates += 1;
  }
  alarms.paired_bootstrap /= static_cast<double>(trials);
  alarms.t_test_of_replicates /= static_cast<double>(trials);
  return alarms;
}

TEST(PairedTest, ATestBetweenReplicatesFindsWhatIsNotThere) {
  const FalseAlarms alarms = false_alarms_of(200);
  EXPECT_LT(alarms.paired_bootstrap, 0.1);
  EXPECT_GT(alarms.t_test_of_replicates, 0.85);
}

}  // namespace
}  // namespace epicrisis
