// Included first by every file that includes torch, where Clang compiles against LibTorch 1.13,
// which was written for C++17. In C++20 std::vector's members are constexpr, and Clang instantiates
// those early, for classes that LibTorch has only declared. This reads <vector> alone with them as
// plain inline members: good enough for clang-tidy, which is all that reads those files with Clang.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#if defined(__GLIBCXX__) && defined(_GLIBCXX20_CONSTEXPR)
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
#define __fill_a1 fill_bits  // declared constexpr before, in <algorithm>
#include <vector>
#undef __fill_a1
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR constexpr
#endif
