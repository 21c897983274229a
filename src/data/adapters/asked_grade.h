#pragma once

#include <string_view>

#include "epicrisis/data/field.h"

namespace epicrisis {

// Whether yes in a column of this name surely is the field's highest grade: names that speak of it
// ("is_HIGH"), of the lowest and then of it ("LOW_HIGH", 0 and 1), and of no grade. Not where the
// name speaks of another grade, in any language ("is_LOW", "HIGH_LOW"), asks whether all is well
// ("healthy"), or denies a grade ("non_HIGH", "noHIGH", "HIGH-free").
bool asks_for_highest(const GradeWords& words, std::string_view column);

}  // namespace epicrisis
