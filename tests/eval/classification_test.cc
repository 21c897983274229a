#include "epicrisis/eval/classification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "epicrisis/core/error.h"
#include "epicrisis/core/random.h"
#include "eval/expectations.h"

namespace epicrisis {
namespace {

using test::agree;
using test::expectations;

TEST(Classification, SoftmaxOfScoresOfAnySize) {
  const std::vector<float> scores = {1000, 1000, -1000};
  EXPECT_THAT(softmax(scores), testing::ElementsAre(0.5, 0.5, 0));
  const std::vector<float> logs = {0, std::log(3.0F)};
  EXPECT_NEAR(softmax(logs)[1], 0.75, 1e-6);
}

TEST(Classification, AgreesWithScikitLearn) {
  const Json& cases = expectations()["classification"];
  ASSERT_GT(cases.size(), 70U);
  std::size_t undefined = 0;
  for (const Json& expected : cases) {
    const std::string name = expected["name"].get<std::string>();
    SCOPED_TRACE(name);
    const std::size_t classes = expected["classes"].get<std::size_t>();
    const std::vector<int> truth = expected["truth"].get<std::vector<int>>();
    const FloatMatrix logits = test::matrix_of(expected["logits_times_64"], classes, 1.0F / 64.0F);
    const ConfusionMatrix confusion = confusion_matrix(truth, predicted_classes(logits), classes);
    EXPECT_EQ(confusion.counts, expected["confusion"].get<std::vector<std::uint64_t>>());
    EXPECT_TRUE(agree(accuracy(confusion), expected["accuracy"]));
    EXPECT_TRUE(agree(balanced_accuracy(confusion), expected["balanced_accuracy"]));
    EXPECT_TRUE(agree(weighted_f1(confusion), expected["weighted_f1"]));
    EXPECT_TRUE(agree(macro_f1(confusion), expected["macro_f1"]));
    EXPECT_TRUE(agree(linear_kappa(confusion), expected["linear_kappa"]))
        << linear_kappa(confusion) << " " << expected["linear_kappa"];
    EXPECT_TRUE(agree(auroc(truth, logits), expected["auroc"]))
        << auroc(truth, logits) << " " << expected["auroc"];
    const std::vector<double> areas = auroc_per_class(truth, logits);
    const std::vector<ClassMetrics> per_class = class_metrics(confusion);
    ASSERT_EQ(areas.size(), classes);
    ASSERT_EQ(per_class.size(), classes);
    for (std::size_t c = 0; c < classes; ++c) {
      EXPECT_TRUE(agree(areas[c], expected["auroc_per_class"][c])) << c;
      EXPECT_TRUE(agree(per_class[c].precision, expected["precision"][c])) << c;
      EXPECT_TRUE(agree(per_class[c].recall, expected["recall"][c])) << c;
      EXPECT_TRUE(agree(per_class[c].f1, expected["f1"][c])) << c;
      EXPECT_EQ(per_class[c].support, expected["support"][c].get<std::uint64_t>()) << c;
    }
    // The registry computes the same through its statistics.
    for (const ClassificationMetric& metric : classification_metrics()) {
      ASSERT_TRUE(expected.contains(metric.name)) << metric.name;
      const std::vector<std::uint32_t> ones(truth.size(), 1);
      const double value = classification_statistic(metric, truth, logits)(ones);
      EXPECT_TRUE(agree(value, expected[metric.name])) << metric.name;
      if (std::isnan(value)) ++undefined;
    }
  }
  EXPECT_GT(undefined, 0U);
}

// A statistic of counts must equal the metric of the samples written out that often.
TEST(Classification, CountsStandForRepeatedSamples) {
  Random random(3);
  const std::size_t n = 60;
  const std::size_t classes = 4;
  std::vector<int> truth(n);
  FloatMatrix logits(n, classes);
  std::vector<std::uint32_t> counts(n);
  std::vector<int> long_truth;
  FloatMatrix long_logits(0, classes);
  for (std::size_t i = 0; i < n; ++i) {
    truth[i] = static_cast<int>(random.below(classes));
    counts[i] = static_cast<std::uint32_t>(random.below(4));
    for (float& value : logits.row(i)) value = static_cast<float>(random.below(6));  // with ties
    for (std::uint32_t k = 0; k < counts[i]; ++k) {
      long_truth.push_back(truth[i]);
      const auto row = logits.row(i);
      long_logits.values.insert(long_logits.values.end(), row.begin(), row.end());
      ++long_logits.rows;
    }
  }
  for (const ClassificationMetric& metric : classification_metrics()) {
    const std::vector<std::uint32_t> ones(long_truth.size(), 1);
    EXPECT_NEAR(classification_statistic(metric, truth, logits)(counts),
                classification_statistic(metric, long_truth, long_logits)(ones), 1e-12)
        << metric.name;
  }
}

// Scores of which each row's class is `called`.
FloatMatrix scores_of(const std::vector<int>& called, std::size_t classes) {
  FloatMatrix scores(called.size(), classes);
  for (std::size_t i = 0; i < called.size(); ++i) {
    scores.row(i)[static_cast<std::size_t>(called[i])] = 1;
  }
  return scores;
}

TEST(Classification, ClassesOfAResampleAreThoseOfAllSamples) {
  // Class 3 is called once and never true.
  const std::vector<int> truth = {0, 0, 0, 1, 1, 2, 2};
  const FloatMatrix logits = scores_of({0, 0, 3, 1, 0, 2, 1}, 4);
  const auto measured = [&](const char* metric, const std::vector<std::uint32_t>& counts) {
    return classification_statistic(classification_metric(metric), truth, logits)(counts);
  };
  // Nothing is known of the recall of class 2 without a sample of it: no mean over the classes.
  const std::vector<std::uint32_t> without_2 = {2, 2, 1, 1, 1, 0, 0};
  for (const char* metric : {"balanced_accuracy", "macro_f1", "auroc"}) {
    EXPECT_TRUE(std::isnan(measured(metric, without_2))) << metric;
    EXPECT_TRUE(classification_metric(metric).over_classes) << metric;
  }
  for (const char* metric : {"weighted_f1", "accuracy", "linear_kappa"}) {
    EXPECT_TRUE(std::isfinite(measured(metric, without_2))) << metric;
    EXPECT_FALSE(classification_metric(metric).over_classes) << metric;
  }
  // The F1 of class 3 is 0 also where it is not called, and is one of four.
  const std::vector<std::uint32_t> without_3 = {2, 1, 0, 1, 1, 1, 1};
  EXPECT_NEAR(measured("balanced_accuracy", without_3), (1 + 0.5 + 0.5) / 3, 1e-12);
  EXPECT_NEAR(measured("macro_f1", without_3), (6.0 / 7 + 0.5 + 2.0 / 3 + 0) / 4, 1e-12);
  // The distance from 0 to 2 stays 2 where nothing is or is called 1: all of the disagreement that
  // chance would give is seen.
  const std::vector<int> ends = {0, 0, 1, 2};
  const std::vector<std::uint32_t> no_middle = {1, 1, 0, 1};
  const FloatMatrix called = scores_of({0, 3, 1, 2}, 4);
  const auto kappa = classification_statistic(classification_metric("linear_kappa"), ends, called);
  // Truth 0, 0, 2; called 0, 3, 2: observed 3, expected (2 * (2 + 3) + 1 * (2 + 1)) / 3.
  EXPECT_NEAR(kappa(no_middle), 1 - 3 / (13.0 / 3), 1e-12);
}

TEST(Classification, NothingToMeasureIsUndefined) {
  const ConfusionMatrix empty(3);
  EXPECT_TRUE(std::isnan(accuracy(empty)));
  EXPECT_TRUE(std::isnan(balanced_accuracy(empty)));
  EXPECT_TRUE(std::isnan(weighted_f1(empty)));
  EXPECT_TRUE(std::isnan(macro_f1(empty)));
  EXPECT_TRUE(std::isnan(linear_kappa(empty)));
  EXPECT_TRUE(std::isnan(auroc({}, FloatMatrix(0, 3))));
  const std::vector<int> truth = {0, 0};
  EXPECT_TRUE(std::isnan(auroc(truth, FloatMatrix(2, 1))));
  EXPECT_EQ(auroc_per_class(truth, FloatMatrix(2, 1)).size(), 1U);
}

TEST(Classification, ASaturatedSoftmaxStillRanks) {
  // All probabilities of class 1 round to 1 in single precision; the logits still order them.
  FloatMatrix logits(4, 2);
  logits.values = {0, 300, 0, 200, 0, 180, 0, 120};
  const std::vector<int> truth = {1, 1, 0, 0};
  EXPECT_DOUBLE_EQ(auroc(truth, logits), 1.0);
}

TEST(Classification, RefusesWhatCannotBeMeasured) {
  FloatMatrix scores(2, 2);
  scores.values = {0, 1, std::numeric_limits<float>::quiet_NaN(), 0};
  const std::vector<int> truth = {0, 1};
  EXPECT_THROW(predicted_classes(scores), UsageError);
  EXPECT_THROW(auroc(truth, scores), UsageError);
  scores.values[2] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(predicted_classes(scores), UsageError);
  EXPECT_THROW(predicted_classes(FloatMatrix(1, 0)), UsageError);
  const std::vector<int> outside = {0, 2};
  const std::vector<int> negative = {0, -1};
  const std::vector<int> longer = {0, 1, 1};
  EXPECT_THROW(confusion_matrix(outside, truth, 2), UsageError);
  EXPECT_THROW(confusion_matrix(truth, negative, 2), UsageError);
  EXPECT_THROW(confusion_matrix(longer, truth, 2), UsageError);
  const FloatMatrix fine(2, 2);
  for (const ClassificationMetric& metric : classification_metrics()) {
    EXPECT_THROW(classification_statistic(metric, outside, fine), UsageError) << metric.name;
    EXPECT_THROW(classification_statistic(metric, negative, fine), UsageError) << metric.name;
    EXPECT_THROW(classification_statistic(metric, longer, fine), UsageError) << metric.name;
    EXPECT_THROW(classification_statistic(metric, truth, scores), UsageError) << metric.name;
  }
}

TEST(Classification, AnUnknownMetricIsNamedWithItsNeighbour) {
  EXPECT_EQ(classification_metric("macro_f1").title, "Macro F1");
  try {
    classification_metric("weigthed_f1");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("did you mean 'weighted_f1'"));
  }
}

}  // namespace
}  // namespace epicrisis
