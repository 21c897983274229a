#include "epicrisis/net/http.h"

namespace epicrisis {

std::string_view http_failure_name(HttpFailure failure) {
  switch (failure) {
    case HttpFailure::kNone:
      return "";
    case HttpFailure::kConnect:
      return "no connection";
    case HttpFailure::kConnectTimeout:
      return "connect timeout";
    case HttpFailure::kTls:
      return "TLS failure";
    case HttpFailure::kIdleTimeout:
      return "idle timeout";
    case HttpFailure::kTotalTimeout:
      return "total timeout";
    case HttpFailure::kBroken:
      return "broken answer";
    case HttpFailure::kTooLarge:
      return "answer too large";
    case HttpFailure::kRefused:
      return "unusable URL";
    case HttpFailure::kGivenUp:
      return "given up";
    case HttpFailure::kNotRecorded:
      return "not in the recording";
  }
  return "";
}

std::string_view HttpAnswer::header(std::string_view name) const {
  for (auto entry = headers.rbegin(); entry != headers.rend(); ++entry) {
    if (entry->first == name) return entry->second;
  }
  return "";
}

HttpAnswer send_and_wait(HttpTransport& transport, const HttpRequest& request, const Job& job) {
  transport.start(1, request);
  while (true) {
    std::vector<HttpTransport::Finished> finished = transport.wait(Seconds(1), job);
    if (!finished.empty()) return std::move(finished.front().answer);
    if (job.cancelled()) {
      transport.cancel_all();
      job.check();
    }
  }
}

}  // namespace epicrisis
