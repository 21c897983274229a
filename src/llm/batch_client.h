#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/llm/provider.h"
#include "epicrisis/net/http.h"
#include "net/secret_mask.h"

namespace epicrisis::llm {

struct BatchCounts {
  std::int64_t total = 0;  // requests
  std::int64_t completed = 0;
  std::int64_t failed = 0;
};

// What a server says of a batch: cleaned, cut and without the key.
struct BatchState {
  std::string id;
  std::string status;          // lower case: "validating", "completed", ...
  std::string output_file_id;  // "" if there is none, or not yet
  std::string error_file_id;
  std::optional<BatchCounts> counts;
  std::string error;  // of the batch as a whole, or ""
};

// Whether nothing more will come of a batch: completed, failed, expired or cancelled.
bool is_ended(std::string_view status);

// Talks to the files-and-batches API at one endpoint of a provider. Tries again what does no harm
// when done twice. SystemError with the server's words for an answer that is not of use;
// Interrupted when the job is cancelled. Provider, transport and job must outlive it.
class BatchClient {
 public:
  // Loads the endpoint's key.
  BatchClient(const Provider& provider, const Endpoint& endpoint, HttpTransport& transport,
              const Job& job);

  // Of JSONL with the hash of its bytes; the id of the file.
  std::string upload(std::string_view requests, const std::string& sha256);
  BatchState create(const std::string& input_file_id);
  BatchState poll(const std::string& batch_id);
  // The batch of an uploaded file, if the server has one.
  std::optional<BatchState> find(const std::string& input_file_id);
  std::string download(const std::string& file_id);

 private:
  enum class Repeat {
    kFreely,    // asking twice does no harm
    kIfUndone,  // only where the server surely did nothing
  };
  static bool is_worth_repeating(const HttpAnswer& answer, Repeat repeat);

  HttpRequest make(std::string method, const std::string& path, std::string query = "") const;
  HttpAnswer send(std::string_view tried, const HttpRequest& request, Repeat repeat);
  Json json(std::string_view tried, const HttpRequest& request, Repeat repeat);
  BatchState state_of(const Json& batch) const;
  std::string words(const std::string& text) const;
  std::string words_of(const HttpAnswer& answer) const;

  const Provider& provider_;
  std::string url_;
  Secret key_;
  SecretMask mask_;
  HttpTransport& transport_;
  const Job& job_;
};

}  // namespace epicrisis::llm
