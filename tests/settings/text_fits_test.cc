#include "settings/text_fits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "epicrisis/core/json.h"
#include "epicrisis/tensor/safetensors.h"
#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

const Path kBert = Path(EPICRISIS_SOURCE_DIR) / "tests/model/data/tiny_bert";

TEST(TextFits, ABertFitsWithAndWithoutItsConfiguration) {
  const TensorFile weights = read_weights(weight_file_in(kBert));
  auto found = text_fits(weights, kBert);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].fits()) << to_json(found[0]).dump();
  EXPECT_EQ(found[0].architecture, "bert");
  EXPECT_TRUE(found[0].said);
  const TemporaryFolder folder;
  found = text_fits(weights, folder.path());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].fits());
  EXPECT_FALSE(found[0].said);
  Json config = parse_json(read_file(kBert / "config.json"), "c");
  config["vocab_size"] = 7;
  write_file(folder.path() / "config.json", dump_json(config));
  found = text_fits(weights, folder.path());
  ASSERT_EQ(found.size(), 1U);
  ASSERT_EQ(found[0].fit.misshapen.size(), 1U);
  EXPECT_EQ(found[0].fit.misshapen[0].name, "embeddings.word_embeddings.weight");
  EXPECT_EQ(found[0].fit.misshapen[0].in_model[0], 7);
}

TEST(TextFits, NamesBehindAPrefixAreTheModels) {
  const TensorFile weights = read_weights(weight_file_in(kBert)).renamed([](const auto& name) {
    return "module.bert." + name;
  });
  const TemporaryFolder folder;
  const auto found = text_fits(weights, folder.path());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].fits());
  EXPECT_EQ(found[0].prefix, "bert.");
}

TEST(TextFits, OtherWeightsFitNone) {
  const TemporaryFolder folder;
  const TensorFile weights("w", nullptr, {{"conv1.weight", {TensorType::kF32, {0}, {}}}}, {});
  EXPECT_TRUE(text_fits(weights, folder.path()).empty());
}

}  // namespace
}  // namespace epicrisis
