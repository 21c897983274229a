#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/notes/request.h"
#include "epicrisis/notes/synthesis.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

// What a run would send and cost, before a cent is spent. Nothing is sent.
struct SynthesisPreview {
  std::int64_t notes = 0;          // samples of the filter, times variants
  std::int64_t missing = 0;        // of those, to be asked for
  std::int64_t input_tokens = 0;   // estimates for the missing ones
  std::int64_t output_tokens = 0;  // at the strategy's limit: the most
  double cost = 0;                 // the most, US dollars
  bool remote = false;             // goes to another machine
  std::vector<std::string> urls;
  std::vector<std::string> fields;  // names of the metadata that are sent
  bool images = false;
  std::string body;  // of the first missing sample's request (or, without any, of the first)
  Json to_json() const;
};

// `sample_id` 0: the first. Streams.
SynthesisPreview preview_synthesis(Workspace& workspace, const RequestBuilder& builder,
                                   const SynthesisOptions& options, std::int64_t sample_id = 0);

}  // namespace epicrisis
