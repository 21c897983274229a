#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/corpus/finding_rules.h"
#include "epicrisis/data/sample.h"
#include "epicrisis/notes/strategy/strategy.h"

namespace epicrisis {

// A sentence of a note and what it stands on.
struct TracedSentence {
  std::string text;
  TemplateFields fields;                  // those that it shows, with their values
  std::vector<MeasuredFinding> findings;  // behind its measured fields
};
// text, and `from`: a list of objects with `field` and `value`, and for measured ones `findings`.
Json to_json(const TracedSentence& sentence);

// The note of one sample by a strategy of sentences (docs/formats/strategies.md): each sentence in
// one of its wordings, drawn by the sample's data set and key, so that a sample has the same note
// everywhere. Of the findings only usable ones are told. Empty if nothing is known.
std::vector<TracedSentence> sentence_note(const Strategy& strategy, const Sample& sample,
                                          const std::vector<MeasuredFinding>& findings);
std::string text_of(const std::vector<TracedSentence>& sentences);

// The fields that a sentence may use besides note_field_names(): "measured_asymmetry", ...: the
// kind of a finding of the field's rules behind "measured_" or, for what was looked for and is not
// there, "measured_no_".
bool is_measured_field(std::string_view name);
// All of them, sorted.
std::vector<std::string> measured_field_names(const Field& field);
// Their values; of the findings only usable ones are told.
TemplateFields measured_fields(const Strategy& strategy,
                               const std::vector<MeasuredFinding>& findings);

}  // namespace epicrisis
