#include "epicrisis/tensor/weight_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tensor/weight_files.h"

namespace epicrisis {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

// Tensors without numbers: names and shapes alone are compared.
TensorFile file_of(const TensorShapes& shapes) {
  std::map<std::string, TensorView> tensors;
  for (const auto& [name, shape] : shapes) {
    tensors.emplace(name, TensorView{TensorType::kF32, shape, {}});
  }
  return {"weights", nullptr, std::move(tensors), {}};
}

const TensorShapes kModel{{"conv1.weight", {8, 3, 3, 3}},
                          {"bn1.weight", {8}},
                          {"bn1.num_batches_tracked", {}},
                          {"layer1.0.conv1.weight", {8, 8, 3, 3}}};

TEST(WeightFit, FitsToTheLastTensor) {
  const WeightFit fit = weight_fit(kModel, file_of(kModel));
  EXPECT_TRUE(fit.fits());
  EXPECT_EQ(fit.matched, 4U);
  EXPECT_EQ(fit.expected(), 4U);
  TensorShapes counterless = kModel;
  counterless.erase("bn1.num_batches_tracked");
  EXPECT_TRUE(weight_fit(kModel, file_of(counterless)).fits());
}

TEST(WeightFit, TellsWhatIsMissingExtraAndMisshapen) {
  TensorShapes shapes = kModel;
  shapes["bn1.weight"] = {16};
  shapes.erase("layer1.0.conv1.weight");
  shapes["layer1.1.conv1.weight"] = {8, 8, 3, 3};
  shapes["fc.weight"] = {1000, 8};
  FitRules rules;
  rules.ignore = [](const std::string& name) { return name.starts_with("fc."); };
  WeightFit fit = weight_fit(kModel, file_of(shapes), rules);
  EXPECT_FALSE(fit.fits());
  EXPECT_EQ(fit.matched, 2U);
  EXPECT_EQ(fit.passed_over, 1U);
  ASSERT_EQ(fit.missing.size(), 1U);
  EXPECT_EQ(fit.missing[0].name, "layer1.0.conv1.weight");
  EXPECT_EQ(fit.missing[0].nearest, "");
  add_nearest_names(fit);
  EXPECT_EQ(fit.missing[0].nearest, "layer1.1.conv1.weight");
  ASSERT_EQ(fit.extra.size(), 1U);
  EXPECT_EQ(fit.extra[0].name, "layer1.1.conv1.weight");
  ASSERT_EQ(fit.misshapen.size(), 1U);
  EXPECT_EQ(fit.misshapen[0].name, "bn1.weight");
  EXPECT_THAT(fit.misshapen[0].in_file, ElementsAre(16));
  EXPECT_THAT(fit.misshapen[0].in_model, ElementsAre(8));
  const Json json = to_json(fit);
  EXPECT_EQ(json["missing"][0]["nearest"], "layer1.1.conv1.weight");
  EXPECT_EQ(json["misshapen"][0],
            (Json{{"name", "bn1.weight"}, {"file_shape", {16}}, {"model_shape", {8}}}));
}

TEST(WeightFit, TheNearestNameHasTheSameShapeAndEnd) {
  WeightFit fit;
  fit.missing = {{"encoder.layer.0.attention.self.query.weight", {4, 4}, ""},
                 {"wholly.other", {9}, ""}};
  fit.extra = {{"transformer.0.attention.self.query.weight", {8, 4}},
               {"blocks.0.self.query.weight", {4, 4}},
               {"blocks.0.self.key.weight", {4, 4}}};
  add_nearest_names(fit);
  EXPECT_EQ(fit.missing[0].nearest, "blocks.0.self.query.weight");
  EXPECT_EQ(fit.missing[1].nearest, "");
}

TEST(WeightFit, APrefixIsTakenOff) {
  const TensorFile file = file_of({{"a.w", {1}}, {"b.w", {1}}});
  FitRules rules;
  rules.prefix = "a.";
  const WeightFit fit = weight_fit({{"w", {1}}}, file, rules);
  EXPECT_EQ(fit.matched, 1U);
  ASSERT_EQ(fit.extra.size(), 1U);
  EXPECT_EQ(fit.extra[0].name, "b.w");
}

TEST(ModelWeights, SayTheirPrefixAndWrappers) {
  const TensorFile file = file_of({{"state_dict.module.conv1.weight", {1}},
                                   {"state_dict.module.bn1.gamma", {1}},
                                   {"state_dict.layer1._orig_mod.0.conv1.weight", {1}}});
  std::vector<std::string> remarks;
  std::string prefix;
  model_weights(file, {"conv1.weight", "bn1.weight", "layer1.0.conv1.weight"}, remarks, &prefix);
  EXPECT_EQ(prefix, "state_dict.");
  EXPECT_EQ(plain_tensor_name("module.bn1.gamma"), "bn1.weight");
  EXPECT_THAT(wrapper_parts(file), ElementsAre(Pair("_orig_mod", 1U), Pair("module", 2U)));
}

}  // namespace
}  // namespace epicrisis
