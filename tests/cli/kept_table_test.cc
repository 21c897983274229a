#include "kept_table.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"

namespace epicrisis::cli {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class KeptTableTest : public testing::Test {
 protected:
  Path path(const char* name) const { return folder_.path() / name; }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      found.push_back(entry.path().filename().string());
    }
    std::ranges::sort(found);
    return found;
  }
  TemporaryFolder folder_;
};

TEST_F(KeptTableTest, AnEarlierTableStaysUntilThereIsAWholeOne) {
  write_file(path("t.csv"), "old\n");
  {
    KeptTable table(path("t.csv"), "head\n");
    table.write("row\n");
    EXPECT_EQ(read_file(path("t.csv")), "old\n");
  }  // an error came
  EXPECT_THAT(names(), ElementsAre("t.csv"));
  EXPECT_EQ(read_file(path("t.csv")), "old\n");
  KeptTable table(path("t.csv"), "head\n");
  table.write("row\n");
  EXPECT_TRUE(table.finish(true));
  EXPECT_EQ(read_file(path("t.csv")), "head\nrow\n");
  EXPECT_THAT(names(), ElementsAre("t.csv"));
}

TEST_F(KeptTableTest, RowsThatSayNothingReplaceNothing) {
  write_file(path("t.csv"), "old\n");
  KeptTable table(path("t.csv"), "head\n");
  table.write(",an error\n");
  EXPECT_FALSE(table.finish(false));
  EXPECT_EQ(read_file(path("t.csv")), "old\n");
  EXPECT_THAT(names(), ElementsAre("t.csv"));
  KeptTable other(path("new.csv"), "head\n");
  other.write(",an error\n");
  EXPECT_TRUE(other.finish(false));
  EXPECT_EQ(read_file(path("new.csv")), "head\n,an error\n");
}

TEST_F(KeptTableTest, APartIsKeptBesideAnEarlierTable) {
  KeptTable first(path("t.csv"), "head\n");
  first.write("a\n");
  EXPECT_EQ(first.keep_part(), path("t.csv"));
  EXPECT_EQ(read_file(path("t.csv")), "head\na\n");
  for (const char* name : {"t.part.csv", "t.part-2.csv"}) {
    KeptTable next(path("t.csv"), "head\n");
    next.write("b\n");
    EXPECT_EQ(next.keep_part(), path(name));
    EXPECT_EQ(read_file(path(name)), "head\nb\n");
  }
  EXPECT_EQ(read_file(path("t.csv")), "head\na\n");
}

TEST_F(KeptTableTest, AHeaderAloneIsKeptNowhere) {
  { EXPECT_EQ(KeptTable(path("t.csv"), "head\n").keep_part(), Path()); }
  EXPECT_THAT(names(), IsEmpty());
  write_file(path("t.csv"), "old\n");
  { EXPECT_EQ(KeptTable(path("t.csv"), "head\n").keep_part(), Path()); }
  EXPECT_THAT(names(), ElementsAre("t.csv"));
}

}  // namespace
}  // namespace epicrisis::cli
