#pragma once

#include <cstddef>
#include <span>

#include "epicrisis/eval/statistics.h"

namespace epicrisis {

// A paired difference and what it says beyond "is there one".
struct PairedTest {
  PairedDifference difference;
  double standard_error = 0;  // standard deviation of its replicates
  // That the true difference lies outside (-margin, margin): the larger of both one-sided p-values
  // (Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987), counted as PairedDifference::p_value is.
  double equivalence_p = 1;
  // The true difference that 8 of 10 comparisons with as many samples and trainings would find at a
  // two-sided level of .05: 2.80 standard errors.
  double detectable = 0;
};

// paired_bootstrap() with the rest; NaN where it has no interval. UsageError as there, or for a
// margin that is not above 0.
PairedTest paired_test(std::size_t n, std::span<const ResampleStatistic> baseline,
                       std::span<const ResampleStatistic> candidate, double margin,
                       const BootstrapOptions& options = {});

}  // namespace epicrisis
