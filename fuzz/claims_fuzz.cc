// links: audit

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "epicrisis/audit/audit.h"
#include "epicrisis/core/error.h"

// A note, and after a zero byte the metadata it is held against.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using epicrisis::Field;
  static const epicrisis::audit::Auditor auditor(Field::standard());
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = input.find('\0');
  const std::string_view note = input.substr(0, cut);
  epicrisis::audit::Facts facts;
  if (cut != std::string_view::npos) {
    try {
      facts = epicrisis::audit::parse_facts(epicrisis::parse_json(input.substr(cut + 1), "fuzz"),
                                            Field::standard(), "fuzz");
    } catch (const epicrisis::InputError&) {
      // Broken metadata, told as such.
    }
  }
  std::size_t last = 0;
  const epicrisis::audit::AuditedNote audited = auditor.audit(note, facts, nullptr);
  for (const auto& one : audited.claims) {
    if (one.claim.begin < last || one.claim.end <= one.claim.begin || one.claim.end > note.size()) {
      std::abort();
    }
    last = one.claim.begin;
  }
  epicrisis::dump_json(to_json(audited, note, Field::standard()));
  return 0;
}
