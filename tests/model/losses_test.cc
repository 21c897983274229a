#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/random.h"
#include "model/losses_torch.h"

namespace epicrisis {
namespace {

using Rows = std::vector<std::vector<double>>;
using Labels = std::vector<std::int64_t>;

// --- The formulas once more, as plain loops over doubles ---------------------------------------

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  double dot = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t d = 0; d < a.size(); ++d) {
    dot += a[d] * b[d];
    aa += a[d] * a[d];
    bb += b[d] * b[d];
  }
  return aa == 0 || bb == 0 ? 0 : dot / (std::sqrt(aa) * std::sqrt(bb));
}

double bce(double logit, double target) {
  const double p = 1 / (1 + std::exp(-logit));
  return -target * std::log(p) - (1 - target) * std::log(1 - p);
}

Rows stacked(const Rows& image, const Rows& text) {
  Rows z = image;
  z.insert(z.end(), text.begin(), text.end());
  return z;
}

std::size_t pair_of(std::size_t i, std::size_t samples) {
  return i < samples ? i + samples : i - samples;
}

double plain_supervised_nt_xent(const Rows& image, const Rows& text, const Labels& labels,
                                double t) {
  const Rows z = stacked(image, text);
  const std::size_t samples = image.size();
  if (samples == 0) return 0;
  double total = 0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    double positives = 0;
    double negatives = 0;
    int negative_count = 0;
    for (std::size_t j = 0; j < z.size(); ++j) {
      if (j == pair_of(i, samples)) positives += bce(cosine(z[i], z[j]) / t, 1);
      if (labels[i % samples] != labels[j % samples]) {
        negatives += bce(cosine(z[i], z[j]) / t, 0);
        ++negative_count;
      }
    }
    total += positives / 2 + (negative_count > 0 ? negatives / negative_count : 0);
  }
  return total / static_cast<double>(z.size());
}

double plain_nt_xent(const Rows& image, const Rows& text, double t) {
  const Rows z = stacked(image, text);
  double total = 0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < z.size(); ++j) {
      if (j != i) sum += std::exp(cosine(z[i], z[j]) / t);
    }
    total -= std::log(std::exp(cosine(z[i], z[pair_of(i, image.size())]) / t) / sum);
  }
  return total / static_cast<double>(z.size());
}

double plain_supervised_info_nce(const Rows& image, const Rows& text, const Labels& labels,
                                 double t) {
  const Rows z = stacked(image, text);
  const std::size_t samples = image.size();
  double total = 0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    double same = 0;
    double all = 0;
    for (std::size_t j = 0; j < z.size(); ++j) {
      if (j == i) continue;
      const double e = std::exp(cosine(z[i], z[j]) / t);
      all += e;
      if (labels[i % samples] == labels[j % samples]) same += e;
    }
    total -= std::log(same / all);
  }
  return total / static_cast<double>(z.size());
}

double plain_clip(const Rows& image, const Rows& text, double t) {
  const std::size_t n = image.size();
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double row = 0;
    double column = 0;
    for (std::size_t j = 0; j < n; ++j) {
      row += std::exp(cosine(image[i], text[j]) / t);
      column += std::exp(cosine(image[j], text[i]) / t);
    }
    const double pair = std::exp(cosine(image[i], text[i]) / t);
    total -= (std::log(pair / row) + std::log(pair / column)) / 2;
  }
  return total / static_cast<double>(n);
}

double plain_siglip(const Rows& image, const Rows& text, double t) {
  double total = 0;
  for (std::size_t i = 0; i < image.size(); ++i) {
    for (std::size_t j = 0; j < image.size(); ++j) {
      total += bce(cosine(image[i], text[j]) / t - 10, i == j ? 1 : 0);
    }
  }
  return total / static_cast<double>(image.size());
}

double plain_keyword(const Rows& image, const Rows& concepts, const Rows& named, double t) {
  double total = 0;
  int counted = 0;
  for (std::size_t i = 0; i < image.size(); ++i) {
    if (std::none_of(named[i].begin(), named[i].end(), [](double v) { return v > 0; })) continue;
    double row = 0;
    for (std::size_t k = 0; k < concepts.size(); ++k) {
      row += bce(cosine(image[i], concepts[k]) / t, named[i][k]);
    }
    total += row / static_cast<double>(concepts.size());
    ++counted;
  }
  return counted > 0 ? total / counted : 0;
}

// --- Inputs --------------------------------------------------------------------------------------

Rows random_rows(Random& random, std::size_t n, std::size_t d) {
  Rows rows(n, std::vector<double>(d));
  for (auto& row : rows) {
    for (double& value : row) value = random.normal();
  }
  return rows;
}

torch::Tensor tensor(const Rows& rows, torch::ScalarType type = torch::kFloat64) {
  const auto columns = rows.empty() ? 0 : static_cast<std::int64_t>(rows[0].size());
  torch::Tensor t =
      torch::zeros({static_cast<std::int64_t>(rows.size()), columns}, torch::kFloat64);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows[i].size(); ++j) {
      t[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(j)] = rows[i][j];
    }
  }
  return t.to(type);
}

torch::Tensor tensor(const Labels& labels) { return torch::tensor(labels, torch::kInt64); }

struct Batch {
  Rows image;
  Rows text;
  Labels labels;
  Rows concepts;
  Rows named;
};

Batch random_batch(std::uint64_t seed, std::size_t samples, std::size_t width, int classes) {
  Random random(seed);
  Batch batch;
  batch.image = random_rows(random, samples, width);
  batch.text = random_rows(random, samples, width);
  batch.concepts = random_rows(random, 5, width);
  batch.named.assign(samples, std::vector<double>(5));
  for (std::size_t i = 0; i < samples; ++i) {
    batch.labels.push_back(
        static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(classes))));
    for (double& value : batch.named[i]) value = i > 0 && random.chance(.4) ? 1 : 0;
  }
  return batch;
}

ContrastiveInput input(const Batch& batch, double temperature,
                       torch::ScalarType type = torch::kFloat64) {
  return {tensor(batch.image, type),    tensor(batch.text, type),  tensor(batch.labels),
          tensor(batch.concepts, type), tensor(batch.named, type), temperature};
}

double plain(const std::string& name, const Batch& batch, double t) {
  if (name == "clip") return plain_clip(batch.image, batch.text, t);
  if (name == "siglip") return plain_siglip(batch.image, batch.text, t);
  if (name == "keyword_alignment") {
    return plain_keyword(batch.image, batch.concepts, batch.named, t);
  }
  if (name == "supervised_info_nce") {
    return plain_supervised_info_nce(batch.image, batch.text, batch.labels, t);
  }
  if (name == "supervised_nt_xent") {
    return plain_supervised_nt_xent(batch.image, batch.text, batch.labels, t);
  }
  if (name == "nt_xent" || name == "info_nce") return plain_nt_xent(batch.image, batch.text, t);
  ADD_FAILURE() << "no plain form of " << name;
  return 0;
}

class EveryForm : public testing::TestWithParam<std::string> {
 protected:
  double value(const Batch& batch, double t, torch::ScalarType type = torch::kFloat64) const {
    return contrastive_loss(GetParam())(input(batch, t, type)).item<double>();
  }
};

INSTANTIATE_TEST_SUITE_P(Losses, EveryForm, testing::ValuesIn(contrastive_loss_names()),
                         [](const auto& info) { return info.param; });

TEST_P(EveryForm, IsThePlainFormula) {
  const double t = loss_settings(GetParam()).temperature;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const Batch batch = random_batch(seed, 2 + seed * 3, 3 + seed, 1 + static_cast<int>(seed) % 4);
    const double expected = plain(GetParam(), batch, t);
    EXPECT_NEAR(value(batch, t), expected, 1e-9) << "seed " << seed;
    EXPECT_NEAR(value(batch, t, torch::kFloat32), expected, 2e-5) << "seed " << seed;
  }
}

TEST_P(EveryForm, HasTheGradientOfFiniteDifferences) {
  Batch batch = random_batch(11, 4, 3, 2);
  const double t = .3;
  ContrastiveInput in = input(batch, t);
  in.image.requires_grad_();
  in.text.requires_grad_();
  contrastive_loss(GetParam())(in).backward();
  const double h = 1e-6;
  for (Rows* rows : {&batch.image, &batch.text}) {
    const torch::Tensor gradient = rows == &batch.image ? in.image.grad() : in.text.grad();
    for (std::size_t i = 0; i < rows->size(); ++i) {
      for (std::size_t d = 0; d < (*rows)[i].size(); ++d) {
        double& x = (*rows)[i][d];
        const double kept = x;
        x = kept + h;
        const double above = plain(GetParam(), batch, t);
        x = kept - h;
        const double below = plain(GetParam(), batch, t);
        x = kept;
        const double numeric = (above - below) / (2 * h);
        const double analytic =
            gradient.defined()
                ? gradient[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(d)]
                      .item<double>()
                : 0;
        EXPECT_NEAR(analytic, numeric, 1e-7);
      }
    }
  }
}

TEST_P(EveryForm, DoesNotSeeTheLengthOfEmbeddings) {
  Batch batch = random_batch(3, 6, 4, 3);
  const double before = value(batch, .2);
  for (auto& row : batch.image) {
    for (double& x : row) x *= 37;
  }
  batch.text[2] = {batch.text[2][0] * 1e-3, batch.text[2][1] * 1e-3, batch.text[2][2] * 1e-3,
                   batch.text[2][3] * 1e-3};
  EXPECT_NEAR(value(batch, .2), before, 1e-12);
}

TEST_P(EveryForm, DoesNotSeeTheOrderOfSamples) {
  Batch batch = random_batch(4, 7, 4, 3);
  const double before = value(batch, .2);
  for (const auto& swap : {std::pair<std::size_t, std::size_t>{0, 6}, {2, 3}}) {
    std::swap(batch.image[swap.first], batch.image[swap.second]);
    std::swap(batch.text[swap.first], batch.text[swap.second]);
    std::swap(batch.labels[swap.first], batch.labels[swap.second]);
    std::swap(batch.named[swap.first], batch.named[swap.second]);
  }
  EXPECT_NEAR(value(batch, .2), before, 1e-12);
}

TEST_P(EveryForm, IsSymmetricInTheModalitiesUnlessItTakesConcepts) {
  Batch batch = random_batch(5, 6, 4, 3);
  const double before = value(batch, .2);
  std::swap(batch.image, batch.text);
  if (loss_settings(GetParam()).needs_concepts) {
    EXPECT_GT(std::abs(value(batch, .2) - before), 1e-3);
  } else {
    EXPECT_NEAR(value(batch, .2), before, 1e-12);
  }
}

// A batch of one sample, one class, rows of zeros, huge logits: finite values and gradients.
TEST_P(EveryForm, IsFiniteAtTheEdges) {
  Batch one = random_batch(6, 1, 4, 1);
  Batch one_class = random_batch(7, 5, 4, 1);
  Batch zeros = random_batch(8, 5, 4, 2);
  zeros.image[1].assign(4, 0);
  zeros.text[3].assign(4, 0);
  Batch same = random_batch(9, 5, 4, 2);
  for (std::size_t i = 0; i < 5; ++i) same.image[i] = same.text[i] = same.image[0];
  const Batch no_concepts = [] {
    Batch b = random_batch(10, 5, 4, 2);
    for (auto& row : b.named) row.assign(5, 0);
    return b;
  }();
  for (const Batch& batch : {one, one_class, zeros, same, no_concepts}) {
    for (const double t : {.5, .07, 1e-3}) {
      for (const auto type : {torch::kFloat32, torch::kFloat64}) {
        ContrastiveInput in = input(batch, t, type);
        in.image.requires_grad_();
        in.text.requires_grad_();
        const torch::Tensor loss = contrastive_loss(GetParam())(in);
        loss.backward();
        EXPECT_TRUE(loss.isfinite().item<bool>()) << "T " << t;
        EXPECT_GE(loss.item<double>(), -1e-4);
        EXPECT_TRUE(in.image.grad().isfinite().all().item<bool>()) << "T " << t;
        if (in.text.grad().defined()) {
          EXPECT_TRUE(in.text.grad().isfinite().all().item<bool>()) << "T " << t;
        }
      }
    }
  }
}

TEST_P(EveryForm, FallsWhenPairsAgree) {
  if (loss_settings(GetParam()).needs_concepts) GTEST_SKIP() << "does not look at the text";
  const Batch batch = random_batch(12, 8, 6, 3);
  Batch aligned = batch;
  aligned.text = aligned.image;
  EXPECT_LT(value(aligned, .2), value(batch, .2));
}

// --- Cases worked out by hand ------------------------------------------------------------------

// Two samples of different classes, image and text equal, the samples orthogonal:
// S = 1 for pairs, 0 between samples.
Batch orthogonal_pairs() {
  Batch batch;
  batch.image = {{2, 0}, {0, 3}};
  batch.text = {{1, 0}, {0, 5}};
  batch.labels = {0, 1};
  return batch;
}

TEST(Losses, SupervisedNtXentByHand) {
  const Batch b = orthogonal_pairs();
  // softplus(-1 / .5) / 2 + softplus(0).
  const double expected = std::log1p(std::exp(-2.0)) / 2 + std::log(2.0);
  EXPECT_NEAR(
      supervised_nt_xent(tensor(b.image), tensor(b.text), tensor(b.labels), .5).item<double>(),
      expected, 1e-12);
  EXPECT_NEAR(expected, 0.7566111, 1e-7);
  // Of one class: no negatives, the first term alone.
  EXPECT_NEAR(
      supervised_nt_xent(tensor(b.image), tensor(b.text), tensor(Labels{1, 1}), .5).item<double>(),
      std::log1p(std::exp(-2.0)) / 2, 1e-12);
}

TEST(Losses, SupervisedNtXentWeighsEachRowsNegativesAlone) {
  // Classes 0, 0, 1: rows of class 0 have two negatives of six, rows of class 1 four.
  const Rows image = {{1, 0}, {0, 1}, {-1, 0}};
  const Labels labels = {0, 0, 1};
  const auto sp = [](double x) { return std::log1p(std::exp(x)); };
  const double positive = sp(-1) / 2;
  const double first = sp(-1);                // S(1, 3) = -1, twice
  const double second = sp(0);                // S(2, 3) = 0, twice
  const double third = (sp(-1) + sp(0)) / 2;  // both, twice each
  const double expected = positive + (first + second + third) / 3;
  EXPECT_NEAR(supervised_nt_xent(tensor(image), tensor(image), tensor(labels), 1).item<double>(),
              expected, 1e-12);
}

TEST(Losses, NtXentByHand) {
  const Batch b = orthogonal_pairs();
  // Others of a row: its pair at 1, two at 0.
  const double expected = std::log(std::exp(2.0) + 2) - 2;
  EXPECT_NEAR(nt_xent(tensor(b.image), tensor(b.text), .5).item<double>(), expected, 1e-12);
  EXPECT_NEAR(nt_xent(tensor(Rows{{1, 2}}), tensor(Rows{{3, -1}}), .5).item<double>(), 0, 1e-12);
}

TEST(Losses, SupervisedInfoNceByHand) {
  const Batch b = orthogonal_pairs();
  EXPECT_NEAR(
      supervised_info_nce(tensor(b.image), tensor(b.text), tensor(b.labels), .5).item<double>(),
      std::log(std::exp(2.0) + 2) - 2, 1e-12);
  EXPECT_NEAR(
      supervised_info_nce(tensor(b.image), tensor(b.text), tensor(Labels{4, 4}), .5).item<double>(),
      0, 1e-12);
}

TEST(Losses, ClipByHand) {
  const Batch b = orthogonal_pairs();
  EXPECT_NEAR(clip_loss(tensor(b.image), tensor(b.text), .5).item<double>(),
              std::log(std::exp(2.0) + 1) - 2, 1e-12);
  // Asymmetric: S = [[1, 0], [1, 0]].
  const double rows = (std::log(std::exp(1.0) + 1) - 1 + std::log(std::exp(1.0) + 1)) / 2;
  const double columns = std::log(2.0);
  EXPECT_NEAR(
      clip_loss(tensor(Rows{{1, 0}, {1, 0}}), tensor(Rows{{1, 0}, {0, 1}}), 1).item<double>(),
      (rows + columns) / 2, 1e-12);
}

TEST(Losses, KeywordAlignmentByHand) {
  // cos 1 with the named concept, -1 with the other; the second sample names none and is left out.
  const double value =
      keyword_alignment(tensor(Rows{{2, 0}, {0, 1}}), tensor(Rows{{1, 0}, {-3, 0}}),
                        tensor(Rows{{1, 0}, {0, 0}}), .5)
          .item<double>();
  EXPECT_NEAR(value, std::log1p(std::exp(-2.0)), 1e-12);
  const torch::Tensor image = tensor(Rows{{2, 0}});
  EXPECT_EQ(keyword_alignment(image, torch::zeros({0, 2}, torch::kFloat64),
                              torch::zeros({1, 0}, torch::kFloat64), .5)
                .item<double>(),
            0);
}

TEST(Losses, CosineEmbeddingByHand) {
  EXPECT_NEAR(cosine_distance(tensor(Rows{{1, 0}, {1, 0}, {2, 0}, {0, 0}}),
                              tensor(Rows{{5, 0}, {0, 2}, {-1, 0}, {1, 0}}))
                  .item<double>(),
              (0. + 1. + 2. + 1.) / 4, 1e-12);
}

TEST(Losses, CosineEmbeddingAndL1AreTorchsOwn) {
  const Batch b = random_batch(21, 9, 5, 2);
  const torch::Tensor image = tensor(b.image);
  const torch::Tensor text = tensor(b.text);
  EXPECT_NEAR(
      cosine_distance(image, text).item<double>(),
      torch::cosine_embedding_loss(image, text, torch::ones({9}, torch::kFloat64)).item<double>(),
      1e-9);
  EXPECT_NEAR(l1_distance(image, text).item<double>(), torch::l1_loss(image, text).item<double>(),
              1e-12);
  EXPECT_NEAR(l1_distance(tensor(Rows{{1, -2}}), tensor(Rows{{0, 2}})).item<double>(), 2.5, 1e-12);
}

TEST(Losses, RegistryHasTheMethodsSettings) {
  EXPECT_THAT(contrastive_loss_names(),
              testing::ElementsAre("clip", "info_nce", "keyword_alignment", "nt_xent", "siglip",
                                   "supervised_info_nce", "supervised_nt_xent"));
  EXPECT_EQ(loss_settings("supervised_nt_xent").temperature, .5);
  EXPECT_EQ(loss_settings("supervised_nt_xent").lambda, .5);
  EXPECT_EQ(loss_settings("nt_xent").temperature, .5);
  EXPECT_EQ(loss_settings("info_nce").temperature, .07);
  EXPECT_EQ(loss_settings("info_nce").lambda, .25);
  EXPECT_EQ(loss_settings("supervised_info_nce").lambda, .25);
  EXPECT_EQ(loss_settings("clip").temperature, .07);
  EXPECT_TRUE(loss_settings("keyword_alignment").needs_concepts);
  try {
    loss_settings("ntxent");
    FAIL() << "an unknown name was taken";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("'ntxent'"));
    EXPECT_THAT(error.what(), testing::HasSubstr("supervised_nt_xent"));
  }
}

}  // namespace
}  // namespace epicrisis
