#pragma once

#include <cmath>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/matrix.h"

namespace epicrisis::test {

// What make_expectations.py wrote.
inline const Json& expectations() {
  static const Json json = parse_json(
      read_file(std::filesystem::path(EPICRISIS_SOURCE_DIR) / "tests/eval/expectations.json"),
      "expectations.json");
  return json;
}

inline double number_or_nan(const Json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

// Equal to within 1e-9, or both undefined.
inline bool agree(double ours, const Json& theirs) {
  const double expected = number_or_nan(theirs);
  if (std::isnan(expected) || std::isnan(ours)) return std::isnan(expected) && std::isnan(ours);
  return std::abs(ours - expected) < 1e-9;
}

inline FloatMatrix matrix_of(const Json& values, std::size_t columns, float scale = 1) {
  FloatMatrix matrix(values.size() / columns, columns);
  for (std::size_t i = 0; i < values.size(); ++i) matrix.values[i] = values[i].get<float>() * scale;
  return matrix;
}

}  // namespace epicrisis::test
