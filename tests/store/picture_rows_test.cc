// What the store keeps of the pictures of samples: rows of `prepared`, `fingerprints`,
// `picture_measures` and of checks for leakage.
#include <gmock/gmock.h>

#include "core/hex.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/store/tables/inventory.h"
#include "store/sql/integrity.h"
#include "store/tables/fingerprints.h"
#include "store/tables/leakage_checks.h"
#include "store/tables/picture_measures.h"
#include "store/tables/prepared.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::ElementsAre;

class PictureRowsTest : public test::StoreTest {
 protected:
  PictureRowsTest() : workspace_(make()), database_(workspace_.database()) {
    for (const char* key : {"a", "b", "c"}) {
      Sample sample = test::make_sample(key);
      sample.image_path = path_of(key);
      ids_.push_back(test::store_sample(database_, "d", sample));
    }
  }
  static std::string path_of(const std::string& key) { return "/pictures/" + key + ".png"; }
  PictureFile file(std::size_t i, const std::string& key) const {
    return {ids_.at(i), path_of(key), {100, 7}};
  }
  static std::string hash(std::string_view of) { return sha256_hex(of); }

  Workspace workspace_;
  Database& database_;
  std::vector<std::int64_t> ids_;
};

TEST_F(PictureRowsTest, PreparedPicturesComeBack) {
  put_prepared(database_, "r", {file(0, "a"), 1, hash("a"), ""}, {0.5, true, false});
  put_prepared(database_, "r", {file(1, "b"), 0, hash("b"), ""}, {});
  put_prepared(database_, "r", {file(2, "c"), std::nullopt, "", "torn"}, {});
  put_prepared(database_, "s", {file(2, "c"), 5, hash("c"), ""}, {});

  const auto known = find_prepared(database_, "r", ids_[0]);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->file.path, path_of("a"));
  EXPECT_EQ(known->file.stamp, (FileStamp{100, 7}));
  EXPECT_EQ(known->slot, 1U);
  EXPECT_EQ(known->pixels_sha256, hash("a"));
  const auto failed = find_prepared(database_, "r", ids_[2]);
  ASSERT_TRUE(failed);
  EXPECT_FALSE(failed->slot);
  EXPECT_EQ(failed->pixels_sha256, "");
  EXPECT_EQ(failed->error, "torn");
  EXPECT_FALSE(find_prepared(database_, "s", ids_[0]));
  EXPECT_THROW(put_prepared(database_, "r", {file(0, "a"), 1, "no hash", ""}, {}), InternalError);

  std::vector<std::string> by_slot;
  for_each_prepared_slot(database_, "r", [&](const PreparedSlot& one) {
    by_slot.push_back(fmt::format("{}/{} {}", one.dataset, one.key, one.slot));
    EXPECT_EQ(one.pixels_sha256, hash(one.key));
  });
  EXPECT_THAT(by_slot, ElementsAre("d/b 0", "d/a 1"));
  std::vector<std::int64_t> by_id;
  for_each_prepared_content(database_, "r", [&](const PreparedContent& one) {
    by_id.push_back(one.sample_id);
    EXPECT_EQ(hex_of(one.pixels_sha256), hash(one.sample_id == ids_[0] ? "a" : "b"));
  });
  EXPECT_THAT(by_id, ElementsAre(ids_[0], ids_[1]));
  const auto counts = count_prepared_pictures(database_);
  ASSERT_EQ(counts.size(), 2U);
  EXPECT_EQ(counts[0].recipe, "r");
  EXPECT_EQ(counts[0].pictures, 2);
}

TEST_F(PictureRowsTest, FailuresAreOfThePicturesThatSamplesHave) {
  put_prepared(database_, "r", {file(0, "a"), 0, hash("a"), ""}, {});
  put_prepared(database_, "r", {file(1, "b"), std::nullopt, "", "torn"}, {});
  put_prepared(database_, "r", {file(2, "another"), std::nullopt, "", "torn"}, {});
  std::vector<std::string> failed;
  for_each_failed_preparation(database_, "r", [&](const FailedPreparation& one) {
    EXPECT_EQ(one.file.sample_id, ids_[1]);
    EXPECT_EQ(one.file.stamp, (FileStamp{100, 7}));
    failed.push_back(fmt::format("{}/{}: {}", one.dataset, one.key, one.error));
  });
  EXPECT_THAT(failed, ElementsAre("d/b: torn"));
}

TEST_F(PictureRowsTest, SlotsAreForgotten) {
  const auto left = [&] {
    std::vector<std::uint64_t> slots;
    for_each_prepared_slot(database_, "r",
                           [&](const PreparedSlot& one) { slots.push_back(one.slot); });
    return slots;
  };
  put_prepared(database_, "r", {file(0, "a"), 4, hash("a"), ""}, {});
  put_prepared(database_, "r", {file(1, "b"), 5, hash("b"), ""}, {});
  put_prepared(database_, "r", {file(2, "c"), 6, hash("c"), ""}, {});
  forget_prepared(database_, "s", 0, 10);
  forget_prepared(database_, "r", 5, 6);
  EXPECT_THAT(left(), ElementsAre(4, 6));
  forget_prepared_from(database_, "r", 6);
  EXPECT_THAT(left(), ElementsAre(4));
}

TEST_F(PictureRowsTest, FingerprintsComeBack) {
  StoredFingerprint print;
  print.width = 6;
  print.height = 4;
  print.bytes_sha256 = hash("bytes");
  print.pixels_sha256 = hash("pixels");
  print.phash = ~std::uint64_t{0};
  print.phash_whole = 3;
  print.thumbnail = {1, 2};
  print.thumbnail_whole = {3};
  put_fingerprint(database_, file(0, "a"), 2, print);
  print.bytes_sha256 = hash("a first file");
  put_fingerprint(database_, file(1, "b"), 2, print);
  put_fingerprint_failure(database_, file(2, "c"), 2, "torn");

  const auto known = find_fingerprint(database_, ids_[0]);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->width, 6);
  EXPECT_EQ(known->height, 4);
  EXPECT_EQ(known->bytes_sha256, hash("bytes"));
  EXPECT_EQ(known->pixels_sha256, hash("pixels"));
  EXPECT_EQ(known->phash, ~std::uint64_t{0});
  EXPECT_EQ(known->phash_whole, 3U);
  EXPECT_THAT(known->thumbnail, ElementsAre(1, 2));
  EXPECT_THAT(known->thumbnail_whole, ElementsAre(3));
  EXPECT_FALSE(find_fingerprint(database_, ids_[2]));

  EXPECT_EQ(find_file_sha256(database_, file(0, "a")), hash("bytes"));
  PictureFile changed = file(0, "a");
  changed.stamp.time = 8;
  EXPECT_FALSE(find_file_sha256(database_, changed));
  EXPECT_FALSE(find_file_sha256(database_, file(2, "c")));

  std::vector<std::int64_t> hashed;
  for_each_picture_hashes(database_, [&](const PictureHashes& one) {
    hashed.push_back(one.sample_id);
    EXPECT_EQ(hex_of(one.pixels_sha256), hash("pixels"));
    EXPECT_EQ(one.phash_whole, 3U);
  });
  const bool first = hash("bytes") < hash("a first file");
  EXPECT_THAT(hashed, ElementsAre(ids_[first ? 0 : 1], ids_[first ? 1 : 0]));
  std::vector<std::string> failures;
  for_each_fingerprint_failure(database_, [&](std::int64_t id, std::string_view error) {
    EXPECT_EQ(id, ids_[2]);
    failures.emplace_back(error);
  });
  EXPECT_THAT(failures, ElementsAre("torn"));
}

TEST_F(PictureRowsTest, StatesOfFingerprintsAreReadPageByPage) {
  put_fingerprint_failure(database_, file(1, "b"), 2, "torn");
  std::vector<std::string> states;
  std::vector<std::string> paths;
  const auto keep = [&](const PictureOfSample& one) {
    paths.emplace_back(one.path);
    states.emplace_back(one.state);
  };
  for_each_fingerprint_state(database_, {}, 0, 2, keep);
  EXPECT_THAT(paths, ElementsAre(path_of("a"), path_of("b")));
  EXPECT_THAT(states, ElementsAre("", fingerprint_state(path_of("b"), {100, 7}, 2)));
  EXPECT_NE(states[1], fingerprint_state(path_of("b"), {100, 7}, 3));
  EXPECT_NE(states[1], fingerprint_state(path_of("b"), {100, 8}, 2));
  for_each_fingerprint_state(database_, {}, ids_[1], 2, keep);
  EXPECT_EQ(paths.back(), path_of("c"));
  EXPECT_EQ(paths.size(), 3U);
}

TEST_F(PictureRowsTest, MeasuresAreOfTheFileAsItIs) {
  put_measures(database_, file(0, "a"), 4, {"", true, {0.5, 2}});
  put_measures(database_, file(1, "b"), 4, {"torn", false, {}});
  const auto known = find_measures(database_, file(0, "a"), 4);
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->found);
  EXPECT_THAT(known->values, ElementsAre(0.5, 2));
  EXPECT_FALSE(find_measures(database_, file(0, "a"), 5));
  PictureFile changed = file(0, "a");
  changed.stamp.size = 101;
  EXPECT_FALSE(find_measures(database_, changed, 4));
  EXPECT_TRUE(find_measures(database_, ids_[0], path_of("a"), 4));
  EXPECT_FALSE(find_measures(database_, ids_[0], path_of("b"), 4));

  const auto failed = find_measures(database_, file(1, "b"), 4);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->error, "torn");
  EXPECT_FALSE(find_measures(database_, ids_[1], path_of("b"), 4));
}

TEST_F(PictureRowsTest, ChecksForLeakageAreKept) {
  LeakageCheckRow check;
  check.created_at = "2026-01-01T00:00:00Z";
  check.leaks = 1;
  const std::int64_t id = put_leakage_check(database_, check);
  put_leakage_overlap(database_, id, {"bytes", ids_[0], ids_[1], "train", "test", true, 0});
  EXPECT_EQ(last_leakage_check(database_), "2026-01-01T00:00:00Z");
  EXPECT_EQ(database_.query_integer("SELECT count(*) FROM leakage_overlaps WHERE check_id = ?", id),
            1);
  EXPECT_THROW(put_leakage_overlap(database_, id + 1, {"bytes", ids_[0], ids_[1], "", "", true, 0}),
               InternalError);
}

TEST_F(PictureRowsTest, FaultsOfTheDatabaseAreTold) {
  EXPECT_THAT(database_faults(database_), ElementsAre());
  database_.execute_script("PRAGMA foreign_keys = OFF");
  put_measures(database_, {99, "x", {}}, 1, {});
  EXPECT_THAT(database_faults(database_),
              ElementsAre("PRAGMA foreign_key_check: picture_measures"));
}

}  // namespace
}  // namespace epicrisis
