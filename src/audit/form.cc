#include <fmt/format.h>

#include <algorithm>

#include "audit/rules.h"
#include "epicrisis/core/strings.h"
#include "llm/refusal.h"
#include "notes/strategy/repetition.h"

namespace epicrisis::audit {
namespace {

// Letters of other scripts than Latin, and all letters, roughly: bytes that begin a character.
bool is_foreign_script(std::string_view note) {
  std::size_t latin = 0, foreign = 0;
  for (std::size_t i = 0; i < note.size(); ++i) {
    const auto byte = static_cast<unsigned char>(note[i]);
    if (byte < 0x80) {
      latin += (byte | 0x20U) >= 'a' && (byte | 0x20U) <= 'z' ? 1 : 0;
    } else if (byte >= 0xc2 && byte <= 0xcc) {
      ++latin;  // Latin with accents: U+0080 to U+033F
    } else if (byte >= 0xcd && byte != 0xe2 && byte < 0xf0) {
      ++foreign;  // U+2000 to U+2FFF, punctuation and signs, counts for neither
    }
  }
  return foreign > 3 && foreign * 4 > latin;
}

// A text that is no English: hardly one of the words that every English sentence is built with.
bool is_no_english(const NoteReading& reading) {
  constexpr std::size_t kSure = 2;  // of another language, in a text of any length
  if (reading.foreign_words >= kSure && reading.foreign_words > reading.common_words) return true;
  return reading.words >= 12 && reading.common_words * 14 < reading.words &&
         reading.claims.size() * 8 < reading.words;
}

bool is_cut(std::string_view note) {
  const std::string_view text = trim(note);
  if (text.empty()) return false;
  const char last = text.back();
  return (last >= 'a' && last <= 'z') || (last >= 'A' && last <= 'Z') || last == ',' ||
         last == ':' || last == ';' || last == '-' || last == '(';
}

void add(std::vector<FormFault>& faults, std::string rule, std::string detail, std::size_t begin,
         std::size_t end, Severity severity) {
  faults.push_back({std::move(rule), std::move(detail), begin, end, severity});
}

}  // namespace

std::vector<FormFault> form_faults(std::string_view note, const NoteReading& reading,
                                   const Prompt* prompt, const ClaimWords& words) {
  std::vector<FormFault> faults;
  if (trim(note).empty()) {
    add(faults, "empty", "the note has no text", 0, note.size(), Severity::kMajor);
    return faults;
  }
  // A note that claims much is none.
  constexpr std::size_t kClaimsOfARefusal = 8;
  if (reading.claims.size() < kClaimsOfARefusal) {
    if (const std::string refusal = llm::refusal_words(note); !refusal.empty()) {
      add(faults, "refusal", refusal, 0, 0, Severity::kMajor);
    }
  }
  if (is_foreign_script(note) || is_no_english(reading)) {
    add(faults, "language", "the note is not in English, so its claims are not read", 0,
        note.size(), Severity::kMajor);
  }
  if (is_cut(note)) {
    add(faults, "cut", "the note ends without a full stop", note.size(), note.size(),
        Severity::kMinor);
  }
  if (prompt == nullptr) return faults;
  if (prompt->strategy) {
    if (const std::string fault = repetition_fault(note, *prompt->strategy); !fault.empty()) {
      add(faults, "echo", fault, 0, 0, Severity::kMajor);
    }
  }
  if (prompt->max_words > 0 && reading.words > static_cast<std::size_t>(prompt->max_words)) {
    add(faults, "too long",
        fmt::format("{} words, {} were asked for", reading.words, prompt->max_words), 0, 0,
        Severity::kMinor);
  }
  if (!prompt->names_class) {
    for (const Claim& claim : reading.claims) {
      if (claim.kind != words.kind_name(Kind::kDiagnosis) || claim.denied) continue;
      add(faults, "leak", fmt::format("names {}, which it was neither told nor asked", claim.value),
          claim.begin, claim.end, Severity::kMajor);
    }
  }
  if (!prompt->headings.empty()) {
    const std::string lower = ascii_lower(note);
    for (const std::string& heading : prompt->headings) {
      // British and American spellings begin alike.
      if (lower.find(heading.substr(0, 4)) == std::string::npos) {
        add(faults, "heading missing", heading, 0, 0, Severity::kMinor);
      }
    }
  }
  for (const Claim& claim : reading.claims) {
    if (claim.denied || claim.bracketed) continue;
    const auto options = prompt->options.find(claim.kind);
    if (options == prompt->options.end() || claim.under != claim.kind) continue;
    if (options->second.contains(claim.value)) continue;
    add(faults, "off list", fmt::format("{} is none of the options", claim.value), claim.begin,
        claim.end, Severity::kMinor);
  }
  return faults;
}

Prompt Auditor::prompt_of(const Strategy& strategy) const {
  const ClaimWords& words = reader_.words();
  Prompt prompt;
  prompt.fields = strategy.fields;
  prompt.max_words = strategy.max_words;
  if (strategy.kind != StrategyKind::kTemplate) prompt.strategy = strategy;
  // Given, or asked for in the prompt's own words.
  prompt.names_class = strategy.names_label || !strategy.rewrites.empty();
  for (const ConceptMention& mention : words.lexicon().mentions(strategy.texts)) {
    if (words.kind(mention.concept_index) == Kind::kDiagnosis) prompt.names_class = true;
  }
  if (strategy.answer != AnswerForm::kOptions) return prompt;
  for (const OptionHeading& heading : strategy.options) {
    const std::size_t word = heading.name.rfind('_');
    prompt.headings.push_back(word == std::string::npos ? heading.name
                                                        : heading.name.substr(word + 1));
    for (const std::string& option : heading.options) {
      for (const ConceptMention& mention : words.lexicon().mentions(option)) {
        const Kind kind = words.kind(mention.concept_index);
        if (kind == Kind::kNone) continue;
        prompt.options[std::string(words.kind_name(kind))].insert(
            words.at(mention.concept_index).value);
      }
    }
  }
  return prompt;
}

}  // namespace epicrisis::audit
