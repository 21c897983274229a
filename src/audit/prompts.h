#pragma once

#include <map>
#include <string>
#include <vector>

#include "epicrisis/audit/audit.h"
#include "epicrisis/store/tables/notes.h"

namespace epicrisis::audit {

// What the notes of a workspace were asked for, by strategy.
class Prompts {
 public:
  // `auditor` must outlive it.
  Prompts(const Auditor& auditor, const Field& field);

  struct Entry {
    Prompt prompt;     // of an unknown strategy: one that asks for nothing
    std::string hash;  // of the strategy's file
    bool free = true;  // its notes are in the words of a model
  };
  // A derived note was asked for what the one was that it is made from.
  const Entry& of(const NoteRecord& note);

 private:
  const Auditor& auditor_;
  Field field_;
  std::vector<std::string> names_;
  std::map<std::string, Entry> prompts_;
};

// Where a derived note keeps its provenance, in NoteRecord::parameters.
inline constexpr const char* kDerived = "derived";
// The strategy of the note that this one goes back to in the end; its own if it is not derived.
std::string asked_strategy(const NoteRecord& note);

// By what a judgement of a note is known to be current: rules, facts, prompt.
std::string auditor_name(const Auditor& auditor, const Facts& facts, const std::string& prompt,
                         const Field& field);

}  // namespace epicrisis::audit
