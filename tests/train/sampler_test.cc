#include "train/sampler.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "train/class_scores.h"
#include "train/synthetic.h"

namespace epicrisis {
namespace {

// 90 of class 0, 9 of class 1, 1 of class 4; every third without a note, the others with two.
std::vector<TrainExample> skewed() {
  std::vector<TrainExample> examples(100);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    examples[i].image = i;
    examples[i].label = i < 90 ? 0 : (i < 99 ? 1 : 4);
    if (i % 3 != 0) examples[i].notes = {2 * i, 2 * i + 1};
  }
  return examples;
}

TEST(EpochSampler, DrawsClassesAlikeWhateverTheirSize) {
  TrainConfig config;
  config.copies = 3;
  const auto examples = skewed();
  const EpochSampler sampler(config, examples);
  EXPECT_EQ(sampler.steps_per_epoch(), 4U);
  std::map<int, double> labels;
  std::map<std::size_t, double> copies;
  std::set<std::size_t> seen;
  double total = 0;
  for (int epoch = 1; epoch <= 100; ++epoch) {
    const auto draws = sampler.epoch(epoch);
    EXPECT_EQ(draws.size(), 4U * 32U);
    for (const Draw& draw : draws) {
      labels[examples[draw.example].label] += 1;
      copies[draw.copy] += 1;
      seen.insert(draw.example);
      total += 1;
    }
  }
  ASSERT_EQ(labels.size(), 3U);
  // Six standard deviations of a binomial share.
  const double slack = 6 * std::sqrt(1. / 3 * 2 / 3 / total);
  for (const auto& [label, count] : labels) EXPECT_NEAR(count / total, 1. / 3, slack) << label;
  ASSERT_EQ(copies.size(), 4U);
  for (const auto& [copy, count] : copies) EXPECT_NEAR(count / total, .25, slack) << copy;
  EXPECT_EQ(seen.size(), 100U);
}

TEST(EpochSampler, DrawsClassesByAPowerOfTheirSize) {
  TrainConfig config;
  config.class_power = .5;
  const auto examples = skewed();
  const EpochSampler sampler(config, examples);
  std::map<int, double> labels;
  double total = 0;
  for (int epoch = 1; epoch <= 100; ++epoch) {
    for (const Draw& draw : sampler.epoch(epoch)) {
      labels[examples[draw.example].label] += 1;
      total += 1;
    }
  }
  const double sum = std::sqrt(90.) + std::sqrt(9.) + std::sqrt(1.);
  for (const auto& [label, size] : {std::pair(0, 90.), std::pair(1, 9.), std::pair(4, 1.)}) {
    const double share = std::sqrt(size) / sum;
    EXPECT_NEAR(labels[label] / total, share, 6 * std::sqrt(share * (1 - share) / total)) << label;
  }
}

TEST(EpochSampler, GroupAwareDrawsPatientsAlike) {
  TrainConfig config;
  config.group_aware = true;
  // Of class 0 one patient with 89 pictures and one with 1; the others have one picture each.
  auto examples = skewed();
  for (std::size_t i = 0; i < examples.size(); ++i) examples[i].group = i < 89 ? 0 : i;
  const EpochSampler sampler(config, examples);
  double first = 0;
  double rare = 0;
  for (int epoch = 1; epoch <= 100; ++epoch) {
    for (const Draw& draw : sampler.epoch(epoch)) {
      first += draw.example < 89 ? 1 : 0;
      rare += draw.example == 89 ? 1 : 0;
    }
  }
  EXPECT_NEAR(first / (first + rare), .5, 6 * .5 / std::sqrt(first + rare));
}

TEST(EpochSampler, UnbalancedSeesEverySampleOnceAndEndsShort) {
  TrainConfig config;
  config.balanced = false;
  config.batch = 30;
  const auto examples = skewed();
  const EpochSampler sampler(config, examples);
  EXPECT_EQ(sampler.steps_per_epoch(), 4U);
  std::vector<std::size_t> order;
  for (const Draw& draw : sampler.epoch(1)) order.push_back(draw.example);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  ASSERT_EQ(order.size(), 100U);
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i);
}

TEST(EpochSampler, AnEpochDependsOnSeedAndNumberAlone) {
  const auto same = [](const std::vector<Draw>& a, const std::vector<Draw>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Draw& x, const Draw& y) {
      return x.example == y.example && x.note == y.note && x.copy == y.copy;
    });
  };
  TrainConfig config;
  const auto examples = skewed();
  const EpochSampler one(config, examples);
  const EpochSampler other(config, examples);
  const auto fifth = one.epoch(5);
  EXPECT_TRUE(same(fifth, other.epoch(5)));  // without having drawn the first four
  EXPECT_FALSE(same(fifth, one.epoch(6)));
  TrainConfig reseeded = config;
  reseeded.seed = 1;
  EXPECT_FALSE(same(fifth, EpochSampler(reseeded, examples).epoch(5)));
}

TEST(EpochSampler, ModesOfOneSeedSeeTheSameSamples) {
  TrainConfig multimodal;
  TrainConfig image;
  image.mode = Mode::kImage;
  const auto examples = skewed();
  const auto a = EpochSampler(multimodal, examples).epoch(2);
  const auto b = EpochSampler(image, examples).epoch(2);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].example, b[i].example);
    EXPECT_EQ(b[i].note, kNoNote);
  }
}

TEST(EpochSampler, DrawsOneOfASamplesOwnNotes) {
  TrainConfig config;
  const auto examples = skewed();
  const EpochSampler sampler(config, examples);
  int firsts = 0;
  int total = 0;
  for (int epoch = 1; epoch < 40; ++epoch) {
    for (const Draw& draw : sampler.epoch(epoch)) {
      if (draw.example % 3 == 0) {
        EXPECT_EQ(draw.note, kNoNote);
        continue;
      }
      EXPECT_EQ(draw.note / 2, draw.example);
      firsts += draw.note % 2 == 0 ? 1 : 0;
      ++total;
    }
  }
  EXPECT_NEAR(static_cast<double>(firsts) / total, .5, 6 * .5 / std::sqrt(total));
}

TEST(EpochSampler, ModesOfPairsDrawNoSampleWithoutANote) {
  const auto examples = skewed();
  for (const Mode mode : {Mode::kText, Mode::kContrastive, Mode::kContrastiveAlign}) {
    TrainConfig config;
    config.mode = mode;
    const EpochSampler sampler(config, examples);
    EXPECT_EQ(sampler.pool_size(), 66U);
    for (const Draw& draw : sampler.epoch(1)) EXPECT_NE(draw.note, kNoNote);
  }
}

TEST(EpochSampler, WithoutAugmentationTheCopiesAreLeftAlone) {
  TrainConfig config;
  config.copies = 3;
  config.augment = false;
  const auto examples = skewed();
  for (const Draw& draw : EpochSampler(config, examples).epoch(1)) EXPECT_EQ(draw.copy, 0U);
}

TEST(ClassScores, ByHand) {
  // Class 0: 3 samples, 2 hit; class 1: 1 sample, hit, called twice; class 2 absent, called never.
  const std::vector<int> truth = {0, 0, 0, 1};
  const std::vector<int> predicted = {0, 0, 1, 1};
  const ClassScores scores = class_scores(truth, predicted, 3);
  EXPECT_NEAR(scores.balanced_accuracy, (2. / 3 + 1) / 2, 1e-12);
  EXPECT_NEAR(scores.weighted_f1, (4. / 5 * 3 + 2. / 3 * 1) / 4, 1e-12);
  EXPECT_EQ(class_scores({}, {}, 3).weighted_f1, 0);
  // Of two classes (TP TN - FP FN) / sqrt(...): 1 * 2 - 1 * 0 over sqrt(2 * 1 * 3 * 2).
  EXPECT_NEAR(scores.mcc, 2 / std::sqrt(12.), 1e-12);
  EXPECT_NEAR(class_scores(truth, truth, 3).mcc, 1, 1e-12);
  EXPECT_EQ(class_scores({}, {}, 3).mcc, 0);
  const std::vector<int> wrong = {2, 2, 2, 2};
  EXPECT_EQ(class_scores(truth, wrong, 3).weighted_f1, 0);
  EXPECT_EQ(class_scores(truth, wrong, 3).mcc, 0);
}

}  // namespace
}  // namespace epicrisis
