#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/core/job.h"
#include "epicrisis/corpus/import.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/notes/strategy/template_notes.h"
#include "epicrisis/notes/synthesis/request.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/notes.h"
#include "support/chest_corpus.h"
#include "support/refusal.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Notes of a field that has no grade and no lesions.
class FieldStrategyTest : public test::StoreTest {
 protected:
  FieldStrategyTest() {
    test::write_chest_corpus(folder_.path() / "chest", 2);
    import_dataset(workspace_, "generic_csv", folder_.path() / "chest", job_);
  }

  Workspace workspace_ = make();
  const Field chest_ = Field::load("chest_xray");
};

TEST_F(FieldStrategyTest, TheMetadataSentenceIsOfTheField) {
  EXPECT_THAT(built_in_strategies(chest_), ElementsAre("M"));
  const Strategy strategy = load_strategy("M", workspace_field(workspace_.database()));
  EXPECT_EQ(write_template_notes(workspace_, strategy, job_).written, 12);
  std::map<std::int64_t, std::string> texts;
  for (const NoteRecord& note : load_notes(workspace_.database(), {})) {
    EXPECT_THAT(note.text, AllOf(Not(HasSubstr("lesion")), Not(HasSubstr("malignan"))));
    texts[note.sample_id] = note.text;
  }
  const auto text_of = [&](const char* key) {
    return texts.at(find_sample(workspace_.database(), "generic_csv", key)->id);
  };
  EXPECT_EQ(text_of("film1001PA"),
            "The image shows pneumonia. Recorded with it: age 31; male; view: posteroanterior.");
  EXPECT_EQ(text_of("film0000AP"),
            "The image shows no abnormal finding. Recorded with it: age 30; female; view: "
            "anteroposterior.");
  EXPECT_EQ(text_of("film2000PA").substr(0, 33), "The image shows pleural effusion.");
}

TEST_F(FieldStrategyTest, AStrategyOfAnotherFieldIsRefused) {
  for (const char* name : {"P1", "P2", "P3", "M-paraphrase"}) {
    EXPECT_THAT(test::refusal([&] { load_strategy(name, chest_); }),
                AllOf(HasSubstr("written for the field 'dermatology', not for 'chest_xray'"),
                      HasSubstr("built in for that are M;")))
        << name;
  }
  // However it was read, it does not come to samples of another field.
  EXPECT_THAT(test::refusal([&] { write_template_notes(workspace_, load_strategy("M"), job_); }),
              AllOf(HasSubstr("strategy 'M'"), HasSubstr("dermatology"), HasSubstr("chest_xray")));
  EXPECT_EQ(count_notes(workspace_.database()).size(), 0U);
}

TEST_F(FieldStrategyTest, AFileOfTheUsersOwnSaysItsFieldOrIsOfTheOneAtHand) {
  constexpr std::string_view kOwn =
      "name = \"X\"\nversion = 1\nkind = \"template\"\nfields = [\"class\"]\ntext = \"[[{class}]]\"\n";
  EXPECT_EQ(parse_strategy(kOwn, "x.toml", chest_).field.name(), "chest_xray");
  const std::string derm = "field = \"dermatology\"\n" + std::string(kOwn);
  EXPECT_EQ(parse_strategy(derm, "x.toml").field.name(), "dermatology");
  EXPECT_THAT(test::refusal([&] { parse_strategy(derm, "x.toml", chest_); }),
              AllOf(HasSubstr("x.toml:1"), HasSubstr("'dermatology', not for 'chest_xray'")));
  // The grade is a field of notes by its own name, where there is one.
  EXPECT_EQ(note_field_names(Field::standard()).front(), "malignancy");
  EXPECT_THAT(test::refusal([&] {
                std::string graded(kOwn);
                graded.replace(graded.find("\"class\""), 7, "\"malignancy\"");
                parse_strategy(graded, "x.toml", chest_);
              }),
              HasSubstr("unknown field 'malignancy'"));
}

TEST_F(FieldStrategyTest, WordsOfARequestAreTheFields) {
  const std::string prompt =
      "name = \"X\"\nversion = 1\nkind = \"prompt\"\nimage = true\nfields = [\"diagnosis\"]\n"
      "system = \"Describe. {diagnosis}\"\nuser = \"Now.\"\nanswer = \"options\"\n"
      "[options]\nside = [\"left\", \"right\"]\n";
  const auto statement = [&](const Field& field) {
    return parse_strategy(prompt, "x", field)
        .schema["properties"]["statement"]["description"]
        .get<std::string>();
  };
  EXPECT_EQ(statement(Field::standard()), "one sentence that names the kind of lesion");
  EXPECT_EQ(statement(chest_), "one sentence that names the kind of finding");
  // What is measured on a picture means nothing on a radiograph.
  const Sample sample = find_sample(workspace_.database(), "generic_csv", "film1001PA").value();
  const auto measured = [&](const Field& field) {
    Sample any = sample;
    any.label = ClassId(0);
    const RequestBuilder builder(parse_strategy(prompt, "x", field),
                                 provider_for_url("http://127.0.0.1:1"), "m", {});
    return builder.plan(any, 0, "").measure_image;
  };
  EXPECT_TRUE(measured(Field::standard()));
  EXPECT_FALSE(measured(chest_));
}

}  // namespace
}  // namespace epicrisis
