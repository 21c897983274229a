// links: hub

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "epicrisis/core/error.h"
#include "epicrisis/hub/hub.h"
#include "hub/hub_listing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto listing =
        epicrisis::parse_hub_listing({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (const std::string& name : listing.names) {
      if (name.starts_with('/') || ("/" + name + "/").find("/../") != std::string::npos) {
        std::abort();
      }
    }
    if (epicrisis::model_file_names(listing.names).size() > listing.names.size()) std::abort();
  } catch (const epicrisis::InputError&) {
    // Another form, told as such.
  }
  return 0;
}
