#pragma once

#include <memory>
#include <string>

#include "epicrisis/core/job.h"
#include "epicrisis/llm/provider_choice.h"
#include "epicrisis/net/http.h"
#include "epicrisis/notes/synthesis/request.h"
#include "epicrisis/notes/synthesis/synthesis.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

// A run of one strategy through one provider, as a user names it: on the command line or in a study
// file.
struct SynthesisJob {
  std::string strategy;             // a built-in name of the field, or a file
  Field field = Field::standard();  // the workspace's
  ProviderChoice choice;
  Disclosure disclosure;
  SynthesisOptions options;
};

// UsageError if neither provider nor endpoint is given, or the model is missing.
RequestBuilder make_builder(const SynthesisJob& job);

// In words, that a cost or budget is reckoned with a number of tokens that is not known: what a
// picture counts for the model. "" where it is known, no picture goes along, or nothing is
// reckoned.
std::string unknown_picture_tokens(const RequestBuilder& builder, const Budget& budget);

// What a job comes to once its provider is found.
struct PreparedRun {
  RequestBuilder builder;
  SynthesisOptions options;
  std::unique_ptr<HttpTransport> transport;
};
// Says what of the pictures the run cannot show the model, and what it cannot reckon. Errors as
// make_builder().
PreparedRun prepare_run(const SynthesisJob& task, Job& job);

// synthesize() with the transport that the job asks for.
SynthesisReport run_synthesis(Workspace& workspace, const SynthesisJob& task, Job& job);

}  // namespace epicrisis
