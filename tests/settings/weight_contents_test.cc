#include "epicrisis/settings/weight_contents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/tensor/safetensors.h"

namespace epicrisis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class WeightContentsTest : public ::testing::Test {
 protected:
  // Zeros, but for the bytes that `first` has of each tensor.
  Path write(const std::string& name, const std::vector<TensorDeclaration>& tensors,
             const std::map<std::string, std::vector<unsigned char>>& first = {}) {
    Path path = folder_.path() / name;
    SafetensorsWriter writer(path, tensors, {{"format", "pt"}});
    for (const TensorDeclaration& tensor : tensors) {
      std::size_t size = tensor_type_size(tensor.type);
      for (const std::int64_t n : tensor.shape) size *= static_cast<std::size_t>(n);
      std::vector<unsigned char> bytes(size);
      const auto found = first.find(tensor.name);
      if (found != first.end()) std::ranges::copy(found->second, bytes.begin());
      writer.write(std::as_bytes(std::span(bytes)));
    }
    writer.finish();
    return path;
  }
  TemporaryFolder folder_;
  Job job_;
};

TEST_F(WeightContentsTest, CountsByTypeGroupAndSize) {
  const Path path =
      write("w.safetensors", {{"module.model.conv.weight", TensorType::kF32, {4, 3}},
                              {"module.model.bn.running_mean", TensorType::kF32, {4}},
                              {"module.model.bn.num_batches_tracked", TensorType::kI64, {}},
                              {"module.model.fc.weight", TensorType::kF16, {2, 4}}});
  const WeightContents found = describe_weights(path, job_);
  EXPECT_EQ(found.format, "safetensors");
  EXPECT_EQ(found.tensors, 4U);
  EXPECT_EQ(found.values, 12 + 4 + 1 + 8);
  EXPECT_EQ(found.parameters, 12 + 8);
  ASSERT_EQ(found.types.size(), 3U);
  EXPECT_EQ(found.types[0].name, "F32");
  EXPECT_EQ(found.types[0].bytes, 64U);
  EXPECT_EQ(found.types[1].name, "F16");
  EXPECT_EQ(found.types[2].name, "I64");
  ASSERT_EQ(found.groups.size(), 3U);  // "model." is before all of them
  EXPECT_EQ(found.groups[0].name, "model.bn");
  EXPECT_EQ(found.groups[0].tensors, 2U);
  EXPECT_EQ(found.groups[1].name, "model.conv");
  EXPECT_EQ(found.biggest[0].name, "module.model.conv.weight");
  EXPECT_EQ(found.biggest[1].type, "F16");
  EXPECT_THAT(found.not_finite, IsEmpty());
  EXPECT_THAT(found.wrappers, ElementsAre(Pair("module", 4U)));
  EXPECT_THAT(found.metadata, ElementsAre(Pair("format", "pt")));
  EXPECT_EQ(to_json(found)["types"][1],
            (Json{{"name", "F16"}, {"tensors", 1}, {"values", 8}, {"bytes", 16}}));
}

TEST_F(WeightContentsTest, TellsNumbersThatAreNone) {
  const Path path = write("w.safetensors",
                          {{"f64", TensorType::kF64, {2}},
                           {"f32", TensorType::kF32, {2}},
                           {"f16", TensorType::kF16, {3}},
                           {"bf16", TensorType::kBF16, {2}},
                           {"i16", TensorType::kI16, {2}},
                           {"large", TensorType::kF64, {1}}},
                          {{"f64", {0, 0, 0, 0, 0, 0, 0xF8, 0x7F}},
                           {"f32", {0, 0, 0x80, 0xFF}},
                           {"f16", {0, 0x7C, 1, 0x7C}},
                           {"bf16", {0x80, 0x7F}},
                           {"i16", {0, 0x7C}},
                           {"large", {0, 0, 0, 0, 0, 0, 0xE0, 0x7F}}});  // past a float's range
  std::vector<std::string> found;
  for (const auto& one : describe_weights(path, job_).not_finite) {
    found.push_back(one.name + " " + std::to_string(one.nan) + " " + std::to_string(one.infinite));
  }
  EXPECT_THAT(found, ElementsAre("bf16 0 1", "f16 1 1", "f32 0 1", "f64 1 0"));
}

TEST_F(WeightContentsTest, ShardsAreOneModel) {
  write("model-00001-of-00002.safetensors", {{"a.w", TensorType::kF32, {2}}});
  write("model-00002-of-00002.safetensors", {{"b.w", TensorType::kF32, {3}}});
  const Path index = folder_.path() / "model.safetensors.index.json";
  write_file(index, R"({"weight_map": {"a.w": "model-00001-of-00002.safetensors",
                                       "b.w": "model-00002-of-00002.safetensors"}})");
  const WeightContents found = describe_weights(index, job_);
  EXPECT_EQ(found.format, "safetensors in 2 shards");
  EXPECT_EQ(found.parts.size(), 2U);
  EXPECT_EQ(found.tensors, 2U);
  EXPECT_EQ(found.values, 5);
}

TEST_F(WeightContentsTest, EndsWhenCancelled) {
  const Path path = write("w.safetensors", {{"a", TensorType::kF32, {2}}});
  job_.cancel();
  EXPECT_THROW(describe_weights(path, job_), Interrupted);
}

ArchitectureFit fit_of(const std::string& name, std::size_t matched, std::size_t missing,
                       bool said = false) {
  ArchitectureFit fit;
  fit.architecture = name;
  fit.said = said;
  fit.fit.matched = matched;
  fit.fit.missing.resize(missing);
  return fit;
}

std::vector<std::string> names_of(const std::vector<ArchitectureFit>& fits) {
  std::vector<std::string> names;
  for (const ArchitectureFit& one : fits) names.push_back(one.architecture);
  return names;
}

TEST(BestFits, WhatFitsComesFirstAndAlone) {
  EXPECT_THAT(names_of(best_fits({fit_of("near", 9, 1), fit_of("fits", 9, 0)}, 3)),
              ElementsAre("fits"));
  EXPECT_THAT(names_of(best_fits(
                  {fit_of("near", 9, 1), fit_of("said", 1, 9, true), fit_of("fits", 9, 0)}, 3)),
              ElementsAre("fits", "said"));
}

TEST(BestFits, ElseTheSaidAndTheNearestAreLeft) {
  EXPECT_THAT(names_of(best_fits({fit_of("far", 1, 99), fit_of("half", 5, 5), fit_of("near", 9, 1),
                                  fit_of("third", 3, 6), fit_of("said", 0, 9, true)},
                                 3)),
              ElementsAre("said", "near", "half"));
  EXPECT_THAT(best_fits({fit_of("far", 1, 99)}, 3), IsEmpty());
  EXPECT_THAT(best_fits({}, 3), IsEmpty());
}

}  // namespace
}  // namespace epicrisis
