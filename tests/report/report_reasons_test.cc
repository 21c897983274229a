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
    if (row.run == "no notes") row.notes.clear();
    row.task = "retrieval";
    row.metric = metric;
    row.n = n;
    if (!interval) row.lo = row.hi = std::nullopt;
    data.results.push_back(row);
  };
  EXPECT_THAT(render_html(data), Not(HasSubstr("Left out of n")));
  add("no notes", "image_to_image/mAP/pair_out", 20, true);
  add("no notes", "image_to_image/chance_P/pair_out", 22, true);
  add("notes elsewhere", "image_to_image/mAP/pair_out", 20, true);
  add("too few", "image_to_image/mAP/pair_out", 20, true);
  add("too few", "text_to_text/mAP/pair_out", 20, false);
  add("alone", "image_to_image/mAP/pair_out", 20, true);
  add("alone", "text_to_text/P@5/pair_out", 20, true);
  const std::string html = render_html(data);
  EXPECT_EQ(check_markup(html).error, "");
  EXPECT_THAT(html, HasSubstr(">the run has no notes<"));
  EXPECT_THAT(html, HasSubstr(">no test sample has a note of the run<"));
  EXPECT_THAT(html, HasSubstr(">no interval: too few queries or patients to draw from<"));
  EXPECT_THAT(html, HasSubstr(">no query has another of its class in the pool<"));
  EXPECT_THAT(html, HasSubstr("nothing to find: 2 of 22 (image → image). P@k counts them as 0"));
}

// A run that classifies notes, on some of the samples of one data set and on none of another.
ReportData report_with_reader() {
  ReportData data = sample_report();
  const std::vector<ResultRow> rows = data.results;
  for (ResultRow row : rows) {
    if (row.run != "pictures" || row.task != "classification" || row.dataset == "isic2017")
      continue;
    row.run = "words";
    row.model = "bag";
    row.mode = "text";
    row.notes = "M";
    if (row.dataset == "isic2018_test" && row.n == 1134) row.n = 1000;
    data.results.push_back(row);
  }
  data.without_note = {{"words", "isic2018_test", "external", 134, 1134},
                       {"words", "isic2017", "external", 2062, 2062}};
  return data;
}

TEST(ReportReasons, ARunThatReadsNotesIsNeverTakenForOneThatSeesPictures) {
  const std::string without = render_html(sample_report());
  EXPECT_THAT(without, HasSubstr("The model sees the picture alone.</figcaption>"));
  EXPECT_THAT(without, Not(HasSubstr("sees no picture")));
  EXPECT_THAT(report_text(sample_report()), Not(HasSubstr("reads the notes")));
  const ReportData data = report_with_reader();
  const std::string html = render_html(data);
  EXPECT_EQ(check_markup(html).error, "");
  EXPECT_THAT(html, HasSubstr("The model sees the picture alone. Not so words, which reads the "
                              "notes of the test samples and sees no picture."));
  EXPECT_THAT(html, HasSubstr("<small>reads notes M, sees no picture</small><small>bag</small>"));
  // Its own figure is of a model that is no encoder of pictures.
  EXPECT_THAT(html, HasSubstr("of bag on each data set with 95 % intervals. words reads the notes "
                              "of the test samples and sees no picture."));
  const std::string printed = report_text(data);
  EXPECT_THAT(printed, HasSubstr("words (bag, reads notes M, sees no picture)"));
  EXPECT_THAT(printed,
              HasSubstr("\nwords reads the notes of the test samples and sees no picture:"));
  EXPECT_THAT(report_latex(data), HasSubstr("words (bag, reads notes M, sees no picture)"));
  EXPECT_EQ(to_json(data)["note_readers"], Json::array({"words"}));
  for (const std::string& verdict : against_no_learning(data)) {
    if (verdict.find("ham10000") == std::string::npos) continue;
    EXPECT_THAT(verdict, HasSubstr("words (reads notes, sees no picture)"));
  }
  EXPECT_TRUE(note_readers(sample_report()).empty());
}

TEST(ReportReasons, SamplesWithoutANoteAreCountedAndNamed) {
  const ReportData data = report_with_reader();
  const std::string part =
      "run 'words' reads the notes of test samples: 134 of the 1134 test samples of isic2018_test "
      "have none and are left out";
  const std::string none =
      "run 'words' reads the notes of test samples, and none of the 2062 test samples of isic2017 "
      "has one: it is not measured there";
  EXPECT_EQ(left_out_words(data.without_note[0]), part);
  EXPECT_EQ(left_out_words(data.without_note[1]), none);
  EXPECT_EQ(left_out_words({"a", "b", "internal", 1, 2}),
            "run 'a' reads the notes of test samples: 1 of the 2 test samples of b has none and is "
            "left out");
  EXPECT_THAT(report_text(data), testing::AllOf(HasSubstr(part), HasSubstr(none)));
  const std::string html = render_html(data);
  EXPECT_THAT(html, HasSubstr("134 of the 1134 test samples"));
  EXPECT_THAT(html,
              HasSubstr(">not measured: the run reads notes, and no test sample here has one<"));
  EXPECT_THAT(html, HasSubstr("<small>n = 1,000</small>"));
  EXPECT_EQ(to_json(data)["without_note"], (Json::array({{{"run", "words"},
                                                          {"dataset", "isic2018_test"},
                                                          {"role", "external"},
                                                          {"without", 134},
                                                          {"n", 1134}},
                                                         {{"run", "words"},
                                                          {"dataset", "isic2017"},
                                                          {"role", "external"},
                                                          {"without", 2062},
                                                          {"n", 2062}}})));
  ReportData nothing;
  nothing.without_note = data.without_note;
  EXPECT_THAT(report_text(nothing), testing::AllOf(HasSubstr("No result"), HasSubstr(none)));
  // What always the most frequent class would reach is of all samples.
  bool held = false;
  for (const std::string& verdict : against_no_learning(data)) {
    if (verdict.find("isic2018_test") == std::string::npos) continue;
    held = true;
    EXPECT_THAT(verdict,
                HasSubstr("Not held against it, as measured on samples with a note alone: words "
                          "(reads notes, sees no picture): on 1000 of the 1134 samples."));
  }
  EXPECT_TRUE(held);
}

// The fewer samples of a run that reads notes are not the size of the data set.
TEST(ReportReasons, ADataSetIsAsLargeAsTheRunThatSawMost) {
  ReportData data = report_with_reader();
  for (ResultRow& row : data.results) {
    if (row.run == "words") row.n = 3;
  }
  ReportConfusion few{"bag", "text", "M", "isic2017", 1, ConfusionMatrix(8), "words", "external"};
  few.counts.at(0, 0) = 3;
  ReportConfusion all = few;
  all.run = "pictures";
  all.counts.at(0, 0) = 300;
  data.confusions = {few, all};
  EXPECT_TRUE(small_numbers(data).empty()) << small_numbers(data).front();
  EXPECT_TRUE(small_classes(data).empty());
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
