#include "study/findings.h"

#include <gtest/gtest.h>

namespace epicrisis::study {
namespace {

// Two strategies of one table have the same provider.
TEST(Findings, WhatWasSaidOfAPlaceIsNotSaidAgain) {
  std::vector<StudyFinding> list;
  Findings findings(list);
  for (int strategy = 0; strategy < 2; ++strategy) {
    findings.error("a.toml:3", ErrorKind::kUsage, "a.toml:3: no key");
    findings.warning("a.toml:3", "no key");
    findings.error("a.toml:9", ErrorKind::kUsage, "no key");
  }
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0].text, "no key");
  EXPECT_EQ(list[1].level, FindingLevel::kWarning);
  EXPECT_EQ(list[2].place, "a.toml:9");
}

}  // namespace
}  // namespace epicrisis::study
