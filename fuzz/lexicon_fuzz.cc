// links: text

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "epicrisis/core/error.h"
#include "epicrisis/text/lexicon.h"

namespace {

using epicrisis::Lexicon;

void check(const Lexicon& lexicon, std::string_view text) {
  std::size_t last = 0;
  for (const epicrisis::ConceptMention& mention : lexicon.mentions(text)) {
    if (mention.begin < last || mention.end <= mention.begin || mention.end > text.size() ||
        mention.concept_index >= lexicon.concepts().size()) {
      std::abort();
    }
    last = mention.end;
  }
  lexicon.find_concepts(text);
}

}  // namespace

// By the first byte: a text, or a lexicon.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    check(Lexicon::built_in(), text);
    return 0;
  }
  try {
    check(Lexicon::parse(text, "fuzz.toml"), "No x y, isn't clearly x: dots (absent) - A.");
  } catch (const epicrisis::UsageError&) {
    // A broken lexicon, told as such.
  }
  return 0;
}
