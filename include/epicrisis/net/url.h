#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace epicrisis {

// The parts of an absolute URL, as libcurl reads it.
struct UrlParts {
  std::string scheme;  // lower case
  std::string host;    // lower case, an IPv4 address in its plain form, IPv6 in brackets
  std::string path;
  bool has_user = false;  // a user name or a password
  bool has_query = false;
  bool has_fragment = false;
};
std::optional<UrlParts> split_url(std::string_view url);

// "" if the text can be an endpoint's base URL, else what is wrong with it, in words that do not
// repeat it: a key may be in it.
std::string endpoint_url_fault(std::string_view url);

// Whether the host is this machine: localhost, 127.0.0.0/8 or ::1, as written (names are not
// looked up).
bool is_local_url(std::string_view url);

// Percent-escapes everything but letters, digits and "-._~".
std::string escape_url_part(std::string_view text);

}  // namespace epicrisis
