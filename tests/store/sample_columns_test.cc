#include "store/tables/sample_columns.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "epicrisis/store/tables/import_record.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

// Data set "d" has the keys b and a, data set "e" the key a, of no group.
class SampleColumnsTest : public test::StoreTest {
 protected:
  SampleColumnsTest() : workspace_(make()), database_(workspace_.database()) {
    put("d", "b", "g");
    put("d", "a", "f");
    put("e", "a", "");
  }
  void put(const std::string& dataset, const std::string& key, const std::string& group) {
    Sample sample = test::make_sample(key);
    sample.image_path = "/" + dataset + "/" + key;
    sample.group = group;
    if (group.empty()) {
      sample.label.reset();
      sample.split = "";
      sample.published_splits = {"train", "test"};
    }
    ids_.push_back(test::store_sample(database_, dataset, sample));
  }
  std::int64_t dataset(std::string_view name) { return find_dataset(database_, name).value().id; }
  // What comes, with the place of its sample.
  std::vector<std::string> texts(void (*each)(Database&, const SampleTextSink&)) {
    std::vector<std::string> list;
    each(database_, [&](std::string_view text, std::int64_t id) {
      list.push_back(fmt::format("{} {}", text, std::ranges::find(ids_, id) - ids_.begin()));
    });
    return list;
  }

  Workspace workspace_;
  Database& database_;
  std::vector<std::int64_t> ids_;
};

TEST_F(SampleColumnsTest, TextsComeInTheirOrder) {
  EXPECT_THAT(texts(for_each_key), ElementsAre("a 1", "a 2", "b 0"));
  EXPECT_THAT(texts(for_each_group), ElementsAre("f 1", "g 0"));
  EXPECT_THAT(texts(for_each_group_unordered), UnorderedElementsAre("f 1", "g 0"));
  EXPECT_THAT(texts(for_each_several_splits), ElementsAre("[\"train\",\"test\"] 2"));
}

TEST_F(SampleColumnsTest, PicturesAreReadPageByPage) {
  std::vector<std::string> pictures;
  const auto keep = [&](const SamplePicture& one) {
    pictures.push_back(fmt::format("{}/{} {}", one.dataset, one.key, one.path));
  };
  for_each_sample_picture(database_, {.limit = 1}, 0, 2, keep);
  EXPECT_THAT(pictures, ElementsAre("d/b /d/b", "d/a /d/a"));
  for_each_sample_picture(database_, {.datasets = {"e"}}, ids_[1], 2, keep);
  EXPECT_EQ(pictures.size(), 3U);
  EXPECT_EQ(pictures.back(), "e/a /e/a");
}

TEST_F(SampleColumnsTest, PlacesOfSamples) {
  std::vector<std::string> places;
  for_each_sample_place(database_, {}, [&](const SamplePlace& one) {
    places.push_back(
        fmt::format("{}|{}|{}|{}", one.dataset, one.split, one.label ? "class" : "", one.group));
  });
  EXPECT_THAT(places, ElementsAre("d|train|class|g", "d|train|class|f", "e|||"));
  const auto names = find_sample_names(database_, ids_[1]);
  ASSERT_TRUE(names);
  EXPECT_EQ(names->key, "a");
  EXPECT_EQ(names->group, "f");
  EXPECT_FALSE(find_sample_names(database_, 99));
}

TEST_F(SampleColumnsTest, KeysOfADataSet) {
  std::vector<std::string> keys;
  for_each_key_of(database_, "d", [&](std::string_view key) { keys.emplace_back(key); });
  EXPECT_THAT(keys, UnorderedElementsAre("a", "b"));
  keys.clear();
  bool more = true;
  const auto keep = [&](std::int64_t, std::string_view key) {
    keys.emplace_back(key);
    return more;
  };
  for_each_key_below(database_, dataset("d"), ids_[1] + 1, keep);
  for_each_key_below(database_, dataset("d"), ids_[1], keep);
  EXPECT_THAT(keys, ElementsAre("b", "a", "b"));
  more = false;
  for_each_key_below(database_, dataset("d"), ids_[1] + 1, keep);
  EXPECT_THAT(keys, ElementsAre("b", "a", "b", "b"));
}

TEST_F(SampleColumnsTest, CountsAreOfOneDataSet) {
  const SampleValueCounts d = count_sample_values(database_, dataset("d"), ids_[2]);
  EXPECT_EQ(d.groups, 2);
  EXPECT_EQ(d.splits, 2);
  EXPECT_EQ(d.labels, 2);
  EXPECT_EQ(count_sample_values(database_, dataset("d"), ids_[0]).groups, 1);
  EXPECT_EQ(count_sample_values(database_, dataset("e"), ids_[2]).labels, 0);
  EXPECT_EQ(count_sample_values(database_, 99, ids_[2]).groups, 0);
  EXPECT_EQ(count_samples_of(database_, dataset("d")), 2);
  EXPECT_EQ(last_sample_id(database_), ids_[2]);
  EXPECT_EQ(picture_path_of(database_, dataset("e"), "a"), "/e/a");
  EXPECT_EQ(picture_path_of(database_, dataset("e"), "b"), "");
}

TEST_F(SampleColumnsTest, FoldersOfPicturesAreKept) {
  EXPECT_FALSE(find_picture_folders(database_, dataset("d")));
  put_picture_folders(database_, dataset("d"), {"a", "b c"});
  EXPECT_EQ(find_picture_folders(database_, dataset("d")), (std::vector<std::string>{"a", "b c"}));
  EXPECT_FALSE(find_picture_folders(database_, dataset("e")));
}

}  // namespace
}  // namespace epicrisis
