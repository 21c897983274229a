#include "option_words.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>  // all that an App needs to be made

namespace epicrisis::cli {
namespace {

class OptionWords : public testing::Test {
 protected:
  OptionWords() {
    CLI::App* study = app_.add_subcommand("study");
    run_ = study->add_subcommand("run");
    run_->add_flag("--allow-remote");
    check_ = study->add_subcommand("check");
    check_->add_flag("--no-images");
  }
  CLI::App app_;
  CLI::App* run_ = nullptr;
  CLI::App* check_ = nullptr;
};

TEST_F(OptionWords, AFieldIsAnOptionOfTheCommand) {
  EXPECT_EQ(with_options("`allow_remote` does", *run_), "--allow-remote does");
  EXPECT_EQ(with_options("`allow_remote` does", *check_), "`allow_remote` does");
  EXPECT_EQ(with_options("`images` and `other`", *check_), "--no-images and `other`");
}

TEST_F(OptionWords, AFieldOfANamedCommandIsAnOptionOfThat) {
  EXPECT_EQ(with_options("never allowed: `allow_remote` of study run does", *check_),
            "never allowed: --allow-remote of study run does");
  EXPECT_EQ(with_options("`allow_remote` of study run, or so", *check_),
            "--allow-remote of study run, or so");
  EXPECT_EQ(with_options("`allow_remote` of study", *check_), "`allow_remote` of study");
  EXPECT_EQ(with_options("`allow_remote` of the run", *check_), "`allow_remote` of the run");
  EXPECT_EQ(with_options("`allow_remote` of ", *check_), "`allow_remote` of ");
  EXPECT_EQ(with_options("`other` of study run", *check_), "`other` of study run");
}

}  // namespace
}  // namespace epicrisis::cli
