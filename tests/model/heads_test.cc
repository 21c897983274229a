#include <gmock/gmock.h>

#include <cmath>
#include <string>
#include <vector>

#include "model/heads_torch.h"

namespace epicrisis {
namespace {

std::vector<std::string> parameter_names(const Heads& heads) {
  std::vector<std::string> names;
  for (const auto& item : heads->named_parameters()) names.push_back(item.key());
  return names;
}

TEST(Heads, AreTheProductsOfTheirMatrices) {
  Heads heads(7, 5, 4, 3, 1);
  const torch::NoGradGuard no_gradient;
  const auto parameters = heads->named_parameters();
  const torch::Tensor f = torch::arange(14, torch::kFloat32).reshape({2, 7}) / 10;
  const torch::Tensor g = torch::arange(10, torch::kFloat32).reshape({2, 5}) / 10;
  const auto layer = [&](const std::string& name, const torch::Tensor& x) {
    return torch::mm(x, parameters[name + ".weight"].t()) + parameters[name + ".bias"];
  };
  const torch::Tensor z_image = heads->project_image(f);
  EXPECT_EQ(z_image.sizes(), (torch::IntArrayRef{2, 4}));
  EXPECT_TRUE(torch::allclose(z_image, layer("shared_projection", layer("image_projection", f))));
  EXPECT_TRUE(torch::allclose(heads->project_text(g),
                              layer("shared_projection", layer("text_projection", g))));
  EXPECT_TRUE(torch::allclose(heads->classify(z_image), layer("classifier", z_image)));
}

TEST(Heads, AHiddenLayerStandsBeforeEachProjection) {
  Heads heads(7, 5, 4, 3, 1, 6);
  const torch::NoGradGuard no_gradient;
  const auto parameters = heads->named_parameters();
  const auto layer = [&](const std::string& name, const torch::Tensor& x) {
    return torch::mm(x, parameters[name + ".weight"].t()) + parameters[name + ".bias"];
  };
  const torch::Tensor f = torch::arange(14, torch::kFloat32).reshape({2, 7}) / 10;
  const torch::Tensor g = torch::arange(10, torch::kFloat32).reshape({2, 5}) / 10;
  // GELU as x times the normal distribution's share below x.
  const auto gelu = [](const torch::Tensor& x) { return x * (1 + torch::erf(x / M_SQRT2)) / 2; };
  EXPECT_EQ(parameters["image_hidden.weight"].sizes(), (torch::IntArrayRef{6, 7}));
  EXPECT_TRUE(torch::allclose(
      heads->project_image(f),
      layer("shared_projection", layer("image_projection", gelu(layer("image_hidden", f))))));
  EXPECT_TRUE(torch::allclose(
      heads->project_text(g),
      layer("shared_projection", layer("text_projection", gelu(layer("text_hidden", g))))));
  EXPECT_THAT(parameter_names(Heads(0, 5, 4, 3, 1, 6)),
              testing::Not(testing::Contains("image_hidden.weight")));
}

TEST(Heads, NamesAreThoseOfTheFormat) {
  EXPECT_THAT(parameter_names(Heads(7, 5, 4, 3, 1)),
              testing::ElementsAre("image_projection.weight", "image_projection.bias",
                                   "text_projection.weight", "text_projection.bias",
                                   "shared_projection.weight", "shared_projection.bias",
                                   "classifier.weight", "classifier.bias"));
  EXPECT_THAT(parameter_names(Heads(0, 5, 4, 3, 1)),
              testing::Not(testing::Contains("image_projection.weight")));
  EXPECT_FALSE(Heads(7, 0, 4, 3, 1)->has_text());
  EXPECT_TRUE(Heads(7, 0, 4, 3, 1)->has_image());
}

TEST(Heads, DrawTheSameWeightsForASeedAndOthersForAnother) {
  const auto weight = [](const Heads& heads, const char* name) {
    return heads->named_parameters()[name].detach();
  };
  const Heads a(7, 5, 4, 3, 1);
  const Heads b(7, 0, 4, 3, 1);
  const Heads c(7, 5, 4, 3, 2);
  for (const char* name :
       {"image_projection.weight", "shared_projection.weight", "classifier.bias"}) {
    EXPECT_TRUE(torch::equal(weight(a, name), weight(b, name))) << name;
    EXPECT_FALSE(torch::equal(weight(a, name), weight(c, name))) << name;
  }
}

TEST(Heads, DrawWithinTheBoundOfTheInputs) {
  const Heads heads(400, 0, 100, 3, 5);
  const torch::Tensor weight = heads->named_parameters()["image_projection.weight"].detach();
  EXPECT_LE(weight.abs().max().item<double>(), 1. / 20);
  EXPECT_NEAR(weight.mean().item<double>(), 0, 1e-3);
  // Of a uniform draw: bound / sqrt(3).
  EXPECT_NEAR(weight.std().item<double>(), 1. / 20 / std::sqrt(3.), 5e-4);
}

}  // namespace
}  // namespace epicrisis
