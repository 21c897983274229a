#include "epicrisis/train/feature_cache.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/model/encoders/image/image_encoder.h"
#include "epicrisis/model/encoders/text/text_encoder.h"
#include "support/job_log.h"
#include "train/memory_images.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

// Counts what it is asked for; the embedding of a text is its length and first byte.
class CountingEncoder : public TextEncoder {
 public:
  explicit CountingEncoder(std::string fingerprint = std::string(64, 'a'))
      : fingerprint_(std::move(fingerprint)) {}
  FloatMatrix encode(std::span<const std::string> texts, const Job&, Meter*) const override {
    FloatMatrix rows(texts.size(), 2);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      asked_.push_back(texts[i]);
      rows.row(i)[0] = static_cast<float>(texts[i].size());
      rows.row(i)[1] = texts[i].empty() ? 0 : static_cast<float>(texts[i][0]);
    }
    if (to_cancel_ != nullptr && asked_.size() >= 300) to_cancel_->cancel();
    return rows;
  }
  std::int64_t dimension() const override { return 2; }
  std::size_t max_tokens() const override { return 0; }
  const std::string& fingerprint() const override { return fingerprint_; }
  std::string describe() const override { return "counting"; }
  TextEncodeReport measure(std::span<const std::string>, const Job&) const override {
    return report_;
  }
  const std::vector<std::string>& remarks() const override { return remarks_; }
  TextEncodeReport report_;

  mutable std::vector<std::string> asked_;
  Job* to_cancel_ = nullptr;  // after 300 texts

 private:
  std::string fingerprint_;
  std::vector<std::string> remarks_;
};

class FeatureCacheTest : public testing::Test {
 protected:
  TemporaryFolder scratch_;
  mutable Job job_;
};

std::vector<Path> files_below(const Path& folder) {
  std::vector<Path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST_F(FeatureCacheTest, TextsAreEncodedOnceWhateverTheirOrder) {
  const CountingEncoder encoder;
  const std::vector<std::string> texts = {"nevus", "melanoma", "nevus", "", "a\nb"};
  test::JobLog log;
  Job job(log);
  const FloatMatrix first = cached_text_embeddings(encoder, texts, scratch_.path(), job);
  EXPECT_THAT(log.lines,
              testing::ElementsAre("begun note embeddings 5 notes", "ended note embeddings 5/5"));
  EXPECT_THAT(encoder.asked_, testing::ElementsAre("nevus", "melanoma", "", "a\nb"));
  EXPECT_EQ(first.row(2)[0], 5);
  EXPECT_EQ(first.row(3)[0], 0);
  const std::vector<std::string> more = {"a\nb", "scc", "melanoma"};
  encoder.asked_.clear();
  const FloatMatrix second = cached_text_embeddings(encoder, more, scratch_.path(), job_);
  EXPECT_THAT(encoder.asked_, testing::ElementsAre("scc"));
  EXPECT_EQ(second.row(0)[0], 3);
  EXPECT_EQ(second.row(1)[1], 's');
  EXPECT_EQ(second.row(2)[0], 8);
  // Another encoder shares nothing.
  const CountingEncoder other(std::string(64, 'b'));
  cached_text_embeddings(other, more, scratch_.path(), job_);
  EXPECT_EQ(other.asked_.size(), 3U);
  EXPECT_EQ(cached_text_embeddings(encoder, {}, scratch_.path(), job_).rows, 0U);
}

// A vocabulary that lacks a hundredth of the words is another language's, or of another case.
TEST_F(FeatureCacheTest, TheShareOfUnknownTokensIsToldAndWarnedOf) {
  CountingEncoder encoder;
  const std::vector<std::string> texts = {"nevus"};
  const auto told = [&](std::size_t tokens, std::size_t unknown) {
    encoder.report_.tokens = tokens;
    encoder.report_.unknown = unknown;
    test::JobLog log;
    Job job(log);
    cached_text_embeddings(encoder, texts, scratch_.path(), job);
    std::erase_if(log.lines, [](const std::string& line) {
      return line.find("unknown") == std::string::npos;
    });
    return log.lines;
  };
  const std::string advice =
      "; see whether its vocabulary has the language and the case of the texts";
  EXPECT_THAT(told(1000, 10), testing::ElementsAre(
                                  "warning text embeddings: 10 of 1000 tokens (1.00 %) are unknown "
                                  "to counting" +
                                  advice));
  // Also of texts whose embeddings are there.
  EXPECT_THAT(told(1000, 500), Contains(AllOf(HasSubstr("warning"), HasSubstr("(50.00 %)"))));
  EXPECT_THAT(told(1000, 9), testing::ElementsAre("info text embeddings: 9 of 1000 tokens (0.90 %) "
                                                  "are unknown to counting"));
  EXPECT_THAT(told(1000, 0), testing::IsEmpty());
}

TEST_F(FeatureCacheTest, AnInterruptLosesNoFinishedChunk) {
  CountingEncoder encoder;
  std::vector<std::string> texts;
  for (int i = 0; i < 1000; ++i) texts.push_back("text " + std::to_string(i));
  Job cancelled;
  encoder.to_cancel_ = &cancelled;
  EXPECT_THROW(cached_text_embeddings(encoder, texts, scratch_.path(), cancelled), Interrupted);
  EXPECT_EQ(encoder.asked_.size(), 512U);
  encoder.to_cancel_ = nullptr;
  const FloatMatrix all = cached_text_embeddings(encoder, texts, scratch_.path(), job_);
  EXPECT_EQ(encoder.asked_.size(), 1000U);
  EXPECT_EQ(std::set<std::string>(encoder.asked_.begin(), encoder.asked_.end()).size(), 1000U);
  EXPECT_EQ(all.row(999)[0], 8);
}

TEST_F(FeatureCacheTest, DamagedFilesAreNamedAndComputedAgain) {
  const CountingEncoder encoder;
  const std::vector<std::string> texts = {"nevus", "melanoma"};
  const FloatMatrix right = cached_text_embeddings(encoder, texts, scratch_.path(), job_);
  const auto files = files_below(scratch_.path());
  ASSERT_EQ(files.size(), 1U);
  const std::string good = read_file(files[0]);
  std::vector<std::string> damaged = {good.substr(0, good.size() - 1), "", "x"};
  // Of the same length: another encoder's name, another kind, a key, a number.
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"aaaa", "aaab"},
                                 {"epicrisis-features", "epicrisis-featureX"},
                                 {"\"kind\":\"text\"", "\"kind\":\"tex2\""}}) {
    std::string bad = good;
    const auto at = bad.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    damaged.push_back(bad.replace(at, from.size(), to));
  }
  for (const std::size_t at : {good.size() - 2, good.find("keys") + 12}) {
    damaged.push_back(good);
    damaged.back()[at] ^= 1;
  }
  for (const std::string& bytes : damaged) {
    write_file(files[0], bytes);
    test::JobLog log;
    Job job(log);
    EXPECT_EQ(cached_text_embeddings(encoder, texts, scratch_.path(), job).values, right.values);
    EXPECT_THAT(log.lines, Contains(AllOf(HasSubstr("warning"), HasSubstr("computed again"),
                                          HasSubstr(files[0].filename().string()))));
    EXPECT_EQ(read_file(files[0]), good);
  }
}

class ImageCacheTest : public FeatureCacheTest {
 protected:
  ImageCacheTest()
      : images_(6, 32, 1), encoder_("random:mobilenet_v2", {.precision = Precision::kFp32}) {}

  ImageFeatureRequest request(std::vector<std::size_t> indices, int copies) const {
    ImageFeatureRequest wanted;
    wanted.images = &images_;
    for (const std::size_t i : indices) wanted.ids.push_back("picture" + std::to_string(i));
    wanted.indices = std::move(indices);
    wanted.copies = copies;
    wanted.seed = 7;
    return wanted;
  }
  FloatMatrix features(const ImageFeatureRequest& wanted) const {
    computed_ = 0;
    const auto before = std::filesystem::exists(scratch_.path() / "e")
                            ? files_below(scratch_.path() / "e").size()
                            : 0;
    FloatMatrix rows = cached_image_features(encoder_, wanted, scratch_.path() / "e", job_);
    computed_ = files_below(scratch_.path() / "e").size() - before;
    return rows;
  }

  test::MemoryImages images_;
  ImageFeatureExtractor encoder_;
  mutable std::size_t computed_ = 0;  // files the last call added
};

std::vector<float> row(const FloatMatrix& matrix, std::size_t i) {
  return {matrix.row(i).begin(), matrix.row(i).end()};
}

// Batches of other pictures may round a sum otherwise.
void expect_near(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-4 * (1 + std::abs(b[i])));
}

TEST_F(ImageCacheTest, RowsAreByCopyThenPicture) {
  const FloatMatrix plain = features(request({0, 1, 2, 3}, 0));
  EXPECT_EQ(computed_, 1U);
  EXPECT_EQ(plain.rows, 4U);
  const std::vector<std::size_t> first{0, 1, 2, 3};
  const FloatMatrix direct = encoder_.extract(images_, first, job_);
  for (std::size_t i = 0; i < 4; ++i) expect_near(row(plain, i), row(direct, i));

  const FloatMatrix copies = features(request({0, 1, 2, 3}, 2));
  EXPECT_EQ(copies.rows, 12U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(row(copies, i), row(plain, i));  // from the disk, the same bits
    EXPECT_NE(row(copies, 4 + i), row(copies, 8 + i));
  }
  features(request({0, 1, 2, 3}, 2));
  EXPECT_EQ(computed_, 0U);

  // Another order and choice: only picture 5 is new.
  const FloatMatrix other = features(request({3, 5, 1}, 2));
  EXPECT_EQ(computed_, 1U);
  for (std::size_t copy = 0; copy < 3; ++copy) {
    EXPECT_EQ(row(other, copy * 3), row(copies, copy * 4 + 3));
    EXPECT_EQ(row(other, copy * 3 + 2), row(copies, copy * 4 + 1));
  }
  // A copy does not depend on what was computed beside it.
  TemporaryFolder fresh;
  const FloatMatrix alone = cached_image_features(encoder_, request({3}, 2), fresh.path(), job_);
  for (std::size_t copy = 0; copy < 3; ++copy) {
    expect_near(row(alone, copy), row(copies, copy * 4 + 3));
  }
}

TEST_F(ImageCacheTest, SeedAndContentAreParts) {
  ImageFeatureRequest wanted = request({0, 1}, 1);
  const FloatMatrix before = features(wanted);
  wanted.seed = 8;
  const FloatMatrix reseeded = features(wanted);
  EXPECT_EQ(computed_, 1U);
  EXPECT_EQ(row(reseeded, 0), row(before, 0));
  // The picture was prepared anew under the same id.
  for (auto& value : images_.picture(1)) value = static_cast<std::uint8_t>(255 - value);
  const FloatMatrix changed = features(wanted);
  EXPECT_EQ(computed_, 1U);
  EXPECT_EQ(row(changed, 0), row(before, 0));
  EXPECT_NE(row(changed, 1), row(before, 1));
}

TEST_F(ImageCacheTest, WrongRequestsAreRefused) {
  ImageFeatureRequest wanted = request({0, 1}, 0);
  wanted.ids.pop_back();
  EXPECT_THROW(features(wanted), UsageError);
  EXPECT_THROW(features(request({6}, 0)), UsageError);
  EXPECT_THROW(features(request({0}, -1)), UsageError);
  EXPECT_THROW(cached_image_features(encoder_, {}, scratch_.path(), job_), UsageError);
}

}  // namespace
}  // namespace epicrisis
