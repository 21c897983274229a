#include <fmt/format.h>

#include "audit/rules.h"
#include "epicrisis/corpus/picture_findings.h"

namespace epicrisis::audit {

Facts known_facts(Database& database, const Field& field, const Sample& sample) {
  Facts facts = facts_of(sample, field);
  for (MeasuredFinding& finding : stored_findings(database, field, sample)) {
    if (finding.usable) facts.measured.push_back(std::move(finding));
  }
  return facts;
}

void judge_measured(JudgedClaim& judged, const Facts& facts) {
  const Claim& claim = judged.claim;
  if (judged.verdict != Verdict::kUndecidable || claim.hedged) return;
  for (const MeasuredFinding& finding : facts.measured) {
    if (finding.kind != claim.kind || !finding.usable) continue;
    bool so = finding.present();
    if (claim.value == finding.opposite) {
      so = !so;
    } else if (claim.value != finding.value) {
      continue;
    }
    const bool agrees = so != claim.denied;
    judged.verdict = agrees ? Verdict::kAgrees : Verdict::kContradicts;
    judged.severity = agrees ? Severity::kNone : Severity::kMinor;
    judged.rule = kMeasuredRule;
    judged.evidence =
        fmt::format("measured: {} (confidence {:.2f})", finding.words(), finding.confidence);
    return;
  }
}

}  // namespace epicrisis::audit
