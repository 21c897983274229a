#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

#include "epicrisis/report/html_report.h"
#include "epicrisis/report/tables.h"

namespace epicrisis {
namespace {

using testing::HasSubstr;
using testing::Not;

ReportData report() {
  ReportData data;
  data.title = "t";
  data.classes = {"NEV", "MEL"};
  AuditRow row;
  row.dataset = "ham<10000>";
  row.strategy = "P3";
  row.provider = "vlm";
  row.notes = 1038;
  row.pictures = 1000;
  row.groups = 900;
  for (Estimate& one : row.measures) one = {.value = 0.375, .lo = 0.35, .hi = 0.4};
  row.measures[1].lo = std::numeric_limits<double>::quiet_NaN();
  data.audit.rows.push_back(row);
  row.label = "MEL";
  row.notes = 240;
  row.pictures = row.groups = 200;  // no patients are known
  data.audit.rows.push_back(row);
  AuditExample example;
  example.dataset = "ham10000";
  example.key = "ISIC_1";
  example.strategy = "P3";
  example.label = "NEV";
  example.verdict = "fail";
  example.text = "A <b>melanoma</b> of 4 mm & more.";
  example.spans = {{21, 25, AuditMark::kUnknowable, "size"},
                   {5, 13, AuditMark::kWrong, "diagnosis: label \"NEV\""},
                   {7, 9, AuditMark::kUnknowable, "overlaps"},
                   {30, 400, AuditMark::kWrong, "beyond the end"}};
  data.audit.examples.push_back(example);
  AuditConfusion confusion{"ham10000", "P3", "vlm", ConfusionMatrix(3)};
  confusion.counts.at(0, 1) = 17;
  confusion.counts.at(0, 2) = 1;
  data.audit.confusions.push_back(confusion);
  return data;
}

TEST(AuditSection, ShowsRatesExamplesAndConfusion) {
  const std::string page = render_html(report());
  EXPECT_THAT(page, HasSubstr("What notes claim"));
  EXPECT_THAT(page, HasSubstr("ham&lt;10000&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("ham<10000>")));
  EXPECT_THAT(page, HasSubstr("0.375<small>0.350 to 0.400</small>"));
  EXPECT_THAT(page, HasSubstr("1,038<small>900 patients</small>"));
  EXPECT_THAT(page, HasSubstr("240<small>200 pictures</small>"));
  EXPECT_THAT(page, HasSubstr("By class"));
  EXPECT_THAT(page, HasSubstr("A &lt;b&gt;<mark class=\"wrong\" title=\"diagnosis: label "
                              "&quot;NEV&quot;\">melanoma</mark>&lt;/b&gt;"));
  EXPECT_THAT(page, HasSubstr("&amp; more."));
  EXPECT_THAT(page, Not(HasSubstr("overlaps")));
  EXPECT_THAT(page, HasSubstr("Classes named by notes P3"));
  EXPECT_THAT(page, HasSubstr("<title>NEV named as MEL: 17 of 18</title>"));
  EXPECT_THAT(page, HasSubstr("<title>NEV named as none: 1 of 18</title>"));
  EXPECT_THAT(page, HasSubstr(">known</text>"));
  EXPECT_THAT(page, Not(HasSubstr("predicted</text>")));
  // Each column is explained, no two alike.
  std::set<std::string> meanings;
  for (const AuditMeasure& one : kAuditMeasures) {
    const std::string term = "<b>" + std::string(one.title) + "</b>: ";
    const std::size_t at = page.find(term);
    ASSERT_NE(at, std::string::npos) << one.title;
    const std::size_t begin = at + term.size();
    meanings.insert(page.substr(begin, page.find(". ", begin) - begin));
  }
  EXPECT_EQ(meanings.size(), kAuditMeasures.size());
  // What is not in the table, of which another one counts all.
  EXPECT_THAT(page, Not(HasSubstr("further note")));
  ReportData more = report();
  more.audit.not_of_study = 4;
  EXPECT_THAT(render_html(more), HasSubstr("4 further notes of the data sets are of samples that"));
}

TEST(AuditSection, WordsAroundAMarkStayApart) {
  ReportData data = report();
  AuditExample& example = data.audit.examples.front();
  example.text = "The lesion is a melanoma of 4 mm.\n\n\"Left\" arm.";
  example.spans = {{16, 24, AuditMark::kWrong, "label"},
                   {28, 32, AuditMark::kUnknowable, "size"},
                   {35, 41, AuditMark::kMeasured, "side"}};
  const std::string page = render_html(data);
  EXPECT_THAT(page, HasSubstr("is a <mark"));
  EXPECT_THAT(page, HasSubstr("melanoma</mark> of <mark"));
  EXPECT_THAT(page, HasSubstr("4 mm</mark>.\n<mark class=\"measured\" title=\"side\">"));
}

TEST(AuditSection, IsLeftOutWithoutNotes) {
  ReportData data = report();
  data.audit = {};
  EXPECT_THAT(render_html(data), Not(HasSubstr("What notes claim")));
}

TEST(AuditSection, NumbersAsCsvAndJson) {
  const ReportData data = report();
  const std::string csv = audit_csv(data.audit);
  EXPECT_THAT(
      csv,
      HasSubstr("dataset,strategy,provider,class,measure,value,lo,hi,notes,pictures,patients"));
  EXPECT_THAT(csv, HasSubstr("ham<10000>,P3,vlm,,contradicted_notes,0.375,0.35,0.4,1038,1000,900"));
  EXPECT_THAT(csv, HasSubstr("ham<10000>,P3,vlm,MEL,contradicted_notes,0.375,0.35,0.4,240,200,\n"));
  // Without an interval it is not printed.
  EXPECT_THAT(csv, Not(HasSubstr("major_contradicted_notes")));
  const Json json = to_json(data).at("audit");
  EXPECT_EQ(json.at("rows").size(), 2U);
  EXPECT_EQ(json.at("rows").at(0).at("patients"), 900);
  EXPECT_EQ(json.at("rows").at(1).at("class"), "MEL");
  EXPECT_EQ(json.at("rows").at(1).at("pictures"), 200);
  EXPECT_TRUE(json.at("rows").at(1).at("patients").is_null());
  EXPECT_EQ(json.at("confusions").at(0).at("strategy"), "P3");
  EXPECT_EQ(json.at("confusions").at(0).at("counts").at(0), Json({0, 17, 1}));
  EXPECT_EQ(json.at("rows").at(0).at("measures").at("coverage").at("hi"), 0.4);
  // What was measured is told apart from what is known.
  EXPECT_EQ(json.at("rows").at(0).at("measures").at("measured_contradicted_notes").at("hi"), 0.4);
  EXPECT_THAT(csv, HasSubstr("ham<10000>,P3,vlm,,measured_contradicted_claims,0.375"));
}

}  // namespace
}  // namespace epicrisis
