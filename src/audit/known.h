#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "audit/claim_words.h"
#include "epicrisis/audit/audit.h"

namespace epicrisis::audit {

// What metadata says, in the terms of claims.

// The mentions of a kind in a text of the metadata.
std::vector<ConceptMention> mentions_in(const ClaimWords& words, std::string_view text, Kind kind);

// The class of a sample: its label, or the one class that its diagnosis or subclass names.
std::optional<ClassId> known_class(const Facts& facts, const ClaimWords& words);

// Years, from the first to the last.
struct Years {
  double least = 0;
  double most = 0;
};
// "65", "60.5" (between 60 and 61), "60-69", "85+", "85 or older", ">85", "under 18"; nothing for
// others.
std::optional<Years> years_of(std::string_view text);

// All numbers of a text, in order, without signs: "8.0 x 5.0 mm" has 8 and 5.
std::vector<double> numbers_in(std::string_view text);
// The numbers of a size, in mm: "0.8 x 0.5 cm" has 8 and 5.
std::vector<double> millimetres_in(std::string_view text);

}  // namespace epicrisis::audit
