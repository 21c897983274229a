#include "sweep_lines.h"

#include <fmt/format.h>

#include "output.h"

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

}  // namespace epicrisis::cli
