#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"

namespace epicrisis::audit {

// What is done about a note.
enum class Action {
  kAccept,
  kStrip,   // the sentences of what was found are taken out
  kAsk,     // a language model is asked again, with what was found
  kWrite,   // a note of another strategy takes its place
  kReject,  // there is no note
};

struct PolicyStep {
  Action action = Action::kAccept;
  std::string strategy;  // kWrite: of the other note
  bool operator==(const PolicyStep&) const = default;
  auto operator<=>(const PolicyStep&) const = default;  // NOLINT(modernize-use-nullptr)
};
std::string step_name(const PolicyStep& step);  // "strip", "write M"

// What a rule of a policy speaks of.
enum class Subject {
  kClaim,
  kSelfContradiction,
  kForm,      // faults of form, by rule
  kOmission,  // facts that the note was given and leaves out
  kMention,   // a word that names something of a kind, whatever is said of it
  kNote,      // by its verdict
};

struct PolicyRule {
  Subject subject = Subject::kClaim;
  // An empty set is no condition. Kinds: of claims, "grade" for that of the field; of form its
  // rules.
  std::set<std::string, std::less<>> kinds;
  std::set<std::string, std::less<>> verdicts;
  std::set<std::string, std::less<>> severities;
  // Claims that a smaller share of the sample's other notes of the strategy makes; 0: no condition.
  double shared_below = 0;
  PolicyStep step;
};

// What the findings of an audit lead to; docs/formats/policies.md. The first rule that speaks of a
// finding decides; what none speaks of is accepted. Of a note's findings the gravest step counts:
// reject, write, ask, strip.
struct Policy {
  std::string name;  // a safe name; a derived note's strategy is "P3.name"
  int version = 1;
  std::string title;
  std::size_t least_words = 1;  // a stripped note with fewer is none
  int asks = 1;                 // times that a model is asked again about a note, at most
  std::vector<PolicyRule> rules;
  std::map<PolicyStep, PolicyStep> otherwise;  // what follows a step that does not help
  std::string hash;                            // of the file
  Path folder;  // of the file, where paths of strategies begin; empty for a built-in one

  bool may_ask() const;
  bool uses_shares() const;
  std::vector<std::string> strategies() const;  // that its steps write
  const PolicyStep& after(const PolicyStep& step) const;
};

// UsageError with file, line and key for what is wrong or unknown, and for steps that lead to each
// other in a circle.
Policy parse_policy(std::string_view toml, std::string_view source);
// A built-in name, or the path of a file (has '/' or ends in ".toml").
Policy load_policy(std::string_view name_or_path);
std::vector<std::string> built_in_policies();  // sorted

// "P3.repair": of the notes that a policy makes of those of a strategy.
std::string derived_strategy(std::string_view strategy, const Policy& policy);
// "P3.repair.revised": of what a model writes when it is asked for one of them again.
std::string revised_strategy(std::string_view strategy, const Policy& policy);

}  // namespace epicrisis::audit
