// Claims against what was measured on the picture.

#include <gmock/gmock.h>

#include <array>
#include <cmath>

#include "audit/sure_finding.h"
#include "epicrisis/audit/repair.h"
#include "epicrisis/audit/workspace_audit.h"
#include "epicrisis/core/error.h"
#include "epicrisis/corpus/picture_findings.h"
#include "epicrisis/notes/strategy/template_notes.h"
#include "support/pictures.h"
#include "support/store_support.h"

namespace epicrisis::audit {
namespace {

using test::finding;

TEST(MeasuredRules, JudgeWhatNoOtherFactSpeaksOf) {
  const Auditor auditor(Field::standard());
  Facts facts;
  facts.measured = {finding("asymmetry", "asymmetric", false, "symmetric"),
                    finding("colours", "black", false), finding("colours", "dark brown", true),
                    finding("structures", "pigment network", true)};
  const auto verdicts = [&](std::string_view note) {
    std::string found;
    for (const JudgedClaim& one : auditor.audit(note, facts, nullptr).claims) {
      found += fmt::format("{}{}:{} ", one.claim.value, one.claim.denied ? "!" : "",
                           verdict_name(one.verdict));
    }
    return found;
  };
  EXPECT_EQ(verdicts("The lesion is asymmetric."), "asymmetric:contradicts ");
  EXPECT_EQ(verdicts("The lesion is symmetric."), "symmetric:agrees ");
  EXPECT_EQ(verdicts("Its colours are dark brown and black."),
            "dark brown:agrees black:contradicts ");
  EXPECT_EQ(verdicts("The colour is red."), "red:undecidable ");
  EXPECT_EQ(verdicts("There is no pigment network."), "pigment network!:contradicts ");
  facts.measured[0].usable = false;
  EXPECT_EQ(verdicts("The lesion is asymmetric."), "asymmetric:undecidable ");
  // It is minor: a picture is read by rules of thumb.
  EXPECT_EQ(auditor.audit("There is no pigment network.", facts, nullptr).verdict,
            NoteVerdict::kWarn);
}

class MeasuredAudit : public test::StoreTest {};

// A dark disc on light skin.
Image disc() {
  Image image(224, 224);
  for (int y = 0; y < 224; ++y) {
    for (int x = 0; x < 224; ++x) {
      const bool inside = std::hypot(x - 112, y - 112) < 60;
      const std::array<int, 3> colour =
          inside ? std::array<int, 3>{60, 40, 30} : std::array<int, 3>{225, 180, 160};
      for (std::size_t c = 0; c < 3; ++c) {
        image.at(x, y)[c] = static_cast<std::uint8_t>(colour.at(c));
      }
    }
  }
  return image;
}

TEST_F(MeasuredAudit, WhatMeasuresContradictIsCountedApart) {
  Workspace workspace = make();
  Sample sample = test::make_sample("a");
  sample.image_path = test::save_png(folder_.path() / "a.png", disc());
  NoteRecord note;
  note.sample_id = sample.id = test::store_sample(workspace.database(), "d", sample);
  note.strategy = "P3";
  note.provider = "import";
  for (const char* text :
       {"A benign nevus. The border is sharp.", "A benign nevus. The border is indistinct.",
        "A melanoma. The border is indistinct.", "A melanoma."}) {
    note.key = note.text = text;
    put_note(workspace.database(), note);
  }
  measure_samples(workspace, {}, 1, job_);
  const AuditReport report = audit_notes(workspace, {}, job_);
  ASSERT_EQ(report.counts.size(), 1U);
  const AuditCounts& counts = report.counts[0];
  EXPECT_EQ(counts.agree, 4);  // class and grade, twice
  EXPECT_EQ(counts.contradict, 2);
  EXPECT_EQ(counts.major, 2);
  EXPECT_EQ(counts.contradicted_notes, 2);
  EXPECT_EQ(counts.measured_agree, 1);
  EXPECT_EQ(counts.measured_contradict, 2);
  EXPECT_EQ(counts.measured_contradicted_notes, 2);  // one of them is of the others too
  const Json json = to_json(counts);
  EXPECT_NEAR(json.at("contradicted_claims_share").get<double>(), 2.0 / 6, 1e-12);
  EXPECT_NEAR(json.at("measured_contradicted_claims_share").get<double>(), 2.0 / 3, 1e-12);
  EXPECT_NEAR(json.at("measured_contradicted_notes_share").get<double>(), 1.0 / 2, 1e-12);
}

TEST_F(MeasuredAudit, ARepairThatWritesGSaysWhatWasMeasured) {
  Workspace workspace = make();
  Sample sample = test::make_sample("a");
  sample.image_path = test::save_png(folder_.path() / "a.png", disc());
  NoteRecord note;
  note.key = "note";
  note.sample_id = sample.id = test::store_sample(workspace.database(), "d", sample);
  sample.dataset = "d";
  note.strategy = "P3";
  note.provider = "import";
  note.text = "A melanoma.";
  put_note(workspace.database(), note);
  measure_samples(workspace, {}, 1, job_);
  const Strategy strategy = load_strategy("G");
  const auto findings = stored_findings(workspace.database(), Field::standard(), sample);
  const std::string wanted = template_note(strategy, sample, findings);
  ASSERT_NE(wanted, template_note(strategy, sample));
  const Policy policy = parse_policy(
      "name = \"g\"\n[[rule]]\nof = \"claim\"\nkinds = [\"diagnosis\"]\n"
      "verdicts = [\"contradicts\"]\naction = \"write G\"\n",
      "g.toml");
  EXPECT_EQ(repair_notes(workspace, policy, {.strategy = "P3", .datasets = {}}, job_).fell_back, 1);
  NoteFilter filter;
  filter.strategies = {"P3.g"};
  EXPECT_EQ(load_notes(workspace.database(), filter).at(0).text, wanted);
}

// What strategy G says is read as it was meant, and stands against itself in nothing.
TEST_F(MeasuredAudit, FindsNothingWrongInSentencesOfFindings) {
  Workspace workspace = make();
  for (int i = 0; i < 30; ++i) {
    Sample sample = test::make_sample(std::to_string(i));
    sample.image_path = test::save_png(folder_.path() / fmt::format("{}.png", i),
                                       test::draw_picture(static_cast<std::uint64_t>(i), 224, 200));
    test::store_sample(workspace.database(), "d", sample);
  }
  write_template_notes(workspace, load_strategy("G"), job_);
  const AuditReport report = audit_notes(workspace, {}, job_);
  ASSERT_EQ(report.counts.size(), 1U);
  EXPECT_EQ(report.counts[0].notes, 30);
  EXPECT_EQ(report.counts[0].contradict, 0);
  EXPECT_EQ(report.counts[0].fail, 0);
  EXPECT_GE(report.counts[0].agree, 30 * 4);  // diagnosis, grade, site, age
  // Measured anew by other rules it would be judged again; as it is, it is kept.
  EXPECT_EQ(audit_notes(workspace, {}, job_).kept, 30);
}

}  // namespace
}  // namespace epicrisis::audit
