#include "epicrisis/corpus/split_table.h"

#include <gmock/gmock.h>

#include <numeric>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/corpus/leakage.h"
#include "support/dermatology.h"
#include "support/pictures.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SplitTableTest : public test::StoreTest {
 protected:
  SplitTableTest() : workspace_(make()), database_(workspace_.database()) {}

  void add(const std::string& dataset, const std::string& key, std::optional<ClassId> label,
           const std::string& group, const std::string& published = "",
           const std::string& picture = "") const {
    Sample sample = test::make_sample(key);
    sample.label = label;
    sample.group = group;
    sample.split = published;
    sample.published_splits.clear();
    sample.image_path = picture;
    test::store_sample(database_, dataset, sample);
  }
  // Two data sets of 30 patients with four samples each, a third of them of another class.
  void add_many() const {
    for (const std::string dataset : {"a", "b"}) {
      for (int i = 0; i < 120; ++i) {
        add(dataset, std::to_string(i), i % 3 == 0 ? test::kMelanoma : test::kNevus,
            std::to_string(i / 4));
      }
    }
  }
  SplitTable split(const SplitRequest& request = {}) {
    return split_samples(workspace_, request, job_);
  }

  Workspace workspace_;
  Database& database_;
};

TEST_F(SplitTableTest, GroupsOfADataSetStayWhole) {
  add_many();
  const SplitTable table = split();
  EXPECT_THAT(table.parts, ElementsAre("train", "validation", "test"));
  std::map<std::pair<std::string, std::string>, std::set<Role>> roles;
  for (const SplitEntry& entry : table.entries)
    roles[{entry.dataset, entry.group}].insert(entry.role);
  EXPECT_EQ(roles.size(), 60U);
  bool apart = false;
  for (const auto& [group, group_roles] : roles) {
    EXPECT_EQ(group_roles.size(), 1U);
    // Patient 3 of one hospital is not patient 3 of another.
    if (roles.at({"a", group.second}) != roles.at({"b", group.second})) apart = true;
  }
  EXPECT_TRUE(apart);
  for (const ClassId label : {test::kMelanoma, test::kNevus}) {
    const std::vector<std::int64_t>& counts =
        table.counts.at(static_cast<std::size_t>(label.index()));
    const auto all = static_cast<double>(counts[0] + counts[1] + counts[2]);
    EXPECT_NEAR(static_cast<double>(counts[0]) / all, 0.7, 0.05);
    EXPECT_NEAR(static_cast<double>(counts[2]) / all, 0.15, 0.05);
  }
  EXPECT_EQ(table.groups[0] + table.groups[1] + table.groups[2], 60);
  EXPECT_THAT(table.remarks, IsEmpty());
}

// One was in train and another in test.
TEST_F(SplitTableTest, CopiesOfAPictureStayTogether) {
  std::vector<std::string> files;
  for (std::uint64_t i = 0; i < 10; ++i) {
    files.push_back(
        test::save_png(folder_.path() / fmt::format("{}.png", i), test::draw_picture(i)));
  }
  for (std::size_t i = 0; i < 40; ++i) {
    // Four samples of each picture, of a patient each, two without one; one of another class.
    add("a", std::to_string(i), i == 0 || i % 10 > 4 ? test::kMelanoma : test::kNevus,
        i < 20 ? "p" + std::to_string(i) : "", "", files[i % 10]);
  }
  for (const SplitRequest& request : {SplitRequest{.fractions = {0.5, 0.2, 0.3}, .seed = 2},
                                      SplitRequest{.fractions = {0.8, 0, 0.2}, .folds = 3}}) {
    const SplitTable table = split(request);
    std::map<std::size_t, std::set<std::pair<Role, int>>> places;
    for (const SplitEntry& entry : table.entries) {
      places[static_cast<std::size_t>(std::stoi(entry.key)) % 10].emplace(entry.role, entry.fold);
    }
    for (const auto& [picture, roles] : places) EXPECT_EQ(roles.size(), 1U) << picture;
    EXPECT_EQ(table.joined, 30);
    EXPECT_EQ(std::accumulate(table.groups.begin(), table.groups.end(), std::int64_t{0}), 10);
    EXPECT_THAT(table.remarks,
                Contains(HasSubstr("30 samples have the picture of another patient")));
    EXPECT_THAT(table.remarks, Contains(HasSubstr("3 pairs of the same picture are of different")));
  }
  EXPECT_EQ(split({.pictures = false}).joined, 0);
  write_file(files[0], "broken");
  EXPECT_THAT(split().remarks, Contains(HasSubstr("4 pictures could not be read")));
}

// A study stopped on the split that it had made itself.
TEST_F(SplitTableTest, WhatIsSplitHereDoesNotLeak) {
  for (std::uint64_t i = 0; i < 12; ++i) {
    const Image image = test::draw_picture(100 + i);
    const std::vector<Image> copies = {image, test::mirrored(image), test::cropped(image, 4),
                                       test::cropped(test::mirrored(image), 4)};
    for (std::size_t copy = 0; copy < copies.size(); ++copy) {
      const std::string key = fmt::format("{}-{}", i, copy);
      add("a", key, i % 2 == 0 ? test::kMelanoma : test::kNevus, "", "",
          test::save_png(folder_.path() / (key + ".png"), copies[copy]));
    }
  }
  // One patient, whose id is no accident, in two data sets.
  for (int i = 0; i < 20; ++i) {
    for (const std::string dataset : {"b", "c"}) {
      add(dataset, fmt::format("{}{}", dataset, i), test::kNevus, fmt::format("IP_{:07}", i));
    }
  }
  store_split(database_, "own", split({.fractions = {0.5, 0.2, 0.3}}), false);
  CheckOptions options;
  options.split_set = "own";
  options.datasets_are_domains = false;
  const LeakageReport report = check_leakage(workspace_, job_, options);
  for (const Overlap& overlap : report.overlaps) {
    EXPECT_FALSE(overlap.leakage) << overlap_words(overlap);
  }
}

// What was split here once comes out so everywhere.
TEST_F(SplitTableTest, TheSameSeedIsTheSameSplitOnEveryMachine) {
  add_many();
  const auto text = [&](const SplitRequest& request) {
    const Path file = folder_.path() / "split.csv";
    write_split_csv(split(request), file);
    return read_file(file);
  };
  const std::string roles = text({.seed = 7});
  EXPECT_EQ(roles, text({.seed = 7}));
  EXPECT_NE(roles, text({.seed = 8}));
  EXPECT_THAT(roles, HasSubstr("dataset,key,group,class,split,fold\na,0,0,MEL,"));
  EXPECT_EQ(sha256_hex(std::string_view(roles)),
            "2eb997c6dc0fa5f855bed6730ebfeb77b851859e9f9d48cb3e1e2194161494ed");
  SplitRequest folds{.fractions = {0.8, 0, 0.2}, .folds = 5, .seed = 7};
  EXPECT_EQ(sha256_hex(std::string_view(text(folds))),
            "0d35a9daeb151f9a74a7ebca11b45bdb3e38f326cc3022a6c87aba32685162fb");
}

TEST_F(SplitTableTest, FoldsAreEvenAndKeepPatientsWhole) {
  add_many();
  SplitRequest request{.fractions = {0.8, 0, 0.2}, .folds = 4, .seed = 1};
  const SplitTable table = split(request);
  EXPECT_THAT(table.parts, ElementsAre("fold 1", "fold 2", "fold 3", "fold 4", "test"));
  std::map<std::pair<std::string, std::string>, std::set<int>> folds;
  for (const SplitEntry& entry : table.entries) {
    folds[{entry.dataset, entry.group}].insert(entry.fold);
    EXPECT_EQ(entry.role, entry.fold == 0 ? Role::kTest : Role::kTrain);
  }
  for (const auto& [group, of_group] : folds) EXPECT_EQ(of_group.size(), 1U);
  for (std::size_t part = 0; part < 4; ++part) {
    EXPECT_NEAR(static_cast<double>(table.counts.at(test::kNevus.index())[part]), 32, 4);
  }
  EXPECT_THROW(store_split(database_, "folds", table, false), UsageError);
  request.fractions.validation = 0.1;
  request.fractions.train = 0.7;
  EXPECT_THROW(split(request), UsageError);
  request.fractions = {1, 0, 0};
  request.folds = 1;
  EXPECT_THROW(split(request), UsageError);
}

TEST_F(SplitTableTest, WhatCannotBeMetIsSaid) {
  for (int i = 0; i < 40; ++i) {
    add("a", "n" + std::to_string(i), test::kNevus, i < 30 ? "one" : "");
  }
  for (int i = 0; i < 40; ++i) add("a", "k" + std::to_string(i), test::kBenignKeratosis, "");
  add("a", "m1", test::kMelanoma, "two");
  add("a", "m2", test::kMelanoma, "two");
  add("a", "none", std::nullopt, "");
  const SplitTable table = split();
  EXPECT_EQ(table.without_class, 1);
  EXPECT_THAT(table.remarks, Contains(HasSubstr("its 2 samples are of 1 patient or case")));
  EXPECT_THAT(table.remarks, Contains(HasSubstr("too large to divide it better")));
  EXPECT_THROW(split({.filter = {.datasets = {"nope"}}}), UsageError);
  EXPECT_THROW(split({.fractions = {0.5, 0.1, 0.1}}), UsageError);
}

TEST_F(SplitTableTest, SamplesThatSayNoPatientAreWarnedOf) {
  for (int i = 0; i < 40; ++i) {
    add("a", std::to_string(i), i % 2 == 0 ? test::kMelanoma : test::kNevus, "");
    add("b", std::to_string(i), i % 2 == 0 ? test::kMelanoma : test::kNevus, i == 0 ? "p" : "");
  }
  const auto told = Contains(HasSubstr("a: no sample says its patient or case"));
  EXPECT_THAT(split().remarks, told);
  EXPECT_THAT(split({.filter = {.datasets = {"b"}}}).remarks, testing::Not(told));
}

// A training of them ran, and every figure was 1.
TEST_F(SplitTableTest, SamplesOfOneClassAreRefused) {
  const auto refused = [&](const SplitRequest& request) {
    try {
      split(request);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string("split");
  };
  for (int i = 0; i < 20; ++i) add("a", std::to_string(i), test::kNevus, "");
  add("a", "none", std::nullopt, "");
  EXPECT_THAT(refused({}), testing::AllOf(HasSubstr("are of one (NEV 20), of 1 without any"),
                                          HasSubstr("two classes or more")));
  // Melanomas of one patient are in one fold, and tested on where the publisher says so.
  for (int i = 0; i < 4; ++i) add("a", fmt::format("m{}", i), test::kMelanoma, "one", "");
  EXPECT_THAT(refused({.fractions = {1, 0, 0}, .folds = 4}),
              testing::AllOf(HasSubstr("without fold "), HasSubstr("(NEV "), HasSubstr("`folds`")));
  for (int i = 0; i < 20; ++i) {
    add("b", std::to_string(i), i < 5 ? test::kMelanoma : test::kNevus, fmt::format("{}", i),
        i < 5 ? "test" : "train");
  }
  EXPECT_THAT(refused({.filter = {.datasets = {"b"}}, .honour_published = true}),
              testing::AllOf(HasSubstr("the training part would have one class alone (NEV "),
                             HasSubstr("MEL 5")));
  EXPECT_EQ(refused({}), "split");
}

TEST_F(SplitTableTest, PublishedSplitsAreKeptWhereAskedFor) {
  for (int i = 0; i < 40; ++i) {
    add("a", std::to_string(i), i % 2 == 0 ? test::kNevus : test::kMelanoma, "",
        i < 10 ? "test" : "train");
  }
  add("a", "left", test::kNevus, "", "");
  const SplitTable table = split({.honour_published = true});
  EXPECT_EQ(table.counts.at(static_cast<std::size_t>(test::kNevus.index())).back(), 5);
  EXPECT_EQ(table.left_out, 1);
  EXPECT_THAT(table.remarks, Contains(HasSubstr("1 sample with a class is in no part")));
}

TEST_F(SplitTableTest, IsStoredAndComesBackFromItsFile) {
  add_many();
  add("a", "-1", test::kNevus, "");
  const SplitTable table = split({.seed = 7});
  const SplitSet set = store_split(database_, "main", table, false);
  EXPECT_EQ(set.counts.at("train") + set.counts.at("validation") + set.counts.at("test"), 241);
  EXPECT_THROW(store_split(database_, "main", table, false), UsageError);
  const Path file = folder_.path() / "split.csv";
  write_split_csv(table, file);
  const auto read = read_split_csv(file);
  ASSERT_EQ(read.size(), table.entries.size());
  for (const SplitEntry& entry : table.entries) {
    EXPECT_EQ(read.at({entry.dataset, entry.key}).role, entry.role) << entry.key;
  }
}

TEST_F(SplitTableTest, FilesThatAreWrongAreRefusedWithTheirLine) {
  const Path file = folder_.path() / "split.csv";
  const auto refused = [&](const std::string& text) {
    write_file(file, text);
    try {
      read_split_csv(file);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("taken");
  };
  EXPECT_THAT(refused("dataset,key,split\na,1,trian\n"), HasSubstr("split.csv:2: split 'trian'"));
  EXPECT_THAT(refused("dataset,key,fold\na,1,0\n"), HasSubstr("split.csv:2: fold '0'"));
  EXPECT_THAT(refused("dataset,key,fold\na,1,1\na,1,2\n"), HasSubstr("a second time"));
  EXPECT_THAT(refused("dataset,key\na,1\n"), HasSubstr("split"));
  write_file(file, "key,fold,dataset\n1,2,a\n2,,a\n");
  const auto read = read_split_csv(file);
  EXPECT_EQ(read.at({"a", "1"}).fold, 2);
  EXPECT_EQ(read.at({"a", "1"}).role, Role::kTrain);
  EXPECT_EQ(read.at({"a", "2"}).role, Role::kUnused);
}

}  // namespace
}  // namespace epicrisis
