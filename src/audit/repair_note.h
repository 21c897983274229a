#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/audit/audit.h"
#include "epicrisis/audit/policy.h"

namespace epicrisis::audit {

// What became of a note.
struct RepairedNote {
  std::string outcome;  // as in Derivation::outcome
  std::string text;     // "" if it is rejected
  std::string reason;   // why it is rejected
  std::string written;  // the strategy whose note took its place, as the policy names it
  std::size_t sentences = 0;
  Json steps = Json::array();  // docs/formats/policies.md
};

// What the sample's other notes of the strategy say of a claim: the share that makes it too;
// nothing where there are none.
using SharedBy = std::function<std::optional<double>(const Claim&)>;
// The sample's note of another strategy; nothing if there is none.
using OtherNote = std::function<std::optional<std::string>(const std::string& strategy)>;

// Does to a note what the policy says, and reads the outcome again, until nothing is left to do.
// Deterministic; linear in the note but for the number of rounds, which is bounded.
RepairedNote repair_note(std::string_view note, const Auditor& auditor, const Policy& policy,
                         const Facts& facts, const Prompt* prompt, const SharedBy& shared,
                         const OtherNote& other);

}  // namespace epicrisis::audit
