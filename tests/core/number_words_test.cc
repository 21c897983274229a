#include "epicrisis/core/number_words.h"

#include <gtest/gtest.h>

#include <utility>

namespace epicrisis {
namespace {

TEST(NumberWords, AreAsAPersonWritesThem) {
  for (const auto& [number, words] : {std::pair{0.0, "0"},
                                      {1.0, "1"},
                                      {0.5, "0.5"},
                                      {-1.5, "-1.5"},
                                      {1000.0, "1000"},
                                      {9999.0, "9999"},
                                      {10000.0, "10,000"},
                                      {123456.0, "123,456"},
                                      {1e6, "1,000,000"},
                                      {-1e6, "-1,000,000"},
                                      {1e9, "1,000,000,000"}}) {
    EXPECT_EQ(number_words(number), words);
  }
}

}  // namespace
}  // namespace epicrisis
