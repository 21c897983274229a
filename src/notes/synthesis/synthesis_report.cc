#include "epicrisis/core/cost.h"
#include "epicrisis/notes/synthesis/synthesis.h"

namespace epicrisis {

Json to_json(const SynthesisReport& report) {
  return {{"strategy", report.strategy},
          {"provider", report.provider},
          {"model", report.model},
          {"notes", report.taken},
          {"written", report.done},
          {"failed", report.failed},
          {"skipped", report.skipped},
          {"left", report.left},
          {"rejected", report.rejected},
          {"skips", report.skips},
          {"dropped", report.answers.dropped},
          {"unknown_finish_reasons", report.answers.unknown_finish_reasons},
          {"requests", report.requests},
          {"retries", report.retries},
          {"input_tokens", report.input_tokens},
          {"output_tokens", report.output_tokens},
          {"cost", cost_json(report.cost, report.unpriced)},
          {"seconds", report.seconds},
          {"waited", report.waited},
          {"most_in_flight", report.most_in_flight},
          {"stopped", report.stopped},
          {"replayed", report.replayed},
          {"not_recorded", report.not_recorded},
          {"lost", report.lost},
          {"fields_sent", report.fields_sent},
          {"images_sent", report.images_sent}};
}

}  // namespace epicrisis
