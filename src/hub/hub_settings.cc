#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/hub/hub.h"
#include "epicrisis/net/url.h"
#include "settings/hub_cache.h"

namespace epicrisis {
namespace {

constexpr std::uint64_t kMaxToken = 4096;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : std::string(trim(value));
}

// As Hugging Face's programs read it.
bool is_on(const std::string& value) {
  const std::string word = ascii_lower(value);
  return word == "1" || word == "true" || word == "yes" || word == "on";
}

// `where` names the place, never the text. It goes into a header, so that a line break would end
// that.
Secret checked_token(std::string_view text, const std::string& where) {
  const bool plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
  if (!plain || text.size() > kMaxToken) {
    throw UsageError("{} holds a space, a line break or another character that no token has",
                     where);
  }
  return Secret(std::string(text));
}

Secret token_of_environment() {
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
    const std::string value = variable(name);
    if (!value.empty()) return checked_token(value, name);
  }
  Path file = variable("HF_TOKEN_PATH");
  if (file.empty()) {
    if (hub_home().empty()) return {};
    file = hub_home() / "token";
  }
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return {};
  return checked_token(trim(read_file(file, kMaxToken)), file.string());
}

}  // namespace

HubSettings hub_settings() {
  HubSettings settings;
  if (const std::string endpoint = variable("HF_ENDPOINT"); !endpoint.empty()) {
    settings.endpoint = endpoint;
    if (const std::string fault = endpoint_url_fault(endpoint); !fault.empty()) {
      throw UsageError("HF_ENDPOINT {}", fault);
    }
    while (settings.endpoint.ends_with('/')) settings.endpoint.pop_back();
  }
  settings.offline = is_on(variable("HF_HUB_OFFLINE"));
  settings.cache = hub_cache_folder();
  if (settings.cache.empty()) {
    throw UsageError("there is no home for Hugging Face's cache; set HF_HUB_CACHE to a folder");
  }
  settings.token = token_of_environment();
  return settings;
}

HubName parse_hub_name(std::string_view text) {
  HubName name;
  const std::size_t at = text.find('@');
  name.repository = text.substr(0, at);
  if (at != std::string_view::npos) name.revision = text.substr(at + 1);
  const bool usable = is_hub_name(name.repository) && is_plain_file_name(name.revision);
  if (!usable) {
    throw UsageError(
        "'{}' is no repository; it is named as ORG/NAME, and with a branch, tag or commit as "
        "ORG/NAME@REVISION",
        clean_text(text, 200));
  }
  return name;
}

}  // namespace epicrisis
