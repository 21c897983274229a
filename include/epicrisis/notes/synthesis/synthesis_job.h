#pragma once

#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/clock.h"
#include "epicrisis/core/files.h"
#include "epicrisis/notes/synthesis/preview.h"
#include "epicrisis/notes/synthesis/request.h"
#include "epicrisis/notes/synthesis/synthesis.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

// A run of one strategy through one provider, as a user names it: on the command line or in a study
// file.
struct SynthesisJob {
  std::string strategy;  // a built-in name or a file
  std::string provider;  // a built-in name or a file
  std::string endpoint;  // a base URL: alone, or in place of the provider's own
  std::string model;     // "": the provider's
  bool vision = false;   // the model sees pictures, whatever the provider's file says
  // What the server takes as `response_format`, whatever the provider's file says.
  std::optional<StructuredOutput> structured;
  RequestLimits limits;
  SynthesisOptions options;
  Path record;  // "": no recording
  Path replay;  // "": ask the provider; else answers come from this recording and nothing is sent
};

// UsageError if neither provider nor endpoint is given, or the model is missing.
RequestBuilder make_builder(const SynthesisJob& job);

// synthesize() with the transport that the job asks for.
SynthesisReport run_synthesis(Workspace& workspace, const SynthesisJob& job,
                              Clock& clock = system_clock());

}  // namespace epicrisis
