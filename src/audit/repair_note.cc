#include "audit/repair_note.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "audit/claim_words.h"
#include "audit/sentences.h"
#include "audit/shared_claims.h"
#include "epicrisis/core/strings.h"

namespace epicrisis::audit {
namespace {

constexpr int kRounds = 16;          // of stripping and reading again
constexpr std::size_t kShown = 200;  // bytes of a sentence that is kept as provenance

using Span = std::pair<std::size_t, std::size_t>;

// Something that a rule of the policy speaks of.
struct Found {
  PolicyStep step;
  std::string what;     // "diagnosis contradicts (label NEV)"
  std::string kind;     // "diagnosis"
  std::string plainly;  // "diagnosis contradicts what is known": without a word of what that is
  std::vector<Span> spans;
};

class Finder {
 public:
  Finder(std::string_view note, const Auditor& auditor, const Policy& policy, const Facts& facts,
         const Prompt* prompt, const SharedBy& shared)
      : note_(note),
        policy_(policy),
        words_(auditor.reader().words()),
        shared_(shared),
        audited_(auditor.audit(note, facts, prompt)) {}

  // All that leads to something else than to accept it.
  std::vector<Found> find() {
    for (const JudgedClaim& one : audited_.claims) claim(one);
    for (const SelfContradiction& one : audited_.reading.self_contradictions) {
      add(Subject::kSelfContradiction, "self-contradiction", "", "", std::nullopt, one.rule,
          {{one.first_begin, one.first_end}, {one.second_begin, one.second_end}});
    }
    for (const FormFault& fault : audited_.form) {
      std::vector<Span> spans;
      if (fault.end > fault.begin) spans.emplace_back(fault.begin, fault.end);
      add(Subject::kForm, fault.rule, "", severity_name(fault.severity), std::nullopt, fault.detail,
          std::move(spans));
    }
    for (const std::string& name : audited_.omitted) {
      add(Subject::kOmission, general(name), "", "", std::nullopt, "left out", {});
    }
    mentions();
    add(Subject::kNote, "note", note_verdict_name(audited_.verdict), "", std::nullopt,
        wrong_in_words(), {});
    return std::move(found_);
  }
  std::size_t words() const { return audited_.reading.words; }
  const std::vector<Claim>& claims() const { return audited_.reading.claims; }

 private:
  // The field's grade is "grade" in a policy.
  std::string general(const std::string& kind) const {
    return kind == words_.kind_name(Kind::kGrade) ? "grade" : kind;
  }

  void claim(const JudgedClaim& one) {
    const std::string_view verdict = verdict_name(one.verdict);
    std::string detail = one.evidence;
    const std::optional<double> share = shared_ ? shared_(one.claim) : std::nullopt;
    if (detail.empty() && share) detail = fmt::format("shared by {:.2f}", *share);
    add(Subject::kClaim, general(one.claim.kind), verdict, severity_name(one.severity), share,
        detail, {{one.claim.begin, one.claim.end}});
  }

  void mentions() {
    const bool asked = std::ranges::any_of(
        policy_.rules, [](const PolicyRule& rule) { return rule.subject == Subject::kMention; });
    if (!asked) return;
    for (const ConceptMention& mention : words_.lexicon().mentions(note_)) {
      const Kind kind = words_.kind(mention.concept_index);
      const std::string_view name = words_.kind_name(kind);
      if (kind == Kind::kNone || name.empty()) continue;
      add(Subject::kMention, general(std::string(name)), "", "", std::nullopt,
          words_.at(mention.concept_index).id, {{mention.begin, mention.end}});
    }
  }

  void add(Subject subject, const std::string& kind, std::string_view verdict,
           std::string_view severity, std::optional<double> share, std::string_view detail,
           std::vector<Span> spans) {
    for (const PolicyRule& rule : policy_.rules) {
      const auto allows = [](const auto& names, std::string_view name) {
        return names.empty() || names.contains(name);
      };
      if (rule.subject != subject || !allows(rule.kinds, kind) || !allows(rule.verdicts, verdict) ||
          !allows(rule.severities, severity)) {
        continue;
      }
      if (rule.shared_below > 0 && (!share || *share >= rule.shared_below)) continue;
      if (rule.step.action == Action::kAccept) return;
      Found found{rule.step, kind, kind, plain_words(subject, kind, verdict, detail),
                  std::move(spans)};
      if (!verdict.empty()) found.what += fmt::format(" {}", verdict);
      if (!detail.empty()) found.what += fmt::format(" ({})", detail);
      found_.push_back(std::move(found));
      return;
    }
  }

  static std::string plain_words(Subject subject, const std::string& kind, std::string_view verdict,
                                 std::string_view detail) {
    if (subject == Subject::kOmission) return kind + " is known and left out";
    if (subject == Subject::kNote) return std::string(detail);  // says of what kind, not what
    if (verdict == verdict_name(Verdict::kContradicts)) return kind + " contradicts what is known";
    if (verdict == verdict_name(Verdict::kUnknowable)) return kind + " cannot be known";
    return kind;
  }

  std::string wrong_in_words() const {
    std::vector<std::string> parts;
    for (const std::string& kind : audited_.wrong) parts.push_back("wrong " + general(kind));
    if (!audited_.reading.self_contradictions.empty()) parts.emplace_back("contradicts itself");
    for (const FormFault& fault : audited_.form) {
      if (fault.severity != Severity::kMajor) continue;
      if (std::ranges::find(parts, fault.rule) == parts.end()) parts.push_back(fault.rule);
    }
    for (const JudgedClaim& one : audited_.claims) {
      if (one.verdict != Verdict::kUnknowable || one.severity != Severity::kMajor) continue;
      if (std::ranges::find(parts, one.claim.kind) == parts.end()) parts.push_back(one.claim.kind);
    }
    return join(parts, ", ");
  }

  std::string_view note_;
  const Policy& policy_;
  const ClaimWords& words_;
  const SharedBy& shared_;
  AuditedNote audited_;
  std::vector<Found> found_;
};

int gravity(const PolicyStep& step) {
  switch (step.action) {
    case Action::kReject:
      return 4;
    case Action::kWrite:
      return 3;
    case Action::kAsk:
      return 2;
    case Action::kStrip:
      return 1;
    default:
      return 0;
  }
}

// "diagnosis, grade": each kind once.
std::string kinds_of(const std::vector<Found>& found) {
  std::vector<std::string> kinds;
  for (const Found& one : found) {
    if (std::ranges::find(kinds, one.kind) == kinds.end()) kinds.push_back(one.kind);
  }
  return join(kinds, ", ");
}

Json words_of(const std::vector<Found>& found) {
  Json list = Json::array();
  for (const Found& one : found) {
    if (std::ranges::find(list, Json(one.what)) == list.end()) list.push_back(one.what);
  }
  return list;
}

// "1) diagnosis contradicts what is known: pneumonia; 2) leak: effusion", as a model reads it.
std::string faults_in_words(std::string_view text, const std::vector<Found>& found) {
  std::vector<std::string> faults;
  if (found.empty()) faults.emplace_back("too short");  // what a strip left
  for (const Found& one : found) {
    std::vector<std::string> spans;
    for (const auto& [begin, end] : one.spans) {
      spans.emplace_back(text.substr(begin, end - begin));
    }
    std::string fault = one.plainly;
    if (!spans.empty()) fault += ": " + join(spans, " / ");
    if (std::ranges::find(faults, fault) == faults.end()) faults.push_back(std::move(fault));
  }
  for (std::size_t i = 0; i < faults.size(); ++i) {
    faults[i] = fmt::format("{}) {}", i + 1, faults[i]);
  }
  return join(faults, "; ");
}

// Whether a note that was written again is still that note: it has at least half of the claims that
// were not found wrong, and one where there was none.
bool keeps_the_rest(const std::vector<Claim>& before, const std::vector<Claim>& after,
                    const std::vector<Found>& found) {
  const auto is_found = [&](const Claim& claim) {
    return std::ranges::any_of(found, [&](const Found& one) {
      return std::ranges::any_of(one.spans, [&](const Span& span) {
        return claim.begin < span.second && span.first < claim.end;
      });
    });
  };
  std::set<ClaimKey> now;
  for (const Claim& claim : after) now.insert(key_of(claim));
  std::set<ClaimKey> right;
  for (const Claim& claim : before) {
    if (!is_found(claim)) right.insert(key_of(claim));
  }
  const auto kept =
      std::ranges::count_if(right, [&](const ClaimKey& key) { return now.contains(key); });
  return !now.empty() && 2 * kept >= std::ssize(right);
}

std::string shown(std::string_view text) {
  const std::string_view beginning = utf8_beginning(text, kShown);
  return std::string(beginning) + (beginning.size() < text.size() ? "..." : "");
}

// The text without the sentences of the spans, which `step` and `count` tell of; nothing if a span
// is missing or nothing could be taken out.
std::optional<std::string> stripped(const std::string& text, const std::vector<Found>& found,
                                    Json& step, std::size_t& count) {
  const std::vector<Sentence> sentences = sentences_of(text);
  std::vector<bool> gone(sentences.size(), false);
  bool any = false;
  for (const Found& one : found) {
    if (one.spans.empty()) return std::nullopt;
    for (const auto& [begin, end] : one.spans) {
      // The first that ends after the span begins.
      auto at = std::ranges::upper_bound(sentences, begin, {}, &Sentence::end);
      for (; at != sentences.end() && at->begin < end; ++at) {
        gone[static_cast<std::size_t>(at - sentences.begin())] = true;
        any = true;
      }
    }
  }
  if (!any) return std::nullopt;
  step["removed"] = Json::array();
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    if (!gone[i]) continue;
    ++count;
    const Sentence& one = sentences[i];
    step["removed"].push_back(
        {{"begin", one.begin},
         {"end", one.end},
         {"text", shown(std::string_view(text).substr(one.begin, one.end - one.begin))}});
  }
  return without_sentences(text, sentences, gone);
}

}  // namespace

RepairedNote repair_note(std::string_view note, const Auditor& auditor, const Policy& policy,
                         const Facts& facts, const Prompt* prompt, const SharedBy& shared,
                         const OtherNote& other, const RevisedText& revised) {
  RepairedNote repaired;
  repaired.text = std::string(note);
  repaired.outcome = "accepted";
  const SharedBy nothing;
  PolicyStep last;
  for (int round = 0;; ++round) {
    const bool own = last.action != Action::kWrite;
    // What others say is no evidence against a note of another strategy.
    Finder finder(repaired.text, auditor, policy, facts, own ? prompt : nullptr,
                  own ? shared : nothing);
    std::vector<Found> found = finder.find();
    PolicyStep step;
    for (const Found& one : found) {
      if (gravity(one.step) > gravity(step)) step = one.step;
    }
    std::erase_if(found, [&](const Found& one) { return one.step != step; });
    if (step.action == Action::kAccept) {
      if (repaired.sentences == 0 || finder.words() >= policy.least_words) return repaired;
    }
    std::string why = kinds_of(found);
    const auto reject = [&] {
      repaired.steps.push_back({{"action", "reject"}, {"because", words_of(found)}});
      repaired.outcome = "rejected";
      repaired.text.clear();
      repaired.written.clear();
      repaired.sentences = 0;
      repaired.reason = why;
      return repaired;
    };
    if (step.action == Action::kReject) {
      if (found.front().kind == "note") why = found.front().what;
      return reject();
    }
    // What follows where the note is too short to stay, or a step does not help.
    if (!own) {
      why = fmt::format("note of {}: {}", last.strategy, why);
      step = policy.after(last);
    }
    if (step.action == Action::kAccept) {
      why = "too little left";
      step = policy.after({Action::kStrip, ""});
    }
    bool done = false;
    while (!done) {
      Json entry = {{"action", step_name(step)}, {"because", words_of(found)}};
      switch (step.action) {
        case Action::kStrip: {
          if (round >= kRounds) break;
          std::size_t sentences = 0;
          std::optional<std::string> left = stripped(repaired.text, found, entry, sentences);
          if (!left) break;
          done = !left->empty();
          if (done) {
            repaired.text = *std::move(left);
            repaired.sentences += sentences;
            if (repaired.asked == 0) repaired.outcome = "stripped";
          } else {
            repaired.steps.push_back(entry);
            why = "nothing left";
          }
          break;
        }
        case Action::kAsk:
          if (repaired.asked < policy.asks) {
            std::string faults = faults_in_words(repaired.text, found);
            Revision revision = revised(repaired.text, faults);
            if (!revision.asked) {
              repaired.outcome = kWaiting;
              repaired.faults = std::move(faults);
              return repaired;
            }
            entry["faults"] = faults;
            done = revision.text &&
                   keeps_the_rest(finder.claims(), auditor.reader().read(*revision.text).claims,
                                  found);
            if (done) {
              repaired.text = *std::move(revision.text);
              repaired.provider = std::move(revision.provider);
              repaired.model = std::move(revision.model);
              repaired.outcome = "asked";
              repaired.sentences = 0;
              ++repaired.asked;
            } else {
              why = revision.text ? "another note where it was asked for again"
                                  : "no note where it was asked for again";
              entry["without_help"] = why;
              repaired.steps.push_back(entry);
            }
          }
          break;
        case Action::kWrite:
          if (auto text = other(step.strategy); text && !trim(*text).empty()) {
            repaired.text = std::move(*text);
            repaired.outcome = "fell back";
            repaired.written = step.strategy;
            repaired.sentences = 0;
            last = step;
            done = true;
          } else {
            why = fmt::format("no note of {}", step.strategy);
          }
          break;
        default:
          return reject();
      }
      if (done) {
        repaired.steps.push_back(std::move(entry));
      } else {
        step = policy.after(step);
      }
    }
  }
}

}  // namespace epicrisis::audit
