#include "epicrisis/core/shell_word.h"

#include <gtest/gtest.h>

namespace epicrisis {
namespace {

TEST(ShellWord, QuotesWhatAShellWouldTakeApart) {
  EXPECT_EQ(shell_word("work/a-b_1.toml"), "work/a-b_1.toml");
  EXPECT_EQ(shell_word("F\xc3\xa4lle"), "F\xc3\xa4lle");
  EXPECT_EQ(shell_word("my study.toml"), "'my study.toml'");
  EXPECT_EQ(shell_word("a&b;c"), "'a&b;c'");
  EXPECT_EQ(shell_word("~/x$y"), "'~/x$y'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace epicrisis
