#include "epicrisis/notes/synthesis/synthesis.h"

namespace epicrisis {

Json SynthesisReport::to_json() const {
  return {{"strategy", strategy},
          {"provider", provider},
          {"model", model},
          {"notes", taken},
          {"written", done},
          {"failed", failed},
          {"skipped", skipped},
          {"left", left},
          {"rejected", rejected},
          {"skips", skips},
          {"requests", requests},
          {"retries", retries},
          {"input_tokens", input_tokens},
          {"output_tokens", output_tokens},
          {"cost", cost},
          {"seconds", seconds},
          {"waited", waited},
          {"most_in_flight", most_in_flight},
          {"stopped", stopped},
          {"fields_sent", fields_sent},
          {"images_sent", images_sent}};
}

}  // namespace epicrisis
