#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"
#include "epicrisis/llm/finish_reasons.h"
#include "epicrisis/llm/prices.h"
#include "epicrisis/net/http.h"

namespace epicrisis {

enum class ProviderApi {
  kOpenAi,  // <url>/chat/completions, "Authorization: Bearer KEY"
  kAzure,   // <url>/openai/deployments/<model>/chat/completions?api-version=..., "api-key: KEY"
};

// What a server understands as `response_format`.
enum class StructuredOutput { kJsonSchema, kJsonObject, kNone };

// Of "json_schema", "json_object" or "none"; UsageError that begins with `place` for another name.
StructuredOutput structured_output_of(std::string_view name, std::string_view place);

// One address that answers for a provider.
struct Endpoint {
  std::string url;           // base, without the last part: "http://127.0.0.1:8080/v1"; "" where
                             // the user has to say it (--endpoint)
  double weight = 1;         // share of the requests among several endpoints
  std::string key_variable;  // name of the environment variable that holds the key, or ""
  Path key_file;             // a file only its owner may read (mode 0600), or ""
};

// Who answers prompts: a TOML file in providers/ (built in) or of the user's own.
// docs/formats/providers.md.
struct Provider {
  std::string name;  // a safe id: "openai"; part of a note's provenance and key
  std::string title;
  ProviderApi api = ProviderApi::kOpenAi;
  std::string api_version;  // kAzure
  std::vector<Endpoint> endpoints;
  std::string model;  // the default one, as the server names it; "" if --model must say
  bool vision = false;
  StructuredOutput structured = StructuredOutput::kJsonSchema;
  std::string token_limit_name = "max_tokens";  // or "max_completion_tokens"
  bool send_temperature = true;                 // reasoning models refuse one
  std::string image_detail = "low";             // "low", "high", "auto"; "" is not sent
  int image_side = 512;                         // longer side in pixels, at most
  int image_quality = 85;                       // JPEG
  int image_tokens = 0;                         // of a picture; 0: by model (picture_tokens.h)
  int max_concurrency = 64;                     // requests in flight, at most, over all endpoints
  std::int64_t requests_per_minute = 0;         // 0: no limit known
  std::int64_t tokens_per_minute = 0;           // input and output together; 0: no limit known
  int max_attempts = 6;                         // of one request
  Seconds longest_wait{300};                    // a Retry-After above this is a failure
  HttpTimeouts timeouts;
  Prices prices;
  double batch_price = 1;        // what a request of a batch costs, as a share of these
  Json extra = Json::object();   // further members of every request body, e.g. {"seed": 1}
  FinishReasons finish_reasons;  // what the file says of them, before what is known of all servers
};

// What a list of providers says of one: who it is and where, keys by name only.
Json to_json(const Endpoint& endpoint);
Json to_json(const Provider& provider);

// A built-in name, or the path of a file (has '/' or ends in ".toml"). UsageError with file and
// line for a file that is wrong, or with the names there are.
Provider load_provider(std::string_view name_or_path);
Provider parse_provider(std::string_view toml, std::string_view source);
std::vector<std::string> built_in_providers();

// A provider named `endpoint` for one OpenAI-compatible base URL, with the defaults above; the
// environment variable EPICRISIS_API_KEY, if set, is its key. UsageError if the URL is not http(s),
// has no host or holds a user name or password.
Provider provider_for_url(std::string_view url);

// The provider with this one address in place of its own, and the key of its first endpoint.
// UsageError as above.
Provider with_url(Provider provider, std::string_view url);

// The key from the variable or the file; empty if neither is named. UsageError if the variable is
// unset, the file is missing, empty, over 4 KiB, or readable by group or others. From then on the
// process leaves no core file.
Secret load_key(const Endpoint& endpoint);

// Whether all addresses are this machine (net/url.h).
bool is_local(const Provider& provider);

// UsageError for a budget in dollars where the prices are not known, or all 0: it would limit
// nothing.
void require_prices(const Provider& provider, const Budget& budget);

// "https://api.openai.com/v1/chat/completions". UsageError if the endpoint names no URL.
std::string chat_url(const Provider& provider, const Endpoint& endpoint, std::string_view model);

}  // namespace epicrisis
