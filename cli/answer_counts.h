#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "epicrisis/core/cost.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/llm/dispatcher.h"
#include "epicrisis/notes/synthesis/synthesis.h"
#include "interrupted.h"
#include "option_words.h"
#include "output.h"

namespace epicrisis::cli {

// "3 refused, 1 empty"; "" for none.
inline std::string counts_in_words(const std::map<std::string, std::int64_t>& counts) {
  std::string words;
  for (const auto& [name, count] : counts) {
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", count, name);
  }
  return words;
}

// What became of the notes that a run took up; `done`: "written", "judged".
inline void print_taken(const SynthesisReport& report, std::string_view done) {
  print_line(fmt::format("{}{} by {}, {}: {} = {} {} + {} failed + {} skipped{}",
                         report.replayed ? "Replayed: " : "", report.strategy, report.model,
                         report.provider, counted(report.taken, "note"), report.done, done,
                         report.failed, report.skipped,
                         report.left > 0 ? fmt::format(" + {} left", report.left) : ""));
  if (report.failed > 0) print_line("  failed: " + counts_in_words(report.rejected));
  if (report.skipped > 0) print_line("  skipped: " + counts_in_words(report.skips));
}

inline void print_requests(const llm::DispatchReport& report) {
  print_line(fmt::format("{} ({} again), {} + {} tokens, {}, {:.1f} s",
                         counted(report.requests, "request"), report.retries, report.input_tokens,
                         report.output_tokens, cost_words(report.cost, report.unpriced),
                         report.seconds));
}

// Why a run ended before its time, and what becomes of what it has done.
inline void print_stopped(const SynthesisReport& report, const CLI::App& command) {
  if (report.stopped.empty()) return;
  print_line("Stopped: " + with_options(report.stopped, command));
  if (report.error == ErrorKind::kInterrupted) {
    print_line(fmt::format("All answers that came are kept; {}", kGoesOn));
  }
}

// What was taken out of notes, by name: thoughts, control tokens.
inline void print_dropped(const std::map<std::string, std::int64_t>& dropped) {
  for (const auto& [what, count] : dropped) {
    print_line(fmt::format("  {} written without {} that stood in the answer",
                           counted(count, "note is", "notes are"), what));
  }
}

inline void print_unknown_finish_reasons(const std::map<std::string, std::int64_t>& reasons) {
  for (const auto& [name, count] : reasons) {
    print_line(
        fmt::format("  {} kept out: finish_reason '{}' is not known; "
                    "[finish_reasons] of the provider's file can say what it means",
                    counted(count, "answer"), name));
  }
}

}  // namespace epicrisis::cli
