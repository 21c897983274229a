#pragma once

#include <string>

namespace epicrisis::cli {

// Asks on the terminal whether to go on; "y" and "yes" are a yes. UsageError, before anything is
// done, where standard input is no terminal and `yes` does not stand for the answer, or the answer
// is another.
void require_confirmation(bool yes, const std::string& question);

}  // namespace epicrisis::cli
