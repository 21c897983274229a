#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace epicrisis::test {

// The folder of real data beside the checkout (or EPICRISIS_SHARED); empty where there is none.
inline std::filesystem::path shared_folder() {
  const char* from_environment = std::getenv("EPICRISIS_SHARED");
  std::filesystem::path folder =
      from_environment != nullptr ? std::filesystem::path(from_environment)
                                  : std::filesystem::path(EPICRISIS_SOURCE_DIR) / ".." / "shared";
  return std::filesystem::is_directory(folder / "data") ? folder : std::filesystem::path();
}

}  // namespace epicrisis::test

// Skips the test, visibly, where the real data are absent.
#define EPICRISIS_NEEDS_SHARED_DATA()           \
  if (epicrisis::test::shared_folder().empty()) \
  GTEST_SKIP() << "needs the real data in ../shared (or EPICRISIS_SHARED)"
