#include "epicrisis/corpus/leakage.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/corpus/import.h"
#include "epicrisis/image/resize.h"
#include "epicrisis/store/tables/splits.h"
#include "support/pictures.h"
#include "support/shared_data.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class CheckTest : public test::StoreTest {
 protected:
  CheckTest() : workspace_(make()), database_(workspace_.database()) {}

  std::int64_t put(const std::string& dataset, const std::string& key, const std::string& split,
                   const std::string& image = "", const std::string& group = "") {
    Sample sample = test::make_sample(key);
    sample.split = split;
    sample.published_splits = split.empty() ? std::vector<std::string>{} : std::vector{split};
    sample.image_path = image;
    sample.group = group;
    return test::store_sample(database_, dataset, sample);
  }
  void put_class(const std::string& dataset, const std::string& key, std::optional<ClassId> label,
                 const std::string& group, const std::string& image,
                 const std::string& split = "") {
    Sample sample = test::make_sample(key);
    sample.label = label;
    sample.group = group;
    sample.split = split;
    sample.published_splits = {};
    sample.image_path = image;
    test::store_sample(database_, dataset, sample);
  }
  std::string picture(const std::string& name, std::uint64_t seed) {
    return test::save_png(folder_.path() / name, test::draw_picture(seed));
  }
  // "kind: a and b", with '!' in front of leaks.
  std::vector<std::string> found(const CheckOptions& options = {}) {
    report_ = check_leakage(workspace_, job_, options);
    std::vector<std::string> words;
    std::int64_t leaks = 0;
    for (const Overlap& overlap : report_.overlaps) {
      words.push_back((overlap.leakage ? "!" : "") + overlap_words(overlap));
      if (overlap.leakage) ++leaks;
    }
    EXPECT_EQ(leaks, report_.leaks());
    return words;
  }

  Workspace workspace_;
  Database& database_;
  LeakageReport report_;
};

TEST_F(CheckTest, CleanSplitsAreClean) {
  put("d", "1", "train", picture("1.png", 1), "g1");
  put("d", "2", "test", picture("2.png", 2), "g2");
  put("d", "3", "train", "", "g1");
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_EQ(report_.samples, 3);
  EXPECT_EQ(report_.pictures, 2);
  EXPECT_NO_THROW(report_.throw_if_leaking());
}

TEST_F(CheckTest, OneIdInTwoPublishedSplits) {
  Sample sample = test::make_sample("7");
  sample.published_splits = {"validation", "test"};
  sample.split = "test";
  test::store_sample(database_, "d", sample);
  EXPECT_THAT(found(), ElementsAre("!id: d/7 (validation) and d/7 (test)"));
  try {
    report_.throw_if_leaking();
    FAIL();
  } catch (const LeakageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("1 by id"));
    EXPECT_THAT(error.what(), HasSubstr("d/7 (validation)"));
    EXPECT_THAT(error.what(), HasSubstr("`allow_leakage`"));
  }
  // Nothing of it harms where the set is external as a whole.
  EXPECT_THAT(found({.external = {"d"}}), ElementsAre("id: d/7 (validation) and d/7 (test)"));
}

TEST_F(CheckTest, IdsAcrossDataSets) {
  put("a", "ISIC_0024306", "train");
  put("b", "ISIC_0024306", "train");
  put("a", "img_0001", "train");
  put("b", "img_0001", "test");
  put("a", "1234567", "train");
  put("b", "1234567", "train");
  put("b", "isic_0024306", "");  // identifiers are exact
  EXPECT_THAT(found(), ElementsAre("!id: a/ISIC_0024306 (train) and b/ISIC_0024306 (train)"));
  EXPECT_THAT(found({.datasets_are_domains = false}),
              ElementsAre("id: a/ISIC_0024306 (train) and b/ISIC_0024306 (train)"));
  EXPECT_THAT(found({.external = {"b"}, .datasets_are_domains = false}),
              ElementsAre("!id: a/ISIC_0024306 (train) and b/ISIC_0024306 (external)"));
  EXPECT_THAT(found({.datasets = {"b"}}), IsEmpty());
  EXPECT_EQ(found({.datasets = {"a"}, .external = {"b"}}).size(), 1U);
  EXPECT_THROW(found({.datasets = {"c"}}), UsageError);
  EXPECT_THROW(found({.external = {"c"}}), UsageError);
}

TEST_F(CheckTest, GroupsThatAreSplit) {
  put("d", "1", "train", "", "PAT_1");
  put("d", "2", "test", "", "PAT_1");
  put("d", "3", "train", "", "PAT_1");
  put("d", "4", "train", "", "PAT_2");
  put("d", "5", "train", "", "PAT_2");
  put("e", "6", "test", "", "PAT_2");  // another hospital's second patient
  put("e", "7", "test", "", "HAM_0000118");
  put("d", "8", "", "", "HAM_0000118");  // a lesion of the ISIC archive
  EXPECT_THAT(found(), UnorderedElementsAre("!group: d/1 (train) and d/2 (test)",
                                            "!group: d/2 (test) and d/3 (train)",
                                            "!group: e/7 (test) and d/8"));
}

// Where nobody says whose a picture is, one person in two places is not found.
TEST_F(CheckTest, DataSetsThatSayNoPatientAreNamed) {
  for (const char* key : {"1", "2"}) {
    put("bare", key, "train");
    put("grouped", key, "train", "", std::string(key) == "1" ? "p" : "");
    put("elsewhere", key, "");
  }
  put("alone", "1", "test");
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_THAT(report_.without_groups, ElementsAre("bare", "elsewhere"));
  EXPECT_EQ(to_json(report_).at("without_groups"), Json({"bare", "elsewhere"}));
  found({.external = {"elsewhere"}});
  EXPECT_THAT(report_.without_groups, ElementsAre("bare"));
  found({.datasets = {"grouped"}});
  EXPECT_THAT(report_.without_groups, IsEmpty());
}

TEST_F(CheckTest, RolesOfASplitSetReplaceThePublishedOnes) {
  const auto a = put("d", "1", "train", "", "g");
  const auto b = put("d", "2", "test", "", "g");
  const auto c = put("d", "3", "train", "", "h");
  const auto d = put("d", "4", "train", "", "h");
  put("d", "5", "train", "", "h");
  save_split_set(database_, "s", 0, Json::object(),
                 {{a, Role::kTrain}, {b, Role::kTrain}, {c, Role::kTrain}, {d, Role::kTest}});
  // Sample 5 has no part in the set.
  EXPECT_THAT(found({.split_set = "s"}), ElementsAre("!group: d/3 (train) and d/4 (test)"));
  EXPECT_THROW(found({.split_set = "none"}), UsageError);
}

TEST_F(CheckTest, SamePictureUnderTwoIds) {
  const Image image = test::draw_picture(1);
  const std::string original = test::save_png(folder_.path() / "1.png", image);
  std::filesystem::copy_file(original, folder_.path() / "bytes.png");
  // The same pixels in another file, and the same photograph smaller and compressed.
  write_file(folder_.path() / "pixels.png", encode_png(image) + "trailing");
  write_file(folder_.path() / "near.jpg", encode_jpeg(image, 70));
  put("d", "1", "train", original);
  put("d", "2", "test", (folder_.path() / "bytes.png").string());
  put("d", "3", "validation", (folder_.path() / "pixels.png").string());
  put("d", "4", "train", (folder_.path() / "near.jpg").string());
  put("d", "5", "test", picture("5.png", 5));
  const auto words = found();
  EXPECT_THAT(words, testing::Contains("!bytes: d/1 (train) and d/2 (test)"));
  EXPECT_THAT(words, testing::Contains("!near-duplicate: d/2 (test) and d/4 (train)"));
  EXPECT_THAT(words, testing::Contains("near-duplicate: d/1 (train) and d/4 (train)"));
  EXPECT_THAT(words, testing::Contains("!near-duplicate: d/3 (validation) and d/4 (train)"));
  EXPECT_THAT(words, testing::Contains("!pixels: d/1 (train) and d/3 (validation)"));
  EXPECT_THAT(words, testing::Contains("!pixels: d/2 (test) and d/3 (validation)"));
  EXPECT_EQ(words.size(), 6U);

  const auto exact = found({.near_duplicates = false});
  EXPECT_EQ(exact.size(), 3U);
  EXPECT_THAT(found({.pictures = false}), IsEmpty());
  EXPECT_EQ(report_.pictures, 0);
}

// A copy under another id was counted and not named, whatever its label said.
TEST_F(CheckTest, ClassesAndPatientsOfOnePictureAreHeldAgainstEachOther) {
  const std::string one = picture("1.png", 1);
  const std::string two = picture("2.png", 2);
  const std::string three = picture("3.png", 3);
  put_class("d", "1", test::kNevus, "p1", one);
  put_class("d", "2", test::kMelanoma, "p2", one);
  put_class("d", "3", test::kNevus, "p3", two);
  put_class("d", "4", test::kNevus, "", two);
  put_class("d", "5", std::nullopt, "p5", three);
  put_class("d", "6", test::kNevus, "p6", three);
  put_class("e", "7", test::kMelanoma, "p7", two);
  EXPECT_THAT(found(),
              ElementsAre("!bytes: d/3 and e/7, class NEV and MEL",
                          "!bytes: d/4 and e/7, class NEV and MEL",
                          "bytes: d/1 and d/2, class NEV and MEL, patient or case p1 and p2",
                          "bytes: d/5 and d/6, patient or case p5 and p6", "bytes: d/3 and d/4"));
  EXPECT_EQ(report_.other_class, 3);
  EXPECT_EQ(report_.other_group, 2);
  EXPECT_EQ(report_.inside(), 3);
  EXPECT_EQ(report_.without_split, 7);
  EXPECT_THAT(other_class_words(report_), HasSubstr("d/1 and d/2, class NEV and MEL"));
  const Json json = to_json(report_);
  EXPECT_EQ(json["other_class"], 3);
  EXPECT_EQ(json["overlaps"][0]["a"]["class"], "NEV");
  EXPECT_EQ(json["overlaps"][2]["b"]["group"], "p2");
  put_class("d", "8", test::kNevus, "p8", "", "test");
  found();
  EXPECT_EQ(report_.without_split, 7);
}

TEST_F(CheckTest, TurnedAndMirroredCopiesAreLeaks) {
  const Image image = test::draw_picture(1);
  put("d", "1", "train", test::save_png(folder_.path() / "1.png", image));
  for (int way = 1; way < 4; ++way) {
    write_file(folder_.path() / fmt::format("{}.jpg", way),
               encode_jpeg(test::mirrored(image, way), 80));
    put("d", fmt::format("copy{}", way), way == 1 ? "test" : "train",
        (folder_.path() / fmt::format("{}.jpg", way)).string());
  }
  put("d", "5", "test", picture("5.png", 5));
  const auto words = found();
  EXPECT_THAT(words, testing::Contains("!near-duplicate: d/1 (train) and d/copy1 (test)"));
  EXPECT_THAT(words, testing::Contains("near-duplicate: d/1 (train) and d/copy2 (train)"));
  EXPECT_THAT(words, testing::Contains("!near-duplicate: d/copy1 (test) and d/copy3 (train)"));
  EXPECT_THAT(words, testing::Not(testing::Contains(HasSubstr("d/5"))));
  EXPECT_EQ(report_.uncompared, 0);
}

// Each has a near copy of its own, which is none of the other's.
TEST_F(CheckTest, AMirrorImageIsFoundBesideNearCopiesOfBoth) {
  const Image image = test::draw_picture(1);
  const auto put_copy = [&](const std::string& name, const Image& copy) {
    put("d", name, "", test::save_png(folder_.path() / (name + ".png"), copy));
  };
  put_copy("crop", test::cropped(image, 4));
  put_copy("mirror", test::mirrored(image));
  put_copy("mirrorcrop", test::cropped(test::mirrored(image), 4));
  put_copy("orig", image);
  EXPECT_THAT(found(), testing::Contains("near-duplicate: d/mirror and d/orig"));
  std::set<std::int64_t> firsts;
  for (const auto& [sample, first] : report_.together) firsts.insert(first);
  EXPECT_EQ(report_.together.size(), 3U);
  EXPECT_EQ(firsts.size(), 1U);
}

TEST_F(CheckTest, CopiesGiveFewPairsAndEveryLeak) {
  const std::string file = picture("same.png", 3);
  std::set<std::string> leaking;
  for (int i = 0; i < 300; ++i) {
    put("d", std::to_string(i), i % 100 == 7 ? "test" : "train", file);
  }
  EXPECT_LE(found().size(), 600U);
  for (const Overlap& overlap : report_.overlaps) {
    EXPECT_EQ(overlap.kind, OverlapKind::kBytes);
    if (!overlap.leakage) continue;
    leaking.insert(overlap.a.key);
    leaking.insert(overlap.b.key);
  }
  EXPECT_EQ(leaking.size(), 300U);
}

TEST_F(CheckTest, FingerprintsAreKeptUntilTheFileChanges) {
  const std::string file = picture("1.png", 1);
  put("d", "1", "train", file);
  put("d", "2", "test", picture("2.png", 2));
  EXPECT_EQ(update_fingerprints(workspace_, {}, job_), 2);
  EXPECT_EQ(update_fingerprints(workspace_, {}, job_), 0);
  EXPECT_THAT(found(), IsEmpty());
  // The same size and pixels of another picture: the time tells.
  picture("1.png", 2);
  EXPECT_EQ(update_fingerprints(workspace_, {}, job_), 1);
  EXPECT_THAT(found(), ElementsAre("!bytes: d/1 (train) and d/2 (test)"));
  // The sample now names another file.
  put("d", "1", "train", picture("3.png", 3));
  EXPECT_THAT(found(), IsEmpty());
  database_.execute("UPDATE fingerprints SET version = 0");
  EXPECT_EQ(update_fingerprints(workspace_, {}, job_), 2);
}

TEST_F(CheckTest, UnreadablePicturesAreSaid) {
  put("d", "1", "train", picture("1.png", 1));
  write_file(folder_.path() / "broken.png", "\x89PNG\r\n\x1a\n....");
  put("d", "2", "test", (folder_.path() / "broken.png").string());
  put("d", "3", "test", (folder_.path() / "missing.png").string());
  EXPECT_THAT(found(), IsEmpty());
  EXPECT_EQ(report_.pictures, 1);
  EXPECT_EQ(report_.unreadable, 2);
  EXPECT_THAT(report_.unreadable_examples, testing::Contains(HasSubstr("broken.png")));
  EXPECT_THAT(report_.unreadable_examples, testing::Contains(HasSubstr("missing.png")));
  // A file that comes back is read.
  picture("missing.png", 1);
  EXPECT_THAT(found(), ElementsAre("!bytes: d/1 (train) and d/3 (test)"));
  EXPECT_EQ(report_.unreadable, 1);
}

TEST_F(CheckTest, PatientsSpelledAlikeAreNamedAndNotJoined) {
  put("d", "1", "train", "", "W-7002");
  put("d", "2", "test", "", "w-7002");
  put("d", "3", "test", "", "w-7002");
  put("d", "4", "train", "", "W-7003");
  put("e", "1", "train", "", "w-7003");  // another data set's
  EXPECT_THAT(found(), IsEmpty());
  ASSERT_EQ(report_.like_groups.size(), 1U);
  EXPECT_TRUE(may_leak_by_spelling(report_));
  EXPECT_THAT(
      like_groups_words(report_),
      testing::AllOf(HasSubstr("2 patients or cases are spelled alike"),
                     HasSubstr("d: W-7002 (1 sample) and w-7002 (2 samples), in more than")));
  EXPECT_EQ(to_json(report_).at("like_groups").at(0).at("groups").at("w-7002"), 2);
  found({.external = {"d"}});
  EXPECT_FALSE(may_leak_by_spelling(report_));
  found({.datasets = {"e"}});
  EXPECT_EQ(like_groups_words(report_), "");
}

TEST_F(CheckTest, OneColourPicturesDoNotBlowUp) {
  // All perceptual hashes agree, the pictures may not.
  for (int i = 0; i < 400; ++i) {
    Image flat(32, 32);
    std::fill(flat.pixels.begin(), flat.pixels.end(), static_cast<std::uint8_t>(i % 200));
    put("d", std::to_string(i), i % 2 == 0 ? "train" : "test",
        test::save_png(folder_.path() / (std::to_string(i) + ".png"), flat));
  }
  EXPECT_LE(found().size(), 4000U);
  EXPECT_EQ(report_.unreadable, 0);
}

TEST_F(CheckTest, OutcomeIsStored) {
  Sample sample = test::make_sample("7");
  sample.published_splits = {"train", "validation", "test"};
  test::store_sample(database_, "d", sample);
  const CheckOptions options;
  const LeakageReport report = check_leakage(workspace_, job_, options);
  EXPECT_EQ(report.leaks(), 3);
  const std::int64_t id = save_leakage(database_, report, options, true, job_);
  EXPECT_EQ(
      database_.query_integer("SELECT leaks FROM leakage_checks WHERE id = ? AND allowed", id), 3);
  EXPECT_EQ(database_.query_integer("SELECT count(*) FROM leakage_overlaps WHERE check_id = ?", id),
            3);
  const Json json = to_json(report, 1);
  EXPECT_EQ(json["leaks"], 3);
  EXPECT_EQ(json["overlaps"].size(), 1U);
  EXPECT_EQ(json["overlaps_total"], 3);
}

using Keys = std::set<std::pair<std::string, std::string>>;

Keys keys_of(const LeakageReport& report, const std::set<OverlapKind>& kinds) {
  Keys keys;
  for (const Overlap& overlap : report.overlaps) {
    if (kinds.contains(overlap.kind)) {
      keys.emplace(std::min(overlap.a.key, overlap.b.key), std::max(overlap.a.key, overlap.b.key));
    }
  }
  return keys;
}

TEST_F(CheckTest, AuthorsSplitsOfDerm7pt) {
  EPICRISIS_NEEDS_SHARED_DATA();
  import_dataset(workspace_, "csv_folder",
                 test::shared_folder() / "data" / "antani-csv" / "Derm7pt", job_,
                 {.name = "derm7pt", .tables_only = true});
  const LeakageReport report = check_leakage(workspace_, job_);
  // Every one of the 79 test ids is in the validation split as well.
  EXPECT_EQ(report.leaks_by_kind.at("id"), 79);
  for (const Overlap& overlap : report.overlaps) {
    EXPECT_TRUE(overlap.leakage);
    EXPECT_THAT((std::set{overlap.a.role, overlap.b.role}), ElementsAre("test", "validation"));
  }
  EXPECT_THROW(report.throw_if_leaking(), LeakageError);
}

TEST_F(CheckTest, RealPictures) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const Path data = test::shared_folder() / "data";
  import_dataset(workspace_, "pad_ufes_20", data / "pad_ufes_20", job_);
  import_dataset(workspace_, "isic2017", data / "isic2017", job_);
  import_dataset(workspace_, "ham10000", data / "ham10000", job_,
                 {.name = "ham_small", .pictures = {"images"}});
  import_dataset(workspace_, "ham10000", data / "ham10000", job_,
                 {.name = "ham_large", .pictures = {"images_600x450"}});

  const LeakageReport all = check_leakage(workspace_, job_);
  EXPECT_EQ(all.samples, 674 + 2062 + 2522 + 154);
  EXPECT_EQ(all.pictures, all.samples);
  // 86 ids are in both folders of HAM10000: two domains to us.
  EXPECT_EQ(all.leaks_by_kind.at("id"), 86);
  // Their pictures are the centre squares of one another; no other pair crosses two sets.
  Keys crossing_near;
  Keys crossing_ids;
  for (const Overlap& overlap : all.overlaps) {
    if (overlap.a.dataset == overlap.b.dataset) continue;
    const std::pair pair(std::min(overlap.a.key, overlap.b.key),
                         std::max(overlap.a.key, overlap.b.key));
    if (overlap.kind == OverlapKind::kNearDuplicate) crossing_near.insert(pair);
    if (overlap.kind == OverlapKind::kId) crossing_ids.insert(pair);
  }
  EXPECT_EQ(crossing_near, crossing_ids);

  // Known pairs inside the sets.
  const CheckOptions isic{.datasets = {"isic2017"}};
  const LeakageReport challenge = check_leakage(workspace_, job_, isic);
  // Of the six pairs at the source these five have both their pictures here, byte for byte equal.
  const std::set<OverlapKind> equal = {OverlapKind::kBytes, OverlapKind::kPixels};
  EXPECT_EQ(keys_of(challenge, equal), (Keys{{"ISIC_0012127", "ISIC_0012970"},
                                             {"ISIC_0012152", "ISIC_0015979"},
                                             {"ISIC_0012175", "ISIC_0015982"},
                                             {"ISIC_0012216", "ISIC_0016001"},
                                             {"ISIC_0012271", "ISIC_0016018"}}));
  // Three of them lie in two of the challenge's splits.
  EXPECT_EQ(challenge.leaks_by_kind.at("bytes"), 3);
  // One photograph compressed twice, and one in two colour tones.
  const Keys near = keys_of(challenge, {OverlapKind::kNearDuplicate});
  EXPECT_TRUE(near.contains({"ISIC_0012887", "ISIC_0012989"}));
  EXPECT_TRUE(near.contains({"ISIC_0000162", "ISIC_0014826"}));
  EXPECT_LE(near.size(), 40U) << "of two million pairs";
  const CheckOptions pad{.datasets = {"pad_ufes_20"}};
  const Keys pairs =
      keys_of(check_leakage(workspace_, job_, pad),
              {OverlapKind::kBytes, OverlapKind::kPixels, OverlapKind::kNearDuplicate});
  EXPECT_TRUE(pairs.contains({"PAT_759_1433_914", "PAT_759_1538_566"}));
  EXPECT_LE(pairs.size(), 10U);
}

}  // namespace
}  // namespace epicrisis
