// Ages in months, weeks, days and broken years: what a note says of them, and what the metadata
// makes of it.

#include <gmock/gmock.h>

#include <fstream>
#include <string>
#include <vector>

#include "epicrisis/audit/audit.h"

namespace epicrisis::audit {
namespace {

// The ages that a note claims, one after the other.
std::string ages_of(std::string_view note) {
  static const ClaimReader reader(Field::standard());
  std::string ages;
  for (const Claim& claim : reader.read(note).claims) {
    if (claim.kind == "age") ages += (ages.empty() ? "" : ", ") + claim.value;
  }
  return ages;
}

TEST(Ages, AreReadWithTheirUnit) {
  struct Case {
    const char* note;
    const char* ages;
  };
  for (const Case& one : std::vector<Case>{
           {"A nevus. Findings: age 9 months; site: back.", "9 months"},
           {"Nevus, age 6 days, back.", "6 days"},
           {"Age: 8 weeks.", "8 weeks"},
           {"Age: about 8 weeks.", "8 weeks"},
           {"Aged 1 month.", "1 month"},
           {"A boy aged six months.", "6 months"},
           {"A boy of 6 months.", "6 months"},
           {"An 18-month-old girl with a papule.", "18 months"},
           {"An 18-month-old with a papule.", "18 months"},
           {"In an eighteen-month-old.", "18 months"},
           {"A 6-week-old male infant.", "6 weeks, 0-1"},
           {"The boy is 9 months old.", "9 months"},
           {"A girl, 9 months old, with a papule.", "9 months"},
           {"A 9mo old girl.", "9 months"},
           {"A girl aged 1 year and 3 months.", "1, 15 months"},
           {"A girl aged between 6 and 9 months.", "6-9 months"},
           {"A girl aged 6 to 9 months.", "6-9 months"},
           {"A girl aged under 6 months.", "0-6 months"},
           {"A girl aged over 6 months.", "over 6 months"},
           {"A newborn with a macule.", "0-1 months"},
           {"A neonate of 6 days.", "0-1 months, 6 days"},
           {"An infant of 9 months.", "0-1, 9 months"},
           {"A boy aged 2 1/2 years.", "2"},
           {"A 3 1/2-year-old boy.", "3"},
           {"A 2.5-year-old boy.", "2"},
           {"A boy, two and a half years old.", "2"},
           {"Age 2.5.", "2"},
           {"A woman in her sixties.", "60-69"},
           {"A 65-year-old man.", "65"},
           {"A patient aged between 60 and 70.", "60-70"},
           {"A woman over 50.", "50-120"},
           // A while is no age.
           {"A woman with a nevus for 9 months.", ""},
           {"A 3-month-old scar of a man.", ""},
           {"A lesion of 6 weeks.", ""},
           {"The lesion is 3 months old.", ""},
           {"Her lesion is 3 months old.", ""},
           {"Present since age 9 months.", ""},
           {"It appeared at 3 months of age.", ""},
           {"Follow-up in three months is advised.", ""},
           {"A man, 6 months after an excision.", ""},
           {"A woman aged 40 years, 12 months after an excision.", "40"},
           {"A woman aged 40 years, treated 6 months ago.", "40"},
           {"A 40-year-old woman; it grew over 6 months.", "40"},
       }) {
    EXPECT_EQ(ages_of(one.note), one.ages) << one.note;
  }
}

// The verdicts on what a note says of the age, where the metadata says `age`.
std::string verdict_on(std::string_view note, std::string_view age) {
  static const Auditor auditor(Field::standard());
  const Json known = {{"age", age}};
  const Facts facts = parse_facts(known, Field::standard(), "test");
  std::string verdicts;
  for (const JudgedClaim& one : auditor.audit(note, facts, nullptr).claims) {
    if (one.claim.kind != "age") continue;
    verdicts += (verdicts.empty() ? "" : ", ") + std::string(verdict_name(one.verdict));
  }
  return verdicts;
}

TEST(Ages, AreComparedInOneUnit) {
  struct Case {
    const char* said;
    const char* known;
    bool agrees;
  };
  for (const Case& one : std::vector<Case>{
           {"age 9 months", "9 months", true},
           {"age 9 months", "0", true},
           {"age 9 months", "1", false},
           {"age 9 months", "8 months", false},
           {"age 9 months", "9", false},
           {"age about 9 months", "8 months", true},
           {"age about 9 months", "4", false},
           {"age 18 months", "1", true},
           {"age 18 months", "2", false},
           {"age 24 months", "2", true},
           {"age 30 months", "2", true},
           {"age 6 days", "6 days", true},
           {"age 6 days", "0", true},
           {"age 6 days", "6", false},
           {"age 8 weeks", "2 months", true},
           {"age 8 weeks", "3 months", false},
           {"age 1", "18 months", true},
           {"age 1", "9 months", false},
           {"age 9", "9 months", false},
           {"age 0", "9 months", true},
           {"aged 6 to 9 months", "7 months", true},
           {"aged 6 to 9 months", "11 months", false},
           {"age 2 1/2 years", "2 1/2 years", true},
           {"age 2.5", "2.5", true},
           {"a 3 1/2-year-old boy", "3.5", true},
           {"a 3 1/2-year-old boy", "2", false},
           {"a newborn", "6 days", true},
           {"a newborn", "0", true},
           {"a newborn", "9 months", false},
           {"a newborn", "newborn", true},
           {"an infant", "9 months", true},
           {"an infant", "8", false},
           {"an infant", "infant", true},
           {"a 30-year-old man", "infant", false},
           {"a woman in her sixties", "65", true},
           {"a woman in her sixties", "60-69", true},
           {"a woman in her sixties", "70", false},
           {"a woman in her sixties", "59", false},
           {"age 65", "65", true},
           {"age 65", "66", false},
           {"age 85", "85 or older", true},
           {"age 18", "under 18", true},
       }) {
    const std::string note = "A nevus, " + std::string(one.said) + ".";
    EXPECT_EQ(verdict_on(note, one.known), one.agrees ? "agrees" : "contradicts")
        << one.said << " and " << one.known;
  }
}

}  // namespace
}  // namespace epicrisis::audit
