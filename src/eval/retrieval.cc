#include "epicrisis/eval/retrieval.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/parallel.h"
#include "eval/similarity.h"

namespace epicrisis {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// What a row of embeddings stands for.
struct Item {
  std::uint32_t image;
  std::uint32_t group;  // equal for images of one patient or case
  int label;
};

// One side of a direction: images or notes.
struct Side {
  FloatMatrix rows;  // normalised
  std::vector<Item> items;
};

void require_sizes(const RetrievalSet& set) {
  if (set.images.rows == 0) throw UsageError("measuring retrieval: there is no image");
  if (set.image_labels.size() != set.images.rows) {
    throw UsageError("measuring retrieval: {} labels for {} images", set.image_labels.size(),
                     set.images.rows);
  }
  if (!set.image_groups.empty() && set.image_groups.size() != set.images.rows) {
    throw UsageError("measuring retrieval: {} groups for {} images", set.image_groups.size(),
                     set.images.rows);
  }
  if (set.note_images.size() != set.notes.rows) {
    throw UsageError("measuring retrieval: {} image numbers for {} notes", set.note_images.size(),
                     set.notes.rows);
  }
  if (!set.note_texts.empty() && set.note_texts.size() != set.notes.rows) {
    throw UsageError("measuring retrieval: {} text numbers for {} notes", set.note_texts.size(),
                     set.notes.rows);
  }
  if (set.notes.rows > 0 && set.notes.columns != set.images.columns) {
    throw UsageError("measuring retrieval: images of width {}, notes of width {}",
                     set.images.columns, set.notes.columns);
  }
  for (std::size_t j = 0; j < set.note_images.size(); ++j) {
    if (set.note_images[j] >= set.images.rows) {
      throw UsageError("measuring retrieval: note {} belongs to image {} of {}", j,
                       set.note_images[j], set.images.rows);
    }
  }
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (set.images.rows > kMost || set.notes.rows > kMost) {
    throw UsageError("measuring retrieval: {} images and {} notes are too many", set.images.rows,
                     set.notes.rows);
  }
}

std::vector<Item> image_items(const RetrievalSet& set) {
  std::vector<Item> items(set.images.rows);
  std::unordered_map<std::string, std::uint32_t> known;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::uint32_t image = static_cast<std::uint32_t>(i);
    std::uint32_t group = image;
    if (!set.image_groups.empty() && !set.image_groups[i].empty()) {
      group = known.emplace(set.image_groups[i], image).first->second;
    }
    items[i] = {image, group, set.image_labels[i]};
  }
  return items;
}

Side image_side(const RetrievalSet& set) { return {normalised_rows(set.images), image_items(set)}; }

Side note_side(const RetrievalSet& set) {
  if (set.notes.rows == 0) throw UsageError("measuring retrieval: there is no note");
  const std::vector<Item> images = image_items(set);
  Side side{normalised_rows(set.notes), {}};
  std::unordered_map<std::size_t, std::size_t> first_of_text;
  for (std::size_t j = 0; j < set.notes.rows; ++j) {
    side.items.push_back(images[set.note_images[j]]);
    if (set.note_texts.empty()) continue;
    const std::size_t first = first_of_text.emplace(set.note_texts[j], j).first->second;
    if (first != j) {
      const std::span<const float> row = side.rows.row(first);
      std::copy(row.begin(), row.end(), side.rows.row(j).begin());
    }
  }
  return side;
}

// Entries of a pool in falling order of similarity: by key, the ordered bits of the similarity, in
// the upper half, and the entry's index in the lower. Radix sort, as ranking is most of the work.
class Ranker {
 public:
  explicit Ranker(std::size_t pool) : entries_(pool), scratch_(pool) {}

  std::span<const std::uint64_t> rank(std::span<const float> similarities) {
    constexpr unsigned kBits = 11;
    constexpr std::size_t kBuckets = std::size_t{1} << kBits;
    constexpr std::array<unsigned, 3> kShifts = {32, 43, 54};
    std::array<std::array<std::uint32_t, kBuckets>, 3> starts{};
    for (std::size_t j = 0; j < entries_.size(); ++j) {
      entries_[j] = std::uint64_t{falling_key(similarities[j])} << 32 | j;
      for (std::size_t pass = 0; pass < kShifts.size(); ++pass) {
        ++starts[pass][entries_[j] >> kShifts[pass] & (kBuckets - 1)];
      }
    }
    for (std::size_t pass = 0; pass < kShifts.size(); ++pass) {
      std::uint32_t sum = 0;
      for (std::uint32_t& start : starts[pass]) start = std::exchange(sum, sum + start);
      for (const std::uint64_t entry : entries_) {
        scratch_[starts[pass][entry >> kShifts[pass] & (kBuckets - 1)]++] = entry;
      }
      entries_.swap(scratch_);
    }
    return entries_;
  }

 private:
  // Larger similarities get smaller keys; -0 and 0 the same one.
  static std::uint32_t falling_key(float similarity) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(similarity + 0.0F);
    const std::uint32_t rising = (bits >> 31) != 0 ? ~bits : bits | 0x80000000U;
    return ~rising;
  }

  std::vector<std::uint64_t> entries_;
  std::vector<std::uint64_t> scratch_;
};

// Probability that the first `drawn` of `total` entries in random order hold one of `own`.
double chance_of_own(std::size_t drawn, std::size_t total, std::size_t own) {
  double missed = 1;
  for (std::size_t i = 0; i < drawn; ++i) {
    if (total - i <= own) return 1;
    missed *= 1 - static_cast<double>(own) / static_cast<double>(total - i);
  }
  return 1 - missed;
}

// Metrics of one query and one protocol, fed with its ranking tie by tie.
class QueryMeter {
 public:
  QueryMeter(const RetrievalOptions& options, std::span<double> precision, std::span<double> recall)
      : options_(options), precision_(precision), recall_(recall) {
    std::fill(precision_.begin(), precision_.end(), kUndefined);
    std::fill(recall_.begin(), recall_.end(), kUndefined);
  }

  // `total` entries of equal similarity, `relevant` of the query's label, `own` of its image.
  void add(std::size_t total, std::size_t relevant, std::size_t own) {
    if (total == 0) return;
    const double t = static_cast<double>(total);
    const double r = static_cast<double>(relevant);
    for (std::size_t i = 0; i < options_.precision_at.size(); ++i) {
      const std::size_t k = options_.precision_at[i];
      if (k <= seen_ || k > seen_ + total) continue;
      const double hits = relevant_ + static_cast<double>(k - seen_) * r / t;
      precision_[i] = hits / static_cast<double>(k);
    }
    if (own > 0 && std::isnan(rank_)) {
      rank_ = static_cast<double>(seen_) + (t + 1) / (static_cast<double>(own) + 1);
      for (std::size_t i = 0; i < options_.recall_at.size(); ++i) {
        const std::size_t k = options_.recall_at[i];
        recall_[i] = k <= seen_ ? 0 : chance_of_own(std::min(k - seen_, total), total, own);
      }
    }
    // The entry at place i of the tie is relevant with r/t; given that, (r-1)/(t-1) of those
    // before it in the tie are.
    if (relevant == total) {
      for (std::size_t i = 1; i <= total; ++i) {
        const double place = static_cast<double>(i);
        precision_sum_ += (relevant_ + place) / (static_cast<double>(seen_) + place);
      }
    } else if (relevant > 0) {
      const double before = (r - 1) / (t - 1);
      for (std::size_t i = 1; i <= total; ++i) {
        const double place = static_cast<double>(i);
        precision_sum_ +=
            r / t * (relevant_ + 1 + (place - 1) * before) / (static_cast<double>(seen_) + place);
      }
    }
    seen_ += total;
    relevant_ += r;
  }

  std::size_t seen() const { return seen_; }
  double average_precision() const {
    return relevant_ == 0 ? kUndefined : precision_sum_ / relevant_;
  }
  double rank() const { return rank_; }
  // What P@k and average precision would be on average over all orders of the pool.
  double chance_precision() const {
    return seen_ == 0 ? kUndefined : relevant_ / static_cast<double>(seen_);
  }
  double chance_average_precision() const {
    if (relevant_ == 0) return kUndefined;
    // The pool as one tie (see add()); sum over i of 1/i, and of (i-1)/i, over the places.
    const double total = static_cast<double>(seen_);
    double inverses = 0;
    for (std::size_t i = 1; i <= seen_; ++i) inverses += 1 / static_cast<double>(i);
    const double before = seen_ == 1 ? 0 : (relevant_ - 1) / (total - 1);
    return (inverses + before * (total - inverses)) / total;
  }

 private:
  const RetrievalOptions& options_;
  std::span<double> precision_;
  std::span<double> recall_;
  std::size_t seen_ = 0;
  double relevant_ = 0;
  double precision_sum_ = 0;
  double rank_ = kUndefined;
};

// What one protocol collects over the queries.
struct Protocol {
  bool pair_in = false;
  std::vector<double> precision;  // queries * precision_at
  std::vector<double> recall;     // queries * recall_at
  std::vector<double> average_precision;
  std::vector<double> chance_precision;
  std::vector<double> chance_average_precision;
  std::vector<double> rank;
  std::vector<std::size_t> pool;

  Protocol(bool in, std::size_t queries, const RetrievalOptions& options)
      : pair_in(in),
        precision(queries * options.precision_at.size(), kUndefined),
        recall(queries * options.recall_at.size(), kUndefined),
        average_precision(queries, kUndefined),
        chance_precision(queries, kUndefined),
        chance_average_precision(queries, kUndefined),
        rank(queries, kUndefined),
        pool(queries, 0) {}
};

// Walks the ranking of query `q` once for all protocols.
void measure_query(std::size_t q, const Item& query, bool same_side, const std::vector<Item>& pool,
                   std::span<const std::uint64_t> ranking, const RetrievalOptions& options,
                   std::vector<Protocol>& protocols) {
  struct Tie {
    std::size_t total = 0;
    std::size_t relevant = 0;
    std::size_t own = 0;
  };
  const std::size_t ks = options.precision_at.size();
  const std::size_t rs = options.recall_at.size();
  std::vector<QueryMeter> meters;
  for (Protocol& protocol : protocols) {
    meters.emplace_back(options, std::span(protocol.precision).subspan(q * ks, ks),
                        std::span(protocol.recall).subspan(q * rs, rs));
  }
  for (std::size_t begin = 0; begin < ranking.size();) {
    const std::uint64_t key = ranking[begin] >> 32;
    Tie inside;   // with the entries of the query's image and group
    Tie outside;  // without
    std::size_t end = begin;
    for (; end < ranking.size() && ranking[end] >> 32 == key; ++end) {
      const std::size_t index = ranking[end] & 0xffffffffU;
      if (same_side && index == q) continue;
      const Item& item = pool[index];
      const std::size_t relevant = item.label == query.label ? 1 : 0;
      inside.total += 1;
      inside.relevant += relevant;
      if (item.image == query.image) {
        inside.own += 1;
      } else if (item.group != query.group) {
        outside.total += 1;
        outside.relevant += relevant;
      }
    }
    for (std::size_t p = 0; p < protocols.size(); ++p) {
      const Tie& tie = protocols[p].pair_in ? inside : outside;
      meters[p].add(tie.total, tie.relevant, tie.own);
    }
    begin = end;
  }
  for (std::size_t p = 0; p < protocols.size(); ++p) {
    protocols[p].average_precision[q] = meters[p].average_precision();
    protocols[p].chance_precision[q] = meters[p].chance_precision();
    protocols[p].chance_average_precision[q] = meters[p].chance_average_precision();
    protocols[p].rank[q] = meters[p].rank();
    protocols[p].pool[q] = meters[p].seen();
  }
}

// Column c of a row-major table of `width` columns.
std::vector<double> column_of(const std::vector<double>& table, std::size_t width, std::size_t c) {
  std::vector<double> column;
  for (std::size_t i = c; i < table.size(); i += width) column.push_back(table[i]);
  return column;
}

RetrievalResult result_of(const Protocol& protocol, Direction direction, const RetrievalSet& set,
                          const std::vector<Item>& queries, const RetrievalOptions& options) {
  RetrievalResult result;
  result.direction = direction;
  result.pair_in = protocol.pair_in;
  result.notes_from_labels = set.notes_from_labels && direction != Direction::kImageToImage;
  result.pool = *std::min_element(protocol.pool.begin(), protocol.pool.end());
  for (const Item& query : queries) result.query_images.push_back(query.image);
  for (std::size_t i = 0; i < options.precision_at.size(); ++i) {
    const std::size_t k = options.precision_at[i];
    if (k == 0 || k > result.pool) continue;
    result.metrics.push_back({fmt::format("P@{}", k),
                              column_of(protocol.precision, options.precision_at.size(), i),
                              false});
  }
  result.metrics.push_back({"mAP", protocol.average_precision, false});
  for (std::size_t i = 0; i < options.recall_at.size(); ++i) {
    result.metrics.push_back({fmt::format("R@{}", options.recall_at[i]),
                              column_of(protocol.recall, options.recall_at.size(), i), false});
  }
  result.metrics.push_back({"median_rank", protocol.rank, true});
  result.chance.push_back({kChancePrecision, protocol.chance_precision, false});
  result.chance.push_back({kChanceMap, protocol.chance_average_precision, false});
  for (std::vector<RetrievalMetric>* metrics : {&result.metrics, &result.chance}) {
    std::erase_if(*metrics, [](const RetrievalMetric& metric) {
      return std::all_of(metric.per_query.begin(), metric.per_query.end(),
                         [](double value) { return std::isnan(value); });
    });
  }
  return result;
}

std::vector<RetrievalResult> evaluate_direction(const RetrievalSet& set, Direction direction,
                                                const std::vector<bool>& pair_in, const Job& job,
                                                const RetrievalOptions& options) {
  require_sizes(set);
  const bool from_image =
      direction == Direction::kImageToText || direction == Direction::kImageToImage;
  const bool to_image =
      direction == Direction::kTextToImage || direction == Direction::kImageToImage;
  const bool same_side = from_image == to_image;
  const Side queries = from_image ? image_side(set) : note_side(set);
  const std::optional<Side> other =
      same_side ? std::nullopt : std::optional(to_image ? image_side(set) : note_side(set));
  const Side& pool = same_side ? queries : *other;

  std::vector<Protocol> protocols;
  for (const bool in : pair_in) protocols.emplace_back(in, queries.items.size(), options);
  const ProductPool products(pool.rows);
  constexpr std::size_t kBlock = ProductPool::kBlock;
  const std::size_t blocks = (queries.items.size() + kBlock - 1) / kBlock;
  // Several blocks a task, so that buffers are made rarely.
  constexpr std::size_t kBlocksPerTask = 16;
  const std::size_t tasks = (blocks + kBlocksPerTask - 1) / kBlocksPerTask;
  parallel_for(tasks, options.threads, job, [&](std::size_t task) {
    std::vector<float> similarities(kBlock * products.padded_size());
    Ranker ranker(pool.items.size());
    const std::size_t last = std::min(blocks, (task + 1) * kBlocksPerTask);
    for (std::size_t block = task * kBlocksPerTask; block < last; ++block) {
      const std::size_t first = block * kBlock;
      const std::size_t count = std::min(kBlock, queries.items.size() - first);
      products.multiply(queries.rows, first, count, similarities);
      for (std::size_t q = 0; q < count; ++q) {
        const std::span<const float> row =
            std::span(similarities).subspan(q * products.padded_size(), pool.items.size());
        measure_query(first + q, queries.items[first + q], same_side, pool.items, ranker.rank(row),
                      options, protocols);
      }
    }
  });
  std::vector<RetrievalResult> results;
  for (const Protocol& protocol : protocols) {
    results.push_back(result_of(protocol, direction, set, queries.items, options));
  }
  return results;
}

bool several_notes_of_an_image(const RetrievalSet& set) {
  std::vector<bool> seen(set.images.rows, false);
  for (const std::size_t image : set.note_images) {
    if (seen[image]) return true;
    seen[image] = true;
  }
  return false;
}

bool several_images_of_a_group(const RetrievalSet& set) {
  std::set<std::string_view> seen;
  return std::ranges::any_of(set.image_groups, [&](const std::string& group) {
    return !group.empty() && !seen.insert(group).second;
  });
}

}  // namespace

std::string_view direction_name(Direction direction) {
  switch (direction) {
    case Direction::kImageToText:
      return "image_to_text";
    case Direction::kTextToImage:
      return "text_to_image";
    case Direction::kImageToImage:
      return "image_to_image";
    case Direction::kTextToText:
      return "text_to_text";
  }
  return "";
}

std::string_view direction_title(Direction direction) {
  switch (direction) {
    case Direction::kImageToText:
      return "image → text";
    case Direction::kTextToImage:
      return "text → image";
    case Direction::kImageToImage:
      return "image → image";
    case Direction::kTextToText:
      return "text → text";
  }
  return "";
}

double RetrievalMetric::value() const { return on_all(statistic(), per_query.size()); }

ResampleStatistic RetrievalMetric::statistic() const {
  return median ? median_statistic(per_query) : mean_statistic(per_query);
}

std::string RetrievalResult::metric_name(const RetrievalMetric& metric) const {
  return fmt::format("{}/{}/{}", direction_name(direction), metric.name,
                     pair_in ? "pair_in" : "pair_out");
}

RetrievalResult evaluate_retrieval(const RetrievalSet& set, Direction direction, bool pair_in,
                                   const Job& job, const RetrievalOptions& options) {
  return evaluate_direction(set, direction, {pair_in}, job, options).front();
}

std::vector<RetrievalResult> evaluate_retrieval(const RetrievalSet& set, const Job& job,
                                                const RetrievalOptions& options) {
  require_sizes(set);
  const bool grouped = several_images_of_a_group(set);
  std::vector<RetrievalResult> results;
  for (const Direction direction : kDirections) {
    if (direction != Direction::kImageToImage && set.notes.rows == 0) continue;
    // Within one modality the protocols differ only if a query has siblings in the pool.
    const bool siblings =
        grouped || (direction == Direction::kTextToText && several_notes_of_an_image(set));
    const bool across =
        direction == Direction::kImageToText || direction == Direction::kTextToImage;
    const std::vector<bool> pair_in =
        across || siblings ? std::vector<bool>{true, false} : std::vector<bool>{false};
    for (RetrievalResult& result : evaluate_direction(set, direction, pair_in, job, options)) {
      results.push_back(std::move(result));
    }
  }
  return results;
}

}  // namespace epicrisis
