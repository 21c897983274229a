#include "hub/hub_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/net/mask_keys.h"
#include "epicrisis/net/retry_after.h"
#include "epicrisis/net/url.h"

namespace epicrisis {
namespace {

constexpr int kMostRedirects = 8;
constexpr double kLongestWait = 120;
constexpr double kWholeDay = 86'400;  // s; the largest files take hours

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_good(int status) { return status >= 200 && status < 300; }

}  // namespace

std::string origin_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "";
  const std::size_t end = url.find_first_of("/?#", scheme + 3);
  std::string origin = ascii_lower(url.substr(0, end));
  return origin.find('@') == std::string::npos ? origin : "";
}

std::string redirected(std::string_view url, std::string_view location) {
  const std::string origin = origin_of(url);
  std::string target(location);
  if (location.starts_with("//")) {
    target = origin.substr(0, origin.find("//")) + target;
  } else if (location.starts_with('/')) {
    target = origin + target;
  }
  const std::string there = origin_of(target);
  const bool secure = there.starts_with("https://");
  if (!secure && (!there.starts_with("http://") || origin.starts_with("https://"))) return "";
  return target;
}

HttpAnswer HubRequests::ask(const Wanted& wanted) const {
  HttpRequest request;
  request.method = wanted.method;
  request.url = wanted.url;
  request.headers = {{"Accept-Encoding", "identity"}};  // sizes and checksums are the file's
  if (wanted.from > 0) {
    request.headers.emplace_back("Range", fmt::format("bytes={}-", wanted.from));
  }
  request.secret_header = "Authorization";
  request.secret_prefix = "Bearer ";
  request.timeouts.idle = Seconds(60);
  request.timeouts.total = Seconds(kWholeDay);
  request.max_answer_bytes = std::uint64_t{64} << 20;
  request.sink = wanted.sink;
  const std::string home = origin_of(settings_.endpoint);
  for (int hop = 0;; ++hop) {
    const bool at_home = origin_of(request.url) == home;
    request.secret = at_home ? settings_.token : Secret();
    HttpAnswer answer = send_and_wait(transport_, request, job_);
    if (!is_redirect(answer.status)) return answer;
    const std::string next = redirected(request.url, answer.header("location"));
    const bool apart = !answer.header("x-linked-etag").empty() || origin_of(next) != home;
    if (!wanted.elsewhere && !next.empty() && apart) return answer;
    if (next.empty() || hop == kMostRedirects) {
      answer.failure = HttpFailure::kRefused;
      answer.status = 0;
      answer.error = next.empty() ? "the server leads to a place that is not followed"
                                  : fmt::format("more than {} redirects", kMostRedirects);
      return answer;
    }
    request.url = next;
  }
}

bool HubRequests::is_passing(const HttpAnswer& answer) {
  switch (answer.failure) {
    case HttpFailure::kConnect:
    case HttpFailure::kConnectTimeout:
    case HttpFailure::kIdleTimeout:
    case HttpFailure::kTotalTimeout:
    case HttpFailure::kBroken:
      return true;
    default:
      return answer.status == 408 || answer.status == 429 || answer.status >= 500;
  }
}

void HubRequests::wait_before(int attempt, const HttpAnswer& answer) const {
  const auto asked = read_retry_after(answer, job_.clock().now());
  double seconds = asked ? asked->count() : static_cast<double>(1 << std::min(attempt - 1, 6));
  seconds = std::min(seconds, kLongestWait);
  job_.sleep(std::chrono::duration_cast<std::chrono::nanoseconds>(Seconds(seconds)));
  job_.check();
}

void HubRequests::refuse(std::string_view tried, const HttpAnswer& answer) const {
  if (answer.failure != HttpFailure::kNone) {
    throw SystemError("{}: {} ({}); run the same again, what came is kept", tried,
                      http_failure_name(answer.failure), mask_keys(answer.error));
  }
  const std::string said = mask_keys(clean_text(answer.header("x-error-message"), 300));
  const std::string words = said.empty() ? "" : fmt::format(" ({})", said);
  if (answer.status == 401 || answer.status == 403) {
    throw UsageError(
        "{}: status {}{}: not there, or not for everybody; accept its terms at {} where it has "
        "some, and {}",
        tried, answer.status, words, settings_.endpoint,
        settings_.token.empty() ? "set HF_TOKEN to a token of yours"
                                : "see that the token in use may read it");
  }
  if (answer.status == 404) {
    throw UsageError("{}: there is no such repository, revision or file{}", tried, words);
  }
  throw SystemError("{}: status {}{}", tried, answer.status, words);
}

HttpAnswer HubRequests::ask_patiently(std::string_view tried, const Wanted& wanted) const {
  for (int attempt = 1;; ++attempt) {
    HttpAnswer answer = ask(wanted);
    const bool led_away = !wanted.elsewhere && is_redirect(answer.status);
    if (answer.failure == HttpFailure::kNone && (is_good(answer.status) || led_away)) return answer;
    if (!is_passing(answer) || attempt == kHubAttempts) refuse(tried, answer);
    wait_before(attempt, answer);
  }
}

}  // namespace epicrisis
