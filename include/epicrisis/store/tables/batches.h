#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// What all requests of one export have in common: all that is needed to read their answers later,
// when the strategy's and the provider's files may have changed or gone.
struct BatchExport {
  std::int64_t id = 0;  // 0 before it is stored
  std::string created_at = {};
  std::string strategy = {};
  std::string strategy_toml = {};  // the strategy file's text
  std::string provider = {};
  std::string model = {};
  Json parameters = Json::object();
  Json schema = nullptr;   // that the answers must meet; null for free text
  bool priced = true;      // the prices are known
  double input_price = 0;  // US dollars a million tokens
  double output_price = 0;
  bool images = false;                   // pictures go along
  std::vector<std::string> fields = {};  // names of the metadata that a request may hold
};
std::int64_t put_batch_export(Database& database, const BatchExport& batch);
// What its requests turned out to hold.
void set_batch_content(Database& database, std::int64_t export_id, bool images,
                       const std::vector<std::string>& fields);
// InternalError if there is none of this number.
BatchExport batch_export_by_id(Database& database, std::int64_t id);

// A file of requests. It is `complete` once it lies under its path.
struct BatchFile {
  std::int64_t id = 0;
  std::int64_t export_id = 0;
  std::string path = {};    // absolute
  std::string sha256 = {};  // "" until it is complete
  std::int64_t bytes = 0;
  std::int64_t requests = 0;
  bool complete = false;
};
std::int64_t put_batch_file(Database& database, const BatchFile& file);
void complete_batch_file(Database& database, std::int64_t id, std::string_view sha256);
std::vector<BatchFile> incomplete_batch_files(Database& database);
BatchFile batch_file_by_id(Database& database, std::int64_t id);  // InternalError if none
// The last one of this content.
std::optional<BatchFile> find_batch_file(Database& database, std::string_view sha256);

enum class BatchRequestState {
  kOut,       // exported, no answer yet
  kAnswered,  // its answer was taken in
  kClosed,    // given up: its batch ended without an answer of it
};

// One request in a batch file. A note asked for again after an answer gets a new round, and with it
// a new custom id, so that an answer always belongs to one request.
struct BatchRequest {
  std::string custom_id = {};
  std::int64_t export_id = 0;
  std::int64_t file_id = 0;
  std::string note_key = {};
  std::int64_t sample_id = 0;
  int variant = 0;
  int round = 0;
  std::string origin = {};
  BatchRequestState state = BatchRequestState::kOut;
};
// Inserts it, or, for a custom id that is there and unanswered, moves it to another file.
void put_batch_request(Database& database, const BatchRequest& request);
std::optional<BatchRequest> find_batch_request(Database& database, std::string_view custom_id);
// The last round of a note's requests.
std::optional<BatchRequest> last_batch_request(Database& database, std::string_view note_key);
void answer_batch_request(Database& database, std::string_view custom_id);
std::int64_t count_batch_requests(Database& database, std::int64_t file_id,
                                  BatchRequestState state);
// Closes what is still out of a file; the number of requests closed.
std::int64_t close_batch_requests(Database& database, std::int64_t file_id);

// A file handed to a provider's batch API.
struct BatchJobRow {
  std::int64_t id = 0;
  std::int64_t file_id = 0;  // BatchFile::id
  std::string provider = {};
  std::string endpoint = {};       // base URL
  std::string input_file_id = {};  // the server's; "" until the upload was acknowledged
  bool create_started = false;     // the batch may exist though batch_id is ""
  std::string batch_id = {};       // the server's
  std::string status = {};         // as the server last said
  std::string error = {};          // likewise
  std::int64_t total = 0;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::string output_file_id = {};
  std::string error_file_id = {};
  bool fetched = false;  // results are in, nothing more is to come
  std::string created_at = {};
};
std::int64_t put_batch_job(Database& database, const BatchJobRow& job);  // inserts
void update_batch_job(Database& database, const BatchJobRow& job);       // by id
// In order of id; of one provider, or all for "".
std::vector<BatchJobRow> batch_jobs(Database& database, std::string_view provider);

}  // namespace epicrisis
