#include "removal_dialog.h"

#include <fmt/format.h>
#include <unistd.h>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "interrupted.h"
#include "terminal_answer.h"

namespace epicrisis::cli {
namespace {

constexpr std::size_t kShown = 20;

void print_files(const std::vector<UnusedFiles>& files) {
  for (std::size_t i = 0; i < files.size() && i < kShown; ++i) {
    print_line(
        fmt::format("  {} ({}): {}", files[i].place, bytes_words(files[i].bytes), files[i].what));
  }
  if (files.size() > kShown) {
    print_line(fmt::format("  and {} more; --json lists them", files.size() - kShown));
  }
}

}  // namespace

void print_sweep(const SweepReport& sweep, const std::string& gone) {
  if (sweep.gone.empty()) {
    print_line(fmt::format("No files {}.", gone));
  } else {
    print_line(fmt::format("Files that {}, {}:", gone, bytes_words(sweep.bytes())));
    print_files(sweep.gone);
  }
  if (sweep.kept.empty()) return;
  print_line("Nothing in the workspace uses these, and they stay:");
  print_files(sweep.kept);
}

void require_confirmation(const std::string& question, const Job& job) {
  if (isatty(STDIN_FILENO) == 0) {
    throw UsageError(
        "nothing was removed: nobody is there to ask; --yes stands for the answer, --dry-run only "
        "shows what would go");
  }
  print_line(question + " [y/N]");
  finish_output();
  const std::string given = telling_what_is_kept(
      job, [] { return std::string("nothing was removed"); },
      [&] { return read_answer(STDIN_FILENO, job); });
  const std::string answer = ascii_lower(trim(given));
  if (answer != "y" && answer != "yes") throw UsageError("nothing was removed");
}

}  // namespace epicrisis::cli
