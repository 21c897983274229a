#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/llm/provider.h"
#include "epicrisis/net/http.h"

namespace epicrisis {

// Who is asked, as a user names it: on the command line or in a study file.
struct ProviderChoice {
  std::string provider;  // a built-in name or a file
  std::string endpoint;  // a base URL: alone, or in place of the provider's own
  std::string model;     // "": the provider's
  bool vision = false;   // the model sees pictures, whatever the provider's file says
  // What the server takes as `response_format`, whatever the provider's file says.
  std::optional<StructuredOutput> structured;
  // US dollars a million tokens, and tokens that a picture counts, in place of the file's.
  std::optional<double> input_price;
  std::optional<double> output_price;
  std::optional<std::int64_t> picture_tokens;
  Path record;  // "": no recording
  Path replay;  // "": ask the provider; else answers come from this recording and nothing is sent

  bool names_one() const { return !provider.empty() || !endpoint.empty(); }

  // The provider with all that is chosen here in place of its own, the model too. UsageError if
  // neither a provider nor an endpoint is named, and as load_provider() and with_url() do.
  Provider resolve() const;

  // To the provider, or the recording. UsageError if both recordings are the same file.
  std::unique_ptr<HttpTransport> transport(const Job& job) const;
};

// Of the keys with the names of the members. UsageError with file and line.
ProviderChoice read_provider_choice(const TomlTable& table);

}  // namespace epicrisis
