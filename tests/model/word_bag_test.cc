#include <gmock/gmock.h>

#include <cmath>
#include <string>
#include <vector>

#include "epicrisis/core/error.h"
#include "model/encoders/text/text_encoder_torch.h"

namespace epicrisis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

using Texts = std::vector<std::string>;

TEST(WordVocabulary, LearnsFrequentWordsAndHashesOthers) {
  const Texts texts{"the nevus", "The nevus, the mole", "the melanoma", "a mole"};
  const auto vocabulary = WordVocabulary::learn(texts, 2, 100, 4);
  EXPECT_EQ(vocabulary.size(), 3U + 4U);
  // "the" stands in three texts, "mole" and "nevus" in two each.
  EXPECT_THAT(vocabulary.ids("the mole-nevus"), ElementsAre(0, 1, 2));
  const auto unknown = vocabulary.ids("melanoma");
  ASSERT_EQ(unknown.size(), 1U);
  EXPECT_GE(unknown[0], 3);
  EXPECT_LT(unknown[0], 7);
  EXPECT_EQ(vocabulary.ids("MELANOMA"), unknown);
  EXPECT_EQ(WordVocabulary::learn(texts, 1, 1, 1).size(), 2U);
  EXPECT_THROW(WordVocabulary::learn(texts, 1, 1, 0), UsageError);
}

TEST(WordVocabulary, TextsWithoutWordsHaveNoIds) {
  const auto vocabulary = WordVocabulary::learn(Texts{}, 2, 100, 4);
  EXPECT_EQ(vocabulary.size(), 4U);
  for (const char* text : {"", "   ", "-- ... !", "\xff\xfe"}) {
    EXPECT_THAT(vocabulary.ids(text), IsEmpty()) << text;
  }
  EXPECT_EQ(vocabulary.ids(std::string(100'000, 'x')).size(), 1U);
}

TEST(WordVocabulary, ComesBackFromJson) {
  const Texts texts{"Läsion am Rücken, 12 mm", "Läsion am Bein, 7 mm", "Ödem"};
  const auto vocabulary = WordVocabulary::learn(texts, 2, 100, 8);
  const auto copy =
      WordVocabulary::from_json(parse_json(dump_json(vocabulary.to_json()), "x"), "x");
  EXPECT_EQ(copy.size(), vocabulary.size());
  for (const std::string& text : texts) EXPECT_EQ(copy.ids(text), vocabulary.ids(text));
  EXPECT_EQ(copy.ids("zebra ödem"), vocabulary.ids("zebra ödem"));
}

TEST(WordVocabulary, BrokenJsonIsAnErrorWithItsSource) {
  for (const char* json : {
           R"({})",
           R"([])",
           R"({"words": []})",
           R"({"hash_buckets": 3})",
           R"({"words": ["a", "a"], "hash_buckets": 1})",
           R"({"words": [], "hash_buckets": -1})",
           R"({"words": [], "hash_buckets": 0})",
           R"({"words": [], "hash_buckets": 1e18})",
           R"({"words": [], "hash_buckets": 99999999999})",
           R"({"words": {"a": 1}, "hash_buckets": 1})",
           R"({"words": [7], "hash_buckets": 1})",
           R"({"words": [""], "hash_buckets": 1})",
           R"({"words": ["two words"], "hash_buckets": 1})",
           R"({"words": ["Upper"], "hash_buckets": 1})",
       }) {
    EXPECT_THAT([&] { WordVocabulary::from_json(parse_json(json, "x"), "folder/v.json"); },
                ThrowsMessage<InputError>(HasSubstr("folder/v.json")))
        << json;
  }
}

TEST(WordBag, TakesMeansAndItsGradientReachesTheWordsOfTheText) {
  WordBag bag(WordVocabulary::learn(Texts{"two one", "two one three", "three"}, 1, 100, 5), 8, 3);
  // All stand in two texts: ordered by spelling.
  ASSERT_THAT(bag->vocabulary().ids("one three two"), ElementsAre(0, 1, 2));
  ASSERT_EQ(bag->width(), 8);
  // "one two two", "", "two"
  const torch::Tensor ids = torch::tensor({0, 2, 2, 2}, torch::kInt64);
  const torch::Tensor offsets = torch::tensor({0, 3, 3}, torch::kInt64);
  const torch::Tensor out = bag->forward(ids, offsets);
  const torch::Tensor weight = bag->parameters()[0];
  ASSERT_EQ(weight.size(0), 3 + 5);
  EXPECT_TRUE(torch::allclose(out[0], (weight[0] + 2 * weight[2]) / 3));
  EXPECT_EQ(out[1].abs().sum().item<float>(), 0);
  EXPECT_TRUE(torch::allclose(out[2], weight[2]));
  out.sum().backward();
  EXPECT_NEAR(weight.grad()[0][0].item<float>(), 1.0 / 3, 1e-5);
  EXPECT_NEAR(weight.grad()[2][0].item<float>(), 5.0 / 3, 1e-5);
  EXPECT_EQ(weight.grad()[1].abs().sum().item<float>(), 0);
}

TEST(WordBag, OnlyEmptyTextsAndNoTextsAreDefined) {
  WordBag bag(WordVocabulary::learn(Texts{}, 1, 1, 2), 4, 1);
  const torch::Tensor no_ids = torch::empty({0}, torch::kInt64);
  const torch::Tensor out = bag->forward(no_ids, torch::zeros({3}, torch::kInt64));
  EXPECT_EQ(out.sizes(), (std::vector<std::int64_t>{3, 4}));
  EXPECT_EQ(out.abs().sum().item<float>(), 0);
  out.sum().backward();
  EXPECT_EQ(bag->parameters()[0].grad().abs().sum().item<float>(), 0);
  EXPECT_EQ(bag->forward(no_ids, no_ids).sizes(), (std::vector<std::int64_t>{0, 4}));
}

TEST(WordBag, StartsFromItsSeed) {
  const auto start = [](std::size_t buckets, std::uint64_t seed) {
    return WordBag(WordVocabulary::learn(Texts{}, 1, 1, buckets), 8, seed)->parameters()[0];
  };
  EXPECT_TRUE(torch::equal(start(50, 3), start(50, 3)));
  EXPECT_FALSE(torch::equal(start(50, 3), start(50, 4)));
  EXPECT_NEAR(start(2000, 4).std().item<double>(), 1 / std::sqrt(8.0), 0.01);
}

}  // namespace
}  // namespace epicrisis
