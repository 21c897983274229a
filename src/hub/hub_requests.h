#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "epicrisis/core/job.h"
#include "epicrisis/hub/hub.h"
#include "epicrisis/net/http.h"

namespace epicrisis {

// "https://host:port" of an absolute URL, in small letters; "" for another text.
std::string origin_of(std::string_view url);
// Where a Location leads from `url`; "" for what is no place of http or https, and for one that
// leaves TLS.
std::string redirected(std::string_view url, std::string_view location);

// Sends requests to the hub. The token goes to the endpoint's own origin alone, wherever it
// redirects.
class HubRequests {
 public:
  HubRequests(HttpTransport& transport, const HubSettings& settings, const Job& job)
      : transport_(transport), settings_(settings), job_(job) {}

  struct Wanted {
    std::string method = "GET";
    std::string url;
    std::uint64_t from = 0;  // bytes to leave out at the beginning (Range)
    std::shared_ptr<HttpSink> sink;
    // Redirects are followed to where files are stored apart too, which has no word of them.
    bool elsewhere = true;
  };
  // The answer after redirects, or, where that is not followed, the redirect. Asked once.
  HttpAnswer ask(const Wanted& wanted) const;
  // Asked again, after a while, where the server or the way to it failed. UsageError, SystemError
  // that say `tried` for what is no 2xx (nor a redirect that is not followed).
  HttpAnswer ask_patiently(std::string_view tried, const Wanted& wanted) const;
  // Whether it pays to ask again.
  static bool is_passing(const HttpAnswer& answer);
  // Waits before attempt number `attempt`, from 1, as the answer asks or ever longer.
  void wait_before(int attempt, const HttpAnswer& answer) const;
  [[noreturn]] void refuse(std::string_view tried, const HttpAnswer& answer) const;

 private:
  HttpTransport& transport_;
  const HubSettings& settings_;
  const Job& job_;
};

inline constexpr int kHubAttempts = 5;  // without a byte more

}  // namespace epicrisis
