// What the page says where a number is missing, or needs a word to be read right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "epicrisis/core/json.h"
#include "epicrisis/report/html_report.h"
#include "epicrisis/report/tables.h"
#include "report/markup_checker.h"
#include "report/sample_report.h"

namespace epicrisis {
namespace {

using test::check_markup;
using test::sample_report;
using testing::HasSubstr;
using testing::Not;

// A class of one sample has no interval of its recall; what was counted is shown all the same.
TEST(ReportReasons, WhatHasNoIntervalOfAClassIsCounted) {
  ReportData data = sample_report();
  for (ResultRow& row : data.results) {
    if (row.metric != "recall/MEL") continue;
    row.n = 1;
    row.value = row.run == "pictures" ? 0 : 0.5;
    row.lo = row.hi = std::nullopt;
  }
  const std::string html = render_html(data);
  EXPECT_THAT(html,
              HasSubstr("<span class=\"soft\">0 of 1</span><small class=\"why\">no interval"));
  EXPECT_THAT(html, HasSubstr("<span class=\"soft\">0.5 of 1</span>"));  // of several trainings
  EXPECT_THAT(report_latex(data), HasSubstr("& 0 of 1 &"));
  // Also where no class has one.
  for (ResultRow& row : data.results) {
    if (row.metric.starts_with("recall/")) row.lo = row.hi = std::nullopt;
  }
  EXPECT_THAT(render_html(data), HasSubstr("0 of 1"));
  EXPECT_THAT(report_latex(data), HasSubstr("& 0 of 1 &"));
}

TEST(ReportReasons, MeansOverClassesWarnOfTheSmall) {
  ReportData data = sample_report();
  const auto warned = [&] {
    const std::string html = render_html(data);
    std::vector<std::string> metrics;
    for (const ClassificationMetric& metric : classification_metrics()) {
      const std::size_t begin = html.find("<h3>" + metric.title + "</h3>");
      if (begin == std::string::npos) continue;
      const std::size_t end = html.find("<h3>", begin + 4);
      if (html.substr(begin, end - begin).find("Few samples of a class") != std::string::npos) {
        metrics.push_back(metric.name);
      }
    }
    return metrics;
  };
  EXPECT_TRUE(warned().empty());
  ReportConfusion few{"densenet121",      "image",    "",        "isic2017", 3,
                      ConfusionMatrix(8), "pictures", "external"};
  few.counts.at(0, 0) = 15;
  few.counts.at(6, 2) = 12;
  data.confusions.push_back(few);
  EXPECT_THAT(warned(), testing::ElementsAre("macro_f1", "balanced_accuracy", "auroc"));
  ASSERT_EQ(small_classes(data).size(), 1U);
  EXPECT_THAT(small_classes(data)[0], HasSubstr("isic2017 (external) has only 4 of MEL,"));
  EXPECT_EQ(to_json(data)["small_classes"].size(), 1U);
  // And where they have no interval because of them.
  for (ResultRow& row : data.results) {
    if (row.metric == "auroc") row.lo = row.hi = std::nullopt;
  }
  EXPECT_THAT(warned(), testing::Contains("auroc"));
  ResultRow zero_shot = test::printable_row();
  zero_shot.task = "zero-shot";
  data.results.push_back(zero_shot);
  zero_shot.metric = "balanced_accuracy";
  zero_shot.lo = zero_shot.hi = std::nullopt;
  data.results.push_back(zero_shot);
  EXPECT_THAT(render_html(data), HasSubstr("Balanced accuracy is not printed: no interval: too few "
                                           "samples or patients of a class to draw from"));
}

TEST(ReportReasons, RetrievalSaysWhyThereIsNoNumber) {
  ReportData data = sample_report();
  const auto add = [&](const char* run, const char* metric, std::size_t n, bool interval) {
    ResultRow row = test::printable_row();
    row.run = run;
    row.task = "retrieval";
    row.metric = metric;
    row.n = n;
    if (!interval) row.lo = row.hi = std::nullopt;
    data.results.push_back(row);
  };
  EXPECT_THAT(render_html(data), Not(HasSubstr("Left out of n")));
  add("no notes", "image_to_image/mAP/pair_out", 20, true);
  add("no notes", "image_to_image/chance_P/pair_out", 22, true);
  add("too few", "image_to_image/mAP/pair_out", 20, true);
  add("too few", "text_to_text/mAP/pair_out", 20, false);
  add("alone", "image_to_image/mAP/pair_out", 20, true);
  add("alone", "text_to_text/P@5/pair_out", 20, true);
  const std::string html = render_html(data);
  EXPECT_EQ(check_markup(html).error, "");
  EXPECT_THAT(html, HasSubstr(">the run has no notes<"));
  EXPECT_THAT(html, HasSubstr(">no interval: too few queries or patients to draw from<"));
  EXPECT_THAT(html, HasSubstr(">no query has another of its class in the pool<"));
  EXPECT_THAT(html, HasSubstr("nothing to find: 2 of 22 (image → image). P@k counts them as 0"));
}

TEST(ReportReasons, SaysHowTrainingsAreDrawnAndWhatLossesAre) {
  ReportData data = sample_report();
  const std::string html = render_html(data);
  EXPECT_THAT(html, HasSubstr("Trainings are drawn for each of the two on its own"));
  EXPECT_THAT(html, HasSubstr("Their trainings are not paired"));
  EXPECT_THAT(html, HasSubstr("The training loss is the sum of all losses"));
  EXPECT_THAT(html, HasSubstr("<p class=\"subtitle\">"));
  EXPECT_THAT(html, HasSubstr("<p>To call always the most frequent class, NEV, reaches 0.310"));
  data.subtitle = data.title;
  EXPECT_THAT(render_html(data), Not(HasSubstr("<p class=\"subtitle\">")));
}

// The heads of a matrix stand side by side, however long the names of the classes are.
TEST(ReportReasons, HeadsOfAMatrixDoNotOverlap) {
  ReportData data = sample_report();
  for (std::string& name : data.classes) name = "WWWWWWWW";
  const std::string html = render_html(data);
  const std::size_t begin = html.find("Confusion matrix of pictures");
  const std::string matrix = html.substr(begin, html.find("</svg>", begin) - begin);
  const std::size_t width = matrix.find("width=\"", matrix.find("class=\"cell\""));
  EXPECT_GT(std::stod(matrix.substr(width + 7)), 60);
}

}  // namespace
}  // namespace epicrisis
