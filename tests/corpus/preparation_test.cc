#include "epicrisis/corpus/preparation.h"

#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "support/fault_vfs.h"
#include "support/job_log.h"
#include "support/pictures.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PrepareTest : public test::StoreTest {
 protected:
  PrepareTest() { recipe_.size = 32; }

  // Sample i shows picture i.
  void put_pictures(Workspace& workspace, int count) {
    for (int i = 0; i < count; ++i) {
      Sample sample = test::make_sample(std::to_string(i));
      sample.image_path = test::save_png(folder_.path() / fmt::format("{}.png", i),
                                         test::draw_picture(static_cast<std::uint64_t>(i)));
      ids_.push_back(test::store_sample(workspace.database(), "d", sample));
    }
  }
  void expect_right(const WorkspaceImages& images, std::int64_t id, std::uint64_t picture) const {
    const auto index = images.index_of(id);
    ASSERT_TRUE(index) << id;
    const Image expected = prepare_image(test::draw_picture(picture), recipe_).image;
    EXPECT_TRUE(std::ranges::equal(images.pixels(*index), expected.pixels)) << picture;
    EXPECT_EQ(images.content_id(*index),
              sha256_hex(std::as_bytes(std::span<const std::uint8_t>(expected.pixels))));
    EXPECT_EQ(images.sample_id(*index), id);
  }

  PrepareRecipe recipe_;
  std::vector<std::int64_t> ids_;
};

TEST_F(PrepareTest, SecondRunHasNothingToDo) {
  Workspace workspace = make();
  EXPECT_THROW(WorkspaceImages(workspace, recipe_), UsageError);
  put_pictures(workspace, 20);
  test::store_sample(workspace.database(), "d", test::make_sample("no picture"));
  PrepareReport report = prepare_samples(workspace, recipe_, job_, {.threads = 2});
  EXPECT_EQ(report.samples, 20);
  EXPECT_EQ(report.prepared, 20);
  report = prepare_samples(workspace, recipe_, job_);
  EXPECT_EQ(report.prepared, 0);
  EXPECT_EQ(report.already, 20);
  const WorkspaceImages images(workspace, recipe_);
  EXPECT_EQ(images.count(), 20U);
  EXPECT_EQ(images.size(), 32);
  for (std::size_t i = 0; i < ids_.size(); ++i) expect_right(images, ids_[i], i);
  EXPECT_FALSE(images.index_of(ids_.back() + 1));
  EXPECT_THAT(images.indices_of(std::vector{ids_[3], ids_[0], ids_[3]}), ElementsAre(3U, 0U, 3U));
  try {
    images.indices_of(std::vector{ids_[0], std::int64_t{999}});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("1 of 2"));
    EXPECT_THAT(error.what(), HasSubstr("sample 999"));
  }
}

TEST_F(PrepareTest, APreviewNamesPicturesAndShowsTheMostChangedFirst) {
  Workspace workspace = make();
  for (int i = 0; i < 10; ++i) {
    Sample sample = test::make_sample(fmt::format("p{}", i));
    Image image = test::draw_picture(static_cast<std::uint64_t>(i), 96, 96);
    if (i == 6) {  // a black frame, which is cut off
      for (int y = 0; y < 96; ++y) {
        for (int x = 0; x < 96; ++x) {
          if (x < 20 || y < 20 || x >= 76 || y >= 76) std::fill_n(image.at(x, y), 3, 0);
        }
      }
    }
    sample.image_path = test::save_png(folder_.path() / fmt::format("p{}.png", i), image);
    test::store_sample(workspace.database(), "d", sample);
  }
  write_file(folder_.path() / "p3.png", "no picture");
  const PreparationPreview preview =
      preview_preparation(workspace, recipe_, SampleFilter{}, 3, job_);
  EXPECT_EQ(preview.looked_at, 9U);
  ASSERT_EQ(preview.pictures.size(), 3U);
  EXPECT_EQ(preview.pictures[0].name, "d/p6");
  EXPECT_TRUE(preview.pictures[0].border_cropped);
  EXPECT_GT(preview.pictures[0].changed, 0.1);
  EXPECT_GE(preview.pictures[1].changed, preview.pictures[2].changed);
  EXPECT_EQ(to_json(preview)["pictures"][0]["name"], "d/p6");
}

TEST_F(PrepareTest, FailuresAreKeptAndNotRepeatedInVain) {
  Workspace workspace = make();
  put_pictures(workspace, 5);
  write_file(folder_.path() / "2.png", "not a picture");
  std::filesystem::remove(folder_.path() / "3.png");
  PrepareReport report = prepare_samples(workspace, recipe_, job_);
  EXPECT_EQ(report.prepared, 3);
  EXPECT_EQ(report.failed, 2);
  EXPECT_THAT(report.failures, ElementsAre(HasSubstr("d/2: "), HasSubstr("d/3: ")));
  report = prepare_samples(workspace, recipe_, job_);
  EXPECT_EQ(report.already, 3);
  EXPECT_EQ(report.failed, 2);
  EXPECT_EQ(report.failures.size(), 2U);
  // The files are mended.
  test::save_png(folder_.path() / "2.png", test::draw_picture(2));
  test::save_png(folder_.path() / "3.png", test::draw_picture(3));
  report = prepare_samples(workspace, recipe_, job_);
  EXPECT_EQ(report.prepared, 2);
  EXPECT_EQ(report.failed, 0);
  EXPECT_EQ(to_json(report)["prepared"], 2);
  const WorkspaceImages images(workspace, recipe_);
  for (std::size_t i = 0; i < ids_.size(); ++i) expect_right(images, ids_[i], i);
}

class DamagedPictures : public PrepareTest {};

TEST_F(DamagedPictures, AreNoticedWhenReadAndMadeAnew) {
  Workspace workspace = make();
  put_pictures(workspace, 5);
  prepare_samples(workspace, recipe_, job_);
  const std::size_t bytes = 32UL * 32 * 3;
  const Path shard = workspace.images() / recipe_.id() / "shard-00000.eps";
  std::string content = read_file(shard);
  content[content.size() - bytes - 7] ^= 16;  // of picture 3
  write_file(shard, content);
  {
    const WorkspaceImages images(workspace, recipe_);
    for (const std::size_t i : {0U, 1U, 2U, 4U}) expect_right(images, ids_[i], i);
    EXPECT_THROW(images.pixels(images.index_of(ids_[3]).value()), InputError);
    EXPECT_THROW(images.pixels(images.index_of(ids_[3]).value()), InputError);
  }
  const auto check = check_prepared(workspace, job_);
  ASSERT_EQ(check.size(), 1U);
  EXPECT_EQ(check[0].damaged, 1);
  EXPECT_EQ(check[0].first, "d/3");
  EXPECT_EQ(prepare_samples(workspace, recipe_, job_).already, 5);
  test::JobLog log;
  Job watched(log);
  const PrepareReport report = prepare_samples(workspace, recipe_, watched, {.verify = true});
  EXPECT_EQ(report.damaged, 1);
  EXPECT_EQ(report.prepared, 1);
  EXPECT_EQ(report.already, 4);
  EXPECT_THAT(log.lines, testing::Contains(testing::AllOf(HasSubstr("warning"), HasSubstr("d/3"))));
  const WorkspaceImages images(workspace, recipe_);
  for (std::size_t i = 0; i < ids_.size(); ++i) expect_right(images, ids_[i], i);
  EXPECT_EQ(check_prepared(workspace, job_).at(0).damaged, 0);
}

TEST_F(DamagedPictures, OfALostShardAreMadeAnewAndTakeNoOthersPlace) {
  Workspace workspace = make();
  put_pictures(workspace, 4);
  prepare_samples(workspace, recipe_, job_);
  const Path shard = workspace.images() / recipe_.id() / "shard-00000.eps";
  write_file(shard, "damaged");
  EXPECT_EQ(check_prepared(workspace, job_).at(0).damaged, 4);
  // A run that is for other samples alone must not leave rows that name its pictures.
  Sample sample = test::make_sample("x");
  sample.image_path = test::save_png(folder_.path() / "x.png", test::draw_picture(50));
  const std::int64_t other = test::store_sample(workspace.database(), "other", sample);
  test::JobLog log;
  Job watched(log);
  PrepareOptions only;
  only.filter.datasets = {"other"};
  EXPECT_EQ(prepare_samples(workspace, recipe_, watched, only).prepared, 1);
  EXPECT_THAT(log.lines, testing::Contains(testing::AllOf(HasSubstr("warning"),
                                                          HasSubstr("shard-00000.eps.damaged"))));
  {
    const WorkspaceImages images(workspace, recipe_);
    EXPECT_EQ(images.count(), 1U);
    expect_right(images, other, 50);
  }
  EXPECT_EQ(prepare_samples(workspace, recipe_, job_).prepared, 4);
  const WorkspaceImages images(workspace, recipe_);
  for (std::size_t i = 0; i < ids_.size(); ++i) expect_right(images, ids_[i], i);
}

TEST_F(PrepareTest, ChangedFileIsPreparedAgainAndGoneFileStays) {
  Workspace workspace = make();
  put_pictures(workspace, 4);
  prepare_samples(workspace, recipe_, job_);
  test::save_png(folder_.path() / "1.png", test::draw_picture(77));
  std::filesystem::remove(folder_.path() / "2.png");
  const PrepareReport report = prepare_samples(workspace, recipe_, job_);
  EXPECT_EQ(report.prepared, 1);
  EXPECT_EQ(report.already, 3);
  const WorkspaceImages images(workspace, recipe_);
  expect_right(images, ids_[1], 77);
  expect_right(images, ids_[2], 2);
}

TEST_F(PrepareTest, RemovedFolderIsFilledAfresh) {
  Workspace workspace = make();
  put_pictures(workspace, 6);
  prepare_samples(workspace, recipe_, job_);
  std::filesystem::remove_all(workspace.images() / recipe_.id());
  EXPECT_THROW(WorkspaceImages(workspace, recipe_), Error);
  // Only the last ones: the slots of the others must not be taken for theirs.
  prepare_samples(workspace, recipe_, job_, {.filter = {.after_id = ids_[2]}});
  {
    const WorkspaceImages images(workspace, recipe_);
    EXPECT_EQ(images.count(), 3U);
    for (std::size_t i = 3; i < 6; ++i) expect_right(images, ids_[i], i);
  }
  EXPECT_EQ(prepare_samples(workspace, recipe_, job_).prepared, 3);
  const WorkspaceImages images(workspace, recipe_);
  for (std::size_t i = 0; i < 6; ++i) expect_right(images, ids_[i], i);
}

TEST_F(PrepareTest, RecipesLieApart) {
  Workspace workspace = make();
  put_pictures(workspace, 3);
  prepare_samples(workspace, recipe_, job_);
  PrepareRecipe other = recipe_;
  other.size = 48;
  EXPECT_EQ(prepare_samples(workspace, other, job_).prepared, 3);
  EXPECT_EQ(WorkspaceImages(workspace, other).size(), 48);
  EXPECT_EQ(WorkspaceImages(workspace, recipe_).size(), 32);
}

TEST_F(PrepareTest, KilledAtAnyDatabaseWriteGoesOn) {
  {
    Workspace workspace = make();
    put_pictures(workspace, 12);
  }
  bool killed = true;
  int kills = 0;
  for (std::int64_t n = 0; killed; ++n) {
    ASSERT_LT(n, 200);
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        const test::FaultVfs disk([n](std::int64_t number, int& bytes) {
          if (number == n) bytes /= 2;
          if (number > n) ::raise(SIGKILL);
          return SQLITE_OK;
        });
        Workspace workspace = Workspace::open(root());
        prepare_samples(workspace, recipe_, job_, {.threads = 1});
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(1);
      }
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    killed = WIFSIGNALED(status);
    if (killed) ++kills;
    if (!killed) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
    }
    Workspace workspace = Workspace::open(root());
    const PrepareReport report = prepare_samples(workspace, recipe_, job_);
    EXPECT_EQ(report.prepared + report.already, 12);
    const WorkspaceImages images(workspace, recipe_);
    for (std::size_t i = 0; i < ids_.size(); ++i) expect_right(images, ids_[i], i);
    // For the next round, with the pictures in the shards left as holes.
    workspace.database().execute("DELETE FROM prepared");
  }
  EXPECT_GT(kills, 3);
}

// Cancels its job as soon as that has something to count.
class CancelAtBegin : public JobWatcher {
 public:
  void step_begun(const JobStep&) override { job->cancel(); }
  Job* job = nullptr;
};

TEST_F(PrepareTest, OfTwoAtOnceOneIsCancelledAndTheOtherGoesOn) {
  Workspace one = make();
  Workspace two = Workspace::create(folder_.path() / "two");
  put_pictures(one, 40);
  put_pictures(two, 40);
  CancelAtBegin watcher;
  Job cancelled(watcher);
  watcher.job = &cancelled;
  test::JobLog log;
  Job watched(log);
  std::thread other([&] { EXPECT_THROW(prepare_samples(one, recipe_, cancelled), Interrupted); });
  EXPECT_EQ(prepare_samples(two, recipe_, watched).prepared, 40);
  other.join();
  EXPECT_THAT(log.lines, ElementsAre(fmt::format("begun prepare {} 40 images", recipe_.id()),
                                     fmt::format("ended prepare {} 40/40", recipe_.id())));
  EXPECT_EQ(prepare_samples(one, recipe_, job_).prepared, 40);
}

}  // namespace
}  // namespace epicrisis
