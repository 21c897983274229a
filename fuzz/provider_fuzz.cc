// links: llm

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "epicrisis/core/error.h"
#include "epicrisis/llm/provider.h"
#include "epicrisis/net/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  epicrisis::is_local_url(text);
  try {
    epicrisis::provider_for_url(text);
  } catch (const epicrisis::UsageError&) {
    // No URL, told as such.
  }
  try {
    const epicrisis::Provider provider = epicrisis::parse_provider(text, "fuzz.toml");
    for (const epicrisis::Endpoint& endpoint : provider.endpoints) {
      if (endpoint.url.empty()) continue;
      const std::string url = epicrisis::chat_url(provider, endpoint, text.substr(0, 20));
      // Nothing in the model's name leads to another host.
      if (epicrisis::is_local_url(url) != epicrisis::is_local_url(endpoint.url)) std::abort();
    }
  } catch (const epicrisis::UsageError&) {
    // No provider, told as such.
  }
  return 0;
}
