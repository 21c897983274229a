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

// An age in years: at least the first, less than the second.
struct Years {
  double least = 0;
  double most = 0;
};
// "65" is 65 to 66, "60.5" is 60 to 62, "9 months" 9 to 10 twelfths; "6 weeks", "3 days", "1 year 3
// months", "60-69", "6-9 months", "85+", "85 or older", ">85", "under 18"; nothing for others.
std::optional<Years> years_of(std::string_view text);

// All numbers of a text, in order, without signs: "8.0 x 5.0 mm" has 8 and 5.
std::vector<double> numbers_in(std::string_view text);
// The numbers of a size, in mm: "0.8 x 0.5 cm" has 8 and 5.
std::vector<double> millimetres_in(std::string_view text);

}  // namespace epicrisis::audit
