// links: core

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const epicrisis::Json value = epicrisis::parse_json(text, "fuzz.json");
    const std::string written = epicrisis::dump_json(value);
    if (epicrisis::dump_json(epicrisis::parse_json(written, "again.json")) != written) std::abort();
    epicrisis::json_get_or<std::int64_t>(value, "id", 0, "fuzz.json");
    epicrisis::json_get<std::string>(value, "text", "fuzz.json");
  } catch (const epicrisis::InputError&) {
    // Broken text, told as such.
  }
  return 0;
}
