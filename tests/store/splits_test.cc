#include "epicrisis/store/tables/splits.h"

#include <gmock/gmock.h>

#include <set>

#include "epicrisis/core/error.h"
#include "support/dermatology.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

class SplitsTest : public test::StoreTest {
 protected:
  SplitsTest() : workspace_(make()), database_(workspace_.database()) {}
  Workspace workspace_;
  Database& database_;
};

TEST_F(SplitsTest, GroupsOfADataSetStayWhole) {
  for (const std::string dataset : {"a", "b"}) {
    for (int i = 0; i < 120; ++i) {
      Sample sample = test::make_sample(std::to_string(i));
      sample.label = i % 3 == 0 ? test::kMelanoma : test::kNevus;
      sample.group = std::to_string(i / 4);
      sample.split = "";
      sample.published_splits.clear();
      test::store_sample(database_, dataset, sample);
    }
  }
  const SplitSet set = make_split_set(database_, "main", {}, {.seed = 7});
  std::int64_t total = 0;
  for (const auto& [role, count] : set.counts) total += count;
  EXPECT_EQ(total, 240);
  EXPECT_NEAR(static_cast<double>(set.counts.at("train")) / 240, 0.7, 0.05);
  std::map<std::pair<std::string, std::string>, std::set<Role>> roles;
  for (const SampleRole& entry : load_split_roles(database_, "main")) {
    const Sample sample = sample_by_id(database_, entry.sample_id);
    roles[{sample.dataset, sample.group}].insert(entry.role);
  }
  EXPECT_EQ(roles.size(), 60U);
  bool apart = false;
  for (const auto& [group, group_roles] : roles) {
    EXPECT_EQ(group_roles.size(), 1U);
    // Patient 3 of one hospital is not patient 3 of another.
    if (roles.at({"a", group.second}) != roles.at({"b", group.second})) apart = true;
  }
  EXPECT_TRUE(apart);

  // The same again is the same.
  make_split_set(database_, "again", {}, {.seed = 7});
  const auto first = load_split_roles(database_, "main");
  const auto second = load_split_roles(database_, "again");
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].sample_id, second[i].sample_id);
    EXPECT_EQ(first[i].role, second[i].role);
  }
}

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
