#include "epicrisis/settings/precision.h"

#include <array>
#include <string>
#include <utility>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

constexpr std::array<std::pair<Precision, std::string_view>, 3> kNames{
    {{Precision::kAuto, "auto"}, {Precision::kFp32, "fp32"}, {Precision::kBf16, "bf16"}}};

}  // namespace

std::string_view precision_name(Precision precision) {
  return kNames[static_cast<std::size_t>(precision)].second;
}

Precision precision_from_name(std::string_view name) {
  for (const auto& [precision, known] : kNames) {
    if (known == name) return precision;
  }
  throw UsageError("'{}' is no precision; there are auto, fp32, bf16", name);
}

bool cpu_has_bf16() {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

}  // namespace epicrisis
