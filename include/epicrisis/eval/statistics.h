#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "epicrisis/eval/classification.h"

namespace epicrisis {

struct BootstrapOptions {
  std::size_t replicates = 1000;
  double confidence = 0.95;  // in (0, 1)
  std::uint64_t seed = 0;
  // Patient or case of each sample: whole groups are drawn, as samples of one group are not
  // independent. Empty, or n entries; an entry "" stands alone.
  std::vector<std::string> groups;
  // The stratum (for example the class) of each sample: each is drawn to its own size. Empty, or n
  // entries. A group belongs to the stratum of its first sample.
  std::vector<int> strata;
};

// A number with its uncertainty. Fields are NaN where undefined.
struct Estimate {
  double value = 0;  // of the samples themselves; the mean over seeds
  double lo = 0;     // percentile interval
  double hi = 0;
  std::size_t n = 0;          // samples
  std::size_t seeds = 0;      // trainings
  std::size_t undefined = 0;  // replicates where the statistic was undefined; they are left out
};

// Percentile bootstrap (Efron, Tibshirani 1993, chapter 13) of a statistic of n samples. The
// interval is NaN if there are fewer than two groups or more than a tenth of the replicates is
// undefined. UsageError for options out of range or of a wrong length.
Estimate bootstrap(std::size_t n, const ResampleStatistic& statistic,
                   const BootstrapOptions& options = {});

// Several trainings of one model evaluated on the same n samples, one statistic each. A replicate
// draws trainings and samples, both with replacement, and takes the mean over the drawn trainings:
// the interval covers a new test set of this kind and a new training. One training: as bootstrap().
// With few trainings the interval is somewhat too narrow (by (S-1)/S in the variance of that part).
Estimate bootstrap_over_seeds(std::size_t n, std::span<const ResampleStatistic> seeds,
                              const BootstrapOptions& options = {});

struct PairedDifference {
  double difference = 0;  // candidate minus baseline
  double lo = 0;
  double hi = 0;
  double p_value = 1;  // two-sided, 2 min(share <= 0, share >= 0), with one added to both counts
  std::size_t n = 0;
  std::size_t baseline_seeds = 0;
  std::size_t candidate_seeds = 0;
};

// Two models on the same n samples: each replicate takes the same samples for both; trainings are
// drawn independently for each, as equal seed numbers do not make two different models alike.
PairedDifference paired_bootstrap(std::size_t n, std::span<const ResampleStatistic> baseline,
                                  std::span<const ResampleStatistic> candidate,
                                  const BootstrapOptions& options = {});

// McNemar's exact test of two sets of predictions of the same samples: two-sided binomial p-value
// of the discordant pairs; 1 if there are none. UsageError for unequal lengths.
struct McNemar {
  std::size_t only_first_right = 0;
  std::size_t only_second_right = 0;
  double p_value = 1;
};
McNemar mcnemar(std::span<const int> truth, std::span<const int> first,
                std::span<const int> second);

// Cohen's kappa (Educ. Psychol. Meas. 20, 1960) of two readers: how often each gave each category,
// and how often both gave the same. NaN where it is undefined: nothing was read, or chance alone
// agrees in all.
double cohen_kappa(std::span<const double> first, std::span<const double> second, double same);

// Statistics of per-sample values; NaN entries are left out, NaN if none is left.
ResampleStatistic mean_statistic(std::vector<double> values);
ResampleStatistic median_statistic(std::vector<double> values);

// The value with all counts 1.
double on_all(const ResampleStatistic& statistic, std::size_t n);

}  // namespace epicrisis
