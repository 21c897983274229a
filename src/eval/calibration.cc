#include "epicrisis/eval/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/eval/statistics.h"

namespace epicrisis {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// One a sample.
struct Confidence {
  std::size_t bin = 0;
  double confidence = 0;
  bool right = false;
};

std::vector<Confidence> confidences(std::span<const int> truth, const FloatMatrix& logits,
                                    std::size_t bins) {
  if (bins == 0) throw UsageError("calibration: there is no bin");
  // Holds the arguments against each other.
  const ConfusionMatrix confusion =
      confusion_matrix(truth, predicted_classes(logits), logits.columns);
  std::vector<Confidence> result;
  result.reserve(confusion.total());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const std::vector<double> probabilities = softmax(logits.row(i));
    const auto largest = std::ranges::max_element(probabilities);
    const auto bin = static_cast<std::size_t>(std::ceil(*largest * static_cast<double>(bins)) -
                                              1);  // closed above
    result.push_back(
        {std::min(bin, bins - 1), *largest, largest - probabilities.begin() == truth[i]});
  }
  return result;
}

struct BinSums {
  double n = 0;
  double confidence = 0;
  double right = 0;
};

std::vector<BinSums> sums(const std::vector<Confidence>& samples, SampleCounts counts,
                          std::size_t bins) {
  std::vector<BinSums> result(bins);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    BinSums& bin = result[samples[i].bin];
    const double times = counts[i];
    bin.n += times;
    bin.confidence += times * samples[i].confidence;
    bin.right += samples[i].right ? times : 0;
  }
  return result;
}

// The mean over samples of what `score` says of the probabilities of one and its class.
template <typename Score>
ResampleStatistic mean_score(std::span<const int> truth, const FloatMatrix& logits,
                             const Score& score) {
  confusion_matrix(truth, predicted_classes(logits), logits.columns);  // the arguments fit together
  std::vector<double> scores;
  scores.reserve(truth.size());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    scores.push_back(score(logits.row(i), static_cast<std::size_t>(truth[i])));
  }
  return mean_statistic(std::move(scores));
}

}  // namespace

std::vector<ReliabilityBin> reliability(std::span<const int> truth, const FloatMatrix& logits,
                                        std::size_t bins) {
  const std::vector<std::uint32_t> ones(truth.size(), 1);
  std::vector<ReliabilityBin> result;
  for (const BinSums& bin : sums(confidences(truth, logits, bins), ones, bins)) {
    const bool empty = bin.n == 0;
    result.push_back({static_cast<std::size_t>(bin.n), empty ? kUndefined : bin.confidence / bin.n,
                      empty ? kUndefined : bin.right / bin.n});
  }
  return result;
}

ResampleStatistic ece_statistic(std::span<const int> truth, const FloatMatrix& logits,
                                std::size_t bins) {
  return [samples = confidences(truth, logits, bins), bins](SampleCounts counts) {
    double distance = 0;
    double n = 0;
    for (const BinSums& bin : sums(samples, counts, bins)) {
      distance += std::abs(bin.confidence - bin.right);
      n += bin.n;
    }
    return n == 0 ? kUndefined : distance / n;
  };
}

ResampleStatistic brier_statistic(std::span<const int> truth, const FloatMatrix& logits) {
  return mean_score(truth, logits, [](std::span<const float> row, std::size_t label) {
    const std::vector<double> probabilities = softmax(row);
    double squares = 0;
    for (std::size_t c = 0; c < probabilities.size(); ++c) {
      const double off = probabilities[c] - (c == label ? 1 : 0);
      squares += off * off;
    }
    return squares;
  });
}

ResampleStatistic log_loss_statistic(std::span<const int> truth, const FloatMatrix& logits) {
  return mean_score(truth, logits, [](std::span<const float> row, std::size_t label) {
    const auto most = static_cast<double>(*std::ranges::max_element(row));
    double sum = 0;
    for (const float score : row) sum += std::exp(static_cast<double>(score) - most);
    return most + std::log(sum) - static_cast<double>(row[label]);
  });
}

}  // namespace epicrisis
