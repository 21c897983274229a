#include "epicrisis/audit/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "epicrisis/core/error.h"
#include "epicrisis/core/toml.h"

namespace epicrisis::audit {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Auditor& auditor() {
  static const Auditor auditor(Field::standard());
  return auditor;
}

Facts facts(const char* json) {
  return parse_facts(parse_json(json, "facts"), Field::standard(), "facts");
}

AuditedNote audit(std::string_view note, const char* known) {
  return auditor().audit(note, facts(known), nullptr);
}

TEST(Audit, WhatIsWrong) {
  const char* known = R"({"label":"NEV","age":45,"sex":"male","site":"face"})";
  EXPECT_THAT(audit("A melanoma.", known).wrong, ElementsAre("diagnosis"));
  EXPECT_THAT(audit("The lesion is malignant.", known).wrong, ElementsAre("malignancy"));
  EXPECT_THAT(audit("Probably a melanoma.", known).wrong, ElementsAre("diagnosis"));
  EXPECT_THAT(audit("This is no nevus.", known).wrong, ElementsAre("diagnosis"));
  EXPECT_THAT(audit("Not malignant.", known).wrong, IsEmpty());
  EXPECT_THAT(audit("On the cheek of a 45-year-old man.", known).wrong, IsEmpty());
  EXPECT_THAT(audit("On the head of a man in his forties.", known).wrong, IsEmpty());
  EXPECT_THAT(audit("On the leg of a 54-year-old woman.", known).wrong,
              ElementsAre("site", "age", "sex"));
  EXPECT_THAT(audit("A pigmented lesion.", known).wrong, IsEmpty());
  EXPECT_THAT(audit("Melanoma cannot be excluded.", known).wrong, IsEmpty());
}

TEST(Audit, ADiseaseThatIsNoClassIsAWrongOne) {
  const char* nevus = R"({"label":"NEV"})";
  EXPECT_THAT(audit("The face shows a sarcoma.", nevus).wrong, ElementsAre("diagnosis"));
  EXPECT_THAT(audit("Most likely eczema.", nevus).wrong, ElementsAre("diagnosis"));
  EXPECT_THAT(audit("A nevus; sarcoma is excluded.", nevus).wrong, IsEmpty());
  EXPECT_THAT(audit("A nevus within a keloid.", nevus).wrong, IsEmpty());
  EXPECT_THAT(audit("No granuloma.", nevus).wrong, IsEmpty());
  EXPECT_THAT(audit("A dermatofibrosarcoma.",
                    R"({"label":"DF","diagnosis":"dermatofibrosarcoma protuberans"})")
                  .wrong,
              IsEmpty());
  EXPECT_THAT(audit("A sarcoma.", R"({"diagnosis":"sarcoma"})").wrong, IsEmpty());
}

// Each claim is judged, but wrong is what the note settles for.
TEST(Audit, WhatIsSettledForIsWrong) {
  const char* benign = R"({"malignancy":"benign"})";
  const AuditedNote rival = audit("A benign lesion. This cancer is rare.", benign);
  EXPECT_THAT(rival.wrong, IsEmpty());
  EXPECT_EQ(rival.reading.self_contradictions.size(), 1U);
  EXPECT_EQ(rival.verdict, NoteVerdict::kFail);
  EXPECT_THAT(audit("This is a cancer.", benign).wrong, ElementsAre("malignancy"));
}

TEST(Audit, TheSideOfASite) {
  const auto wrong_side = [](std::string_view note, const char* site) {
    const AuditedNote audited = audit(note, fmt::format(R"({{"site":"{}"}})", site).c_str());
    return std::ranges::any_of(audited.claims, [](const JudgedClaim& one) {
      return one.rule == "side" && one.verdict == Verdict::kContradicts &&
             one.severity == Severity::kMajor;
    });
  };
  for (const char* note :
       {"A macule on the right forearm.", "A macule on the right upper arm.",
        "A macule on the right side of the forearm.", "A macule on the forearm (right).",
        "A macule on the forearm, right side.", "Site: forearm, on the right.",
        "A macule of the right-sided forearm of a man."}) {
    EXPECT_TRUE(wrong_side(note, "left forearm")) << note;
    EXPECT_FALSE(wrong_side(note, "right forearm")) << note;
    EXPECT_FALSE(wrong_side(note, "forearm")) << note;
  }
  for (const char* note :
       {"A macule on the left forearm.", "A macule on the forearm.",
        "A macule on the upright forearm.", "A macule in the right half of the picture, forearm.",
        "A macule on the forearm, the right part of which is dark.",
        "Darker on the right, on the forearm.", "On the left and right forearm."}) {
    EXPECT_FALSE(wrong_side(note, "left forearm")) << note;
  }
}

TEST(Audit, KindsOfAClass) {
  const char* known = R"({"label":"BEK","diagnosis":"seborrheic keratosis"})";
  const auto contradicted = [&](std::string_view note) {
    std::vector<std::string> kinds;
    for (const JudgedClaim& one : audit(note, known).claims) {
      if (one.verdict == Verdict::kContradicts) kinds.push_back(one.claim.kind);
    }
    return kinds;
  };
  EXPECT_THAT(contradicted("A benign keratosis."), IsEmpty());
  EXPECT_THAT(contradicted("A seborrhoeic keratosis."), IsEmpty());
  EXPECT_THAT(contradicted("A solar lentigo."), ElementsAre("subclass"));
}

TEST(Audit, VerdictsOfNotes) {
  const char* known = R"({"label":"NEV"})";
  EXPECT_EQ(audit("A benign nevus.", known).verdict, NoteVerdict::kPass);
  EXPECT_EQ(audit("A benign nevus. A biopsy is advised.", known).verdict, NoteVerdict::kWarn);
  EXPECT_EQ(audit("A melanoma.", known).verdict, NoteVerdict::kFail);
  EXPECT_EQ(audit("A nevus. The lesion is a melanoma.", "{}").verdict, NoteVerdict::kFail);
}

TEST(Audit, WhatNobodyCanKnow) {
  EXPECT_THAT(audit("It itches, is 5 mm wide and has been present for years. Histology showed a "
                    "nevus. A biopsy is advised. Seen by Dr. Smith.",
                    "{}")
                  .unknowable,
              testing::UnorderedElementsAre("symptoms", "size", "history", "test results", "advice",
                                            "persons"));
  Facts known;
  known.findings = {{"diameter", "8.0 x 5.0 mm"}, {"reported", "itch, grew"}};
  const AuditedNote audited = auditor().audit("8 x 5 mm, itchy, has grown.", known, nullptr);
  EXPECT_THAT(audited.unknowable, IsEmpty());
  EXPECT_EQ(auditor().audit("9 x 5 mm.", known, nullptr).claims.at(0).verdict,
            Verdict::kContradicts);
}

// What a table records is said of the lesion in the table's own words.
TEST(Audit, RecordedFindingsAreJudgedAsTheyAreRecorded) {
  Facts known = facts(R"({"label":"NEV"})");
  known.findings = {{"elevation", "not raised"},
                    {"symptoms", "growth"},
                    {"history", "cancer"},
                    {"diameter", "6 x 5 mm"},
                    {"diagnosis confirmed by", "follow-up"}};
  const AuditedNote template_note = auditor().audit(
      "The lesion is benign. The diagnosis is melanocytic nevus. Findings: elevation: not raised; "
      "symptoms: growth; history: cancer; diameter: 6 x 5 mm; diagnosis confirmed by: follow-up.",
      known, nullptr);
  EXPECT_EQ(template_note.verdict, NoteVerdict::kPass);
  const auto verdict = [&](std::string_view note) {
    return auditor().audit(note, known, nullptr).claims.at(0).verdict;
  };
  EXPECT_EQ(verdict("It is not raised."), Verdict::kAgrees);
  EXPECT_EQ(verdict("It is raised."), Verdict::kContradicts);
  EXPECT_EQ(verdict("It is flat."), Verdict::kAgrees);
  EXPECT_EQ(verdict("It has grown."), Verdict::kAgrees);
  EXPECT_EQ(verdict("Growth was not reported."), Verdict::kContradicts);
  EXPECT_EQ(verdict("It itches."), Verdict::kUnknowable);
  EXPECT_EQ(verdict("It is 0.6 x 0.5 cm wide."), Verdict::kAgrees);
  EXPECT_EQ(verdict("It is 0.7 cm wide."), Verdict::kContradicts);
}

TEST(Audit, AgesAndClassesInOtherWords) {
  const auto wrong = [](std::string_view note, const char* known) {
    return !audit(note, known).wrong.empty();
  };
  for (const char* old : {R"({"age":"85+"})", R"({"age":">85"})", R"({"age":"85 or older"})"}) {
    EXPECT_FALSE(wrong("A man aged 87.", old)) << old;
    EXPECT_TRUE(wrong("A man aged 60.", old)) << old;
  }
  EXPECT_FALSE(wrong("A boy aged 17.", R"({"age":"<18"})"));
  EXPECT_FALSE(wrong("A man aged 60.", R"({"age":60.5})"));
  EXPECT_FALSE(wrong("A nearly sixty-year-old man.", R"({"age":58})"));
  EXPECT_TRUE(wrong("A sixty-year-old man.", R"({"age":58})"));
  EXPECT_TRUE(wrong("A nevus.", R"({"diagnosis":"malignant melanoma"})"));
  EXPECT_TRUE(wrong("A melanoma.", R"({"subclass":"blue nevus"})"));
  EXPECT_TRUE(wrong("A melanoma.", R"({"label":"mole"})"));
  const AuditedNote unknown =
      audit("A nevus.", R"({"sex":"unknown","age":"unknown","site":"n/a"})");
  EXPECT_THAT(unknown.unreadable, IsEmpty());
  EXPECT_THAT(unknown.omitted, IsEmpty());
}

// What is looked at before an age has a length of its own.
TEST(Audit, ANoteOfAgesIsJudgedInLinearTime) {
  std::string note;
  while (note.size() < 1'000'000) note += "About 60 years old. ";
  const AuditedNote audited = audit(note, R"({"age":62})");
  EXPECT_EQ(audited.claims.size(), note.size() / std::string_view("About 60 years old. ").size());
  EXPECT_THAT(audited.wrong, IsEmpty());
}

TEST(Audit, ANoteContradictsItselfOnPersonsToo) {
  const auto contradicts = [](std::string_view note) {
    return !audit(note, "{}").reading.self_contradictions.empty();
  };
  EXPECT_TRUE(contradicts("A 40-year-old man. She is healthy."));
  EXPECT_TRUE(contradicts("A 40-year-old man; he is 50 years old."));
  EXPECT_TRUE(contradicts("This is no melanoma. It is a melanoma."));
  EXPECT_FALSE(contradicts("A woman in her forties, aged 45."));
}

TEST(Audit, OtherLanguagesAreTold) {
  for (const char* note : {"Ein Melanom auf der Wange eines Mannes.",
                           "La lesi\u00f3n es un nevo de la espalda con el borde regular.",
                           "Una lesione della schiena con il bordo netto."}) {
    const auto& form = audit(note, "{}").form;
    EXPECT_TRUE(std::ranges::any_of(form, [](const auto& one) { return one.rule == "language"; }))
        << note;
  }
}

TEST(Audit, Omissions) {
  const char* known = R"({"label":"NEV","age":45,"sex":"male","site":"face"})";
  EXPECT_THAT(audit("A brown macule.", known).omitted,
              ElementsAre("diagnosis", "malignancy", "site", "age", "sex"));
  EXPECT_THAT(audit("A benign nevus on the cheek of a 45-year-old man.", known).omitted, IsEmpty());
}

// What the reader does not know is no omission: it stands there, or nobody can tell.
TEST(Audit, FactsThatCannotBeRead) {
  const char* known = R"({"label":"NEV","sex":"male","site":"r\u00fccken"})";
  const AuditedNote said = audit("A benign nevus. Findings: male; site: R\u00dcCKEN.", known);
  EXPECT_THAT(said.omitted, IsEmpty());
  EXPECT_THAT(said.unreadable, IsEmpty());
  EXPECT_EQ(said.verdict, NoteVerdict::kPass);
  const AuditedNote silent = audit("A benign nevus of a man.", known);
  EXPECT_THAT(silent.omitted, IsEmpty());
  EXPECT_THAT(silent.unreadable, ElementsAre("site"));
  EXPECT_EQ(to_json(silent, "", Field::standard()).at("unreadable"), Json({"site"}));
  EXPECT_THAT(audit("A nevus.", R"({"age":"elderly","sex":"yes"})").unreadable,
              ElementsAre("age", "sex"));
  EXPECT_THAT(audit("A nevus of an elderly person.", R"({"age":"elderly"})").unreadable, IsEmpty());
  // A word for the class that is not known, and its own words.
  const char* named = R"({"label":"NEV","malignancy":"","diagnosis":"Spindelnaevus"})";
  EXPECT_THAT(audit("Benign: ein Spindelnaevus.", named).omitted, IsEmpty());
  EXPECT_THAT(audit("Benign.", named).omitted, ElementsAre("diagnosis"));
  // A word that is known counts where it is meant as one.
  EXPECT_THAT(audit("Back of the lesion.", R"({"site":"back"})").omitted, ElementsAre("site"));
}

TEST(Audit, TheForm) {
  const Prompt p1 = auditor().prompt_of(load_strategy("P1"));
  const auto rules = [&](std::string_view note) {
    std::vector<std::string> found;
    for (const FormFault& fault : auditor().audit(note, {}, &p1).form) found.push_back(fault.rule);
    return found;
  };
  const std::string good =
      "The lesion is benign and is a nevus.\nA) Asymmetry: symmetric.\nB) Border: sharp.\nC) "
      "Colours: light brown (pinkish).\nD) Dermoscopic structures: dots.";
  EXPECT_THAT(rules(good), IsEmpty());
  EXPECT_THAT(rules(good + " Milia-like cysts too."), ElementsAre("off list"));
  for (const char* heading :
       {"Colours", "Colors", "Colour of the lesion", "Colours of the lesion"}) {
    const std::string note =
        "The lesion is benign and is a nevus.\nA) Asymmetry: symmetric.\nB) Border: sharp.\nC) " +
        std::string(heading) + ": light brown";
    EXPECT_THAT(rules(note + ".\nD) Dermoscopic structures: dots."), IsEmpty()) << heading;
    EXPECT_THAT(rules(note + ", purple.\nD) Dermoscopic structures: dots."),
                ElementsAre("off list"))
        << heading;
  }
  EXPECT_THAT(rules("The lesion is a nevus.\nA) Asymmetry: symmetric."),
              Contains("heading missing"));
  EXPECT_THAT(rules(good + " The lesion and"), Contains("cut"));
  EXPECT_THAT(rules("I'm sorry, but I can't help with that."), Contains("refusal"));
  EXPECT_THAT(rules("\u75c5\u53d8\u4e3a\u826f\u6027\u8272\u7d20\u75e3\u3002"),
              Contains("language"));
  EXPECT_THAT(rules("Die L\u00e4sion ist gutartig und zeigt ein regelm\u00e4\u00dfiges Pigmentnetz "
                    "mit braunen Punkten ohne Schleier und ohne Gef\u00e4\u00dfe."),
              Contains("language"));
  std::string longer = good;
  for (int i = 0; i < 300; ++i) longer += " more";
  EXPECT_THAT(rules(longer + "."), Contains("too long"));
  EXPECT_THAT(rules(" "), ElementsAre("empty"));
}

TEST(Audit, MetadataThatIsWrong) {
  const auto error = [](const char* json) -> std::string {
    try {
      facts(json);
    } catch (const InputError& failure) {
      return failure.what();
    }
    return "";
  };
  EXPECT_EQ(error(R"({"label":"MEL","age":"60-69","site":null})"), "");
  EXPECT_THAT(error("[1]"), HasSubstr("an object is expected"));
  EXPECT_THAT(error(R"({"lable":"MEL"})"), HasSubstr("did you mean 'label'"));
  EXPECT_THAT(error(R"({"label":"XYZ"})"), HasSubstr("MEL"));
  EXPECT_THAT(error(R"({"label":3})"), HasSubstr("a text is expected"));
  EXPECT_THAT(error(R"({"age":[1]})"), HasSubstr("a number or a text"));
  EXPECT_THAT(error(R"({"age":900})"), HasSubstr("900"));
  EXPECT_THAT(error(R"({"malignancy":"awful"})"), HasSubstr("pre-cancerous"));
  EXPECT_THAT(error(R"({"site":{"a":1}})"), HasSubstr("an object"));
}

// Correct statements in many wordings: what is flagged is a false alarm.
TEST(Audit, CorrectStatementsAreNotFlagged) {
  const TomlTable file =
      TomlTable::parse_file(Path(EPICRISIS_SOURCE_DIR) / "tests/audit/correct_statements.toml");
  int statements = 0, flagged = 0;
  std::string which;
  for (const TomlTable& sample : file.tables_or_empty("sample")) {
    Json known = sample.to_json();
    known.erase("statements");
    const Facts facts = parse_facts(known, Field::standard(), sample.place());
    for (const std::string& statement : sample.strings_or("statements", {})) {
      ++statements;
      const AuditedNote audited = auditor().audit(statement, facts, nullptr);
      bool wrong = !audited.reading.self_contradictions.empty() || !audited.form.empty();
      for (const JudgedClaim& one : audited.claims) {
        if (one.verdict == Verdict::kContradicts) wrong = true;
      }
      if (!wrong) continue;
      ++flagged;
      which += sample.place() + ": " + statement + "\n";
    }
  }
  EXPECT_GE(statements, 300);
  EXPECT_LE(flagged * 50, statements) << which;
  RecordProperty("flagged", flagged);
}

}  // namespace
}  // namespace epicrisis::audit
