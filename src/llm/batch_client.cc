#include "llm/batch_client.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/net/retry_after.h"
#include "epicrisis/net/url.h"
#include "llm/authorized_request.h"
#include "llm/error_meaning.h"
#include "llm/json_member.h"
#include "llm/server_error.h"

namespace epicrisis::llm {
namespace {

constexpr std::uint64_t kMaxDownload = std::uint64_t{2} << 30;
constexpr Seconds kTransferTime{3600};
constexpr Seconds kFirstWait{1};
constexpr Seconds kNobodyThere{5};
constexpr std::size_t kMaxWords = 300;  // of a server, in an error message
constexpr int kMaxPages = 20;           // of the server's list of batches

std::int64_t count_of(const Json& object, const char* name) {
  const Json* count = find_member(object, name);
  if (count == nullptr || !count->is_number_integer()) return 0;
  return std::clamp<std::int64_t>(count->get<std::int64_t>(), 0, 1'000'000'000);
}

// A server's id becomes part of a URL.
std::string checked_id(std::string id, std::string_view what) {
  if (!is_safe_name(id)) {
    throw SystemError("the server's {} is '{}', which is no id", what, clean_text(id, kMaxWords));
  }
  return id;
}

}  // namespace

bool is_ended(std::string_view status) {
  return status == "completed" || status == "failed" || status == "expired" ||
         status == "cancelled";
}

BatchClient::BatchClient(const Provider& provider, const Endpoint& endpoint,
                         HttpTransport& transport, const Job& job)
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

std::string BatchClient::upload(std::string_view requests, const std::string& sha256) {
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
  return checked_id(text_member(json("upload the requests", request, Repeat::kFreely), "id"),
                    "file id");
}

BatchState BatchClient::create(const std::string& input_file_id) {
  HttpRequest request = make("POST", "batches");
  const bool azure = provider_.api == ProviderApi::kAzure;
  request.body = std::make_shared<const std::string>(
      dump_json({{"input_file_id", input_file_id},
                 {"endpoint", azure ? "/chat/completions" : "/v1/chat/completions"},
                 {"completion_window", "24h"}}));
  return state_of(json("create the batch", request, Repeat::kIfUndone));
}

BatchState BatchClient::poll(const std::string& batch_id) {
  BatchState state =
      state_of(json("ask for the batch", make("GET", "batches/" + batch_id), Repeat::kFreely));
  if (state.id != batch_id) {
    throw SystemError("asked for batch {}, the server answers for {}", batch_id, state.id);
  }
  return state;
}

std::optional<BatchState> BatchClient::find(const std::string& input_file_id) {
  std::string after;
  for (int page = 0; page < kMaxPages; ++page) {
    std::string query = "limit=100";
    if (!after.empty()) query += "&after=" + after;
    const Json list = json("list the batches", make("GET", "batches", query), Repeat::kFreely);
    const Json* data = find_member(list, "data");
    if (data == nullptr || !data->is_array()) return std::nullopt;
    for (const Json& one : *data) {
      if (text_member(one, "input_file_id") == input_file_id) return state_of(one);
    }
    const Json* more = find_member(list, "has_more");
    if (data->empty() || more == nullptr || *more != true) return std::nullopt;
    after = text_member(data->back(), "id");
    if (!is_safe_id(after)) return std::nullopt;
  }
  return std::nullopt;
}

std::string BatchClient::download(const std::string& file_id) {
  HttpRequest request = make("GET", "files/" + checked_id(file_id, "file id") + "/content");
  request.max_answer_bytes = kMaxDownload;
  request.timeouts.total = kTransferTime;
  return mask_(send("download the results", request, Repeat::kFreely).body);
}

HttpRequest BatchClient::make(std::string method, const std::string& path,
                              std::string query) const {
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

HttpAnswer BatchClient::send(std::string_view tried, const HttpRequest& request, Repeat repeat) {
  Seconds wait = kFirstWait;
  Seconds waited{0};
  for (int attempt = 1;; ++attempt) {
    HttpAnswer answer = send_and_wait(transport_, request, job_);
    if (answer.failure == HttpFailure::kNone && answer.status / 100 == 2) return answer;
    const auto asked = read_retry_after(answer, job_.clock().now());
    if (asked) wait = std::max(wait, *asked);
    // A server on this machine that takes no connection was never started.
    const bool nobody = answer.failure == HttpFailure::kConnect && is_local_url(url_) &&
                        waited + wait > kNobodyThere;
    if (nobody || attempt >= provider_.max_attempts || wait > provider_.longest_wait ||
        !is_worth_repeating(answer, repeat)) {
      throw SystemError("cannot {} at {}: {}{}{}", tried, url_, words_of(answer),
                        attempt > 1 ? fmt::format(" ({} attempts)", attempt) : "",
                        nobody ? "; is the server running?" : "");
    }
    job_.warn("cannot {} yet: {}; trying again in {:.0f} s", tried, words_of(answer), wait.count());
    transport_.wait(wait, job_);  // with nothing in flight it sleeps
    waited += wait;
    job_.check();
    wait *= 2;
  }
}

bool BatchClient::is_worth_repeating(const HttpAnswer& answer, Repeat repeat) {
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
    case HttpFailure::kGivenUp:
    case HttpFailure::kNotRecorded:
      return false;
  }
  if (meaning_of(read_server_error(answer.body), answer.status).meaning != ErrorMeaning::kNone) {
    return false;
  }
  if (answer.status == 429) return true;
  return repeat == Repeat::kFreely && (answer.status == 408 || answer.status / 100 == 5);
}

Json BatchClient::json(std::string_view tried, const HttpRequest& request, Repeat repeat) {
  const HttpAnswer answer = send(tried, request, repeat);
  try {
    Json value = parse_json(answer.body, "answer");
    if (value.is_object()) return value;
  } catch (const InputError&) {  // told below
  }
  throw SystemError("cannot {} at {}: the answer is no JSON object: '{}'", tried, url_,
                    words(answer.body));
}

BatchState BatchClient::state_of(const Json& batch) const {
  BatchState state;
  state.id = checked_id(text_member(batch, "id"), "batch id");
  state.status = ascii_lower(words(text_member(batch, "status")));
  state.output_file_id = words(text_member(batch, "output_file_id"));
  state.error_file_id = words(text_member(batch, "error_file_id"));
  const Json* counts = find_member(batch, "request_counts");
  if (counts != nullptr && counts->is_object()) {
    state.counts = {count_of(*counts, "total"), count_of(*counts, "completed"),
                    count_of(*counts, "failed")};
  }
  const Json* errors = find_member(batch, "errors");
  const Json* data = errors == nullptr ? nullptr : find_member(*errors, "data");
  std::vector<std::string> messages;
  if (data != nullptr && data->is_array()) {
    for (const Json& error : *data) {
      if (error.is_object() && messages.size() < 3)
        messages.push_back(text_member(error, "message"));
    }
  }
  state.error = words(join(messages, "; "));
  return state;
}

// What the server sent, fit to be kept.
std::string BatchClient::words(const std::string& text) const {
  return clean_text(mask_(text), kMaxWords);
}

std::string BatchClient::words_of(const HttpAnswer& answer) const {
  if (answer.failure != HttpFailure::kNone) {
    return words(fmt::format("{}: {}", http_failure_name(answer.failure), answer.error));
  }
  // The key goes before the text is cut, so that no part of it stays.
  const ServerError error = read_server_error(mask_(answer.body));
  const std::string advice = meaning_of(error, answer.status).advice;
  return fmt::format("status {}: {}{}{}", answer.status, words(error.message),
                     advice.empty() ? "" : ". ", advice);
}

}  // namespace epicrisis::llm
