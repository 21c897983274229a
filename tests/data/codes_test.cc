// Groups and ids: codes of patients that are words for nothing elsewhere.

#include <gmock/gmock.h>

#include "data/read_support.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/read_remarks.h"

namespace epicrisis::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Reads samples 0, 1, ... of these groups.
ReadResult read_groups(const std::vector<std::string>& groups, const std::string& map = {}) {
  DataFolder folder;
  folder.text("columns.toml", "table = \"t.csv\"\n" + map +
                                  "[columns]\nid = \"id\"\nlabel = \"dx\"\ngroup = \"pat\"\n");
  std::string table = "id;dx;pat\n";
  for (std::size_t i = 0; i < groups.size(); ++i) {
    table += std::to_string(i) + ";NV;" + groups[i] + "\n";
  }
  folder.text("t.csv", table);
  AdapterInput input = folder.input();
  input.tables_only = true;
  return read_all("generic_csv", input);
}

std::string groups_of(const ReadResult& result) {
  std::vector<std::string> groups;
  for (const Sample& sample : result.samples) groups.push_back(sample.group);
  return join(groups, "|");
}

std::vector<std::string> texts_of(const AdapterReport& report) {
  std::vector<std::string> texts;
  for (const ReadRemark& remark : remarks_on(report)) texts.push_back(remark.text);
  return texts;
}

TEST(Codes, ShortWordsAreGroups) {
  EXPECT_EQ(groups_of(read_groups({"KA", "NC", "ND", "DK", "UK", "nr", "NA", "U", "v", "0", "-1"})),
            "KA|NC|ND|DK|UK|nr|NA|U|v|0|-1");
  for (const char* word : {"nan", "None", "null", "N/A", "unknown", "-", "", "#N/A", "<NA>"}) {
    EXPECT_EQ(groups_of(read_groups({"AB", word})), "AB|") << word;
  }
}

// Where patients have numbers it is what R writes for nothing.
TEST(Codes, NaIsAGroupAmongOthersAsShort) {
  EXPECT_EQ(groups_of(read_groups({"P01", "NA", "P02", "NA"})), "P01||P02|");
  EXPECT_EQ(groups_of(read_groups({"NA", "KA", "AB"})), "NA|KA|AB");
  EXPECT_EQ(groups_of(read_groups({"NA", "NA"})), "|");
}

TEST(Codes, GroupsReadAsNothingAreCountedNamedAndShown) {
  const ReadResult result = read_groups({"P01", "NA", "NA", "leer", "unknown"});
  EXPECT_EQ(result.report.without_group, 4U);
  EXPECT_THAT(texts_of(result.report), Contains(HasSubstr(": 'NA' (2), 'leer' (1)")));
  EXPECT_THAT(texts_of(result.report), Contains(HasSubstr("`keep` takes them")));
  EXPECT_THAT(texts_of(result.report), Contains(StartsWith("4 samples without a group")));
  const std::string json = dump_json(to_json(result.report));
  EXPECT_THAT(json, HasSubstr(R"("values":{"NA":2,"leer":1})"));
  EXPECT_EQ(groups_of(read_groups({"P01", "NA", "unknown"}, "keep = [\"NA\"]\n")), "P01|NA|");
  EXPECT_EQ(groups_of(read_groups({"AB", "KA"}, "missing = [\"KA\"]\n")), "AB|");
}

TEST(Codes, OfIdsTheValueIsShownAsItStands) {
  DataFolder folder;
  folder.text("columns.toml", "table = \"t.csv\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\n");
  folder.text("t.csv", "id;dx\nNC;MEL\nND;NV\nnone;NV\nnan;NV\nu;NV\n;NV\nx1;MEL\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("generic_csv", input);
  for (const char* id : {"NC", "ND", "u", "x1"}) EXPECT_NE(result.find(id), nullptr) << id;
  const Tally& tally = result.report.skipped.at("no id");
  EXPECT_EQ(tally.count, 3U);
  EXPECT_EQ(tally.values, (Counts{{"nan", 1}, {"none", 1}}));
  EXPECT_THAT(tally.examples, Contains(HasSubstr("t.csv:4: none")));
  EXPECT_THAT(texts_of(result.report), Contains("3 skipped: no id: 'nan' (1), 'none' (1)"));
}

}  // namespace
}  // namespace epicrisis::test
