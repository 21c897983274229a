#include "epicrisis/store/tables/splits.h"

#include <gtest/gtest.h>

#include "epicrisis/core/error.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

class SplitsTest : public test::StoreTest {
 protected:
  SplitsTest() : workspace_(make()), database_(workspace_.database()) {}
  Workspace workspace_;
  Database& database_;
};

TEST_F(SplitsTest, NamesAreNotReusedByAccident) {
  const auto id = test::store_sample(database_, "a", test::make_sample("1"));
  save_split_set(database_, "s", 1, {{"why", "test"}}, {{id, Role::kTrain}});
  EXPECT_THROW(save_split_set(database_, "s", 2, Json::object(), {{id, Role::kTest}}), UsageError);
  EXPECT_EQ(load_split_roles(database_, "s").at(0).role, Role::kTrain);
  save_split_set(database_, "s", ~std::uint64_t{0}, Json::object(), {{id, Role::kExternal}}, true);
  const SplitSet set = split_set_by_name(database_, "s");
  EXPECT_EQ(set.seed, ~std::uint64_t{0});
  EXPECT_EQ(set.counts.at("external"), 1);
  EXPECT_EQ(list_split_sets(database_).size(), 1U);
  EXPECT_THROW(save_split_set(database_, "../s", 1, Json::object(), {}), UsageError);
  EXPECT_THROW(load_split_roles(database_, "none"), UsageError);
  // Unknown sample: nothing is stored.
  EXPECT_THROW(save_split_set(database_, "t", 1, Json::object(), {{99, Role::kTest}}),
               InternalError);
  EXPECT_FALSE(find_split_set(database_, "t"));
}

}  // namespace
}  // namespace epicrisis
