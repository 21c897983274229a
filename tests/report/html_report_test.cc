#include "epicrisis/report/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "epicrisis/core/csv.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/eval/retrieval.h"
#include "epicrisis/report/tables.h"
#include "report/markup_checker.h"
#include "report/sample_report.h"

namespace epicrisis {
namespace {

using test::check_markup;
using test::CheckedMarkup;
using test::sample_report;
using testing::HasSubstr;
using testing::Not;

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++n;
  }
  return n;
}

TEST(MarkupChecker, FindsWhatIsBroken) {
  EXPECT_EQ(check_markup("<p class=\"a\">x &lt; y<img src=\"\"></p>").error, "");
  for (const char* broken : {"<p>", "</p>", "<p><b></p></b>", "<p class=a></p>", "<p>a & b</p>",
                             "<p>a > b</p>", "<p title=\"<\"></p>", "<p title=\"a></p>", "a < b"}) {
    EXPECT_NE(check_markup(broken).error, "") << broken;
  }
}

TEST(HtmlReport, IsWellFormedAndComplete) {
  const std::string html = render_html(sample_report());
  const CheckedMarkup markup = check_markup(html);
  EXPECT_EQ(markup.error, "");
  for (const char* section :
       {"summary", "data", "leakage", "notes", "training", "results", "classes", "confusion",
        "mistakes", "retrieval", "measuring", "settings"}) {
    EXPECT_EQ(count_of(html, "<h2 id=\"" + std::string(section) + "\""), 1U) << section;
    EXPECT_EQ(count_of(html, "<a href=\"#" + std::string(section) + "\""), 1U) << section;
  }
  EXPECT_TRUE(is_valid_utf8(html));
}

TEST(HtmlReport, LoadsNothingAndRunsNothing) {
  const std::string html = render_html(sample_report());
  EXPECT_EQ(count_of(html, "http://") + count_of(html, "https://"), 0U);
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  EXPECT_EQ(count_of(html, "@import"), 0U);
  EXPECT_EQ(count_of(html, "url("), 0U);
  for (const auto& element : check_markup(html).elements) {
    EXPECT_NE(element.name, "script");
    EXPECT_NE(element.name, "link");
  }
}

TEST(HtmlReport, SaysWhatPicturesAndFiguresShow) {
  ReportData data = sample_report();
  const std::string jpeg = "\xff\xd8\xff\xe0 picture";
  data.note_examples[0].picture = {jpeg, ""};
  data.gallery[0].query.picture = {jpeg, "a brown patch"};
  std::size_t images = 0;
  std::size_t figures = 0;
  const CheckedMarkup markup = check_markup(render_html(data));
  ASSERT_EQ(markup.error, "");
  for (const auto& element : markup.elements) {
    if (element.name == "img") {
      ++images;
      const auto alt = std::find_if(element.attributes.begin(), element.attributes.end(),
                                    [](const auto& a) { return a.first == "alt"; });
      ASSERT_NE(alt, element.attributes.end());
      EXPECT_NE(alt->second, "");
    }
    if (element.name == "svg") {
      const bool labelled =
          std::any_of(element.attributes.begin(), element.attributes.end(), [](const auto& a) {
            return a == std::pair<std::string, std::string>("role", "img") ||
                   a == std::pair<std::string, std::string>("aria-hidden", "true");
          });
      EXPECT_TRUE(labelled);
      ++figures;
    }
    if (element.name == "th") {
      EXPECT_TRUE(std::any_of(element.attributes.begin(), element.attributes.end(),
                              [](const auto& a) { return a.first == "scope"; }));
    }
  }
  EXPECT_EQ(images, 2U);
  EXPECT_GT(figures, 10U);
}

TEST(HtmlReport, BytesThatAreNoPictureAreNotShown) {
  ReportData data;
  NoteExample example;
  for (const char* bytes :
       {"<svg onload=\"alert(1)\">", "GIF89a", "RIFF1234WEBX...", "", "\xff\xd8"}) {
    example.picture.bytes = bytes;
    data.note_examples.push_back(example);
  }
  example.picture.bytes = "\x89PNG\r\n\x1a\n rest";
  data.note_examples.push_back(example);
  example.picture.bytes = "RIFF1234WEBPVP8 ";
  data.note_examples.push_back(example);
  const std::string html = render_html(data);
  EXPECT_EQ(check_markup(html).error, "");
  EXPECT_EQ(count_of(html, ">no picture<"), 5U);
  EXPECT_EQ(count_of(html, "data:image/png;base64,"), 1U);
  EXPECT_EQ(count_of(html, "data:image/webp;base64,"), 1U);
}

// Every text of a report, each with its own mark so that a forgotten escape is found.
ReportData hostile_report(const std::string& text) {
  ReportData data = sample_report();
  data.title = data.subtitle = data.settings = text;
  for (auto* list : {&data.classes, &data.class_titles, &data.warnings, &data.leakage.checks}) {
    list->assign(7, text);
  }
  for (ReportDataset& set : data.datasets) {
    set.name = set.role = set.source = text;
    set.skipped = {{text, 3}};
  }
  data.leakage.findings = {{text, text, text, 2, {text, text}}};
  data.leakage.allowed = true;
  for (NoteCounts& one : data.note_counts) one.strategy = one.provider = text;
  for (NoteExample& one : data.note_examples) {
    one.key = one.dataset = one.label = text;
    one.picture = {"\xff\xd8\xff", text};
    one.notes = {{text, text, text}};
  }
  for (TrainingCurve& one : data.curves) {
    one.run = one.model = one.mode = one.notes = one.seed = text;
    for (Series& series : one.series) series.name = text;
  }
  for (ResultRow& one : data.results) {
    one.run = one.model = one.mode = one.notes = text;
    one.dataset += text;
    one.role = text;
  }
  data.results.push_back(test::printable_row());
  data.results.back().task = "retrieval";
  data.results.back().metric = "image_to_text/" + text + "/pair_in";
  for (Comparison& one : data.comparisons) {
    one.model = one.baseline = one.candidate = one.candidate_notes = one.dataset = one.role = text;
  }
  for (Comparison& one : data.comparisons) {
    one.run = one.baseline_run = text;
    one.differences = {text, text};
  }
  for (ReportReference& one : data.references) one.dataset += text, one.role = one.detail = text;
  for (WrongPictures& one : data.mistakes) {
    one.run = one.model = one.mode = one.notes = one.seed = one.dataset = one.role = text;
    one.why = text;
    for (WrongPicture& wrong : one.pictures) {
      wrong.key = wrong.known = wrong.named = text;
      wrong.picture = {"\xff\xd8\xff", ""};
    }
  }
  data.comparisons.push_back(data.comparisons.back());
  data.comparisons.back().metric = text;
  for (ReportConfusion& one : data.confusions)
    one.run = one.role = one.model = one.mode = one.notes = one.dataset = text;
  for (GalleryEntry& one : data.gallery) {
    one.direction = one.dataset = one.model = text;
    for (GalleryItem& item : one.nearest) item.text = item.label = item.key = text;
    one.query.text = one.query.label = one.query.key = text;
    one.query.picture = {"\xff\xd8\xff", text};
  }
  data.environment = {{text, text}};
  return data;
}

TEST(HtmlReport, HostileTextStaysText) {
  const std::set<std::string> known = [] {
    std::set<std::string> names = {"img", "pre", "code", "details", "summary"};
    for (const auto& element : check_markup(render_html(sample_report())).elements) {
      names.insert(element.name);
    }
    return names;
  }();
  for (const std::string& text : std::vector<std::string>{
           "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>",
           "'><svg onload=alert(1)>", "</style><script>alert(1)</script>",
           "</title></desc></text></svg><b>", "&lt;b&gt; & <b", "--><!--", "{} {0} %s",
           "\u202egpj.exe", "\xff\xfe\xc3(", std::string("a\0b\x1b[2J", 7), "javascript:alert(1)",
           "]]>", std::string(100'000, '<')}) {
    ReportData data = hostile_report(text);
    const std::string html = render_html(data);
    const CheckedMarkup markup = check_markup(html);
    ASSERT_EQ(markup.error, "") << text.substr(0, 40);
    EXPECT_TRUE(is_valid_utf8(html));
    EXPECT_EQ(html.find("\xe2\x80\xae"), std::string::npos);
    EXPECT_EQ(html.find('\x1b'), std::string::npos);
    EXPECT_EQ(html.find('\0'), std::string::npos);
    for (const auto& element : markup.elements) {
      EXPECT_TRUE(known.contains(element.name)) << element.name;
      for (const auto& [name, value] : element.attributes) {
        EXPECT_FALSE(name.starts_with("on")) << name;
        if (name == "src") {
          EXPECT_TRUE(value.starts_with("data:image/jpeg;base64,")) << value;
        }
        if (name == "href") {
          EXPECT_TRUE(value.starts_with("#")) << value;
        }
      }
    }
    EXPECT_EQ(report_text(data).find('\x1b'), std::string::npos);
    EXPECT_NO_THROW(dump_json(to_json(data)));
  }
}

TEST(HtmlReport, NumbersAreThoseOfTheTables) {
  const ReportData data = sample_report();
  const std::string html = render_html(data);
  const Json json = to_json(data);
  CsvReader csv = CsvReader::from_text(report_csv(data), "report.csv");
  std::size_t rows = 0;
  std::size_t headline = 0;
  for (; csv.next(); ++rows) {
    const Json& one = json["results"][rows];
    for (const char* column : {"value", "lo", "hi"}) {
      EXPECT_EQ(std::stod(csv.at(column)), one[column].get<double>());
    }
    EXPECT_EQ(csv.at("n"), std::to_string(one["n"].get<std::size_t>()));
    EXPECT_EQ(csv.at("metric"), one["metric"].get<std::string>());
    if (csv.at("seed") != "all") continue;
    const auto printed = [&](const char* column) {
      return format_metric(csv.at("metric"), std::stod(csv.at(column)));
    };
    const std::string cell = "<td class=\"number\"><b>" + printed("value") + "</b><small>" +
                             printed("lo") + " to " + printed("hi") + "</small>";
    EXPECT_GE(count_of(html, cell), 1U) << cell << " " << csv.at("metric");
    ++headline;
  }
  EXPECT_EQ(rows, data.results.size());
  EXPECT_GT(headline, 100U);
  EXPECT_EQ(json["not_printed"], 0);
  EXPECT_EQ(json["comparisons"].size(), data.comparisons.size());
}

TEST(HtmlReport, NumbersWithoutIntervalOrCountsAreNotPrinted) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ReportData data;
  for (int broken = 0; broken < 5; ++broken) {
    ResultRow row = test::printable_row();
    row.value = 0.98765;
    row.lo = 0.98764;
    row.hi = 0.98766;
    if (broken == 0) row.lo = nan;
    if (broken == 1) row.hi = nan;
    if (broken == 2) row.n = 0;
    if (broken == 3) row.seeds = 0;
    if (broken == 4) row.value = nan;
    data.results.push_back(row);
    row.task = "retrieval";
    row.metric = "image_to_text/mAP/pair_out";
    data.results.push_back(row);
    Comparison comparison{"m", "image", "multimodal", "M", "d", "external", "weighted_f1", {}};
    comparison.result = {0.98765, 0.98764, 0.98766, 0.01, 10, 1, 1};
    if (broken == 0) comparison.result.lo = nan;
    if (broken == 1) comparison.result.hi = nan;
    if (broken == 2) comparison.result.n = 0;
    if (broken == 3) comparison.result.baseline_seeds = 0;
    if (broken == 4) comparison.result.difference = nan;
    data.comparisons.push_back(comparison);
  }
  for (const std::string& text :
       {render_html(data), report_csv(data), report_latex(data), report_text(data),
        dump_json(to_json(data)), join(report_findings(data), " ")}) {
    EXPECT_THAT(text, Not(HasSubstr("0.98")));
  }
  EXPECT_THAT(render_html(data), HasSubstr("no result with an interval"));
  EXPECT_TRUE(report_findings(data).empty());
}

TEST(HtmlReport, EmptySectionsAreLeftOut) {
  const std::string html = render_html({});
  EXPECT_EQ(check_markup(html).error, "");
  for (const char* section : {"data", "notes", "training", "results", "classes", "confusion",
                              "mistakes", "retrieval", "settings"}) {
    EXPECT_EQ(count_of(html, "#" + std::string(section) + "\""), 0U) << section;
  }
  // That nothing was checked is news, not an empty section.
  EXPECT_THAT(html, HasSubstr("not checked for leakage"));
  ReportData data;
  data.leakage.checked = true;
  EXPECT_THAT(render_html(data), HasSubstr("No overlap was found"));
  data.leakage.inside = 3;
  data.leakage.other_class = 1;
  data.leakage.other_class_examples = {"bytes: d/<1> and d/2, class MEL and NEV"};
  const std::string copies = render_html(data);
  EXPECT_THAT(copies, HasSubstr("inside one split, which is no leakage: 3."));
  EXPECT_THAT(copies,
              HasSubstr("of two classes, of which one must be wrong: 1 (bytes: d/&lt;1&gt;"));
  EXPECT_EQ(to_json(data)["leakage"]["other_class"], 1);
}

// Two runs that no other column tells apart are told apart by their names, everywhere.
TEST(HtmlReport, RunsAreNamedEverywhere) {
  ReportData data = sample_report();
  const auto rename = [](auto& list) {
    for (auto& one : list) {
      if (one.run == "with-p1") one.notes = "M", one.run = "with-m-again";
    }
  };
  rename(data.results);
  rename(data.curves);
  rename(data.confusions);
  for (Comparison& one : data.comparisons) {
    if (one.run == "with-p1") one.candidate_notes = "M", one.run = "with-m-again";
  }
  const std::string html = render_html(data);
  const auto section = [&](const std::string& id) {
    const std::size_t begin = html.find("<h2 id=\"" + id + "\"");
    return html.substr(begin, html.find("</section>", begin) - begin);
  };
  for (const char* id : {"summary", "training", "results", "classes", "confusion"}) {
    EXPECT_GE(count_of(section(id), "with-m-again"), 1U) << id;
    EXPECT_GT(count_of(section(id), "with-m"), count_of(section(id), "with-m-again")) << id;
  }
  EXPECT_EQ(count_of(section("summary"), "<th scope=\"row\">with-m-again<"), 1U);
  for (const std::string& text : {report_text(data), report_latex(data), report_csv(data),
                                  dump_json(to_json(data)), join(report_findings(data), " ")}) {
    EXPECT_THAT(text, HasSubstr("with-m-again"));
    EXPECT_THAT(text, HasSubstr("with-mp"));
  }
  EXPECT_TRUE(report_csv(data).starts_with("run,model,"));
}

TEST(HtmlReport, WhatIsNotOfTheNotesAloneIsSaidSo) {
  ReportData data = sample_report();
  EXPECT_THAT(render_html(data), Not(HasSubstr("not the notes alone")));
  for (Comparison& one : data.comparisons) {
    if (one.run == "with-p1") one.differences = {"epochs: 20, not 100"};
  }
  const std::string html = render_html(data);
  EXPECT_THAT(html, HasSubstr("not the notes alone: epochs: 20, not 100"));
  const std::size_t bought = html.find("What the notes bought");
  const std::size_t others = html.find("Not the notes alone: these runs");
  ASSERT_NE(bought, std::string::npos);
  ASSERT_NE(others, std::string::npos);
  // The drawing of each stands before its caption.
  EXPECT_THAT(html.substr(html.rfind("<svg", bought), bought - html.rfind("<svg", bought)),
              Not(HasSubstr(": with-p1")));
  EXPECT_THAT(html.substr(html.rfind("<svg", others), others - html.rfind("<svg", others)),
              HasSubstr(": with-p1"));
  EXPECT_THAT(join(report_findings(data), " "),
              HasSubstr("They differ in more than the notes: epochs: 20, not 100."));
  EXPECT_THAT(report_latex(data), HasSubstr("not the notes alone: epochs: 20, not 100"));
  EXPECT_THAT(dump_json(to_json(data)), HasSubstr("epochs: 20, not 100"));
}

TEST(HtmlReport, AMissingNumberSaysWhy) {
  ReportData data = sample_report();
  // One class occurs in one set: no kappa there. Of another set no interval can be had.
  std::erase_if(data.results, [](const ResultRow& row) {
    return row.metric == "linear_kappa" && row.dataset == "isic2017";
  });
  for (ResultRow& row : data.results) {
    if (row.metric == "macro_f1" && row.dataset == "isic2017") row.lo = row.hi = std::nullopt;
    if (row.metric == "auroc") row.lo = row.hi = std::nullopt;
  }
  data.comparisons.front().result.lo = std::numeric_limits<double>::quiet_NaN();
  const std::string html = render_html(data);
  EXPECT_EQ(check_markup(html).error, "");
  EXPECT_EQ(count_of(html, "<small class=\"why\">not defined: only one class occurs</small>"), 4U);
  EXPECT_EQ(count_of(html, "<small class=\"why\">no interval: too few samples"), 4U);
  EXPECT_THAT(html, HasSubstr("<h3>AUROC</h3>\n<p>Not printed: no interval: too few"));
  EXPECT_THAT(html, HasSubstr("1 difference is not printed"));
}

TEST(HtmlReport, OnlyClassesThatOccurAreShown) {
  ReportData data = sample_report();
  for (std::size_t i = 0; i < 7; ++i) {
    data.confusions[0].counts.at(1, i) = data.confusions[0].counts.at(i, 1) = 0;
  }
  const std::string html = render_html(data);
  const std::size_t begin = html.find("Confusion matrix of pictures");
  const std::string matrix = html.substr(begin, html.find("</svg>", begin) - begin);
  EXPECT_THAT(matrix, HasSubstr(">VASC<"));
  EXPECT_THAT(matrix, Not(HasSubstr(">DF<")));
  EXPECT_EQ(count_of(matrix, "class=\"cell\""), 36U);
  EXPECT_THAT(html, HasSubstr("<b>isic2017</b>: samples of each class; none of DF, VASC, ACK"));
  const std::size_t classes = html.find("<h2 id=\"classes\"");
  EXPECT_EQ(count_of(html.substr(classes, html.find("</section>", classes) - classes), ">SCC<"),
            0U);
}

TEST(HtmlReport, ReferencesAndMistakesAreShown) {
  const ReportData data = sample_report();
  const std::string html = render_html(data);
  EXPECT_EQ(count_of(html, "<tr class=\"reference\">"), 2U);
  EXPECT_THAT(html, HasSubstr("<td class=\"number\">0.310<small>NEV</small></td>"));
  EXPECT_THAT(html, HasSubstr("117 of 512 samples were called by another class; the 1 that"));
  EXPECT_THAT(html, HasSubstr("Shown is the run with the highest Weighted F1 here, 0.712; 2 other "
                              "runs are not shown."));
  EXPECT_THAT(html, HasSubstr("known: <b>MEL</b> <span class=\"soft\">6 %</span>"));
  EXPECT_THAT(html, HasSubstr("named: <b class=\"worse\">NEV</b> <span class=\"soft\">91 %"));
  EXPECT_THAT(html, HasSubstr("by chance 0."));
  EXPECT_THAT(report_text(data), HasSubstr("always the most frequent class"));
  EXPECT_THAT(report_text(data), HasSubstr("0.310 NEV"));
  EXPECT_EQ(to_json(data)["references"].size(), 8U);
  EXPECT_THAT(html, Not(HasSubstr("chance is 1")));
  ReportData one_class = data;
  for (ResultRow& row : one_class.results) {
    if (row.metric.find(kChanceMap) != std::string::npos) row.value = *row.lo = *row.hi = 1;
  }
  EXPECT_THAT(render_html(one_class),
              HasSubstr("All samples of ham10000 are of one class: whatever is found is right, and "
                        "chance is 1"));
}

TEST(HtmlReport, FewSamplesAreWarnedOf) {
  ReportData data = sample_report();
  EXPECT_TRUE(small_numbers(data).empty());
  EXPECT_THAT(render_html(data), Not(HasSubstr("class=\"few\"")));
  for (ResultRow& row : data.results) {
    if (row.dataset == "isic2017" && row.task == "classification") row.n = 24;
  }
  ReportConfusion few{"densenet121",      "image",    "",        "isic2017", 3,
                      ConfusionMatrix(8), "pictures", "external"};
  few.counts.at(0, 0) = 66;
  few.counts.at(6, 2) = 6;
  data.confusions.push_back(few);
  const std::vector<std::string> warnings = small_numbers(data);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0], HasSubstr("isic2017 (external) has n = 24, only 2 of MEL"));
  EXPECT_THAT(warnings[0], HasSubstr("by 0.042"));
  EXPECT_THAT(render_html(data), HasSubstr("<b class=\"few\">n = 24, few</b>"));
  EXPECT_THAT(report_text(data), HasSubstr("Small numbers: isic2017"));
}

TEST(HtmlReport, TermsAreExplainedBelowTheTables) {
  const std::string html = render_html(sample_report());
  for (const char* term : {"Weighted F1", "Interval", "Grey lines", "Recall", "Specificity", "mAP",
                           "By chance", "Own pair", "Difference", "AUROC", "Trainings"}) {
    EXPECT_THAT(html, HasSubstr("<b>" + std::string(term) + "</b>: ")) << term;
  }
}

// A balanced accuracy of 0.333 to 0.333 is neither of all right nor of none.
TEST(HtmlReport, AnIntervalWithoutWidthIsExplainedForEveryMetric) {
  const std::string html = render_html(sample_report());
  EXPECT_EQ(count_of(html, "only says that all of these samples were right, or none"), 0U);
  EXPECT_GE(count_of(html, "or all were called the same"), 1U);
}

TEST(HtmlReport, AllowedLeakageTopsThePage) {
  ReportData data = sample_report();
  EXPECT_THAT(render_html(data), Not(HasSubstr("Leakage was allowed")));
  data.leakage.allowed = true;  // the flag alone changes nothing where nothing overlaps
  EXPECT_THAT(render_html(data), Not(HasSubstr("Leakage was allowed")));
  data.leakage.findings = {{"identifier", "ham10000 train", "ham10000 test", 3, {"ISIC_1"}}};
  const std::string html = render_html(data);
  EXPECT_LT(html.find("Leakage was allowed"), html.find("<h2"));
  EXPECT_THAT(join(report_findings(data), " "), HasSubstr("Leakage"));
}

TEST(HtmlReport, OddNumbersDoNotBreakFigures) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  ReportData data = sample_report();
  data.curves[0].series = {{"a", {nan, nan}}, {"b", {1, nan, 2, infinity, 3}}, {"c", {}}};
  data.curves[1].series = {{"a", {1e300, -1e300}}};
  data.curves[2].series = {{"a", {5}}};
  data.curves[3].series.clear();
  data.curves[4].best_epoch = -3;
  data.confusions[0].counts = ConfusionMatrix();
  data.confusions[1].counts = ConfusionMatrix(3);
  data.confusions[2].counts.counts.pop_back();
  data.datasets[0].class_counts.clear();
  data.datasets[1].class_counts.assign(40, std::size_t{1} << 62U);
  ResultRow row = test::printable_row();
  row.dataset = "huge";
  row.value = 1e300;
  row.lo = -1e300;
  row.hi = 1e308;
  data.results.push_back(row);
  data.gallery[0].nearest[0].similarity = nan;
  const std::string html = render_html(data);
  EXPECT_EQ(check_markup(html).error, "");
  for (const auto& element : check_markup(html).elements) {
    for (const auto& [name, value] : element.attributes) {
      if (name == "d" || name == "points" || name == "x" || name == "y" || name == "width") {
        EXPECT_THAT(value, Not(HasSubstr("nan")));
        EXPECT_THAT(value, Not(HasSubstr("inf")));
      }
    }
  }
}

}  // namespace
}  // namespace epicrisis
