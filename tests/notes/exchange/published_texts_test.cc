// Texts of published image-text sets, in the form in which they are published.

#include "notes/exchange/published_texts.h"

#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "support/shared_data.h"

namespace epicrisis {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

std::vector<IncomingNote> notes_of(const std::string& name, const std::string& text,
                                   const NoteImportOptions& options = {}) {
  TemporaryFolder folder;
  write_file(folder.path() / name, text);
  std::vector<IncomingNote> notes;
  each_published_text(folder.path() / name, options,
                      [&](const IncomingNote& note) { notes.push_back(note); });
  return notes;
}

TEST(PublishedTexts, SkinCap) {
  const auto notes = notes_of("skincap_v240623.csv",
                              "\xEF\xBB\xBFid,skincap_file_path,disease,caption_zh,caption_zh_"
                              "polish_en,remark,source\n"
                              "1,1.png,melanoma,\xE7\x97\x85,\"A dark, uneven plaque.\",,ddi\n"
                              "2,2.png,acne,,,,fitzpatrick17k\n");
  ASSERT_THAT(notes, SizeIs(2));
  EXPECT_EQ(notes[0].dataset, "skincap");
  EXPECT_EQ(notes[0].key, "1.png");
  EXPECT_EQ(notes[0].strategy, "skincap");
  EXPECT_EQ(notes[0].text, "A dark, uneven plaque.");
  EXPECT_EQ(notes[0].origin, "image");
  EXPECT_EQ(notes[0].parameters.at("written_by"), "dermatologists, in Chinese; translated");
  EXPECT_EQ(notes[0].parameters.at("source"), "ddi");
  EXPECT_THAT(notes[0].parameters.at("terms").get<std::string>(), HasSubstr("non-commercial"));
  EXPECT_EQ(notes[1].fault, "no text");
}

TEST(PublishedTexts, Derm1mSampleOfItsAuthors) {
  EPICRISIS_NEEDS_SHARED_DATA();
  std::vector<IncomingNote> notes;
  each_published_text(test::shared_folder() / "data/metadata_only/derm1m/MAKE_training_example.csv",
                      {}, [&](const IncomingNote& note) { notes.push_back(note); });
  ASSERT_THAT(notes, SizeIs(10));
  for (const IncomingNote& note : notes) EXPECT_EQ(note.fault, "") << note.place;
  EXPECT_EQ(notes[1].text,
            "Irritant diaper dermatitis. Erythematous patches sparing the skin folds.");
  EXPECT_EQ(notes[1].parameters.at("source_type"), "knowledge");
}

TEST(PublishedTexts, DermaSynthRecords) {
  NoteImportOptions options;
  options.dataset = "bcn20000";
  const auto notes =
      notes_of("derma_synth.json",
               R"([{"image_id": "BCN_1.jpg", "image_path": "a/BCN_1.jpg", "q1_general_response":
          "{\"answer\": \"A brown papule.\"}", "q2_dataset_response": "no JSON",
          "q1_general_question": "What is seen?"}])",
               options);
  ASSERT_THAT(notes, SizeIs(2));
  EXPECT_EQ(notes[0].dataset, "bcn20000");
  EXPECT_EQ(notes[0].key, "BCN_1.jpg");
  EXPECT_EQ(notes[0].text, "A brown papule.");
  EXPECT_EQ(notes[0].strategy, "dermasynth-general");
  EXPECT_EQ(notes[0].parameters.at("question"), "What is seen?");
  EXPECT_EQ(notes[0].parameters.at("written_by"), "language model");
  EXPECT_THAT(notes[1].fault, HasSubstr("the answer"));
}

TEST(PublishedTexts, JsonInACodeBlockIsReadAndATextThatSaysNothingIsNone) {
  NoteImportOptions options;
  options.dataset = "toy";
  auto notes = notes_of("derma_synth.json",
                        R"([{"image_id": "1", "q1_general_response":
          "```json\n{\"answer\": \"Fenced.\"}\n```", "q2_dataset_response": "```"}])",
                        options);
  ASSERT_THAT(notes, SizeIs(2));
  EXPECT_EQ(notes[0].text, "Fenced.");
  EXPECT_EQ(notes[0].fault, "");
  EXPECT_NE(notes[1].fault, "");
  notes = notes_of("Derm1M_v2_pretrain.csv",
                   "filename,caption,truncated_caption\na.png,No visual concepts,x\n");
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_THAT(notes[0].fault, HasSubstr("'No visual concepts' says nothing"));
}

TEST(PublishedTexts, OwnColumnsAndUnknownOnes) {
  NoteImportOptions options;
  options.dataset = "mine";
  options.strategy = "reports";
  options.key_field = "file";
  options.text_field = "report";
  const auto notes = notes_of("mine.tsv", "file\treport\na.jpg\tA note.\n", options);
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_EQ(notes[0].strategy, "reports");
  EXPECT_EQ(notes[0].key, "a.jpg");  // samples are found with and without suffix
  try {
    notes_of("mine.csv", "file,report\na,b\n");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("SkinCAP"));
    EXPECT_THAT(error.what(), HasSubstr("`key_field`"));
  }
  options.text_field = "txt";
  EXPECT_THROW(notes_of("mine.csv", "file,report\na,b\n", options), UsageError);
  EXPECT_THROW(notes_of("mine.json", "{}"), InputError);
}

}  // namespace
}  // namespace epicrisis
