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
  // As in Derivation::outcome, or kWaiting: a model has to be asked about `text` and `faults`
  // first.
  std::string outcome;
  std::string text;             // "" if it is rejected
  std::string reason;           // why it is rejected
  std::string written;          // the strategy whose note took its place, as the policy names it
  std::size_t sentences = 0;    // taken out of it
  int asked = 0;                // times that a model wrote it again
  std::string provider, model;  // that wrote it last; "" where none did
  std::string faults;
  Json steps = Json::array();  // docs/formats/policies.md
};

// What the sample's other notes of the strategy say of a claim: the share that makes it too;
// nothing where there are none.
using SharedBy = std::function<std::optional<double>(const Claim&)>;
// The sample's note of another strategy; nothing if there is none.
using OtherNote = std::function<std::optional<std::string>(const std::string& strategy)>;

inline constexpr std::string_view kWaiting = "waiting";

// What a model made of a text when it was told these faults.
struct Revision {
  bool asked = false;               // false: it was not asked yet
  std::optional<std::string> text;  // nothing: it refused, or gave no note
  std::string provider, model;
};
using RevisedText = std::function<Revision(const std::string& text, const std::string& faults)>;

// Does to a note what the policy says, and reads the outcome again, until nothing is left to do.
// Deterministic; linear in the note but for the number of rounds, which is bounded.
RepairedNote repair_note(std::string_view note, const Auditor& auditor, const Policy& policy,
                         const Facts& facts, const Prompt* prompt, const SharedBy& shared,
                         const OtherNote& other, const RevisedText& revised);

}  // namespace epicrisis::audit
