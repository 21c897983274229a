#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/random.h"
#include "epicrisis/eval/evaluation.h"
#include "epicrisis/eval/zero_shot.h"

namespace epicrisis {
namespace {

using testing::HasSubstr;

ResultRow identity(std::string task = "classification") {
  ResultRow row;
  row.run = "with notes";
  row.model = "densenet121";
  row.mode = "multimodal";
  row.notes = "M";
  row.dataset = "ham10000, \"part\"";
  row.role = "internal";
  row.task = std::move(task);
  return row;
}

SeedScores random_scores(const std::string& seed, const std::vector<int>& truth,
                         std::size_t classes, double signal, Random& random) {
  SeedScores scores{seed, FloatMatrix(truth.size(), classes)};
  for (std::size_t i = 0; i < truth.size(); ++i) {
    for (float& value : scores.logits.row(i)) value = static_cast<float>(random.normal());
    scores.logits.row(i)[static_cast<std::size_t>(truth[i])] += static_cast<float>(signal);
  }
  return scores;
}

std::vector<int> random_truth(std::size_t n, std::uint64_t classes, Random& random) {
  std::vector<int> truth(n);
  for (int& label : truth) label = static_cast<int>(random.below(classes));
  return truth;
}

TEST(ResultRows, GoThroughJsonAndCsvUnchanged) {
  ResultRow row = identity();
  row.seed = "all";
  row.metric = "weighted_f1";
  row.value = 0.1 + 0.2;
  row.lo = 1.0 / 3;
  row.hi = 0.5;
  row.n = 512;
  row.seeds = 3;
  const std::vector<ResultRow> rows = {row};
  EXPECT_EQ(result_rows_from_json(parse_json(dump_json(to_json(rows)), "x"), "x"), rows);
  CsvReader csv = CsvReader::from_text(to_csv(rows), "x.csv");
  ASSERT_TRUE(csv.next());
  EXPECT_EQ(csv.at("dataset"), row.dataset);
  EXPECT_EQ(std::stod(csv.at("value")), row.value);
  EXPECT_EQ(std::stod(csv.at("lo")), row.lo);
  EXPECT_EQ(csv.at("n"), "512");
  EXPECT_FALSE(csv.next());
}

TEST(ResultRows, UndefinedNumbersAreNullAndNotPrintable) {
  ResultRow row = identity();
  row.value = 0.5;
  row.n = 10;
  row.seeds = 1;
  EXPECT_FALSE(row.printable());
  row.lo = 0.4;
  row.hi = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(row.printable());
  row.hi = 0.6;
  EXPECT_TRUE(row.printable());
  row.n = 0;
  EXPECT_FALSE(row.printable());
  row.n = 10;
  row.seeds = 0;
  EXPECT_FALSE(row.printable());
  row.seeds = 1;
  row.value = std::nan("");
  EXPECT_FALSE(row.printable());
  EXPECT_TRUE(to_json(row)["value"].is_null());
  const auto back = result_rows_from_json(to_json(std::vector<ResultRow>{row}), "x");
  EXPECT_TRUE(std::isnan(back[0].value));
}

TEST(ResultRows, BrokenJsonIsExplained) {
  const auto message = [](const Json& json) {
    try {
      result_rows_from_json(json, "results.json");
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(message(Json::object()), HasSubstr("results.json"));
  EXPECT_THAT(message(Json::array({1})), HasSubstr("result 1"));
  Json row = to_json(identity());
  row["n"] = -1;
  EXPECT_THAT(message(Json::array({row})), HasSubstr("'n' is -1"));
  row = to_json(identity());
  row["value"] = "0.5";
  EXPECT_THAT(message(Json::array({row})), HasSubstr("value"));
  row = to_json(identity());
  row.erase("metric");
  EXPECT_THAT(message(Json::array({to_json(identity()), row})), HasSubstr("result 2"));
}

TEST(ClassificationRows, EverySeedAndAllOfThem) {
  Random random(1);
  const std::vector<int> truth = random_truth(150, 4, random);
  std::vector<SeedScores> runs;
  for (const char* seed : {"1", "2", "3"}) {
    runs.push_back(random_scores(seed, truth, 4, 1.5, random));
  }
  const auto rows = classification_rows(identity(), truth, runs, {}, Job());
  EXPECT_EQ(rows.size(), classification_metrics().size() * 4);
  std::map<std::string, std::vector<const ResultRow*>> by_metric;
  for (const ResultRow& row : rows) {
    EXPECT_TRUE(row.printable()) << row.metric;
    EXPECT_EQ(row.n, 150U);
    EXPECT_EQ(row.seeds, row.seed == "all" ? 3U : 1U);
    EXPECT_LE(row.lo.value(), row.value);
    EXPECT_GE(row.hi.value(), row.value);
    by_metric[row.metric].push_back(&row);
  }
  for (const auto& [metric, of] : by_metric) {
    ASSERT_EQ(of.size(), 4U);
    EXPECT_EQ(of[3]->seed, "all");
    EXPECT_NEAR(of[3]->value, (of[0]->value + of[1]->value + of[2]->value) / 3, 1e-12) << metric;
  }
  EXPECT_THROW(classification_rows(identity(), truth, {}, {}, Job()), UsageError);
  // Similarities to prompts have no AUROC.
  const auto zero_shot = classification_rows(identity("zero-shot"), truth, runs, {}, Job());
  for (const ResultRow& row : zero_shot) EXPECT_NE(row.metric, "auroc");
  EXPECT_EQ(zero_shot.size(), rows.size() - 4);
}

TEST(ClassificationRows, ASetOfOneClassHasNoAurocButOthers) {
  Random random(2);
  const std::vector<int> truth(30, 1);
  const std::vector<SeedScores> runs = {random_scores("1", truth, 3, 1, random)};
  std::set<std::string> metrics;
  for (const ResultRow& row : classification_rows(identity(), truth, runs, {}, Job())) {
    metrics.insert(row.metric);
    EXPECT_EQ(row.seed, "1");
  }
  EXPECT_FALSE(metrics.contains("auroc"));
  EXPECT_TRUE(metrics.contains("weighted_f1"));
}

// `sizes[c]` samples of class c, called right with the chance `recalls[c]`, else by the next class.
struct Called {
  std::vector<int> truth;
  FloatMatrix logits;
};
Called called_with(const std::vector<std::size_t>& sizes, const std::vector<double>& recalls,
                   Random& random) {
  Called set;
  for (std::size_t c = 0; c < sizes.size(); ++c) {
    set.truth.insert(set.truth.end(), sizes[c], static_cast<int>(c));
  }
  set.logits = FloatMatrix(set.truth.size(), sizes.size());
  for (std::size_t i = 0; i < set.truth.size(); ++i) {
    const auto c = static_cast<std::size_t>(set.truth[i]);
    set.logits.row(i)[random.chance(recalls[c]) ? c : (c + 1) % sizes.size()] = 1;
  }
  return set;
}

// Two rare classes are never called. Were they left out of the mean where a resample lacks them, it
// would rise there, by 0.01 on the average.
TEST(OverClasses, ResamplesDoNotLean) {
  Random random(11);
  const Called set = called_with({30, 6, 3, 3}, {0.9, 0.7, 0, 0}, random);
  const ResampleStatistic measure =
      classification_statistic(classification_metric("balanced_accuracy"), set.truth, set.logits);
  double sum = 0;
  std::size_t defined = 0;
  const ResampleStatistic watched = [&](SampleCounts counts) {
    const double value = measure(counts);
    if (std::isfinite(value)) sum += value, ++defined;
    return value;
  };
  BootstrapOptions options;
  options.replicates = 4000;
  const Estimate estimate = bootstrap(set.truth.size(), watched, options);
  // The first call is of the samples themselves.
  const double mean = (sum - estimate.value) / static_cast<double>(defined - 1);
  EXPECT_NEAR(mean, estimate.value, 0.004);
  EXPECT_GT(estimate.undefined, 200U);  // 8 % lack one of both
  EXPECT_TRUE(std::isfinite(estimate.lo));
}

TEST(OverClasses, IntervalsCoverTheTruthAsOftenAsTheySay) {
  const std::vector<double> recalls = {0.8, 0.6, 0.5, 0.3};
  BootstrapOptions options;
  options.replicates = 300;
  std::size_t covered = 0;
  std::size_t below = 0;
  std::size_t above = 0;
  for (std::size_t trial = 0; trial < 300; ++trial) {
    Random random(trial, "classes");
    const Called set = called_with({20, 12, 8, 5}, recalls, random);
    options.seed = trial;
    const Estimate estimate = bootstrap(
        set.truth.size(),
        classification_statistic(classification_metric("balanced_accuracy"), set.truth, set.logits),
        options);
    below += estimate.hi < 0.55;
    above += estimate.lo > 0.55;
    covered += estimate.lo <= 0.55 && 0.55 <= estimate.hi;
  }
  EXPECT_EQ(covered + below + above, 300U);
  EXPECT_GT(covered, 264U);  // 285 promised; somewhat fewer with five samples of a class
  EXPECT_LT(covered, 296U);
  EXPECT_GT(below, 0U);
  EXPECT_GT(above, 0U);
}

TEST(OverClasses, AClassThatCannotVaryLeavesNoInterval) {
  Random random(12);
  const auto metrics = [&](const Called& set, const BootstrapOptions& options, bool printable) {
    const std::vector<SeedScores> runs = {{"1", set.logits}};
    std::set<std::string> names;
    for (const ResultRow& row : classification_rows(identity(), set.truth, runs, options, Job())) {
      EXPECT_TRUE(std::isfinite(row.value));
      if (row.printable() == printable) names.insert(row.metric);
    }
    return names;
  };
  const Called one = called_with({14, 7, 1}, {0.6, 0.6, 1}, random);
  const std::set<std::string> over_classes = {"balanced_accuracy", "macro_f1", "auroc"};
  EXPECT_EQ(metrics(one, {}, false), over_classes);
  EXPECT_EQ(metrics(one, {}, true).size(), 3U);
  // Six pictures of a class, all of one patient, are no more than one.
  const Called six = called_with({14, 7, 6}, {0.6, 0.6, 0.5}, random);
  EXPECT_EQ(metrics(six, {}, false), std::set<std::string>());
  BootstrapOptions grouped;
  grouped.groups.assign(21, "");
  grouped.groups.insert(grouped.groups.end(), 6, "one patient");
  EXPECT_EQ(metrics(six, grouped, false), over_classes);
  // Nor has a difference one.
  const std::vector<SeedScores> runs = {{"1", one.logits}};
  EXPECT_TRUE(
      std::isnan(compare_classification("balanced_accuracy", one.truth, runs, runs, {}).lo));
  EXPECT_EQ(compare_classification("weighted_f1", one.truth, runs, runs, {}).lo, 0);
}

TEST(Comparisons, FindTheBetterModel) {
  Random random(3);
  const std::vector<int> truth = random_truth(400, 3, random);
  const std::vector<SeedScores> weak = {random_scores("1", truth, 3, 0.5, random),
                                        random_scores("2", truth, 3, 0.5, random)};
  const std::vector<SeedScores> strong = {random_scores("1", truth, 3, 3, random)};
  const PairedDifference difference =
      compare_classification("weighted_f1", truth, weak, strong, {});
  EXPECT_GT(difference.lo, 0.1);
  EXPECT_LT(difference.p_value, 0.01);
  EXPECT_EQ(difference.baseline_seeds, 2U);
  EXPECT_EQ(difference.candidate_seeds, 1U);
  EXPECT_EQ(difference.n, 400U);
  EXPECT_THROW(compare_classification("nonsense", truth, weak, strong, {}), UsageError);
}

RetrievalSet small_set(Random& random) {
  RetrievalSet set;
  set.images = FloatMatrix(30, 4);
  set.notes = FloatMatrix(60, 4);
  for (float& value : set.images.values) value = static_cast<float>(random.normal());
  for (float& value : set.notes.values) value = static_cast<float>(random.normal());
  for (std::size_t i = 0; i < 30; ++i) set.image_labels.push_back(static_cast<int>(i % 3));
  for (std::size_t j = 0; j < 60; ++j) set.note_images.push_back(j % 30);
  return set;
}

TEST(RetrievalRows, ResampleByImage) {
  Random random(4);
  const RetrievalSet set = small_set(random);
  const std::vector<SeedRetrieval> runs = {{"1", evaluate_retrieval(set, Job())},
                                           {"2", evaluate_retrieval(small_set(random), Job())}};
  const auto rows = retrieval_rows(identity("retrieval"), runs, {}, {}, Job());
  std::size_t all = 0;
  for (const ResultRow& row : rows) {
    EXPECT_TRUE(row.printable()) << row.metric;
    if (row.seed == "all") ++all;
    const bool from_text = row.metric.starts_with("text");
    EXPECT_EQ(row.n, from_text ? 60U : 30U);
  }
  EXPECT_EQ(rows.size(), all * 3);
  // Both notes of an image are drawn together: the interval is wider than with queries alone.
  std::vector<RetrievalResult> doubled = runs[0].results;
  std::erase_if(doubled, [](const RetrievalResult& result) {
    return result.direction != Direction::kTextToImage || !result.pair_in;
  });
  ASSERT_EQ(doubled.size(), 1U);
  for (RetrievalMetric& metric : doubled[0].metrics) {
    for (std::size_t j = 30; j < 60; ++j) metric.per_query[j] = metric.per_query[j - 30];
  }
  const std::vector<SeedRetrieval> one = {{"1", doubled}};
  for (const ResultRow& row : retrieval_rows(identity("retrieval"), one, {}, {}, Job())) {
    if (row.metric != "text_to_image/P@5/pair_in") continue;
    const Estimate naive = bootstrap(60, doubled[0].metrics[0].statistic());
    EXPECT_GT((row.hi.value() - row.lo.value()) / (naive.hi - naive.lo), 1.2);
  }
}

TEST(RetrievalRows, DifferentSetsAreNotAveraged) {
  Random random(5);
  const RetrievalSet set = small_set(random);
  RetrievalSet other = small_set(random);
  other.note_images[5] = 7;
  const std::vector<SeedRetrieval> runs = {{"1", evaluate_retrieval(set, Job())},
                                           {"2", evaluate_retrieval(other, Job())}};
  EXPECT_THROW(retrieval_rows(identity("retrieval"), runs, {}, {}, Job()), UsageError);
  EXPECT_THROW(retrieval_rows(identity("retrieval"), {}, {}, {}, Job()), UsageError);
  const std::vector<SeedRetrieval> fine = {{"1", evaluate_retrieval(set, Job())}};
  EXPECT_THROW(retrieval_rows(identity("retrieval"), fine, {"a", "b"}, {}, Job()), UsageError);
}

TEST(ZeroShot, TakesTheNearestClass) {
  FloatMatrix images(3, 2);
  images.values = {2, 0, 0, 5, 0.9F, 1};
  FloatMatrix prompts(3, 2);
  prompts.values = {1, 0, 0, 100, 0.2F, 1};  // two prompts of class 1, of very different length
  const FloatMatrix similarities = zero_shot_similarities(images, prompts, {0, 1, 1}, 2);
  EXPECT_EQ(predicted_classes(similarities), (std::vector<int>{0, 1, 1}));
  EXPECT_NEAR(similarities.row(0)[0], 1, 1e-6);
  // The long prompt does not outweigh the other: the mean is of unit rows.
  const double x = 0.2 / std::sqrt(1.04);
  const double y = 1 + 1 / std::sqrt(1.04);
  EXPECT_NEAR(similarities.row(0)[1], x / std::hypot(x, y), 1e-6);
  EXPECT_THROW(zero_shot_similarities(images, prompts, {0, 0, 0}, 2), UsageError);
  EXPECT_THROW(zero_shot_similarities(images, prompts, {0, 1, 2}, 2), UsageError);
  EXPECT_THROW(zero_shot_similarities(images, prompts, {0, 1}, 2), UsageError);
  EXPECT_THROW(zero_shot_similarities(FloatMatrix(1, 3), prompts, {0, 1, 1}, 2), UsageError);
}

// Rows of one metric and seed.
const ResultRow* find_row(const std::vector<ResultRow>& rows, const std::string& metric,
                          const std::string& seed) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const ResultRow& row) {
    return row.metric == metric && row.seed == seed;
  });
  return found == rows.end() ? nullptr : &*found;
}

TEST(ClassRows, RecallAndSpecificityOfTheClassesThatOccur) {
  // 40 of class 0 (30 called 0, 10 called 1), 20 of class 1 (15 called 1, 5 called 2), none of 2.
  std::vector<int> truth;
  std::vector<int> called;
  for (int i = 0; i < 60; ++i) {
    truth.push_back(i < 40 ? 0 : 1);
    called.push_back(i < 30 ? 0 : i < 55 ? 1 : 2);
  }
  std::vector<SeedScores> runs;
  for (const char* seed : {"1", "2"}) {
    runs.push_back({seed, FloatMatrix(truth.size(), 3)});
    for (std::size_t i = 0; i < truth.size(); ++i) {
      runs.back().logits.row(i)[static_cast<std::size_t>(called[i])] = 1;
    }
  }
  const auto rows = class_rows(identity(), truth, runs, {"A", "B", "C"}, {}, Job());
  EXPECT_EQ(rows.size(), 5U * 3);  // no recall of C
  EXPECT_EQ(find_row(rows, "recall/C", "all"), nullptr);
  const auto expect = [&](const char* metric, double value, std::size_t n) {
    const ResultRow* row = find_row(rows, metric, "all");
    ASSERT_NE(row, nullptr) << metric;
    EXPECT_DOUBLE_EQ(row->value, value) << metric;
    EXPECT_EQ(row->n, n) << metric;
    EXPECT_EQ(row->seeds, 2U);
    EXPECT_EQ(row->run, "with notes");
    EXPECT_TRUE(row->printable()) << metric;
    EXPECT_LT(row->lo.value(), value) << metric;
  };
  expect("recall/A", 0.75, 40);
  expect("recall/B", 0.75, 20);
  expect("specificity/B", 0.75, 40);
  expect("specificity/C", 55.0 / 60, 60);
  EXPECT_EQ(find_row(rows, "specificity/A", "1")->value, 1);
  EXPECT_THROW(class_rows(identity(), truth, {}, {"A", "B", "C"}, {}, Job()), UsageError);
  EXPECT_THROW(class_rows(identity(), truth, runs, {"A", "B"}, {}, Job()), UsageError);
}

// A class of two samples is missing from many replicates: a number without an interval.
TEST(ClassRows, AClassOfFewSamplesHasNoInterval) {
  std::vector<int> truth(50, 0);
  truth[0] = truth[1] = 1;
  SeedScores run{"1", FloatMatrix(50, 2)};
  const auto rows = class_rows(identity(), truth, std::vector{run}, {"A", "B"}, {}, Job());
  ASSERT_NE(find_row(rows, "recall/B", "1"), nullptr);
  EXPECT_FALSE(find_row(rows, "recall/B", "1")->printable());
  EXPECT_TRUE(find_row(rows, "recall/A", "1")->printable());
}

TEST(References, AreWhatIsReachedWithoutLearning) {
  const std::vector<int> truth = {1, 1, 1, 0, 2, 1};
  std::map<std::pair<std::string, std::string>, double> values;
  for (const ReferenceValue& one : reference_values(truth, 4)) {
    values[{one.name, one.metric}] = one.value;
  }
  EXPECT_DOUBLE_EQ((values.at({kMajority, "accuracy"})), 4.0 / 6);
  EXPECT_DOUBLE_EQ((values.at({kMajority, "balanced_accuracy"})), 1.0 / 3);
  EXPECT_DOUBLE_EQ((values.at({kMajority, "weighted_f1"})), 4.0 / 6 * 0.8);
  EXPECT_DOUBLE_EQ((values.at({kMajority, "auroc"})), 0.5);
  EXPECT_DOUBLE_EQ((values.at({kChance, "accuracy"})), 0.25);
  EXPECT_DOUBLE_EQ((values.at({kChance, "balanced_accuracy"})), 0.25);
  EXPECT_NEAR((values.at({kChance, "linear_kappa"})), 0, 1e-12);
  // Where nothing is to be told apart, what is undefined is left out.
  for (const ReferenceValue& one : reference_values(std::vector<int>{2, 2}, 3)) {
    EXPECT_NE(one.metric, "auroc");
  }
  EXPECT_THROW(reference_values(std::vector<int>{3}, 3), UsageError);
}

}  // namespace
}  // namespace epicrisis
