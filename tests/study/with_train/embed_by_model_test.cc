#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>

#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/image/resample.h"
#include "epicrisis/study/embed.h"
#include "epicrisis/study/embedding_files.h"
#include "epicrisis/tensor/npy.h"
#include "epicrisis/tensor/safetensors.h"
#include "support/job_log.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const Path kTests = Path(EPICRISIS_SOURCE_DIR) / "tests";

Image drawn(int width, int height, const std::function<std::array<int, 3>(int, int)>& colour) {
  Image image(width, height);
  auto value = image.pixels.begin();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (const int part : colour(x, y)) *value++ = static_cast<std::uint8_t>(part);
    }
  }
  return image;
}

std::vector<ListedText> one_text(const std::string& text) {
  std::vector<ListedText> texts(1);
  texts.front().text = text;
  return texts;
}

// A whole CLIP, as make_clip_expectations.py wrote it.
class EmbedByModel : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::copy(kTests / "model/data/clip_hf", model(), fs::copy_options::recursive);
    fs::copy(kTests / "text/byte_pair/clip.json", model() / "tokenizer.json");
  }
  Path model() const { return folder_.path() / "model"; }
  Path picture(const std::string& name, int width, int height) const {
    const Image image = drawn(width, height, [](int x, int y) {
      return std::array{x * 5 % 256, y * 7 % 256, (x + y) % 256};
    });
    write_file(folder_.path() / name, encode_png(image));
    return folder_.path() / name;
  }
  Path root() const { return folder_.path(); }

  Job job_;

 private:
  TemporaryFolder folder_;
};

TEST_F(EmbedByModel, PicturesAndTextsAreInOneSpace) {
  test::JobLog log;
  Job job(log);
  const Embeddings pictures = embed_files_by_model(
      model().string(), {{picture("a.png", 80, 50), ""}, {root() / "none.png", ""}}, job);
  EXPECT_EQ(pictures.images.rows, 1U);
  EXPECT_EQ(pictures.images.columns, 12U);
  EXPECT_EQ(pictures.unreadable, 1U);
  EXPECT_FALSE(pictures.of_run);
  ListedText mole;
  mole.text = "a mole";
  mole.key = "k";
  const Embeddings texts = embed_texts_by_model(model().string(), {mole, ListedText()}, job_);
  EXPECT_EQ(texts.texts.rows, 2U);
  EXPECT_EQ(texts.texts.columns, 12U);
  EXPECT_EQ(texts.notes[0].sample.key, "k");
}

// The checkpoint's own preparation, not a run's: the same bytes give the same vector, and a picture
// that it would be made into gives it too.
TEST_F(EmbedByModel, PicturesAreFittedAsTheCheckpointSays) {
  write_file(model() / "preprocessor_config.json",
             R"({"size": {"shortest_edge": 40}, "crop_size": 32, "do_center_crop": true,
                 "resample": 3, "image_processor_type": "CLIPImageProcessor"})");
  const Path file = picture("a.png", 80, 50);
  const Image whole = drawn(80, 50, [](int x, int y) {
    return std::array{x * 5 % 256, y * 7 % 256, (x + y) % 256};
  });
  PictureFit fit;
  fit.resized = 40;
  fit.size = 32;
  write_file(root() / "fitted.png", encode_png(fit_picture(whole, fit)));
  write_file(model() / "preprocessor_config.json",
             R"({"size": {"shortest_edge": 40}, "crop_size": 32, "resample": 3})");
  const Embeddings wide = embed_files_by_model(model().string(), {{file, ""}}, job_);
  write_file(model() / "preprocessor_config.json",
             R"({"size": {"shortest_edge": 32}, "crop_size": 32, "resample": 3})");
  const Embeddings fitted =
      embed_files_by_model(model().string(), {{root() / "fitted.png", ""}}, job_);
  EXPECT_EQ(wide.images.values, fitted.images.values);
}

TEST_F(EmbedByModel, OneFileHasItsTablesBesideIt) {
  Embeddings all = embed_files_by_model(model().string(), {{picture("a.png", 40, 40), ""}}, job_);
  const Embeddings texts = embed_texts_by_model(model().string(), one_text("a mole"), job_);
  all.texts = texts.texts;
  all.notes = texts.notes;
  const Path out = root() / "vectors.safetensors";
  EXPECT_EQ(write_embeddings(all, out, false),
            (std::vector<Path>{out, root() / "vectors.images.csv", root() / "vectors.texts.csv"}));
  const TensorFile tensors = read_safetensors(out);
  EXPECT_EQ(to_matrix(tensors.at("images"), "").values, all.images.values);
  EXPECT_EQ(to_matrix(tensors.at("texts"), "").values, all.texts.values);
  EXPECT_EQ(tensors.metadata().at("model"), model().string());
  EXPECT_EQ(CsvReader(root() / "vectors.images.csv").header(),
            (std::vector<std::string>{"row", "picture"}));
  EXPECT_THROW(write_embeddings(texts, out, false), UsageError);
  EXPECT_EQ(write_embeddings(texts, out, true).size(), 2U);
  EXPECT_FALSE(fs::exists(root() / "vectors.images.csv"));
  write_file(root() / "vectors.texts.csv", "mine");
  EXPECT_THROW(write_embeddings(texts, out, true), UsageError);
}

TEST_F(EmbedByModel, SaysWhichModelOrSideThereIsNot) {
  EXPECT_THROW(embed_files_by_model("no-such-model", {}, job_), UsageError);
  EXPECT_THROW(
      embed_texts_by_model((kTests / "model/data/clip_hf_vision").string(), one_text("a"), job_),
      Error);
}

}  // namespace
}  // namespace epicrisis
