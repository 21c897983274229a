#include "epicrisis/net/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxUrl = 2048;

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

// Empty if the URL has no such part.
std::optional<std::string> part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK || text == nullptr) return std::nullopt;
  std::string result = text;
  curl_free(text);
  return result;
}

}  // namespace

std::optional<UrlParts> split_url(std::string_view url) {
  if (url.empty() || url.size() > kMaxUrl || url.find('\0') != std::string_view::npos) return {};
  const UrlHandle handle(curl_url());
  if (handle == nullptr) return {};
  const std::string text(url);
  if (curl_url_set(handle.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return {};
  UrlParts parts;
  parts.scheme = ascii_lower(part(handle.get(), CURLUPART_SCHEME).value_or(""));
  parts.host = ascii_lower(part(handle.get(), CURLUPART_HOST).value_or(""));
  parts.path = part(handle.get(), CURLUPART_PATH).value_or("");
  parts.has_user =
      part(handle.get(), CURLUPART_USER) || part(handle.get(), CURLUPART_PASSWORD).has_value();
  // An empty query or fragment ("...?") counts too, which curl does not tell apart from none.
  parts.has_query = text.find('?') != std::string::npos;
  parts.has_fragment = text.find('#') != std::string::npos;
  return parts;
}

std::string endpoint_url_fault(std::string_view url) {
  if (url.size() > kMaxUrl) return fmt::format("is longer than {} bytes", kMaxUrl);
  const auto plain = [](char c) { return c > ' ' && c < 0x7f; };
  if (!std::ranges::all_of(url, plain)) return "holds a space, a control or a non-ASCII character";
  const std::optional<UrlParts> parts = split_url(url);
  if (!parts) return "is no absolute URL; it is like http://127.0.0.1:8080/v1";
  if (parts->scheme != "http" && parts->scheme != "https") return "is not http:// or https://";
  // curl would take "http:///v1" for the host "v1".
  if (parts->host.empty() || url.find(":///") != std::string_view::npos) return "names no host";
  if (parts->has_user) {
    return "holds a user name or a password; name the key's variable or file instead";
  }
  if (parts->has_query) {
    return "holds a query ('?'); name the key's variable or file instead, and Azure's version with "
           "api_version";
  }
  if (parts->has_fragment) return "holds a fragment ('#')";
  return "";
}

std::string escape_url_part(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += '%';
      result += kDigits[byte >> 4U];
      result += kDigits[byte & 0xFU];
    }
  }
  return result;
}

bool is_local_url(std::string_view url) {
  const std::optional<UrlParts> parts = split_url(url);
  if (!parts) return false;
  std::string_view host = parts->host;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (is_loopback_address(host)) return true;
  if (host.ends_with('.')) host.remove_suffix(1);
  return host == "localhost" || host.ends_with(".localhost");
}

bool is_loopback_address(std::string_view address) {
  const std::string text(address);
  in_addr four{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24U == 127;
  in6_addr six{};
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return false;
  // The macros of IN6_IS_ADDR_... cast away const.
  std::array<unsigned char, 16> bytes{};
  std::memcpy(bytes.data(), &six, bytes.size());
  const auto zeros = [&](std::size_t from, std::size_t to) {
    return std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                       bytes.begin() + static_cast<std::ptrdiff_t>(to),
                       [](unsigned char byte) { return byte == 0; });
  };
  if (zeros(0, 15) && bytes[15] == 1) return true;
  return zeros(0, 10) && bytes[10] == 0xFF && bytes[11] == 0xFF && bytes[12] == 127;
}

}  // namespace epicrisis
