#include "epicrisis/study/compare_runs.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "epicrisis/core/error.h"
#include "epicrisis/study/study.h"
#include "study/finished_studies.h"

namespace epicrisis {
namespace {

class CompareRuns : public test::FinishedStudies {
 protected:
  static std::string three_seeds(const std::string& name = "small") {
    return "seeds = [1, 2, 3]\n" + test::small_study(name) + test::kTwoRuns;
  }
  // Finished, and the only study of its workspace.
  Workspace only(const std::string& text) {
    const Study one = study(text);
    Workspace workspace = finished(one);
    run_study(workspace, one, job_);
    return workspace;
  }
  // What is thrown where it cannot compare.
  std::string refusal(Workspace& workspace, const std::string& first, const std::string& second,
                      const CompareOptions& options = {}) {
    try {
      compare_two_runs(workspace, first, second, options, job_);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  }
};

double value_of(const std::vector<ResultRow>& rows, const std::string& run,
                const std::string& dataset, const std::string& metric) {
  for (const ResultRow& row : rows) {
    if (row.run == run && row.dataset == dataset && row.metric == metric && row.seed == "all" &&
        row.task == "classification") {
      return row.value;
    }
  }
  return std::nan("");
}

const MetricComparison& metric_of(const SetComparison& set, const std::string& name) {
  return *std::ranges::find(set.metrics, name, &MetricComparison::metric);
}

TEST_F(CompareRuns, SaysWhatEvaluationAndReportSayAndMore) {
  Workspace workspace = only(three_seeds());
  // As many resamples as the study has.
  const CompareOptions options{.study = "", .margin = 0.02, .replicates = 100};
  const RunComparison result =
      compare_two_runs(workspace, "image only", "with notes", options, job_);
  const std::vector<ResultRow> rows = evaluate_study(workspace, study(three_seeds()), job_);
  const ReportData report =
      write_study_report(workspace, study(three_seeds()), folder_.path() / "report.html", job_);
  EXPECT_EQ(result.first_seeds, (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(result.second_seeds, result.first_seeds);
  EXPECT_TRUE(result.differences.empty());
  EXPECT_EQ(result.grade, "malignant");
  ASSERT_EQ(result.sets.size(), 2U);
  std::size_t tests = 0;
  for (const SetComparison& set : result.sets) {
    SCOPED_TRACE(set.dataset);
    EXPECT_LE(set.groups, set.n);
    for (const ClassificationMetric& metric : classification_metrics()) {
      const MetricComparison& compared = metric_of(set, metric.name);
      EXPECT_EQ(compared.first.value, value_of(rows, "image only", set.dataset, metric.name));
      EXPECT_EQ(compared.second.value, value_of(rows, "with notes", set.dataset, metric.name));
      EXPECT_NEAR(compared.test.difference.difference, compared.second.value - compared.first.value,
                  1e-12);
    }
    for (const Comparison& reported : report.comparisons) {
      if (reported.dataset != set.dataset) continue;
      const PairedDifference& ours = metric_of(set, reported.metric).test.difference;
      // A class of few samples leaves some without an interval.
      EXPECT_EQ(std::isfinite(ours.lo), std::isfinite(reported.result.lo));
      if (!std::isfinite(ours.lo)) continue;
      EXPECT_EQ(ours.lo, reported.result.lo);
      EXPECT_EQ(ours.p_value, reported.result.p_value);
    }
    for (const MetricComparison& metric : set.metrics) {
      if (!std::isfinite(metric.test.difference.lo)) continue;
      ++tests;
      EXPECT_GE(metric.adjusted_p, metric.test.difference.p_value) << metric.metric;
      ASSERT_TRUE(metric.over_seeds.has_value()) << metric.metric;
      EXPECT_LE(metric.over_seeds->n, 3U);
    }
    ASSERT_EQ(set.trainings.size(), 3U);
    EXPECT_EQ(set.trainings[1].first_seed, "2");
    EXPECT_EQ(set.trainings[1].second_seed, "2");
    ASSERT_TRUE(set.trainings[0].grade.has_value());
    EXPECT_EQ(set.trainings[0].grade->positives + set.trainings[0].grade->negatives, set.n);
  }
  EXPECT_EQ(result.tests, tests);
  EXPECT_GT(tests, 10U);
  EXPECT_TRUE(metric_of(result.sets[0], "brier").lower_is_better);
  const Json json = to_json(result);
  EXPECT_EQ(json["datasets"][0]["metrics"].size(), result.sets[0].metrics.size());
  EXPECT_EQ(json["second"]["run"], "with notes");
}

// The mean of the areas of single trainings is that of the metric over all.
TEST_F(CompareRuns, TheGradesAreaIsThatOfTheTrainings) {
  Workspace workspace = only(three_seeds());
  const RunComparison result = compare_two_runs(workspace, "image only", "with notes", {}, job_);
  for (const SetComparison& set : result.sets) {
    double first = 0;
    double second = 0;
    for (const TrainingComparison& training : set.trainings) {
      first += training.grade->first / 3;
      second += training.grade->second / 3;
    }
    EXPECT_NEAR(metric_of(set, "malignant/auroc").first.value, first, 1e-12);
    EXPECT_NEAR(metric_of(set, "malignant/auroc").second.value, second, 1e-12);
  }
}

TEST_F(CompareRuns, OneTrainingByItsId) {
  Workspace workspace = only(three_seeds());
  const RunComparison result = compare_two_runs(workspace, "image-2", "with notes", {}, job_);
  EXPECT_EQ(result.first, "image only");
  EXPECT_EQ(result.first_seeds, std::vector<std::string>{"2"});
  EXPECT_EQ(result.second_seeds.size(), 3U);
  ASSERT_EQ(result.sets[0].trainings.size(), 1U);
  EXPECT_EQ(result.sets[0].trainings[0].second_seed, "2");
  EXPECT_FALSE(result.sets[0].metrics[0].over_seeds.has_value());
  // Two trainings of one run, and seeds that the other does not have.
  const RunComparison own = compare_two_runs(workspace, "image-2", "image-3", {}, job_);
  ASSERT_EQ(own.sets[0].trainings.size(), 1U);
  EXPECT_EQ(own.sets[0].trainings[0].first_seed, "2");
  EXPECT_EQ(own.sets[0].trainings[0].second_seed, "3");
}

TEST_F(CompareRuns, ARunThatReadsNotesDiffersInMoreThanThem) {
  const std::string text = test::small_study("small") + test::kTwoRuns +
                           "[[run]]\nname = \"words\"\nmode = \"text\"\nnotes = [\"M\"]\n";
  Workspace workspace = only(text);
  const RunComparison result = compare_two_runs(workspace, "image only", "words", {}, job_);
  EXPECT_FALSE(result.differences.empty());
  EXPECT_EQ(result.sets.size(), 2U);
}

TEST_F(CompareRuns, RefusesWhatCannotBeCompared) {
  Workspace workspace = only(three_seeds());
  EXPECT_THAT(refusal(workspace, "image onl", "with notes"),
              testing::HasSubstr("did you mean 'image only'?"));
  EXPECT_THAT(refusal(workspace, "image only", "nothing like it"),
              testing::HasSubstr("it has: image only, with notes"));
  EXPECT_THAT(refusal(workspace, "image only", "image only"), testing::HasSubstr("the same run"));
  EXPECT_THAT(refusal(workspace, "image only", "image-2"), testing::HasSubstr("the same run"));
  EXPECT_THAT(refusal(workspace, "image-", "with notes"),
              testing::HasSubstr("2 trainings begin so: image-2, image-3"));
  EXPECT_THAT(
      refusal(workspace, "image only", "with notes", {.study = "", .margin = 0, .replicates = 100}),
      testing::HasSubstr("margin"));
  EXPECT_THAT(refusal(workspace, "image only", "with notes",
                      {.study = "other", .margin = 0.02, .replicates = 100}),
              testing::HasSubstr("no study 'other'"));
}

}  // namespace
}  // namespace epicrisis
