#pragma once

#include <string_view>

namespace epicrisis {

// The numbers an encoder computes in.
enum class Precision {
  kAuto,  // bf16 where the processor or the GPU computes in it, else fp32
  kFp32,
  kBf16  // weights and activations rounded to bfloat16, sums in float
};
std::string_view precision_name(Precision precision);  // "auto", "fp32", "bf16"
Precision precision_from_name(std::string_view name);  // UsageError with the known names

// Whether this processor has AMX-BF16 or AVX512-BF16 instructions (bf16 is slower than fp32
// without).
bool cpu_has_bf16();

}  // namespace epicrisis
