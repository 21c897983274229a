#include "notes/batch/batch_result.h"

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "llm/server_error.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxCustomId = 512;

// A member of an object that may be absent.
const Json& member(const Json& object, const char* name) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

// "batch_expired: This request could not be executed ..."; vLLM gives a string, an object with
// `message`, or that object below `error`.
std::string words_of_error(const Json& error) {
  const llm::ServerError read = llm::read_server_error(error, !member(error, "error").is_null());
  if (read.codes.empty() || read.message.empty()) return read.message;
  return fmt::format("{}: {}", read.codes.front(), read.message);
}

}  // namespace

BatchResult parse_batch_result(std::string_view text) {
  Json line = parse_json(text, "result");
  if (!line.is_object()) throw InputError("not a JSON object");
  const Json& custom_id = member(line, "custom_id");
  if (!custom_id.is_string()) throw InputError("no custom_id");
  BatchResult result;
  result.custom_id = custom_id.get<std::string>();
  if (result.custom_id.empty() || result.custom_id.size() > kMaxCustomId) {
    throw InputError("a custom_id of {} bytes", result.custom_id.size());
  }
  result.error = member(line, "error");
  const Json& response = member(line, "response");
  if (response.is_null()) {
    if (result.error.is_null()) throw InputError("neither a response nor an error");
    return result;
  }
  if (!response.is_object()) throw InputError("'response' is no object");
  const Json& status = member(response, "status_code");
  if (!status.is_number_integer() || status < 100 || status > 599) {
    throw InputError("'status_code' is {}, not one of HTTP", clean_text(dump_json(status), 50));
  }
  result.http_status = status.get<int>();
  result.body = member(response, "body");
  if (result.body.is_null() && result.error.is_null()) {
    throw InputError("a response without a body and no error");
  }
  return result;
}

NoteAnswer read_batch_result(const BatchResult& result, const Strategy& strategy,
                             const Json& schema, const FinishReasons& reasons) {
  if (result.http_status == 200 && result.body.is_object()) {
    return read_completion(result.body, strategy, schema, reasons);
  }
  NoteAnswer answer;
  NoteResult& note = answer.note;
  if (result.http_status != 0 && result.http_status != 200) {
    HttpAnswer http;
    http.status = result.http_status;
    http.body = dump_json(!result.body.is_null()                    ? result.body
                          : member(result.error, "error").is_null() ? Json{{"error", result.error}}
                                                                    : result.error);
    // Its Retry-After would be long past: the time does not matter.
    answer = read_answer(http, strategy, schema, {});
    if (note.status == NoteStatus::kWritten) note.status = NoteStatus::kFailed;
  }
  if (note.reason.empty()) {
    note.reason = words_of_error(result.error.is_null() ? result.body : result.error);
  }
  if (note.reason.empty()) note.reason = "the batch gave no answer";
  return answer;
}

}  // namespace epicrisis
