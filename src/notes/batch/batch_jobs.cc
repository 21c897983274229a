#include <algorithm>
#include <optional>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/net/retry_after.h"
#include "epicrisis/notes/batch/batch.h"
#include "epicrisis/notes/synthesis/answer.h"
#include "llm/authorized_request.h"
#include "llm/server_error.h"
#include "net/secret_mask.h"
#include "notes/synthesis/pending_notes.h"

namespace epicrisis {
namespace {

constexpr std::uint64_t kMaxUpload = std::uint64_t{1} << 30;
constexpr std::uint64_t kMaxDownload = std::uint64_t{2} << 30;
constexpr Seconds kTransferTime{3600};
constexpr Seconds kFirstWait{1};
constexpr std::size_t kMaxWords = 300;  // of a server, in an error message
constexpr int kMaxPages = 20;           // of the server's list of batches

bool is_ended(std::string_view status) {
  return status == "completed" || status == "failed" || status == "expired" ||
         status == "cancelled";
}

// The member if it is a string, else "".
std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t count_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_integer()) return 0;
  return std::clamp<std::int64_t>(found->get<std::int64_t>(), 0, 1'000'000'000);
}

// A server's id becomes part of a URL.
std::string checked_id(std::string id, std::string_view what) {
  if (!is_safe_name(id)) {
    throw SystemError("the server's {} is '{}', which is no id", what, clean_text(id, kMaxWords));
  }
  return id;
}

enum class Repeat {
  kFreely,    // asking twice does no harm
  kIfUndone,  // only where the server surely did nothing
};

// Talks to one endpoint of a provider.
class BatchApi {
 public:
  BatchApi(const Provider& provider, const Endpoint& endpoint, HttpTransport& transport,
           const Job& job)
      : provider_(provider),
        url_(endpoint.url),
        key_(load_key(endpoint)),
        mask_(key_),
        transport_(transport),
        job_(job) {
    constexpr std::string_view kChat = "/chat/completions";
    while (url_.ends_with('/')) url_.pop_back();
    if (url_.ends_with(kChat)) url_.resize(url_.size() - kChat.size());
  }

  std::string upload(std::string_view requests, const std::string& sha256) {
    HttpRequest request = make("POST", "files");
    // The hash of the content cannot be part of it.
    const std::string boundary = "batch-" + sha256.substr(0, 32);
    std::string body = fmt::format(
        "--{0}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--{0}\r\n"
        "Content-Disposition: form-data; name=\"file\"; filename=\"batch.jsonl\"\r\n"
        "Content-Type: application/jsonl\r\n\r\n",
        boundary);
    body.reserve(body.size() + requests.size() + 100);
    body.append(requests).append(fmt::format("\r\n--{}--\r\n", boundary));
    request.body = std::make_shared<const std::string>(std::move(body));
    request.headers = {{"Content-Type", "multipart/form-data; boundary=" + boundary}};
    request.timeouts.total = kTransferTime;
    request.timeouts.idle = std::max(request.timeouts.idle, Seconds(600));
    return checked_id(text_of(json("upload the requests", request, Repeat::kFreely), "id"),
                      "file id");
  }

  Json create(const std::string& input_file_id) {
    HttpRequest request = make("POST", "batches");
    const bool azure = provider_.api == ProviderApi::kAzure;
    request.body = std::make_shared<const std::string>(
        dump_json({{"input_file_id", input_file_id},
                   {"endpoint", azure ? "/chat/completions" : "/v1/chat/completions"},
                   {"completion_window", "24h"}}));
    return json("create the batch", request, Repeat::kIfUndone);
  }

  Json batch(const std::string& id) {
    return json("ask for the batch", make("GET", "batches/" + id), Repeat::kFreely);
  }

  // The batch of an uploaded file, if the server has one.
  std::optional<Json> find_batch(const std::string& input_file_id) {
    std::string after;
    for (int page = 0; page < kMaxPages; ++page) {
      std::string query = "limit=100";
      if (!after.empty()) query += "&after=" + after;
      const Json list = json("list the batches", make("GET", "batches", query), Repeat::kFreely);
      const auto data = list.find("data");
      if (data == list.end() || !data->is_array()) return std::nullopt;
      for (const Json& one : *data) {
        if (one.is_object() && text_of(one, "input_file_id") == input_file_id) return one;
      }
      const auto more = list.find("has_more");
      if (data->empty() || more == list.end() || *more != true) return std::nullopt;
      after = data->back().is_object() ? text_of(data->back(), "id") : "";
      if (!is_safe_id(after)) return std::nullopt;
    }
    return std::nullopt;
  }

  std::string download(const std::string& file_id) {
    HttpRequest request = make("GET", "files/" + checked_id(file_id, "file id") + "/content");
    request.max_answer_bytes = kMaxDownload;
    request.timeouts.total = kTransferTime;
    return mask_(send("download the results", request, Repeat::kFreely).body);
  }

  // What the server sent, fit to be kept.
  std::string words(const std::string& text) const { return clean_text(mask_(text), kMaxWords); }

 private:
  HttpRequest make(std::string method, const std::string& path, std::string query = "") const {
    std::string url = url_;
    if (provider_.api == ProviderApi::kAzure) {
      url += "/openai";
      query = "api-version=" + provider_.api_version + (query.empty() ? "" : "&" + query);
    }
    url += "/" + path;
    if (!query.empty()) url += "?" + query;
    HttpRequest request = authorized_request(provider_, std::move(url), key_);
    request.method = std::move(method);
    if (request.method == "GET") request.headers.clear();
    return request;
  }

  HttpAnswer send(std::string_view tried, const HttpRequest& request, Repeat repeat) {
    Seconds wait = kFirstWait;
    for (int attempt = 1;; ++attempt) {
      HttpAnswer answer = send_and_wait(transport_, request, job_);
      if (answer.failure == HttpFailure::kNone && answer.status / 100 == 2) return answer;
      const auto asked = read_retry_after(answer, job_.clock().now());
      if (asked) wait = std::max(wait, *asked);
      if (attempt >= provider_.max_attempts || wait > provider_.longest_wait ||
          !is_worth_repeating(answer, repeat)) {
        throw SystemError("cannot {} at {}: {}{}", tried, url_, words_of(answer),
                          attempt > 1 ? fmt::format(" ({} attempts)", attempt) : "");
      }
      job_.warn("cannot {} yet: {}; trying again in {:.0f} s", tried, words_of(answer),
                wait.count());
      transport_.wait(wait, job_);  // with nothing in flight it sleeps
      job_.check();
      wait *= 2;
    }
  }

  static bool is_worth_repeating(const HttpAnswer& answer, Repeat repeat) {
    switch (answer.failure) {
      case HttpFailure::kNone:
        break;
      case HttpFailure::kConnect:
      case HttpFailure::kConnectTimeout:
        return true;
      case HttpFailure::kIdleTimeout:
      case HttpFailure::kTotalTimeout:
      case HttpFailure::kBroken:
        return repeat == Repeat::kFreely;
      case HttpFailure::kTls:
      case HttpFailure::kTooLarge:
      case HttpFailure::kRefused:
        return false;
    }
    if (answer.status == 429) return true;
    return repeat == Repeat::kFreely && (answer.status == 408 || answer.status / 100 == 5);
  }

  Json json(std::string_view tried, const HttpRequest& request, Repeat repeat) {
    const HttpAnswer answer = send(tried, request, repeat);
    try {
      Json value = parse_json(answer.body, "answer");
      if (value.is_object()) return value;
    } catch (const InputError&) {  // told below
    }
    throw SystemError("cannot {} at {}: the answer is no JSON object: '{}'", tried, url_,
                      words(answer.body));
  }

  std::string words_of(const HttpAnswer& answer) const {
    if (answer.failure != HttpFailure::kNone) {
      return words(fmt::format("{}: {}", http_failure_name(answer.failure), answer.error));
    }
    // The key goes before the text is cut, so that no part of it stays.
    const std::string text = read_server_error(mask_(answer.body)).message;
    return fmt::format("status {}: {}", answer.status, words(text));
  }

  const Provider& provider_;
  std::string url_;
  Secret key_;
  SecretMask mask_;
  HttpTransport& transport_;
  const Job& job_;
};

void read_batch(const Json& batch, const BatchApi& api, BatchJobRow& row) {
  const std::string id = checked_id(text_of(batch, "id"), "batch id");
  if (!row.batch_id.empty() && row.batch_id != id) {
    throw SystemError("asked for batch {}, the server answers for {}", row.batch_id, id);
  }
  row.batch_id = id;
  row.status = ascii_lower(api.words(text_of(batch, "status")));
  row.output_file_id = api.words(text_of(batch, "output_file_id"));
  row.error_file_id = api.words(text_of(batch, "error_file_id"));
  if (const auto counts = batch.find("request_counts"); counts != batch.end()) {
    if (counts->is_object()) {
      row.total = count_of(*counts, "total");
      row.completed = count_of(*counts, "completed");
      row.failed = count_of(*counts, "failed");
    }
  }
  std::vector<std::string> errors;
  if (const auto found = batch.find("errors"); found != batch.end() && found->is_object()) {
    if (const auto data = found->find("data"); data != found->end() && data->is_array()) {
      for (const Json& error : *data) {
        if (error.is_object() && errors.size() < 3) errors.push_back(text_of(error, "message"));
      }
    }
  }
  row.error = api.words(join(errors, "; "));
}

BatchJob job_of(Database& database, BatchJobRow row) {
  std::string file = batch_file_by_id(database, row.file_id).path;
  return {std::move(file), std::move(row), ""};
}

// Does what is to be done for one job; one that is gone or unreachable does not stop the others.
template <typename Work>
bool done_for(BatchJob& job, Work work) {
  try {
    work();
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kSystem && error.kind() != ErrorKind::kUsage &&
        error.kind() != ErrorKind::kInput) {
      throw;
    }
    job.problem = error.what();
    return false;
  }
}

const Endpoint& endpoint_of(const Provider& provider, const BatchJobRow& row) {
  for (const Endpoint& endpoint : provider.endpoints) {
    if (endpoint.url == row.endpoint) return endpoint;
  }
  throw UsageError("batch {} was submitted to {}, which is no endpoint of provider '{}' any more",
                   row.batch_id, row.endpoint, provider.name);
}

// The job to go on with, or a new one.
BatchJobRow job_for(Database& database, const Provider& provider, const BatchFile& file,
                    const Job& job) {
  std::optional<BatchJobRow> begun;
  for (BatchJobRow& row : batch_jobs(database, provider.name)) {
    if (row.file_id == file.id && row.status != "failed") begun = std::move(row);
  }
  // An upload without a batch may have been overtaken by another export of the same requests.
  if (begun && !begun->batch_id.empty()) return *begun;
  const std::int64_t out = count_batch_requests(database, file.id, BatchRequestState::kOut);
  if (out != file.requests) {
    throw UsageError(
        "cannot submit {}: {} of its {} requests were answered, given up or exported again; export "
        "what is missing anew",
        file.path, file.requests - out, file.requests);
  }
  if (begun) return *begun;
  BatchJobRow row;
  row.file_id = file.id;
  row.provider = provider.name;
  row.endpoint = provider.endpoints.front().url;
  row.created_at = job.now_utc();
  row.id = put_batch_job(database, row);
  return row;
}

// What still is to come of an ended batch that names no file.
bool awaits_files(const BatchJobRow& row) {
  return row.status == "completed" && row.output_file_id.empty() && row.error_file_id.empty() &&
         row.completed + row.failed > 0;
}

void add_up(const BatchImportReport& from, BatchImportReport& to) {
  to.lines += from.lines;
  to.written += from.written;
  to.failed += from.failed;
  to.unchanged += from.unchanged;
  to.unknown += from.unknown;
  to.broken += from.broken;
  for (const auto& [status, count] : from.rejected) to.rejected[status] += count;
  to.input_tokens += from.input_tokens;
  to.output_tokens += from.output_tokens;
  to.cost += from.cost;
  to.examples.insert(to.examples.end(), from.examples.begin(), from.examples.end());
}

}  // namespace

bool BatchJob::ended() const { return is_ended(row.status); }

Json BatchJob::to_json() const {
  return {{"id", row.id},
          {"file", file},
          {"provider", row.provider},
          {"endpoint", row.endpoint},
          {"input_file_id", row.input_file_id},
          {"batch_id", row.batch_id},
          {"status", row.status},
          {"error", row.error},
          {"problem", problem},
          {"total", row.total},
          {"completed", row.completed},
          {"failed", row.failed},
          {"output_file_id", row.output_file_id},
          {"error_file_id", row.error_file_id},
          {"fetched", row.fetched},
          {"created_at", row.created_at}};
}

Json BatchFetchReport::to_json() const {
  Json list = Json::array();
  for (const BatchJob& job : jobs) list.push_back(job.to_json());
  return {{"jobs", std::move(list)},
          {"fetched", fetched},
          {"closed", closed},
          {"files", files},
          {"imported", imported.to_json()}};
}

BatchJob submit_batch(Workspace& workspace, const Provider& provider, const Path& file,
                      bool allow_remote, HttpTransport& transport, Job& job) {
  Database& database = workspace.database();
  if (provider.endpoints.empty() || provider.endpoints.front().url.empty()) {
    throw UsageError("cannot submit {}: provider '{}' names no URL; give one as `endpoint`",
                     file.string(), provider.name);
  }
  const WorkspaceLock lock = workspace.lock("batch");
  const MappedFile map(file);
  if (map.bytes().size() > kMaxUpload) {
    throw UsageError("cannot submit {}: it has {} bytes, at most {} are taken", file.string(),
                     map.bytes().size(), kMaxUpload);
  }
  const std::string sha256 = sha256_hex(map.bytes());
  const std::optional<BatchFile> known = find_batch_file(database, sha256);
  if (!known) {
    throw UsageError(
        "cannot submit {}: `notes batch export` of this workspace wrote no file of this content",
        file.string());
  }
  const BatchExport batch = batch_export_by_id(database, known->export_id);
  if (batch.provider != provider.name) {
    throw UsageError("cannot submit {}: it was exported for provider '{}', not for '{}'",
                     file.string(), batch.provider, provider.name);
  }
  require_consent(database, provider, batch.images ? "pictures" : "prompts", allow_remote);
  BatchJobRow row = job_for(database, provider, *known, job);
  if (!row.batch_id.empty()) return job_of(database, std::move(row));

  BatchApi api(provider, endpoint_of(provider, row), transport, job);
  if (row.input_file_id.empty()) {
    row.input_file_id = api.upload(map.text(), sha256);
    update_batch_job(database, row);
  }
  std::optional<Json> created;
  if (row.create_started) created = api.find_batch(row.input_file_id);
  if (!created) {
    row.create_started = true;
    update_batch_job(database, row);
    created = api.create(row.input_file_id);
  }
  read_batch(*created, api, row);
  update_batch_job(database, row);
  return job_of(database, std::move(row));
}

std::vector<BatchJob> poll_batches(Workspace& workspace, const Provider& provider,
                                   HttpTransport& transport, Job& job) {
  Database& database = workspace.database();
  std::vector<BatchJob> jobs;
  for (BatchJobRow& stored : batch_jobs(database, provider.name)) {
    BatchJob& batch = jobs.emplace_back(job_of(database, std::move(stored)));
    if (batch.row.batch_id.empty() || (batch.ended() && !awaits_files(batch.row))) continue;
    done_for(batch, [&] {
      BatchApi api(provider, endpoint_of(provider, batch.row), transport, job);
      BatchJobRow row = batch.row;
      read_batch(api.batch(row.batch_id), api, row);
      update_batch_job(database, row);
      batch.row = std::move(row);
    });
  }
  return jobs;
}

BatchFetchReport fetch_batches(Workspace& workspace, const Provider& provider,
                               HttpTransport& transport, Job& job) {
  Database& database = workspace.database();
  const WorkspaceLock lock = workspace.lock("batch");
  BatchFetchReport report;
  report.jobs = poll_batches(workspace, provider, transport, job);
  for (BatchJob& batch : report.jobs) {
    BatchJobRow& row = batch.row;
    if (row.fetched || !batch.ended() || awaits_files(row)) continue;
    const bool imported = done_for(batch, [&] {
      BatchApi api(provider, endpoint_of(provider, row), transport, job);
      std::vector<Path> files;
      for (const auto& [id, kind] :
           {std::pair(row.output_file_id, "output"), std::pair(row.error_file_id, "errors")}) {
        if (id.empty()) continue;
        files.push_back(workspace.root() / "batches" / fmt::format("{}-{}.jsonl", row.id, kind));
        write_file(files.back(), api.download(id));
        report.files.push_back(files.back().string());
      }
      add_up(import_batch(workspace, files, job, "batch:" + row.batch_id), report.imported);
    });
    if (!imported) continue;
    Transaction transaction(database);
    row.fetched = true;
    update_batch_job(database, row);
    const bool out_elsewhere = std::ranges::any_of(report.jobs, [&](const BatchJob& other) {
      return other.row.file_id == row.file_id && !other.row.fetched;
    });
    if (!out_elsewhere) report.closed += close_batch_requests(database, row.file_id);
    transaction.commit();
    ++report.fetched;
  }
  return report;
}

}  // namespace epicrisis
