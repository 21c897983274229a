#include <gmock/gmock.h>
#include <sys/stat.h>

#include "epicrisis/study/embed.h"
#include "epicrisis/study/embedding_files.h"
#include "support/refusal.h"

namespace epicrisis {
namespace {

using testing::HasSubstr;

TEST(EmbeddingFolder, HoldsWhatWasWrittenThereAlone) {
  const TemporaryFolder root;
  const Path folder = root.path() / "vectors";
  const auto refused = [&](bool replace) {
    return test::refusal([&] { check_embedding_target(folder, replace); });
  };
  EXPECT_EQ(refused(false), "none");  // it is not there
  write_file(folder / "images.csv", "row,picture\n0,a.jpg\n");
  write_file(folder / "images.npy", "\x93NUMPY\x01");
  EXPECT_THAT(refused(false), HasSubstr("holds embeddings"));
  EXPECT_EQ(refused(true), "none");
  // A table of one's own of the same name.
  write_file(folder / "images.csv", "image,label\na.jpg,1\n");
  EXPECT_THAT(refused(true), HasSubstr("images.csv, which is no embedding"));
  write_file(folder / "images.csv", "row,picture\n");
  write_file(folder / "embeddings.safetensors", "weights of a model");
  EXPECT_THAT(refused(true), HasSubstr("embeddings.safetensors, which is no embedding"));
  std::filesystem::remove(folder / "images.csv");
  ASSERT_EQ(mkfifo((folder / "images.csv").c_str(), 0600), 0);  // nobody writes into it
  EXPECT_THAT(refused(true), HasSubstr("which is no embedding"));
}

}  // namespace
}  // namespace epicrisis
