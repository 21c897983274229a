#include "epicrisis/image/shards.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "epicrisis/core/error.h"
#include "epicrisis/core/random.h"
#include "image/encoders.h"

namespace epicrisis::test {
namespace {

using testing::HasSubstr;
using Mode = ShardStore::Mode;

constexpr std::size_t kPixelsAt = 12288 + 4096 * 4;

// Picture i of a series: its bytes tell its number.
Image numbered(int size, std::size_t i) {
  Random random(i);
  Image image(size, size);
  for (auto& v : image.pixels) v = static_cast<std::uint8_t>(random.below(256));
  return image;
}

std::vector<Image> series(int size, std::size_t from, std::size_t count) {
  std::vector<Image> images;
  for (std::size_t i = 0; i < count; ++i) images.push_back(numbered(size, from + i));
  return images;
}

bool holds(const ShardStore& store, std::size_t index, std::size_t number) {
  return std::ranges::equal(store.pixels(index), numbered(store.size(), number).pixels);
}

template <typename Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string slurp(const Path& path) { return read_file(path); }

void overwrite(const Path& path, std::size_t offset, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(offset));
  file << bytes;
}

TEST(ShardStore, KeepsPicturesAcrossOpening) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "images" / "v1-8";
  {
    ShardStore store(path, 8, "v1-8", Mode::kWrite);
    EXPECT_EQ(store.count(), 0U);
    EXPECT_EQ(store.append(series(8, 0, 3)), 0U);
    EXPECT_EQ(store.append(series(8, 3, 2)), 3U);
    EXPECT_EQ(store.append({}), 5U);
  }
  {
    ShardStore store(path, 8, "v1-8", Mode::kWrite);
    EXPECT_EQ(store.append(series(8, 5, 1)), 5U);
  }
  const ShardStore store(path, 8, "v1-8", Mode::kRead);
  ASSERT_EQ(store.count(), 6U);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_TRUE(holds(store, i, i)) << i;
  EXPECT_TRUE(store.verify(Job()).empty());
  EXPECT_THROW((void)store.pixels(6), InternalError);
}

TEST(ShardStore, GoesOnInTheNextFileAfter4096) {
  const TemporaryFolder folder;
  {
    ShardStore store(folder.path(), 2, "r", Mode::kWrite);
    EXPECT_EQ(store.append(series(2, 0, 4090)), 0U);
    EXPECT_EQ(store.append(series(2, 4090, 4110)), 4090U);  // over two borders
    EXPECT_TRUE(holds(store, 4095, 4095));
    EXPECT_TRUE(holds(store, 4096, 4096));
  }
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "shard-00002.eps"));
  EXPECT_EQ(std::filesystem::file_size(folder.path() / "shard-00000.eps"),
            kPixelsAt + std::size_t{4096} * 2 * 2 * 3);
  ShardStore store(folder.path(), 2, "r", Mode::kWrite);
  ASSERT_EQ(store.count(), 8200U);
  for (std::size_t i = 0; i < store.count(); i += 7) ASSERT_TRUE(holds(store, i, i)) << i;
  EXPECT_EQ(store.append(series(2, 8200, 1)), 8200U);
  EXPECT_TRUE(store.verify(Job()).empty());
}

TEST(ShardStore, RefusesOtherSizesAndRecipes) {
  const TemporaryFolder folder;
  ShardStore(folder.path(), 8, "v1-8-hair", Mode::kWrite).append(series(8, 0, 1));
  EXPECT_THAT(message_of([&] { ShardStore(folder.path(), 9, "v1-8-hair", Mode::kRead); }),
              HasSubstr("size 9"));
  EXPECT_THAT(message_of([&] { ShardStore(folder.path(), 8, "v1-8", Mode::kWrite); }),
              testing::AllOf(HasSubstr("'v1-8-hair'"), HasSubstr("'v1-8'")));
  EXPECT_THROW(ShardStore(folder.path() / "absent", 8, "v1-8", Mode::kRead), UsageError);
  EXPECT_THROW(ShardStore(folder.path(), 0, "v1-8", Mode::kRead), UsageError);
  ShardStore store(folder.path(), 8, "v1-8-hair", Mode::kWrite);
  EXPECT_THROW(store.append(series(7, 0, 1)), InternalError);
  EXPECT_EQ(store.count(), 1U);
}

TEST(ShardStore, OneWriterAtATime) {
  const TemporaryFolder folder;
  {
    ShardStore first(folder.path(), 4, "r", Mode::kWrite);
    first.append(series(4, 0, 1));
    EXPECT_THROW(ShardStore(folder.path(), 4, "r", Mode::kWrite), SystemError);
    EXPECT_EQ(ShardStore(folder.path(), 4, "r", Mode::kRead).count(), 1U);
  }
  EXPECT_NO_THROW(ShardStore(folder.path(), 4, "r", Mode::kWrite));
}

TEST(ShardStore, CutsOffATornTail) {
  const TemporaryFolder folder;
  ShardStore(folder.path(), 4, "r", Mode::kWrite).append(series(4, 0, 2));
  const Path file = folder.path() / "shard-00000.eps";
  const auto length = std::filesystem::file_size(file);
  // A crash after one and a half more pictures.
  overwrite(file, length, std::string(70, 'x'));
  EXPECT_EQ(ShardStore(folder.path(), 4, "r", Mode::kRead).count(), 2U);
  EXPECT_EQ(std::filesystem::file_size(file), length + 70);  // a reader changes nothing
  ShardStore store(folder.path(), 4, "r", Mode::kWrite);
  EXPECT_EQ(std::filesystem::file_size(file), length);
  EXPECT_EQ(store.append(series(4, 2, 1)), 2U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(holds(store, i, i));
  EXPECT_TRUE(store.verify(Job()).empty());
}

// The write of a count record that a power cut tore leaves the record before it.
TEST(ShardStore, FallsBackToTheOlderCountRecord) {
  const TemporaryFolder folder;
  {
    ShardStore store(folder.path(), 4, "r", Mode::kWrite);
    store.append(series(4, 0, 2));  // sequence 2, first record
    store.append(series(4, 2, 3));  // sequence 3, second record
  }
  const Path file = folder.path() / "shard-00000.eps";
  const std::string sound = slurp(file);
  overwrite(file, 8192 + 8, "\x63");
  EXPECT_EQ(ShardStore(folder.path(), 4, "r", Mode::kRead).count(), 2U);
  write_file(file, sound);
  overwrite(file, 4096 + 8, "\x63");
  EXPECT_EQ(ShardStore(folder.path(), 4, "r", Mode::kRead).count(), 5U);
  overwrite(file, 8192 + 8, "\x63");
  EXPECT_THAT(message_of([&] { ShardStore(folder.path(), 4, "r", Mode::kRead); }),
              HasSubstr("count records"));
}

TEST(ShardStore, NamesBrokenFiles) {
  const TemporaryFolder folder;
  ShardStore(folder.path(), 4, "r", Mode::kWrite).append(series(4, 0, 3));
  const Path file = folder.path() / "shard-00000.eps";
  const std::string sound = slurp(file);
  const auto open = [&] { ShardStore(folder.path(), 4, "r", Mode::kRead); };

  write_file(file, "");
  EXPECT_THAT(message_of(open), HasSubstr("cut short"));
  write_file(file, sound.substr(0, sound.size() - 1));
  EXPECT_THAT(message_of(open), HasSubstr("for 3 pictures"));
  write_file(file, std::string(sound.size(), 'x'));
  EXPECT_THAT(message_of(open), HasSubstr("not an image shard"));
  for (const std::size_t at : {8U, 12U, 16U, 20U, 24U, 28U, 100U, 252U}) {
    std::string broken = sound;
    broken[at] = static_cast<char>(broken[at] ^ 0x40);
    write_file(file, broken);
    EXPECT_THAT(message_of(open), HasSubstr("checksum")) << at;
  }
  // A missing file before the last.
  write_file(folder.path() / "shard-00002.eps", sound);
  write_file(file, sound);
  EXPECT_THAT(message_of(open), HasSubstr("shard-00001.eps"));
  // A shard under another's number.
  std::filesystem::rename(folder.path() / "shard-00002.eps", folder.path() / "shard-00001.eps");
  EXPECT_NE(message_of(open), "no error");
}

TEST(ShardStore, VerifyFindsEachChangedPicture) {
  const TemporaryFolder folder;
  ShardStore(folder.path(), 4, "r", Mode::kWrite).append(series(4, 0, 10));
  const Path file = folder.path() / "shard-00000.eps";
  overwrite(file, kPixelsAt + std::size_t{3} * 48 + 47,
            std::string(1, static_cast<char>(numbered(4, 3).pixels[47] ^ 1)));
  overwrite(file, 12288 + 7 * 4, "?");
  EXPECT_THAT(ShardStore(folder.path(), 4, "r", Mode::kRead).verify(Job(), 2),
              testing::ElementsAre(3U, 7U));
}

// A writer goes on without a shard that is damaged or gone; the others keep their places.
TEST(ShardStore, WriterSetsADamagedShardAside) {
  constexpr std::size_t kFull = 4096;
  const TemporaryFolder folder;
  ShardStore(folder.path(), 4, "r", Mode::kWrite).append(series(4, 0, kFull + 3));
  const Path first = folder.path() / "shard-00000.eps";
  const Path last = folder.path() / "shard-00001.eps";
  const std::string sound = slurp(first);
  const auto expect_hole = [&] {
    const ShardStore store(folder.path(), 4, "r", Mode::kWrite);
    ASSERT_EQ(store.replaced().size(), 1U);
    EXPECT_EQ(store.replaced()[0].first, 0U);
    EXPECT_EQ(store.replaced()[0].end, kFull);
    EXPECT_EQ(store.count(), kFull + 3);
    EXPECT_EQ(store.verify(Job()).size(), kFull);
    for (std::size_t i = kFull; i < kFull + 3; ++i) EXPECT_TRUE(holds(store, i, i));
  };
  overwrite(first, 3, "?");
  expect_hole();
  EXPECT_TRUE(std::filesystem::exists(first.string() + ".damaged"));
  EXPECT_TRUE(ShardStore(folder.path(), 4, "r", Mode::kWrite).replaced().empty());
  write_file(first, sound.substr(0, sound.size() / 2));
  expect_hole();
  EXPECT_TRUE(std::filesystem::exists(first.string() + ".damaged-2"));
  std::filesystem::remove(first);
  expect_hole();
  write_file(first, sound);
  {
    const ShardStore store(folder.path(), 4, "r", Mode::kWrite);
    EXPECT_TRUE(store.replaced().empty());
    EXPECT_TRUE(store.verify(Job()).empty());
  }
  overwrite(last, 0, "?");
  ShardStore store(folder.path(), 4, "r", Mode::kWrite);
  ASSERT_EQ(store.replaced().size(), 1U);
  EXPECT_EQ(store.replaced()[0].first, kFull);
  EXPECT_EQ(store.count(), kFull);
  EXPECT_EQ(store.append(series(4, kFull, 1)), kFull);
  // A shard of another recipe is no damage.
  EXPECT_THROW(ShardStore(folder.path(), 4, "other", Mode::kRead), InputError);
  EXPECT_TRUE(std::filesystem::exists(first));
}

// A reader does not wait for who writes into a named pipe.
TEST(ShardStore, WhatIsNoFileIsADamagedShard) {
  const TemporaryFolder folder;
  ShardStore(folder.path(), 4, "r", Mode::kWrite).append(series(4, 0, 3));
  const Path shard = folder.path() / "shard-00000.eps";
  const std::string sound = slurp(shard);
  for (const char* kind : {"a named pipe", "a folder", "a device"}) {
    std::filesystem::remove(shard);
    if (kind == std::string("a named pipe")) {
      ASSERT_EQ(mkfifo(shard.c_str(), 0600), 0);
    } else if (kind == std::string("a folder")) {
      std::filesystem::create_directory(shard);
    } else {
      std::filesystem::create_symlink("/dev/null", shard);
    }
    try {
      const ShardStore opened(folder.path(), 4, "r", Mode::kRead);
      FAIL() << kind << " was read";
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(),
                  testing::AllOf(testing::HasSubstr("shard-00000.eps"), testing::HasSubstr(kind)));
    }
    const ShardStore store(folder.path(), 4, "r", Mode::kWrite);
    ASSERT_EQ(store.replaced().size(), 1U) << kind;
    EXPECT_EQ(store.count(), 0U);
  }
  std::filesystem::remove(shard);
  write_file(shard, sound);
  EXPECT_EQ(ShardStore(folder.path(), 4, "r", Mode::kRead).count(), 3U);
}

// A process killed at any instant: what append() had returned is there and sound.
TEST(ShardStore, SurvivesKill) {
  for (int round = 0; round < 12; ++round) {
    const TemporaryFolder folder;
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(pipe_ends[0]);
      ShardStore store(folder.path(), 64, "r", Mode::kWrite);
      for (std::size_t next = 0;; next += 3) {
        store.append(series(64, next, 3));
        const auto done = static_cast<std::uint32_t>(next + 3);
        if (write(pipe_ends[1], &done, sizeof done) != sizeof done) _exit(1);
      }
    }
    close(pipe_ends[1]);
    std::uint32_t acknowledged = 0;
    for (int i = 0; i <= round % 4; ++i) {
      ASSERT_EQ(read(pipe_ends[0], &acknowledged, sizeof acknowledged),
                static_cast<ssize_t>(sizeof acknowledged));
    }
    // Lets the child run on into the middle of the next append, by a different length each time.
    usleep(static_cast<useconds_t>(round * 370));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    while (read(pipe_ends[0], &acknowledged, sizeof acknowledged) ==
           static_cast<ssize_t>(sizeof acknowledged)) {
    }
    close(pipe_ends[0]);
    ShardStore store(folder.path(), 64, "r", Mode::kWrite);
    EXPECT_GE(store.count(), acknowledged);
    EXPECT_TRUE(store.verify(Job()).empty());
    for (std::size_t i = 0; i < store.count(); ++i) ASSERT_TRUE(holds(store, i, i));
    const std::size_t before = store.count();
    EXPECT_EQ(store.append(series(64, before, 1)), before);
  }
}

// A full disk, played by a limit on the size of files.
TEST(ShardStore, FullDiskLeavesTheStoreUsable) {
  const TemporaryFolder folder;
  ShardStore store(folder.path(), 64, "r", Mode::kWrite);
  store.append(series(64, 0, 2));
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = kPixelsAt + std::size_t{3} * 64 * 64 * 3 + 5000;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  EXPECT_THROW(store.append(series(64, 2, 4)), SystemError);
  EXPECT_EQ(store.count(), 2U);
  EXPECT_EQ(store.append(series(64, 2, 1)), 2U);  // one more fits
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(store.append(series(64, 3, 2)), 3U);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_TRUE(holds(store, i, i)) << i;
  EXPECT_TRUE(store.verify(Job()).empty());
}

TEST(ShardStore, ReadersGoOnWhileItGrows) {
  const TemporaryFolder folder;
  ShardStore store(folder.path(), 4, "r", Mode::kWrite);
  store.append(series(4, 0, 1));
  const std::span<const std::uint8_t> first = store.pixels(0);
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::thread reader([&] {
    while (!stop) {
      const std::size_t count = store.count();
      if (!holds(store, count - 1, count - 1)) ++wrong;
    }
  });
  for (std::size_t i = 1; i < 4500; i += 250) store.append(series(4, i, 250));
  stop = true;
  reader.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(std::ranges::equal(first, numbered(4, 0).pixels));
}

TEST(SelectedImages, ShowsASubsetInOrder) {
  const TemporaryFolder folder;
  ShardStore store(folder.path(), 4, "r", Mode::kWrite);
  store.append(series(4, 0, 5));
  const SelectedImages some(store, {4, 0, 4});
  EXPECT_EQ(some.count(), 3U);
  EXPECT_EQ(some.size(), 4);
  EXPECT_TRUE(std::ranges::equal(some.pixels(0), numbered(4, 4).pixels));
  EXPECT_TRUE(std::ranges::equal(some.pixels(1), numbered(4, 0).pixels));
  EXPECT_THROW(SelectedImages(store, {5}), InternalError);
}

class PrepareAll : public testing::Test {
 protected:
  PrepareAll() {
    recipe_.size = 32;
    for (int i = 0; i < 300; ++i) {
      const Path path = folder_.path() / fmt::format("{}.png", i);
      const Image image = draw(40, 36, [&](int x, int y) {
        return std::array{(x + i) % 256, (y * 3 + i) % 256, i % 256};
      });
      if (i % 50 == 7) {
        put(path, "not a picture");
      } else if (i % 50 != 8) {  // those are missing
        put(path, encode_png(image));
      }
      jobs_.push_back({1000 + i, path});
    }
  }

  // Without the sync of write_file(), which takes its time 300 times over.
  static void put(const Path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  const TemporaryFolder folder_;
  PrepareRecipe recipe_;
  std::vector<PrepareJob> jobs_;
  Job job_;
};

TEST_F(PrepareAll, ReportsEveryJobOnceInOrder) {
  ShardStore store(folder_.path() / "store", 32, recipe_.id(), Mode::kWrite);
  std::vector<PrepareOutcome> outcomes;
  const PrepareCounts counts = prepare_all(
      jobs_, recipe_, store, 3,
      [&](std::span<const PrepareOutcome> done) {
        for (const PrepareOutcome& outcome : done) {
          if (outcome.index) {
            EXPECT_LT(*outcome.index, store.count());  // durable already
          }
        }
        outcomes.insert(outcomes.end(), done.begin(), done.end());
      },
      job_);
  EXPECT_EQ(counts.prepared, 288U);
  EXPECT_EQ(counts.failed, 12U);
  ASSERT_EQ(outcomes.size(), 300U);
  std::uint64_t next = 0;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(outcomes[i].id, 1000 + static_cast<std::int64_t>(i));
    if (i % 50 == 7 || i % 50 == 8) {
      EXPECT_FALSE(outcomes[i].index);
      EXPECT_THAT(outcomes[i].error, HasSubstr(fmt::format("{}.png", i)));
      continue;
    }
    ASSERT_EQ(outcomes[i].index, next++);
    EXPECT_TRUE(std::ranges::equal(store.pixels(*outcomes[i].index),
                                   prepare_image(load_image(jobs_[i].path), recipe_).image.pixels));
  }
  EXPECT_EQ(store.count(), 288U);
}

// Stopped in the middle, then the rest: as if it had never stopped.
TEST_F(PrepareAll, ResumesAfterAnInterrupt) {
  ShardStore store(folder_.path() / "store", 32, recipe_.id(), Mode::kWrite);
  std::vector<PrepareOutcome> outcomes;
  Job cancelled;
  const auto keep = [&](std::span<const PrepareOutcome> done) {
    outcomes.insert(outcomes.end(), done.begin(), done.end());
    cancelled.cancel();
  };
  EXPECT_THROW(prepare_all(jobs_, recipe_, store, 2, keep, cancelled), Interrupted);
  const std::size_t first = outcomes.size();
  EXPECT_GT(first, 0U);
  EXPECT_LT(first, 300U);
  prepare_all(
      std::span(jobs_).subspan(first), recipe_, store, 2,
      [&](std::span<const PrepareOutcome> done) {
        outcomes.insert(outcomes.end(), done.begin(), done.end());
      },
      job_);
  ASSERT_EQ(outcomes.size(), 300U);
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_EQ(outcomes[i].id, 1000 + static_cast<std::int64_t>(i));
    if (outcomes[i].index) {
      EXPECT_GE(*outcomes[i].index, last);
      last = *outcomes[i].index;
    }
  }
}

TEST_F(PrepareAll, WantsAStoreOfItsRecipe) {
  ShardStore store(folder_.path() / "store", 32, "other", Mode::kWrite);
  EXPECT_THROW(prepare_all(
                   jobs_, recipe_, store, 1, [](auto) {}, job_),
               InternalError);
}

TEST_F(PrepareAll, NothingToDo) {
  ShardStore store(folder_.path() / "store", 32, recipe_.id(), Mode::kWrite);
  const PrepareCounts counts = prepare_all(
      {}, recipe_, store, 1, [](auto) { FAIL(); }, job_);
  EXPECT_EQ(counts.prepared + counts.failed, 0U);
}

}  // namespace
}  // namespace epicrisis::test
