#include "epicrisis/notes/strategy/sentence_notes.h"

#include <gmock/gmock.h>

#include <set>

#include "epicrisis/corpus/picture_findings.h"
#include "epicrisis/notes/strategy/template_notes.h"
#include "epicrisis/store/tables/notes.h"
#include "notes/synthesis/grammar.h"
#include "support/pictures.h"
#include "support/refusal.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::HasSubstr;
using testing::Not;

MeasuredFinding finding(const std::string& kind, const std::string& value, double strength,
                        const std::string& opposite = "") {
  MeasuredFinding one;
  one.kind = kind;
  one.value = value;
  one.opposite = opposite;
  one.strength = strength;
  one.confidence = std::abs(2 * strength - 1);
  one.confident = one.confidence >= 0.5;
  one.usable = one.confident;
  return one;
}

const std::vector<MeasuredFinding> kFound = {
    finding("asymmetry", "asymmetric", 0.05, "symmetric"),
    finding("border", "sharp", 0.6, "indistinct"),  // not sure
    finding("colours", "light brown", 0.9),
    finding("colours", "dark brown", 0.95),
    finding("colours", "black", 0.01),
    finding("structures", "pigment network", 0.9),
    finding("structures", "globules", 0.1)};

TEST(SentenceNotes, EverySentenceIsTraced) {
  const Strategy strategy = load_strategy("G");
  const Sample sample = test::make_sample("a");
  const auto note = sentence_note(strategy, sample, kFound);
  const std::string text = text_of(note);
  for (const char* said : {"melanocytic nevus", "benign", "back", "45 years", " symmetric",
                           "light brown and dark brown", "a pigment network"}) {
    EXPECT_THAT(text, HasSubstr(said));
  }
  EXPECT_THAT(text, Not(HasSubstr("sharp")));
  EXPECT_THAT(text, HasSubstr("black"));  // that there is none
  std::set<std::string> fields;
  for (const TracedSentence& sentence : note) {
    EXPECT_FALSE(sentence.fields.empty()) << sentence.text;
    for (const auto& [field, value] : sentence.fields) {
      fields.insert(field);
      EXPECT_THAT(sentence.text, HasSubstr(value)) << field;
      EXPECT_EQ(is_measured_field(field), !sentence.findings.empty()) << field;
    }
  }
  EXPECT_EQ(fields,
            (std::set<std::string>{"age", "diagnosis", "malignancy", "measured_asymmetry",
                                   "measured_colours", "measured_no_colours",
                                   "measured_no_structures", "measured_structures", "site"}));
  const Json json = to_json(note.back());
  EXPECT_FALSE(json.at("from").empty());
}

TEST(SentenceNotes, AreVariedAndTheSameForASample) {
  const Strategy strategy = load_strategy("G");
  std::set<std::string> texts;
  for (int i = 0; i < 200; ++i) {
    const Sample sample = test::make_sample(std::to_string(i));
    texts.insert(text_of(sentence_note(strategy, sample, kFound)));
    EXPECT_EQ(test::grammar_fault(text_of(sentence_note(strategy, sample, kFound))), "");
    EXPECT_EQ(text_of(sentence_note(strategy, sample, kFound)),
              text_of(sentence_note(strategy, sample, kFound)));
  }
  EXPECT_GT(texts.size(), 190U);
  // What is not known takes its sentence along.
  Sample bare;
  bare.key = "x";
  EXPECT_EQ(text_of(sentence_note(strategy, bare, {})), "");
  bare.findings = {{"sex", "female"}};
  EXPECT_THAT(text_of(sentence_note(strategy, bare, {})), HasSubstr("female"));
  bare.findings.clear();
  const std::string alone = text_of(sentence_note(strategy, bare, {kFound[2]}));
  EXPECT_THAT(alone, HasSubstr("light brown"));
  EXPECT_THAT(alone, Not(HasSubstr("{")));
}

TEST(SentenceNotes, OneThatIsMissingChangesTheWordingOfNoOther) {
  const Strategy strategy = load_strategy("G");
  const std::vector<MeasuredFinding> fewer(kFound.begin() + 1, kFound.end());
  for (int i = 0; i < 50; ++i) {
    const Sample sample = test::make_sample(std::to_string(i));
    std::set<std::string> all;
    for (const TracedSentence& one : sentence_note(strategy, sample, kFound)) all.insert(one.text);
    for (const TracedSentence& one : sentence_note(strategy, sample, fewer)) {
      EXPECT_TRUE(all.contains(one.text)) << one.text;
    }
  }
}

TEST(SentenceNotes, FieldsAreThoseOfTheWordings) {
  const Strategy strategy = load_strategy("G");
  EXPECT_EQ(named_fields(strategy), strategy.fields);
  EXPECT_FALSE(strategy.fields.empty());
}

TEST(SentenceNotes, FaultsAreNamed) {
  const std::string head =
      "name = \"X\"\nversion = 1\nkind = \"template\"\nfields = [\"age\", \"measured_border\"]\n";
  EXPECT_THAT(test::refusal([&] { parse_strategy(head + "[[sentence]]\n", "x.toml"); }),
              HasSubstr("wordings"));
  EXPECT_THAT(test::refusal([&] {
                parse_strategy(head + "[[sentence]]\nwordings = [\"{colour}\"]\n", "x.toml");
              }),
              HasSubstr("x.toml"));
  EXPECT_THAT(test::refusal([&] { parse_strategy(head + "sentence = []\n", "x.toml"); }),
              HasSubstr("sentence is empty"));
  // One text shows nothing that is measured, and a kind has to be one of the field's rules.
  EXPECT_THAT(test::refusal([&] { parse_strategy(head + "text = \"{age}\"\n", "x.toml"); }),
              HasSubstr("measured_border"));
  std::string other = head + "[[sentence]]\nwordings = [\"{age}\"]\n";
  parse_strategy(other, "x.toml");
  other.replace(other.find("border"), 6, "bordre");
  EXPECT_THAT(test::refusal([&] { parse_strategy(other, "x.toml"); }),
              HasSubstr("measured_bordre"));
}

class SentenceNotesTest : public test::StoreTest {};

TEST_F(SentenceNotesTest, MeasureThePictureAndKeepWhatTheySayItFrom) {
  Workspace workspace = make();
  Sample sample = test::make_sample("a");
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
  sample.image_path = test::save_png(folder_.path() / "a.png", image);
  test::store_sample(workspace.database(), "d", sample);
  Sample lost = test::make_sample("lost");
  lost.image_path = (folder_.path() / "lost.png").string();
  test::store_sample(workspace.database(), "d", lost);
  const Strategy strategy = load_strategy("G");
  EXPECT_EQ(write_template_notes(workspace, strategy, job_).written, 2);
  EXPECT_EQ(write_template_notes(workspace, strategy, job_).unchanged, 2);
  const std::vector<NoteRecord> notes = load_notes(workspace.database(), {});
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_THAT(notes[0].text, HasSubstr("black"));
  EXPECT_EQ(notes[0].origin, "image+metadata");
  const Json& sentences = notes[0].parameters.at("sentences");
  std::string text;
  bool measured = false;
  for (const Json& one : sentences) {
    text += (text.empty() ? "" : " ") + one.at("text").get<std::string>();
    for (const Json& from : one.at("from")) measured |= from.contains("findings");
  }
  EXPECT_EQ(text, notes[0].text);
  EXPECT_TRUE(measured);
  EXPECT_THAT(notes[1].text, Not(HasSubstr("black")));  // its metadata alone
  EXPECT_EQ(notes[1].origin, "metadata");
  // The same words that stand on something else.
  const Json basis = notes[0].parameters;
  set_note_basis(workspace.database(), notes[0].id, Json::object(), "metadata");
  EXPECT_EQ(write_template_notes(workspace, strategy, job_).unchanged, 2);
  EXPECT_EQ(load_notes(workspace.database(), {}).at(0).parameters, basis);
  EXPECT_EQ(load_notes(workspace.database(), {}).at(0).origin, "image+metadata");
  // A revised note has the provenance of its new text.
  sample.findings = {{"site", "face"}};
  test::store_sample(workspace.database(), "d", sample);
  WriteNotesOptions unmeasured;  // no picture is read: the one that was measured is known
  unmeasured.measure = false;
  const WriteNotesReport report = write_template_notes(workspace, strategy, job_, unmeasured);
  EXPECT_EQ(report.revised, 1);
  EXPECT_EQ(report.skipped, 1);
  EXPECT_EQ(write_template_notes(workspace, strategy, job_).revised, 0);
  const NoteRecord revised = load_notes(workspace.database(), {}).at(0);
  EXPECT_THAT(revised.parameters.dump(), HasSubstr("face"));
  EXPECT_THAT(revised.parameters.dump(), Not(HasSubstr("back")));
  EXPECT_NO_THROW(set_note_basis(workspace.database(), revised.id, {{"a", "\xff"}}, "metadata"));
}

}  // namespace
}  // namespace epicrisis
