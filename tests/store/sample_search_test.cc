#include "epicrisis/store/tables/sample_search.h"

#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::HasSubstr;

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
  EXPECT_THAT(fault(workspace, "1"), HasSubstr("'1' is in 2 data sets; name one as `dataset`"));
  EXPECT_EQ(fault(workspace, "2", {"a"}), "no sample '2' in a");
}

}  // namespace
}  // namespace epicrisis
