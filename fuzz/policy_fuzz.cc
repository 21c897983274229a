// links: audit

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "epicrisis/audit/policy.h"
#include "epicrisis/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace audit = epicrisis::audit;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const audit::Policy policy = audit::parse_policy(text, "fuzz.toml");
    if (policy.rules.empty() || policy.name.empty()) std::abort();
    // Every way ends.
    for (const auto& [from, to] : policy.otherwise) {
      audit::PolicyStep at = from;
      for (std::size_t i = 0; at.action != audit::Action::kReject; ++i) {
        if (i > policy.otherwise.size()) std::abort();
        at = policy.after(at);
      }
    }
  } catch (const epicrisis::UsageError& error) {
    if (std::string_view(error.what()).find("fuzz.toml") == std::string_view::npos) std::abort();
  }
  return 0;
}
