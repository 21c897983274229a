#include "epicrisis/audit/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "epicrisis/core/error.h"

namespace epicrisis::audit {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kRule = "[[rule]]\nof = \"claim\"\naction = \"strip\"\n";

std::string fault(const std::string& toml) {
  try {
    parse_policy(toml, "mine.toml");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Policy, BuiltInOnesAreRead) {
  const std::vector<std::string> names = built_in_policies();
  EXPECT_THAT(names, testing::IsSupersetOf({"accepted", "no-class", "repair"}));
  for (const std::string& name : names) {
    const Policy policy = load_policy(name);
    EXPECT_EQ(policy.name, name);
    EXPECT_FALSE(policy.rules.empty());
  }
  EXPECT_EQ(derived_strategy("P3", load_policy("repair")), "P3.repair");
  EXPECT_THROW(load_policy("repeir"), UsageError);
  EXPECT_THROW(load_policy("no/such.toml"), Error);
}

TEST(Policy, IsRead) {
  const Policy policy = parse_policy(
      "name = \"mine\"\nversion = 3\nleast_words = 5\n"
      "[[rule]]\nof = \"claim\"\nkinds = [\"grade\"]\nverdicts = [\"contradicts\"]\n"
      "severities = [\"major\"]\nshared_below = 0.5\naction = \"write M\"\n"
      "[otherwise]\nstrip = \"write M\"\n\"write M\" = \"reject\"\n",
      "mine.toml");
  EXPECT_EQ(policy.version, 3);
  EXPECT_EQ(policy.least_words, 5U);
  ASSERT_EQ(policy.rules.size(), 1U);
  EXPECT_TRUE(policy.rules[0].kinds.contains("grade"));
  EXPECT_EQ(policy.rules[0].step, (PolicyStep{Action::kWrite, "M"}));
  EXPECT_TRUE(policy.uses_shares());
  EXPECT_EQ(policy.strategies(), std::vector<std::string>{"M"});
  EXPECT_EQ(step_name(policy.after({Action::kStrip, ""})), "write M");
  EXPECT_EQ(step_name(policy.after({Action::kWrite, "M"})), "reject");
}

TEST(Policy, ARuleThatCanNeverSpeakIsRefused) {
  const auto rules = [](const std::string& first, const std::string& second) {
    const std::string begin = "[[rule]]\nof = \"claim\"\n";
    return fault("name = \"mine\"\n" + begin + "action = \"strip\"\n" + first + begin +
                 "action = \"accept\"\n" + second);
  };
  const auto dead = AllOf(HasSubstr("mine.toml:2"), HasSubstr("never speaks"));
  EXPECT_THAT(rules("", ""), dead);
  EXPECT_THAT(rules("", "kinds = [\"site\"]\n"), dead);
  EXPECT_THAT(
      rules("kinds = [\"age\", \"site\"]\n", "kinds = [\"site\"]\nseverities = [\"major\"]\n"),
      dead);
  EXPECT_THAT(rules("shared_below = 0.5\n", "shared_below = 0.25\n"), dead);
  EXPECT_EQ(rules("kinds = [\"site\"]\n", ""), "");
  EXPECT_EQ(rules("kinds = [\"site\"]\n", "kinds = [\"age\", \"site\"]\n"), "");
  EXPECT_EQ(rules("shared_below = 0.5\n", ""), "");
  EXPECT_EQ(rules("severities = [\"major\"]\n", "verdicts = [\"contradicts\"]\n"), "");
  EXPECT_EQ(fault(std::string("name = \"mine\"\n") + kRule +
                  "[[rule]]\nof = \"form\"\naction = \"reject\"\n"),
            "");
}

TEST(Policy, FaultsAreNamedWithTheirPlace) {
  const std::string head = "name = \"mine\"\n";
  EXPECT_THAT(fault(head), HasSubstr("[[rule]]"));
  EXPECT_THAT(fault("name = \"a/b\"\n" + std::string(kRule)), HasSubstr("mine.toml:1"));
  EXPECT_THAT(fault(head + kRule + "kind = \"x\"\n"),
              AllOf(HasSubstr("mine.toml:5"), HasSubstr("kind"), HasSubstr("kinds")));
  EXPECT_THAT(fault(head + kRule + "kinds = [\"diagnosys\"]\n"),
              AllOf(HasSubstr("mine.toml:5"), HasSubstr("diagnosys"), HasSubstr("'diagnosis'")));
  EXPECT_THAT(fault(head + kRule + "verdicts = [\"fail\"]\n"),
              AllOf(HasSubstr("mine.toml:5"), HasSubstr("contradicts")));
  EXPECT_THAT(fault(head + "[[rule]]\nof = \"claim\"\naction = \"stripp\"\n"),
              AllOf(HasSubstr("mine.toml:4"), HasSubstr("'strip'")));
  EXPECT_THAT(fault(head + "[[rule]]\nof = \"claims\"\naction = \"strip\"\n"),
              AllOf(HasSubstr("mine.toml:3"), HasSubstr("'claim'")));
  EXPECT_THAT(fault(head + "[[rule]]\nof = \"note\"\naction = \"strip\"\n"),
              AllOf(HasSubstr("mine.toml:4"), HasSubstr("no sentence")));
  EXPECT_THAT(fault(head + "[[rule]]\nof = \"note\"\nkinds = [\"site\"]\naction = \"reject\"\n"),
              HasSubstr("mine.toml:4"));
  EXPECT_THAT(fault(head + "asks = 2\n" + kRule),
              AllOf(HasSubstr("mine.toml:2"), HasSubstr("no action is \"ask\"")));
  EXPECT_THAT(fault(head + "asks = 0\n[[rule]]\nof = \"claim\"\naction = \"ask\"\n"),
              HasSubstr("mine.toml:2"));
  EXPECT_THAT(fault(std::string("name = \"revised\"\n") + kRule), HasSubstr("is taken"));
  EXPECT_THAT(fault(head + kRule + "[otherwise]\nstrip = \"accept\"\n"),
              AllOf(HasSubstr("mine.toml:6"), HasSubstr("not accepted")));
}

TEST(Policy, AMentionIsOfAKindThatAWordSays) {
  for (const char* kind : {"size", "subclass", "diagnoses_other"}) {
    EXPECT_THAT(fault(fmt::format("name = \"mine\"\n[[rule]]\nof = \"mention\"\nkinds = "
                                  "[\"{}\"]\naction = \"strip\"\n",
                                  kind)),
                HasSubstr(kind));
  }
}

TEST(Policy, CirclesAreRefused) {
  const std::string head = std::string("name = \"mine\"\n") + kRule + "[otherwise]\n";
  EXPECT_THAT(fault(head + "strip = \"strip\"\n"),
              AllOf(HasSubstr("mine.toml:6"), HasSubstr("strip -> strip")));
  EXPECT_THAT(fault(head + "strip = \"ask\"\nask = \"strip\"\n"), HasSubstr("circle"));
  EXPECT_THAT(
      fault(head + "strip = \"write M\"\n\"write M\" = \"write G\"\n\"write G\" = \"write M\""),
      AllOf(HasSubstr("circle"), HasSubstr("write M -> write G")));
}

}  // namespace
}  // namespace epicrisis::audit
