#include "epicrisis/report/tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/eval/evaluation.h"
#include "epicrisis/report/html_report.h"
#include "report/markup.h"
#include "report/sample_report.h"

namespace epicrisis {
namespace {

using test::printable_row;
using test::sample_report;
using testing::HasSubstr;
using testing::Not;

TEST(Numbers, ArePrintedTheSameEverywhere) {
  EXPECT_EQ(format_metric("weighted_f1", 0.74349), "0.743");
  EXPECT_EQ(format_metric("weighted_f1", -0.0004), "0.000");
  EXPECT_EQ(format_metric("weighted_f1", -0.0126), "-0.013");
  EXPECT_EQ(format_metric("image_to_text/median_rank/pair_in", 37.46), "37.5");
  EXPECT_EQ(format_metric("weighted_f1", std::numeric_limits<double>::quiet_NaN()), "");
  EXPECT_EQ(markup::number("weighted_f1", -0.5), "−0.500");
  EXPECT_EQ(markup::count(0), "0");
  EXPECT_EQ(markup::count(999), "999");
  EXPECT_EQ(markup::count(1000), "1,000");
  EXPECT_EQ(markup::count(1234567), "1,234,567");
  EXPECT_EQ(markup::p_value(0.0001), "p < 0.001");
  EXPECT_EQ(markup::p_value(0.25), "p = 0.250");
  EXPECT_EQ(markup::p_value(std::numeric_limits<double>::quiet_NaN()), "");
}

TEST(Numbers, MetricsHaveTitles) {
  EXPECT_EQ(metric_title("weighted_f1"), "Weighted F1");
  EXPECT_EQ(metric_title("image_to_text/P@5/pair_out"),
            "P@5, image → text, own pair out of the pool");
  EXPECT_EQ(metric_title("text_to_text/median_rank/pair_in"),
            "median rank, text → text, own pair in the pool");
  EXPECT_EQ(metric_title("image_to_text/chance_mAP/pair_out"),
            "mAP by chance, image → text, own pair out of the pool");
  EXPECT_EQ(metric_title("recall/A"), "Recall of A");
  EXPECT_EQ(metric_title("something/else"), "something/else");
}

TEST(MetricTables, TakeTheRowOverAllTrainings) {
  std::vector<ResultRow> rows;
  const auto add = [&](const char* mode, const char* seed, const char* dataset, const char* role,
                       double value) {
    ResultRow row = printable_row();
    row.mode = mode;
    row.seed = seed;
    row.dataset = dataset;
    row.role = role;
    row.value = value;
    rows.push_back(row);
  };
  add("image", "1", "outside", "external", 0.1);  // one training: its row
  add("image", "1", "inside", "internal", 0.2);
  add("image", "2", "inside", "internal", 0.3);
  add("image", "all", "inside", "internal", 0.25);
  add("multimodal", "1", "inside", "internal",
      0.4);  // two and no summary: which one is not ours to say
  add("multimodal", "2", "inside", "internal", 0.5);
  add("broken", "all", "inside", "internal", std::numeric_limits<double>::quiet_NaN());
  const MetricTable table = metric_table(rows, "classification", "weighted_f1");
  ASSERT_EQ(table.systems.size(), 3U);
  ASSERT_EQ(table.columns.size(), 2U);
  EXPECT_EQ(table.columns[0].dataset, "inside");  // internal first
  EXPECT_EQ(table.cell(0, 0)->value, 0.25);
  EXPECT_EQ(table.cell(0, 1)->value, 0.1);
  EXPECT_EQ(table.cell(1, 0), nullptr);
  EXPECT_EQ(table.cell(1, 1), nullptr);
  EXPECT_EQ(table.cell(2, 0), nullptr);
  // Why there is none: by systems and columns.
  EXPECT_EQ(table.missing[0], "");
  EXPECT_EQ(table.missing[2], "several trainings, and nothing over all of them");
  EXPECT_EQ(table.missing[3], "not measured on this data set");
  EXPECT_EQ(table.missing[4], "not defined here");
  EXPECT_TRUE(table.printed());
  EXPECT_TRUE(metric_table(rows, "zero-shot", "weighted_f1").systems.empty());
}

Comparison comparison(const char* dataset, double difference, double lo, double hi,
                      std::size_t seeds = 3) {
  Comparison one{"densenet121", "image", "multimodal", "M", dataset, "external", "weighted_f1", {}};
  one.result = {difference, lo, hi, 0.01, 100, seeds, seeds};
  return one;
}

TEST(Findings, ClaimWhatTheIntervalsShow) {
  ReportData data;
  data.comparisons = {comparison("a", 0.05, 0.01, 0.09), comparison("b", 0.08, -0.01, 0.2),
                      comparison("c", -0.04, -0.07, -0.02)};
  const std::string text = join(report_findings(data), "\n");
  EXPECT_THAT(text, HasSubstr("better on 1 of 3 external data sets (a +0.050 [0.010 to 0.090])"));
  EXPECT_THAT(text, HasSubstr("worse on 1 of 3 external data sets (c −0.040 [−0.070 to −0.020])"));
  EXPECT_THAT(text, HasSubstr("no clear difference on 1 of 3 external data sets (b"));
  EXPECT_THAT(text, HasSubstr("3 were made and none was corrected"));
  EXPECT_THAT(text, Not(HasSubstr("Single trainings")));
}

TEST(Findings, AnIntervalThatTouchesZeroIsNoDifference) {
  ReportData data;
  data.comparisons = {comparison("a", 0.05, 0, 0.1, 1), comparison("b", -0.05, -0.1, 0, 1)};
  const std::string text = join(report_findings(data), "\n");
  EXPECT_THAT(text, Not(HasSubstr("better")));
  EXPECT_THAT(text, Not(HasSubstr("worse")));
  EXPECT_THAT(text, HasSubstr("Single trainings"));
}

TEST(Findings, RangesOnlyWhereNothingWasCompared) {
  ReportData data = sample_report();
  EXPECT_THAT(join(report_findings(data), "\n"), Not(HasSubstr("runs from")));
  data.comparisons.clear();
  EXPECT_THAT(join(report_findings(data), "\n"),
              HasSubstr("ham10000 (internal): Weighted F1 runs from"));
}

TEST(Findings, SayWhoBeatsTheMostFrequentClass) {
  ReportData data;
  const auto add = [&](const char* run, double lo, double hi) {
    ResultRow row = printable_row();
    row.run = run;
    row.value = (lo + hi) / 2;
    row.lo = lo;
    row.hi = hi;
    data.results.push_back(row);
  };
  add("a", 0.31, 0.5);
  add("b", 0.3, 0.5);
  add("c", 0.1, 0.29);
  EXPECT_TRUE(against_no_learning(data).empty());
  data.references.push_back({kMajority, "ham10000", "internal", "weighted_f1", 0.3, 512, "NEV"});
  data.references.push_back({kMajority, "elsewhere", "external", "weighted_f1", 0.2, 5, "NEV"});
  ASSERT_EQ(against_no_learning(data).size(), 1U);
  const std::string words = against_no_learning(data)[0];
  EXPECT_EQ(words,
            "To call always the most frequent class, NEV, reaches 0.300 on ham10000 (internal). "
            "Better, as the interval lies above it: a. Not shown to be better, as the interval "
            "holds it: b. Worse, as the interval lies below it: c.");
  EXPECT_THAT(report_text(data), HasSubstr(words + "\n"));
  EXPECT_EQ(to_json(data)["against_no_learning"], Json::array({words}));
  for (ResultRow& row : data.results) row.lo = 0.4, row.hi = 0.5;
  EXPECT_THAT(against_no_learning(data)[0], HasSubstr("lies above it: all 3 runs."));
  // A number without an interval says nothing.
  for (ResultRow& row : data.results) row.lo = std::nullopt;
  EXPECT_TRUE(against_no_learning(data).empty());
}

// Who is above one of the two lines alone has learned nothing.
TEST(Findings, HoldRunsAgainstTheHigherOfTheReferences) {
  ReportData data;
  ResultRow row = printable_row();
  row.run = "a";
  row.value = 0.277, row.lo = 0.115, row.hi = 0.483;
  data.results.push_back(row);
  data.references.push_back({kMajority, row.dataset, row.role, row.metric, 0.107, 27, "NEV"});
  data.references.push_back({kChance, row.dataset, row.role, row.metric, 0.25, 27});
  const auto words = [&] { return against_no_learning(data).at(0); };
  const std::string open =
      "To call always the most frequent class, NEV, reaches 0.107 on ham10000 (internal), chance "
      "0.250. Not shown to be better, as the interval holds the higher of them: a.";
  EXPECT_EQ(words(), open);
  EXPECT_THAT(report_text(data), HasSubstr(open + "\n"));
  EXPECT_THAT(render_html(data), HasSubstr(open));
  EXPECT_EQ(to_json(data)["against_no_learning"], Json::array({open}));
  data.results[0].lo = 0.26;
  EXPECT_THAT(words(), HasSubstr("0.250. Better, as the interval lies above both: a."));
  data.results[0].lo = 0.15, data.results[0].hi = 0.2, data.results[0].value = 0.18;
  EXPECT_THAT(words(),
              HasSubstr("0.250. Worse, as the interval lies below the higher of them: a."));
  // The most frequent class may be the higher one, and chance may stand alone.
  data.references[0].value = 0.4, data.results[0].lo = 0.3, data.results[0].hi = 0.5;
  EXPECT_THAT(words(), HasSubstr("0.250. Not shown to be better"));
  data.references.erase(data.references.begin());
  EXPECT_EQ(words(),
            "Chance reaches 0.250 on ham10000 (internal). Better, as the interval lies above it: "
            "a.");
}

// A run that is named after what it is says it once.
TEST(MetricTables, TitlesRepeatNothing) {
  EXPECT_EQ(markup::system_title("image only", "mobilenet_v2", "image", ""),
            "image only (mobilenet_v2)");
  EXPECT_EQ(markup::system_title("image only", "", "image", ""), "image only");
  EXPECT_EQ(markup::run_title("image only", "image only"), "image only");
  EXPECT_EQ(markup::system_title("with M", "mobilenet_v2", "multimodal", "M"),
            "with M (mobilenet_v2, multimodal, notes M)");
}

TEST(TextTable, IsAligned) {
  const std::vector<std::string> lines = split(report_text(sample_report()), '\n');
  ASSERT_EQ(lines.size(), 12U);  // head, four systems, two references, four verdicts, and the end
  const std::size_t column = lines[0].find("ham10000 (internal)");
  ASSERT_NE(column, std::string::npos);
  for (std::size_t i = 1; i < 5; ++i) {
    EXPECT_EQ(lines[i].substr(column, 2), "0.") << lines[i];
    EXPECT_EQ(lines[i][column - 1], ' ');
    EXPECT_THAT(lines[i], HasSubstr("n=512 seeds=3"));
  }
}

TEST(Latex, TextCannotBecomeCommands) {
  ReportData data = sample_report();
  for (ResultRow& row : data.results) row.dataset = "a_b & 100% $x$ #1 {~^} \\input{/etc/passwd}";
  for (Comparison& one : data.comparisons) one.dataset = "\\end{table}";
  const std::string latex = report_latex(data);
  EXPECT_THAT(latex,
              HasSubstr("a\\_b \\& 100\\% \\$x\\$ \\#1 \\{\\textasciitilde{}\\textasciicircum{}\\} "
                        "\\textbackslash{}input\\{/etc/passwd\\}"));
  EXPECT_THAT(latex, Not(HasSubstr("\\input")));
  EXPECT_THAT(latex, HasSubstr("\\textbackslash{}end\\{table\\}"));
  std::size_t begun = 0;
  std::size_t ended = 0;
  for (std::size_t at = latex.find("\\begin{"); at != std::string::npos;
       at = latex.find("\\begin{", at + 1)) {
    ++begun;
  }
  for (std::size_t at = latex.find("\\end{"); at != std::string::npos;
       at = latex.find("\\end{", at + 1)) {
    ++ended;
  }
  EXPECT_EQ(begun, ended);
  EXPECT_GT(begun, 10U);
  EXPECT_EQ(latex.find("→"), std::string::npos);
  EXPECT_EQ(latex.find("−"), std::string::npos);
}

TEST(Settings, KeepTheirIndentation) {
  EXPECT_EQ(markup::preformatted("[a]\n  b = \"<c>\"\n\td = 1\n\n\n"),
            "[a]\n  b = &quot;&lt;c&gt;&quot;\n    d = 1\n");
}

}  // namespace
}  // namespace epicrisis
