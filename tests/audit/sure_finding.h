#pragma once

#include <string>

#include "epicrisis/corpus/finding_rules.h"

namespace epicrisis::test {

// A finding that is usable and surely there, or surely not.
inline MeasuredFinding finding(const std::string& kind, const std::string& value, bool present,
                               const std::string& opposite = "") {
  MeasuredFinding one;
  one.kind = kind;
  one.value = value;
  one.opposite = opposite;
  one.strength = present ? 0.95 : 0.05;
  one.confidence = 0.9;
  one.confident = one.usable = true;
  return one;
}

}  // namespace epicrisis::test
