// links: audit

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "epicrisis/audit/review.h"
#include "epicrisis/core/error.h"

// A sheet as it may come back; the first byte tells its form.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace audit = epicrisis::audit;
  static const auto keys = audit::review_keys(audit::ClaimReader(epicrisis::Field::standard()));
  if (size == 0) return 0;
  const auto form = data[0] == '{' ? audit::SheetForm::kJsonLines : audit::SheetForm::kCsv;
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    for (const audit::ReviewRow& row : audit::parse_review(text, form, keys, "fuzz")) {
      if (row.note_hash.size() != 64 || row.line == 0 || !row.labels.is_object()) std::abort();
      epicrisis::dump_json(row.labels);
    }
  } catch (const epicrisis::InputError& error) {
    // Told with its place.
    if (std::string_view(error.what()).find("fuzz") == std::string_view::npos) std::abort();
  }
  return 0;
}
