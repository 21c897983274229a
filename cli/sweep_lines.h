#pragma once

#include "epicrisis/study/removal.h"

namespace epicrisis::cli {

// The files that go or stay, a line each, and what they take; `gone` says the verb: "go", "are
// removed".
void print_sweep(const SweepReport& sweep, const std::string& gone);

}  // namespace epicrisis::cli
