#include "audit/second_reader.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <string>

#include "epicrisis/core/hash.h"
#include "epicrisis/eval/statistics.h"
#include "epicrisis/store/tables/judgements.h"

namespace epicrisis::audit {
namespace {

bool same_claim(const Json& claim, const Json& judged) {
  for (const char* member : {"kind", "value", "polarity", "begin", "end"}) {
    if (claim.at(member) != judged.at(member)) return false;
  }
  return true;
}

void count(JudgeCounts& counts, const std::string& rules, const std::string& judge) {
  ++counts.claims;
  ++counts.verdicts[judge];
  if (judge != "agrees" && judge != "contradicts") return;
  if (rules == "agrees") ++(judge == "agrees" ? counts.both_agree : counts.judge_alone);
  if (rules == "contradicts") ++(judge == "agrees" ? counts.rules_alone : counts.both_contradict);
}

}  // namespace

std::string judge_name(std::string_view judge, std::string_view provider, std::string_view model) {
  return fmt::format("{} ({}, {})", judge, provider, model);
}

void add_judgements(Database& database, const NoteRecord& note, Json& audited,
                    std::map<std::string, JudgeCounts>& counts) {
  const std::string sha256 = sha256_hex(note.text);
  const std::vector<Judgement> judgements = judgements_of(database, note.id, sha256);
  // The last word of each; what it said of another text only where it said nothing of this one.
  std::map<std::string, const Judgement*> last;
  for (const Judgement& judgement : judgements) {
    const Judgement*& one = last[judge_name(judgement.judge, judgement.provider, judgement.model)];
    if (one == nullptr || judgement.note_sha256 == sha256 || one->note_sha256 != sha256) {
      one = &judgement;
    }
  }
  for (const auto& [name, found_last] : last) {
    const Judgement& judgement = *found_last;
    JudgeCounts& one = counts[name];
    if (judgement.note_sha256 != sha256) {
      ++one.stale_notes;
      continue;
    }
    ++one.notes;
    for (const Json& said : judgement.verdicts) {
      Json* found = nullptr;
      for (Json& claim : audited.at("claims")) {
        if (same_claim(claim, said)) found = &claim;
      }
      if (found == nullptr) {  // the rules read the note otherwise since
        ++one.stale_claims;
        continue;
      }
      count(one, found->at("verdict"), said.at("verdict"));
      (*found)["judges"].push_back({{"judge", judgement.judge},
                                    {"provider", judgement.provider},
                                    {"model", judgement.model},
                                    {"verdict", said.at("verdict")}});
    }
  }
}

double JudgeCounts::kappa() const {
  const auto number = [](std::int64_t claims) { return static_cast<double>(claims); };
  const std::array rules = {number(both_agree + judge_alone),
                            number(both_contradict + rules_alone)};
  const std::array judge = {number(both_agree + rules_alone),
                            number(both_contradict + judge_alone)};
  return cohen_kappa(rules, judge, number(both_agree + both_contradict));
}

Json to_json(const JudgeCounts& counts) {
  return {{"notes", counts.notes},
          {"claims", counts.claims},
          {"verdicts", counts.verdicts},
          {"both_agree", counts.both_agree},
          {"both_contradict", counts.both_contradict},
          {"rules_alone", counts.rules_alone},
          {"judge_alone", counts.judge_alone},
          {"kappa", number_or_null(counts.kappa())},
          {"stale_notes", counts.stale_notes},
          {"stale_claims", counts.stale_claims}};
}

}  // namespace epicrisis::audit
