#include "epicrisis/eval/retrieval.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/core/random.h"
#include "eval/expectations.h"

namespace epicrisis {
namespace {

std::map<std::string, double> values_of(const RetrievalResult& result) {
  std::map<std::string, double> values;
  for (const RetrievalMetric& metric : result.metrics) values[metric.name] = metric.value();
  return values;
}

TEST(Retrieval, AgreesWithScikitLearnAndNumpy) {
  const Json& expected = test::expectations()["retrieval"];
  const std::size_t width = expected["width"].get<std::size_t>();
  RetrievalSet set;
  set.images = test::matrix_of(expected["images"], width);
  set.notes = test::matrix_of(expected["notes"], width);
  set.image_labels = expected["labels"].get<std::vector<int>>();
  set.note_images = expected["note_images"].get<std::vector<std::size_t>>();
  RetrievalOptions options;
  options.precision_at = {5, 10, 20};
  std::size_t compared = 0;
  for (const Json& one : expected["cases"]) {
    const std::string name = one["direction"].get<std::string>();
    for (const Direction direction : kDirections) {
      if (direction_name(direction) != name) continue;
      const bool pair_in = one["pair_in"].get<bool>();
      SCOPED_TRACE(name + (pair_in ? " in" : " out"));
      const auto values = values_of(evaluate_retrieval(set, direction, pair_in, Job(), options));
      EXPECT_EQ(values.size(), one["values"].size());
      for (const auto& [metric, value] : one["values"].items()) {
        ASSERT_TRUE(values.contains(metric)) << metric;
        EXPECT_NEAR(values.at(metric), value.get<double>(), 1e-9) << metric;
        ++compared;
      }
    }
  }
  EXPECT_GE(compared, 8 * 4 + 3 * 4U);
}

// One image query against a pool of notes with many equal texts; every metric must be the mean over
// all orders of the equal ones.
TEST(Retrieval, TiesAreTheMeanOverAllTheirOrders) {
  struct Entry {
    int similarity;  // rank of the text
    int label;
    std::size_t image;
  };
  // Image 0 (label 1) has two notes; one of them shares its text with others.
  const std::vector<Entry> pool = {{3, 0, 1}, {2, 1, 0}, {2, 1, 2}, {2, 0, 1},
                                   {2, 0, 3}, {1, 1, 4}, {1, 1, 0}, {0, 0, 3}};
  std::map<std::string, double> sums;
  std::size_t orders = 0;
  std::vector<std::size_t> order(pool.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  do {
    if (!std::is_sorted(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
          return pool[a].similarity > pool[b].similarity;
        })) {
      continue;
    }
    ++orders;
    double hits = 0;
    double precision = 0;
    std::size_t rank = 0;
    for (std::size_t place = 1; place <= order.size(); ++place) {
      const Entry& entry = pool[order[place - 1]];
      if (entry.label == 1) precision += ++hits / static_cast<double>(place);
      if (entry.image == 0 && rank == 0) rank = place;
      if (place == 3 || place == 5) {
        sums["P@" + std::to_string(place)] += hits / static_cast<double>(place);
      }
    }
    sums["mAP"] += precision / hits;
    sums["median_rank"] += static_cast<double>(rank);
    for (const std::size_t k : {1U, 2U, 4U}) {
      sums["R@" + std::to_string(k)] += rank <= k ? 1 : 0;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  ASSERT_EQ(orders, 4 * 3 * 2 * 2U);

  RetrievalSet set;
  set.images = FloatMatrix(5, 2);
  for (std::size_t i = 0; i < 5; ++i) set.images.row(i)[0] = 1;
  set.image_labels = {1, 0, 1, 0, 1};
  set.notes = FloatMatrix(pool.size(), 2);
  for (std::size_t j = 0; j < pool.size(); ++j) {
    set.notes.row(j)[0] = static_cast<float>(pool[j].similarity);
    set.notes.row(j)[1] = 1;
    set.note_images.push_back(pool[j].image);
    ASSERT_EQ(set.image_labels[pool[j].image], pool[j].label);
  }
  RetrievalOptions options;
  options.precision_at = {3, 5};
  options.recall_at = {1, 2, 4};
  const RetrievalResult result =
      evaluate_retrieval(set, Direction::kImageToText, true, Job(), options);
  ASSERT_EQ(result.metrics.size(), sums.size());
  for (const RetrievalMetric& metric : result.metrics) {
    EXPECT_NEAR(metric.per_query[0], sums.at(metric.name) / static_cast<double>(orders), 1e-12)
        << metric.name;
  }
}

// Notes from labels: all notes of a class are the same text. A picture cannot find "its own" among
// n copies better than by chance, whatever the order of the files.
TEST(Retrieval, EqualNotesAreFoundByChanceOnly) {
  const std::size_t n = 40;
  RetrievalSet set;
  set.images = FloatMatrix(n, 4);
  set.notes = FloatMatrix(n, 4);
  Random random(9);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t label = i % 2;
    set.image_labels.push_back(static_cast<int>(label));
    set.images.row(i)[label] = 1;
    set.images.row(i)[3] = 0.1F * static_cast<float>(random.normal());
    // Equal texts whose embeddings differ in the last bits, as other batches give.
    set.notes.row(i)[label] = 1 + 1e-6F * static_cast<float>(i);
    set.notes.row(i)[2] = 0.3F;
    set.note_images.push_back(i);
    set.note_texts.push_back(label);
  }
  const auto values = values_of(evaluate_retrieval(set, Direction::kImageToText, true, Job()));
  EXPECT_NEAR(values.at("R@1"), 1.0 / 20, 1e-12);
  EXPECT_NEAR(values.at("R@5"), 5.0 / 20, 1e-12);
  EXPECT_NEAR(values.at("median_rank"), 21.0 / 2, 1e-12);
  EXPECT_NEAR(values.at("P@5"), 1, 1e-12);
  EXPECT_NEAR(values.at("mAP"), 1, 1e-12);
}

TEST(Retrieval, OrderOfTheFilesDoesNotMatter) {
  Random random(10);
  RetrievalSet set;
  set.images = FloatMatrix(33, 6);
  set.notes = FloatMatrix(50, 6);
  // Small whole numbers: many exact ties.
  for (float& value : set.images.values) value = static_cast<float>(random.below(3)) - 1;
  for (float& value : set.notes.values) value = static_cast<float>(random.below(3)) - 1;
  for (std::size_t i = 0; i < 33; ++i) {
    set.image_labels.push_back(static_cast<int>(random.below(3)));
    set.image_groups.push_back(random.chance(0.5) ? "" : "g" + std::to_string(random.below(6)));
  }
  for (std::size_t j = 0; j < 50; ++j) {
    set.note_images.push_back(j < 33 ? j : static_cast<std::size_t>(random.below(33)));
  }
  RetrievalSet shuffled = set;
  std::vector<std::size_t> image_order(33);
  std::vector<std::size_t> note_order(50);
  std::iota(image_order.begin(), image_order.end(), std::size_t{0});
  std::iota(note_order.begin(), note_order.end(), std::size_t{0});
  random.shuffle(std::span(image_order));
  random.shuffle(std::span(note_order));
  std::vector<std::size_t> new_place(33);
  for (std::size_t i = 0; i < 33; ++i) {
    new_place[image_order[i]] = i;
    std::copy_n(set.images.row(image_order[i]).begin(), 6, shuffled.images.row(i).begin());
    shuffled.image_labels[i] = set.image_labels[image_order[i]];
    shuffled.image_groups[i] = set.image_groups[image_order[i]];
  }
  for (std::size_t j = 0; j < 50; ++j) {
    std::copy_n(set.notes.row(note_order[j]).begin(), 6, shuffled.notes.row(j).begin());
    shuffled.note_images[j] = new_place[set.note_images[note_order[j]]];
  }
  RetrievalOptions options;
  options.threads = 1;
  const auto first = evaluate_retrieval(set, Job(), options);
  options.threads = 3;
  const auto second = evaluate_retrieval(shuffled, Job(), options);
  ASSERT_EQ(first.size(), 8U);
  ASSERT_EQ(second.size(), 8U);
  for (std::size_t r = 0; r < first.size(); ++r) {
    const auto a = values_of(first[r]);
    const auto b = values_of(second[r]);
    ASSERT_EQ(a.size(), b.size());
    for (const auto& [name, value] : a) EXPECT_NEAR(value, b.at(name), 1e-12) << name;
  }
}

TEST(Retrieval, PairOutTakesTheLesionOutToo) {
  // Two pictures of lesion "a" are the only ones of label 0; nothing else has it.
  RetrievalSet set;
  set.images = FloatMatrix(4, 2);
  set.images.values = {1, 0, 1, 0.1F, 0, 1, 0.1F, 1};
  set.image_labels = {0, 0, 1, 1};
  set.image_groups = {"a", "a", "b", ""};
  set.notes = set.images;
  set.note_images = {0, 1, 2, 3};
  RetrievalOptions options;
  options.precision_at = {1};
  const RetrievalResult in = evaluate_retrieval(set, Direction::kImageToText, true, Job(), options);
  const RetrievalResult out =
      evaluate_retrieval(set, Direction::kImageToText, false, Job(), options);
  EXPECT_EQ(in.pool, 4U);
  EXPECT_EQ(out.pool, 2U);
  ASSERT_EQ(in.metrics[0].name, "P@1");
  EXPECT_EQ(in.metrics[0].value(), 1);
  EXPECT_EQ(out.metrics[0].per_query, (std::vector<double>{0, 0, 1, 1}));
  ASSERT_EQ(out.metrics[1].name, "mAP");
  EXPECT_TRUE(std::isnan(out.metrics[1].per_query[0]));  // its label is not in its pool
  EXPECT_EQ(out.metrics.size(), 2U);  // no instance-level metric without the pair
}

TEST(Retrieval, ProtocolsThatAreTheSameAreGivenOnce) {
  Random random(11);
  RetrievalSet set;
  set.images = FloatMatrix(12, 3);
  set.notes = FloatMatrix(12, 3);
  for (float& value : set.images.values) value = static_cast<float>(random.normal());
  for (float& value : set.notes.values) value = static_cast<float>(random.normal());
  for (std::size_t i = 0; i < 12; ++i) {
    set.image_labels.push_back(static_cast<int>(i % 3));
    set.note_images.push_back(i);
  }
  set.notes_from_labels = true;
  const auto results = evaluate_retrieval(set, Job());
  std::set<std::string> names;
  for (const RetrievalResult& result : results) {
    for (const RetrievalMetric& metric : result.metrics) {
      EXPECT_TRUE(names.insert(result.metric_name(metric)).second);
    }
    EXPECT_EQ(result.notes_from_labels, result.direction != Direction::kImageToImage);
    // 11 or 12 in the pool: P@20 and beyond do not exist.
    EXPECT_EQ(names.count(std::string(direction_name(result.direction)) + "/P@20/pair_out"), 0U);
  }
  EXPECT_EQ(results.size(), 6U);
  EXPECT_TRUE(names.contains("image_to_text/P@10/pair_in"));
  EXPECT_TRUE(names.contains("image_to_text/R@1/pair_in"));
  EXPECT_FALSE(names.contains("image_to_text/R@1/pair_out"));
  EXPECT_TRUE(names.contains("image_to_image/mAP/pair_out"));
  EXPECT_FALSE(names.contains("image_to_image/mAP/pair_in"));
  EXPECT_FALSE(names.contains("text_to_text/R@1/pair_in"));
  set.notes = FloatMatrix();
  set.note_images.clear();
  EXPECT_EQ(evaluate_retrieval(set, Job()).size(), 1U);
}

TEST(Retrieval, OneImageAlone) {
  RetrievalSet set;
  set.images = FloatMatrix(1, 2);
  set.notes = FloatMatrix(1, 2);  // zero rows have similarity 0 to all
  set.image_labels = {0};
  set.note_images = {0};
  for (const RetrievalResult& result : evaluate_retrieval(set, Job())) {
    if (!result.pair_in) {
      EXPECT_TRUE(result.metrics.empty());
      EXPECT_EQ(result.pool, 0U);
    } else {
      EXPECT_EQ(values_of(result).at("median_rank"), 1);
    }
  }
}

TEST(Retrieval, RefusesWhatDoesNotFit) {
  RetrievalSet good;
  good.images = FloatMatrix(2, 2);
  good.notes = FloatMatrix(2, 2);
  good.image_labels = {0, 1};
  good.note_images = {0, 1};
  EXPECT_NO_THROW(evaluate_retrieval(good, Job()));
  const auto refused = [&](auto change) {
    RetrievalSet set = good;
    change(set);
    EXPECT_THROW(evaluate_retrieval(set, Job()), UsageError);
  };
  refused([](RetrievalSet& set) { set.image_labels.pop_back(); });
  refused([](RetrievalSet& set) { set.note_images = {0, 2}; });
  refused([](RetrievalSet& set) { set.note_images.pop_back(); });
  refused([](RetrievalSet& set) { set.note_texts = {1}; });
  refused([](RetrievalSet& set) { set.image_groups = {"a"}; });
  refused([](RetrievalSet& set) { set.notes = FloatMatrix(2, 3); });
  refused([](RetrievalSet& set) { set.images.values[1] = std::nanf(""); });
  refused([](RetrievalSet& set) { set.notes.values[3] = std::numeric_limits<float>::infinity(); });
  refused([](RetrievalSet& set) {
    set.images = FloatMatrix(0, 2);
    set.image_labels.clear();
  });
}

TEST(Retrieval, NearestRowsAreOrderedAndStable) {
  FloatMatrix pool(5, 2);
  pool.values = {1, 0, 0, 1, 2, 0, 1, 1, 0, 0};
  const std::vector<float> query = {3, 0};
  const std::vector<Match> matches = nearest_rows(query, pool, 10);
  ASSERT_EQ(matches.size(), 5U);
  EXPECT_EQ(matches[0].index, 0U);
  EXPECT_EQ(matches[1].index, 2U);  // the same direction, later
  EXPECT_EQ(matches[2].index, 3U);
  EXPECT_NEAR(matches[2].similarity, std::sqrt(0.5), 1e-6);
  EXPECT_EQ(matches[4].index, 4U);  // the zero row ties with the orthogonal one
  const std::vector<Match> without =
      nearest_rows(query, pool, 1, {true, false, false, false, false});
  ASSERT_EQ(without.size(), 1U);
  EXPECT_EQ(without[0].index, 2U);
  EXPECT_THROW(nearest_rows(query, pool, 1, {true}), UsageError);
  EXPECT_THROW(nearest_rows(std::vector<float>{1}, pool, 1), UsageError);
}

// Ten thousand by ten thousand runs in seconds; here a quarter of that a side, for the clock of the
// test. The measured time is printed, not judged.
TEST(Retrieval, LargePoolsAreFast) {
  Random random(12);
  const std::size_t n = 2500;
  RetrievalSet set;
  set.images = FloatMatrix(n, 128);
  set.notes = FloatMatrix(n, 128);
  for (float& value : set.images.values) value = static_cast<float>(random.uniform(-1, 1));
  for (float& value : set.notes.values) value = static_cast<float>(random.uniform(-1, 1));
  for (std::size_t i = 0; i < n; ++i) {
    set.image_labels.push_back(static_cast<int>(random.below(8)));
    set.note_images.push_back(i);
  }
  const auto start = std::chrono::steady_clock::now();
  const auto values = values_of(evaluate_retrieval(set, Direction::kImageToText, true, Job()));
  std::printf("%zu x %zu x 128, one direction: %.2f s\n", n, n,
              std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  // Embeddings without meaning: chance everywhere.
  EXPECT_NEAR(values.at("P@100"), 0.125, 0.01);
  EXPECT_NEAR(values.at("mAP"), 0.125, 0.01);
  EXPECT_NEAR(values.at("median_rank"), static_cast<double>(n) / 2, 100);
}

// Groups of one picture each take nothing more out of a pool: both protocols would be the same.
TEST(Retrieval, BothProtocolsWithinAModalityOnlyWhereTheyDiffer) {
  RetrievalSet set;
  set.images = FloatMatrix(3, 2);
  set.images.values = {1, 0, 1, 0.1F, 0, 1};
  set.image_labels = {0, 0, 1};
  set.notes = set.images;
  set.note_images = {0, 1, 2};
  for (const auto& [groups, protocols] : {std::pair(std::vector<std::string>{}, 1),
                                          std::pair(std::vector<std::string>{"a", "b", ""}, 1),
                                          std::pair(std::vector<std::string>{"", "", "a"}, 1),
                                          std::pair(std::vector<std::string>{"a", "b", "a"}, 2)}) {
    set.image_groups = groups;
    std::map<Direction, int> given;
    for (const RetrievalResult& result : evaluate_retrieval(set, Job())) ++given[result.direction];
    EXPECT_EQ(given[Direction::kImageToImage], protocols);
    EXPECT_EQ(given[Direction::kTextToText], protocols);
    EXPECT_EQ(given[Direction::kImageToText], 2);
  }
}

// Where all similarities are equal, every metric is its mean over all orders of the pool: what
// chance gives.
TEST(Retrieval, ChanceIsWhatARandomOrderGives) {
  RetrievalSet set;
  for (const int label : {0, 0, 0, 0, 1, 1, 1, 2, 0, 1}) set.image_labels.push_back(label);
  const std::size_t n = set.image_labels.size();
  set.images = FloatMatrix(n, 2);
  set.notes = FloatMatrix(n, 2);
  for (std::size_t i = 0; i < n; ++i) {
    set.images.row(i)[0] = set.notes.row(i)[0] = 1;
    set.note_images.push_back(i);
    set.image_groups.emplace_back(i < 2 ? "one" : "");
  }
  RetrievalOptions options;
  options.precision_at = {5};
  const auto value = [](const std::vector<RetrievalMetric>& metrics, const std::string& name) {
    for (const RetrievalMetric& metric : metrics) {
      if (metric.name == name) return metric.value();
    }
    return std::nan("");
  };
  for (const RetrievalResult& result : evaluate_retrieval(set, Job(), options)) {
    EXPECT_NEAR(value(result.metrics, "P@5"), value(result.chance, kChancePrecision), 1e-12);
    EXPECT_NEAR(value(result.metrics, "mAP"), value(result.chance, kChanceMap), 1e-12);
    EXPECT_LT(value(result.chance, kChanceMap), 1);
  }
  std::fill(set.image_labels.begin(), set.image_labels.end(), 1);
  for (const RetrievalResult& result : evaluate_retrieval(set, Job(), options)) {
    EXPECT_DOUBLE_EQ(value(result.chance, kChancePrecision), 1);
    EXPECT_NEAR(value(result.chance, kChanceMap), 1, 1e-12);
  }
}

}  // namespace
}  // namespace epicrisis
