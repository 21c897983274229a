#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/eval/statistics.h"

namespace epicrisis {

enum class Direction { kImageToText, kTextToImage, kImageToImage, kTextToText };
inline constexpr Direction kDirections[] = {Direction::kImageToText, Direction::kTextToImage,
                                            Direction::kImageToImage, Direction::kTextToText};
std::string_view direction_name(Direction direction);   // "image_to_text"
std::string_view direction_title(Direction direction);  // "image → text"

// Images of one data set and their notes in the shared space. Any width; not necessarily
// normalised.
struct RetrievalSet {
  FloatMatrix images;                    // one row an image
  std::vector<int> image_labels;         // one a row of images
  FloatMatrix notes;                     // one row a note, any number an image
  std::vector<std::size_t> note_images;  // row in `images` that a note belongs to
  // Patient or case of each image; empty, or one entry an image, "" standing alone.
  std::vector<std::string> image_groups;
  // Which notes have the same text: equal numbers, equal text. Empty, or one a note. The embedding
  // of the first stands for all, so that equal texts tie exactly whatever batch they were embedded
  // in.
  std::vector<std::size_t> note_texts;
  bool notes_from_labels = false;  // the notes name the class or were written from it
};

struct RetrievalOptions {
  std::vector<std::size_t> precision_at = {5, 10, 20, 50, 100};
  std::vector<std::size_t> recall_at = {1, 5, 10};
  unsigned threads = 0;  // 0: all cores
};

// What P@k and mAP would be if the pool were in random order: on average over all orders, for the
// very queries and pools that are measured. 1 where all samples are of one class.
inline constexpr const char* kChancePrecision = "chance_P";
inline constexpr const char* kChanceMap = "chance_mAP";

// One metric of one direction and protocol: a value for each query, NaN where it has none.
struct RetrievalMetric {
  std::string name;  // "P@5", "mAP", "R@1", "median_rank"
  std::vector<double> per_query;
  bool median = false;  // the metric is the median of the queries, not the mean
  double value() const;
  ResampleStatistic statistic() const;
};

struct RetrievalResult {
  Direction direction = Direction::kImageToText;
  bool pair_in = false;
  bool notes_from_labels = false;
  std::size_t pool = 0;  // entries ranked for a query, the smallest over the queries
  std::vector<std::size_t> query_images;  // the image each query is or belongs to
  std::vector<RetrievalMetric> metrics;
  std::vector<RetrievalMetric> chance;  // kChancePrecision, kChanceMap
  // "image_to_text/P@5/pair_out"
  std::string metric_name(const RetrievalMetric& metric) const;
};

// Ranks the pool for every query by cosine similarity and measures
//  - label level: P@k, the share of the first k with the query's label; mAP, the mean over queries
//    of the average precision over the whole ranked pool (a query whose label is not in its pool
//    has none). A k beyond the pool of some query is left out (the metric is absent).
//  - instance level, own pair in the pool only: R@k, whether an entry of the query's own image is
//    among the first k; median_rank, of the first such entry. None for image to image; text to text
//    only for images with several notes.
// The query itself is never in its pool. pair_in: its image's other entries are; pair_out: nothing
// of its image, nor of its patient or case where groups are given. Ties: every metric is its
// expectation over random order of equal similarities, so no result hangs on the order of the
// files. (With notes made from metadata many texts are equal.) For the tied AP: McSherry, Najork
// 2008. Cost: queries * pool * (width + sort); 10,000 x 10,000 x 128 takes seconds. Memory: one row
// of the pool a thread. A zero row has similarity 0 to all. UsageError for sizes that do not fit,
// NaN, or an empty set of queries.
RetrievalResult evaluate_retrieval(const RetrievalSet& set, Direction direction, bool pair_in,
                                   const Job& job, const RetrievalOptions& options = {});

// All directions and both protocols; a direction is ranked once for both.
// Within one modality, where no query has siblings in the pool (one image a group, one note an
// image), both protocols are the same and only pair_out is given. A set without notes gets image to
// image alone.
std::vector<RetrievalResult> evaluate_retrieval(const RetrievalSet& set, const Job& job,
                                                const RetrievalOptions& options = {});

struct Match {
  std::size_t index = 0;  // row of the pool
  float similarity = 0;   // cosine
};

// The k rows of `pool` nearest to `query` by cosine, best first, equal ones by index. Rows for
// which `excluded` (empty, or one a row) is true are passed over.
std::vector<Match> nearest_rows(std::span<const float> query, const FloatMatrix& pool,
                                std::size_t k, const std::vector<bool>& excluded = {});

// Each row divided by its length; zero rows stay. UsageError for a row that is not finite.
FloatMatrix normalised_rows(const FloatMatrix& rows);

}  // namespace epicrisis
