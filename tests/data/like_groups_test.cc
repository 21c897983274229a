#include "epicrisis/data/like_groups.h"

#include <gmock/gmock.h>

#include "data/read_support.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(LikeGroups, FoldWhatLooksAlike) {
  for (const char* group : {"W-7002", "w-7002",
                            "W\xE2\x80\x93"
                            "7002",
                            "W -7002",
                            "w-\xC2\xA0"
                            "7002",
                            "\xEF\xBC\xB7-7002", "W\xE2\x80\x8B-7002"}) {
    EXPECT_EQ(folded_group(group), "w-7002") << group;
  }
  EXPECT_EQ(folded_group("Mu\xCC\x88ller 1"), folded_group("M\xC3\x9CLLER  1"));
  for (const char* other : {"W-7003", "W_7002", "W7002", "W-07002", "W-700 2", "V-7002"}) {
    EXPECT_NE(folded_group(other), "w-7002") << other;
  }
  EXPECT_NE(folded_group("1 23"), folded_group("12 3"));
}

TEST(LikeGroups, AreFoundWithTheirCounts) {
  EXPECT_THAT(find_like_groups({{"A1", 1}, {"A2", 3}, {"B1", 2}, {"a1", 4}, {"a 1", 5}}),
              ElementsAre(LikeGroups{{"A1", 1}, {"a1", 4}, {"a 1", 5}}));
  EXPECT_THAT(find_like_groups({{"A1", 1}, {"A2", 3}}), IsEmpty());
  EXPECT_EQ(like_groups_in_words({{"A1", 1}, {"a1", 4}}), "A1 (1 sample) and a1 (4 samples)");
}

TEST(LikeGroups, AReadCountsAndNamesThemAndKeepsThemApart) {
  DataFolder folder;
  folder.text("a.csv", "id,who\n1,W-7002\n2,w-7002\n3,w-7002\n4,W-7003\n");
  folder.text("columns.toml", "table = \"a.csv\"\n[columns]\nid = \"id\"\ngroup = \"who\"\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("generic_csv", input);
  EXPECT_THAT(result.groups(), ElementsAre("W-7002", "W-7003", "w-7002"));
  const Tally& tally =
      result.report.warnings.at("groups (patients or cases) " + std::string(kLookAlike));
  EXPECT_EQ(tally.count, 2U);
  EXPECT_THAT(tally.examples, ElementsAre("W-7002 (1 sample) and w-7002 (2 samples)"));
}

}  // namespace
}  // namespace epicrisis::test
