#include "epicrisis/data/split.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>

#include "data/read_support.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/random.h"

namespace epicrisis::test {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

std::vector<SplitItem> random_items(Random& random, std::size_t count) {
  std::vector<SplitItem> items;
  const std::uint64_t groups = 1 + random.below(count);
  const std::uint64_t labels = 1 + random.below(8);
  for (std::size_t i = 0; i < count; ++i) {
    SplitItem item;
    item.key = "k" + std::to_string(i);
    if (random.below(3) > 0) item.group = "g" + std::to_string(random.below(groups));
    item.label = static_cast<int>(random.below(labels + 1)) - (random.below(20) == 0 ? 1 : 0);
    items.push_back(item);
  }
  return items;
}

void expect_groups_whole(const std::vector<SplitItem>& items, const std::vector<Role>& roles) {
  std::map<std::string, std::set<Role>> by_group;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].group.empty() && roles[i] != Role::kUnused) {
      by_group[items[i].group].insert(roles[i]);
    }
  }
  for (const auto& [group, used] : by_group) EXPECT_LE(used.size(), 1U) << group;
}

std::map<Role, std::size_t> sizes(const std::vector<Role>& roles) {
  std::map<Role, std::size_t> counts;
  for (const Role role : roles) ++counts[role];
  return counts;
}

TEST(Split, GroupsStayWholeAndEveryLabelledItemIsUsed) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    const std::vector<SplitItem> items = random_items(random, 1 + random.below(200));
    const std::vector<Role> roles = assign_splits(items, {}, random.next(), round % 2 == 0);
    ASSERT_EQ(roles.size(), items.size());
    expect_groups_whole(items, roles);
    for (std::size_t i = 0; i < items.size(); ++i) {
      EXPECT_EQ(roles[i] == Role::kUnused, items[i].label < 0);
      EXPECT_NE(roles[i], Role::kExternal);
    }
  }
}

TEST(Split, DoesNotDependOnTheOrderOfTheItems) {
  Random random(2);
  for (int round = 0; round < 100; ++round) {
    std::vector<SplitItem> items = random_items(random, 1 + random.below(150));
    for (SplitItem& item : items) {
      static constexpr std::array<const char*, 4> kPublished = {"", "train", "validation", "test"};
      if (round % 2 == 0) item.published = kPublished[random.below(4)];
    }
    std::map<std::string, Role> before;
    const std::vector<Role> roles = assign_splits(items, {}, 7, true);
    for (std::size_t i = 0; i < items.size(); ++i) before[items[i].key] = roles[i];
    random.shuffle(std::span(items));
    const std::vector<Role> again = assign_splits(items, {}, 7, true);
    for (std::size_t i = 0; i < items.size(); ++i) EXPECT_EQ(again[i], before[items[i].key]);
  }
}

TEST(Split, SingleItemsMeetTheSharesOfEveryClass) {
  std::vector<SplitItem> items;
  const std::vector<int> counts = {1000, 200, 40, 20};
  for (std::size_t label = 0; label < counts.size(); ++label) {
    for (int i = 0; i < counts[label]; ++i) {
      items.push_back({.key = std::to_string(label) + "_" + std::to_string(i),
                       .group = {},
                       .label = static_cast<int>(label),
                       .published = {}});
    }
  }
  const std::vector<Role> roles =
      assign_splits(items, {.train = .7, .validation = .15, .test = .15}, 3, true);
  for (std::size_t label = 0; label < counts.size(); ++label) {
    std::map<Role, int> met;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (items[i].label == static_cast<int>(label)) ++met[roles[i]];
    }
    EXPECT_NEAR(met[Role::kTrain], .7 * counts[label], 1) << label;
    EXPECT_NEAR(met[Role::kValidation], .15 * counts[label], 1) << label;
    EXPECT_NEAR(met[Role::kTest], .15 * counts[label], 1) << label;
  }
}

TEST(Split, SeedsDifferAndRepeat) {
  Random random(4);
  const std::vector<SplitItem> items = random_items(random, 300);
  EXPECT_EQ(assign_splits(items, {}, 1, true), assign_splits(items, {}, 1, true));
  EXPECT_NE(assign_splits(items, {}, 1, true), assign_splits(items, {}, 2, true));
}

TEST(Split, AShareOfNothingGetsNothing) {
  Random random(5);
  const std::vector<SplitItem> items = random_items(random, 200);
  const auto counts =
      sizes(assign_splits(items, {.train = .8, .validation = 0, .test = .2}, 1, true));
  EXPECT_FALSE(counts.contains(Role::kValidation));
  EXPECT_TRUE(counts.contains(Role::kTest));
  const auto all = sizes(assign_splits(items, {.train = 0, .validation = 0, .test = 1}, 1, true));
  EXPECT_FALSE(all.contains(Role::kTrain));
}

TEST(Split, WrongSharesAreRefused) {
  const std::vector<SplitItem> items = {{.key = "a", .group = {}, .label = 0, .published = {}}};
  EXPECT_THROW(assign_splits(items, {.train = .7, .validation = .7, .test = .15}, 1, true),
               UsageError);
  EXPECT_THROW(assign_splits(items, {.train = 1.2, .validation = -.2, .test = 0}, 1, true),
               UsageError);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(assign_splits(items, {.train = nan, .validation = 0, .test = 1}, 1, true),
               UsageError);
  EXPECT_TRUE(assign_splits({}, {}, 1, true).empty());
}

TEST(Split, HonoursPublishedSplits) {
  const std::vector<SplitItem> items = {
      {.key = "a", .group = {}, .label = 0, .published = "train"},
      {.key = "b", .group = {}, .label = 0, .published = "validation"},
      {.key = "c", .group = {}, .label = 0, .published = "test"},
      {.key = "d", .group = {}, .label = 0, .published = ""},
      {.key = "e", .group = {}, .label = -1, .published = "test"},
  };
  EXPECT_THAT(
      assign_splits(items, {}, 1, true),
      ElementsAre(Role::kTrain, Role::kValidation, Role::kTest, Role::kUnused, Role::kUnused));
  EXPECT_NE(assign_splits(items, {}, 1, false)[3], Role::kUnused);
  std::vector<SplitItem> wrong = items;
  wrong[0].published = "training";
  EXPECT_THROW(assign_splits(wrong, {}, 1, true), UsageError);
}

TEST(Split, APublishedGroupInTwoSplitsKeepsTheStronger) {
  const std::vector<SplitItem> items = {
      {.key = "a", .group = "g", .label = 0, .published = "train"},
      {.key = "b", .group = "g", .label = 0, .published = "test"},
      {.key = "c", .group = "h", .label = 0, .published = "train"},
      {.key = "d", .group = "h", .label = 0, .published = "validation"},
      {.key = "e", .group = "h", .label = 0, .published = ""},
  };
  EXPECT_THAT(
      assign_splits(items, {}, 1, true),
      ElementsAre(Role::kUnused, Role::kTest, Role::kUnused, Role::kValidation, Role::kUnused));
}

// Of two data sets only one publishes splits: the samples of the other are not lost.
TEST(Split, ADataSetWithoutPublishedSplitsIsSpread) {
  std::vector<SplitItem> items;
  for (int i = 0; i < 20; ++i) {
    items.push_back({.key = fmt::format("a{}", i),
                     .group = {},
                     .label = i % 2,
                     .published = i < 10   ? "train"
                                  : i < 15 ? "test"
                                           : "validation",
                     .dataset = "a"});
  }
  items[3].published.clear();
  items[11].group = "twin";
  for (int i = 0; i < 40; ++i) {
    items.push_back({.key = fmt::format("b{}", i),
                     .group = i == 0 ? "twin" : "",
                     .label = i % 2,
                     .published = "",
                     .dataset = "b"});
  }
  items.back().label = -1;
  const std::vector<Role> roles = assign_splits(items, {}, 1, true);
  EXPECT_EQ(roles[3], Role::kUnused);  // why "a" does not say of it is not known
  EXPECT_EQ(roles[20], Role::kTest);   // with its group
  std::map<Role, int> counts;
  for (std::size_t i = 20; i < 60; ++i) ++counts[roles[i]];
  EXPECT_EQ(counts[Role::kUnused], 1);
  EXPECT_NEAR(counts[Role::kTrain], 27, 2);
  EXPECT_NEAR(counts[Role::kTest], 7, 2);
  EXPECT_NEAR(counts[Role::kValidation], 6, 2);
}

TEST(Split, AMissingValidationIsTakenFromTraining) {
  std::vector<SplitItem> items;
  for (int i = 0; i < 400; ++i) {
    items.push_back({.key = "k" + std::to_string(i),
                     .group = "g" + std::to_string(i / 2),
                     .label = i / 2 % 4,
                     .published = i / 2 % 5 == 0 ? "test" : "train"});
  }
  const std::vector<Role> roles = assign_splits(items, {}, 1, true);
  expect_groups_whole(items, roles);
  for (std::size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(roles[i] == Role::kTest, items[i].published == "test");
  }
  // .15 of .85 of the 320 published for training
  EXPECT_NEAR(static_cast<double>(sizes(roles)[Role::kValidation]), 320 * .15 / .85, 4);
}

TEST(Split, OnlyTestPublishedStaysTest) {
  const std::vector<SplitItem> items(3, {.key = "a", .group = {}, .label = 0, .published = "test"});
  EXPECT_THAT(assign_splits(items, {}, 1, true), Each(Role::kTest));
}

TEST(Split, RoleNamesAreReadBack) {
  for (const Role role :
       {Role::kTrain, Role::kValidation, Role::kTest, Role::kExternal, Role::kUnused}) {
    EXPECT_EQ(parse_role(role_name(role)), role);
  }
  EXPECT_EQ(parse_role("training"), std::nullopt);
}

TEST(Split, RealLesionsStayWholeAndClassesKeepTheirShares) {
  EPICRISIS_NEEDS_SHARED_DATA();
  AdapterInput input;
  input.path = shared_folder() / "data" / "metadata_only" / "ham10000";
  input.tables_only = true;
  const ReadResult read = read_all("ham10000", input);
  std::vector<SplitItem> items;
  for (const Sample& sample : read.samples) {
    items.push_back({sample.key, sample.group, sample.label->index(), sample.split});
  }
  const std::vector<Role> roles = assign_splits(items, {}, 42, true);
  expect_groups_whole(items, roles);
  std::map<int, double> total;
  std::map<int, double> test;
  for (std::size_t i = 0; i < items.size(); ++i) {
    ++total[items[i].label];
    test[items[i].label] += roles[i] == Role::kTest ? 1 : 0;
  }
  for (const auto& [label, count] : total) {
    EXPECT_NEAR(test[label] / count, .15, .01) << label;
  }
}

}  // namespace
}  // namespace epicrisis::test
