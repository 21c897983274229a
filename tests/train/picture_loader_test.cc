#include "train/picture_loader.h"

#include <gmock/gmock.h>

#include <atomic>
#include <numeric>

#include "epicrisis/core/error.h"
#include "train/memory_images.h"

namespace epicrisis {
namespace {

std::vector<std::vector<std::uint8_t>> all(PictureLoader& loader) {
  std::vector<std::vector<std::uint8_t>> batches;
  for (;;) {
    auto batch = loader.next();
    if (batch.empty()) return batches;
    batches.push_back(std::move(batch));
  }
}

std::vector<std::size_t> order_of(std::size_t n, std::size_t pictures) {
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = (i * 7) % pictures;
  return order;
}

TEST(PictureLoader, GivesPlainPicturesInOrder) {
  const test::MemoryImages images(5, 8, 1);
  const auto order = order_of(11, 5);
  PictureLoaderOptions options;
  options.batch = 4;
  options.workers = 3;
  PictureLoader loader(images, order, options);
  const auto batches = all(loader);
  ASSERT_EQ(batches.size(), 3U);
  EXPECT_EQ(batches[2].size(), 3U * 8 * 8 * 3);
  std::size_t place = 0;
  for (const auto& batch : batches) {
    for (std::size_t at = 0; at < batch.size(); at += std::size_t{8} * 8 * 3) {
      const auto picture = images.pixels(order[place++]);
      EXPECT_TRUE(
          std::equal(picture.begin(), picture.end(), batch.begin() + static_cast<long>(at)));
    }
  }
  EXPECT_TRUE(loader.next().empty());
}

TEST(PictureLoader, AugmentsTheSameWhateverTheThreads) {
  const test::MemoryImages images(5, 16, 1);
  const auto order = order_of(40, 5);
  PictureLoaderOptions options;
  options.batch = 3;
  options.augment = true;
  options.seed = 5;
  options.epoch = 2;
  PictureLoader one(images, order, options);
  const auto expected = all(one);
  options.workers = 4;
  options.depth = 2;
  PictureLoader four(images, order, options);
  EXPECT_EQ(all(four), expected);
  options.first_batch = 6;
  PictureLoader late(images, order, options);
  EXPECT_EQ(all(late), decltype(expected)(expected.begin() + 6, expected.end()));
  options.first_batch = 0;
  options.epoch = 3;
  PictureLoader next_epoch(images, order, options);
  EXPECT_NE(all(next_epoch), expected);
  // One picture that is drawn twice is augmented anew.
  const std::vector<std::size_t> twice(12, 2);
  options.batch = 1;
  PictureLoader repeated(images, twice, options);
  const auto copies = all(repeated);
  EXPECT_GT(
      std::count_if(copies.begin(), copies.end(), [&](const auto& c) { return c != copies[0]; }),
      6);
}

TEST(PictureLoader, EndsEarlyAndWithNothingToDo) {
  const test::MemoryImages images(5, 8, 1);
  PictureLoaderOptions options;
  options.workers = 4;
  PictureLoader empty(images, {}, options);
  EXPECT_TRUE(empty.next().empty());
  options.batch = 1;
  PictureLoader abandoned(images, order_of(1000, 5), options);
  EXPECT_FALSE(abandoned.next().empty());  // the destructor must not wait for the rest
}

class FailingImages : public test::MemoryImages {
 public:
  using test::MemoryImages::MemoryImages;
  std::span<const std::uint8_t> pixels(std::size_t index) const override {
    if (index == 3) throw InputError("picture {} is broken", index);
    return MemoryImages::pixels(index);
  }
};

TEST(PictureLoader, PassesOnWhatAThreadMet) {
  const FailingImages images(5, 8, 1);
  PictureLoaderOptions options;
  options.batch = 1;
  options.workers = 2;
  PictureLoader loader(images, {0, 1, 3, 2, 4, 1, 1, 1}, options);
  EXPECT_THAT([&] { all(loader); },
              testing::ThrowsMessage<InputError>(testing::HasSubstr("picture 3 is broken")));
}

}  // namespace
}  // namespace epicrisis
