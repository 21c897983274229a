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

// Whether the host is this machine as it is written: localhost, a name below .localhost, or a
// loopback address. Names are not looked up here: the HTTP client sees to it that what such a name
// leads to is this machine, and sends nothing otherwise.
bool is_local_url(std::string_view url);

// Whether an address is this machine's own: 127.0.0.0/8, ::1, and the former as IPv6
// (::ffff:127.0.0.1). False for what is no address in numbers.
bool is_loopback_address(std::string_view address);

// Percent-escapes everything but letters, digits and "-._~".
std::string escape_url_part(std::string_view text);

}  // namespace epicrisis
