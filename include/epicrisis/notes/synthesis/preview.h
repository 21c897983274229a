#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/notes/synthesis/request.h"
#include "epicrisis/notes/synthesis/synthesis.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

// What a run would send and cost, before a cent is spent. Nothing is sent.
struct SynthesisPreview {
  std::int64_t notes = 0;    // samples of the filter, times variants = missing + skipped
  std::int64_t missing = 0;  // of those, to be asked for
  std::map<std::string, std::int64_t> skips;  // the others, by reason
  std::int64_t input_tokens = 0;              // estimates for the missing ones
  std::int64_t output_tokens = 0;             // at the strategy's limit: the most
  std::int64_t picture_tokens = 0;            // of the input tokens, those of pictures
  PictureTokens picture;                      // what each picture counts
  Prices prices;                              // US dollars a million tokens
  double cost = 0;                            // the most, US dollars
  std::int64_t unpriced = 0;                  // tokens without a known price, not in `cost`
  bool remote = false;                        // goes to another machine
  std::vector<std::string> urls;
  std::set<std::string> fields;  // names of the metadata that are sent
  bool images = false;
  // Pictures whose measures the strategy names and that were not measured yet, which a run does
  // first: the request and the numbers here are without what it will find.
  std::int64_t unmeasured = 0;
  // JSON of one request: of the sample that was asked for, else of the first missing one, else of
  // the first that there is; "" if there is none, or the one asked for is no sample to write on.
  std::string body;
};
// Of nothing yet: where requests of this builder go, and at what price.
SynthesisPreview preview_of(const RequestBuilder& builder);
// One more that is missing.
void add_request(SynthesisPreview& preview, const PlannedNote& note, const RequestBuilder& builder);

// Pictures in the body are shortened as in shorten_pictures(), unless they are wanted whole.
Json to_json(const SynthesisPreview& preview, bool whole_pictures = false);

// The body with each picture's data cut to a few characters and its length.
Json shorten_pictures(const Json& body);

// `sample_id`: whose request is shown; 0: see above. Streams. UsageError if there is no such
// sample; InputError or SystemError if the picture of the request shown cannot be read.
SynthesisPreview preview_synthesis(Workspace& workspace, const RequestBuilder& builder,
                                   const SynthesisOptions& options, const Job& job,
                                   std::int64_t sample_id = 0);

}  // namespace epicrisis
