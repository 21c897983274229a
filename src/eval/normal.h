#pragma once

namespace epicrisis {

// Of the standard normal distribution.
double two_sided_p(double z);                // P(|Z| >= |z|)
double normal_quantile(double probability);  // in (0, 1); to 1e-15 of the value

}  // namespace epicrisis
