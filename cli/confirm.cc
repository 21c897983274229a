#include "confirm.h"

#include <unistd.h>

#include <iostream>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "output.h"

namespace epicrisis::cli {

void require_confirmation(bool yes, const std::string& question) {
  if (yes) return;
  if (isatty(STDIN_FILENO) == 0) {
    throw UsageError(
        "nothing was removed: nobody is there to ask; --yes stands for the answer, --dry-run only "
        "shows what would go");
  }
  print_line(question + " [y/N]");
  finish_output();
  std::string answer;
  std::getline(std::cin, answer);
  answer = ascii_lower(trim(answer));
  if (answer != "y" && answer != "yes") throw UsageError("nothing was removed");
}

}  // namespace epicrisis::cli
