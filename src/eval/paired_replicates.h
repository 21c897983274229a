#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "epicrisis/eval/statistics.h"

namespace epicrisis {

// The differences of the replicates where both statistics are defined, ascending; none where
// nothing can vary. `summary` is what paired_bootstrap() returns of them.
struct PairedReplicates {
  std::vector<double> differences;
  PairedDifference summary;
};
PairedReplicates paired_replicates(std::size_t n, std::span<const ResampleStatistic> baseline,
                                   std::span<const ResampleStatistic> candidate,
                                   const BootstrapOptions& options);

}  // namespace epicrisis
