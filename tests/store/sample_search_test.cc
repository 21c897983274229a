#include "epicrisis/store/tables/sample_search.h"

#include <gtest/gtest.h>

#include "epicrisis/core/error.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

class SampleSearchTest : public test::StoreTest {
 protected:
  std::string fault(Workspace& workspace, const std::string& key,
                    const std::vector<std::string>& datasets = {}) {
    try {
      sample_by_key(workspace.database(), key, datasets);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(SampleSearchTest, AKeyNamesASampleWhereOneDataSetHasIt) {
  Workspace workspace = make();
  EXPECT_EQ(fault(workspace, "1"), "no sample '1' in this workspace");
  test::store_sample(workspace.database(), "a", test::make_sample("1"));
  const std::int64_t second = test::store_sample(workspace.database(), "b", test::make_sample("2"));
  test::store_sample(workspace.database(), "b", test::make_sample("1"));
  EXPECT_EQ(sample_by_key(workspace.database(), "2").id, second);
  EXPECT_EQ(sample_by_key(workspace.database(), "1", {"a"}).dataset, "a");
  EXPECT_EQ(fault(workspace, "1"), "'1' may mean a/1 or b/1: name one data set as `dataset`");
  EXPECT_EQ(fault(workspace, "2", {"a"}), "no sample '2' in a");
}

TEST_F(SampleSearchTest, AKeyIsTakenWithAndWithoutSuffix) {
  Workspace workspace = make();
  Database& database = workspace.database();
  for (const char* key : {"one", "two.JPG", "both", "both.png", "twins.jpg", "twins.png", "-77",
                          "caf\u00e9", "caf%CC%81", "sub/x"}) {
    test::store_sample(database, "a", test::make_sample(key));
  }
  const std::vector<std::pair<const char*, const char*>> kWritten = {
      {"one", "one"},
      {"one.jpg", "one"},
      {"two", "two.JPG"},
      {"both", "both"},
      {"both.png", "both.png"},
      {"both.jpg", "both"},
      {"twins.png", "twins.png"},
      {"-77.jpg", "-77"},
      {"cafe\u0301.jpg", "caf\u00e9"},
      {"./sub//x", "sub/x"},
      {"\\sub\\x.png", "sub/x"}};
  for (const auto& [written, key] : kWritten) {
    EXPECT_EQ(sample_by_key(database, written).key, key) << written;
  }
  EXPECT_EQ(fault(workspace, "twins"),
            "'twins' may mean a/twins.jpg or a/twins.png: give the whole key");
  EXPECT_EQ(fault(workspace, "three.jpg"), "no sample 'three.jpg' in a");
  EXPECT_EQ(fault(workspace, "img/ONE.tiff"), "no sample 'img/ONE.tiff' in a; did you mean 'one'?");
}

}  // namespace
}  // namespace epicrisis
