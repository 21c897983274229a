// Which sample a note is of: keys of notes are matched as an import matches names.

#include <fmt/format.h>

#include "notes/exchange/exchange_fixture.h"
#include "support/shared_data.h"

namespace epicrisis {
namespace {

using test::ExchangeTest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(ExchangeTest, NotesFindTheirSampleHoweverItsKeyIsSpelled) {
  const std::vector<std::string> keys = {"sub/a", "sub/b c", "sub/R\u00f6ntgen", "sub/d", "sub/e",
                                         "sub/f", "cat__g"};
  for (const std::string& key : keys) test::store_sample(database_, "kf", test::make_sample(key));
  std::string lines;
  std::string table = "dataset,key,text\n";
  for (const char* key : {"sub/a.png", "./sub/b c", "sub/Ro\u0308ntgen", "sub\\d.png", "sub//e",
                          "/sub/f.png", "cat/g.jpg"}) {
    lines += dump_json(Json{{"dataset", "kf"}, {"key", key}, {"text", "A brown macule."}}) + "\n";
    table += fmt::format("kf,{},A red papule.\n", key);
  }
  NoteImportOptions mine;
  mine.strategy = "mine";
  const NoteImportReport report = import_jsonl(lines, mine);
  EXPECT_EQ(report.written, 7) << dump_json(to_json(report), 1);
  write_file(folder_.path() / "in.csv", table);
  EXPECT_EQ(import_notes(workspace_, folder_.path() / "in.csv", job_, mine).written, 7);
  std::vector<std::string> found;
  for_each_note(database_, {}, [&](const NoteRecord& note) {
    found.push_back(sample_by_id(database_, note.sample_id).key);
    return true;
  });
  std::vector<std::string> expected(keys);
  expected.insert(expected.end(), keys.begin(), keys.end());
  EXPECT_THAT(found, testing::UnorderedElementsAreArray(expected));
}

TEST_F(ExchangeTest, NearKeysAreSuggested) {
  test::store_sample(database_, "kf", test::make_sample("sub/a"));
  const NoteImportReport report =
      import_jsonl(R"({"dataset": "kf", "key": "SUB/A.jpeg", "strategy": "mine", "text": "Brown."})"
                   "\n"
                   R"({"dataset": "kf", "key": "zzz", "strategy": "mine", "text": "Brown."})"
                   "\n");
  EXPECT_THAT(report.unmatched_examples,
              ElementsAre(HasSubstr("kf/SUB/A.jpeg; did you mean 'sub/a'?"), HasSubstr("kf/zzz")));
}

TEST_F(ExchangeTest, CaptionsOfAPublishedTableAreOfItsOwnPictures) {
  const std::string table =
      "filename,caption,truncated_caption,disease_label,age,gender,body_location\n"
      "/VL_Data/book/a 1.png,A red plaque.,A red plaque.,psoriasis,,,\n"
      "./public/x.jpg,A brown macule.,A brown macule.,nevus,,,\n"
      "twins/t.jpg,A first papule.,A first papule.,nevus,,,\n"
      "twins/t.png,A second papule.,A second papule.,nevus,,,\n";
  const Path folder = folder_.path() / "derm1m";
  write_file(folder / "Derm1M_v2_pretrain.csv", table);
  ImportOptions options;
  options.tables_only = true;
  EXPECT_EQ(import_dataset(workspace_, "derm1m", folder, job_, options).written, 4);
  const NoteImportReport report = import_notes(workspace_, folder / "Derm1M_v2_pretrain.csv", job_);
  EXPECT_EQ(report.written, 4) << dump_json(to_json(report), 1);
  EXPECT_THAT(texts(workspace_),
              testing::IsSupersetOf({"derm1m/VL_Data/book/a 1 derm1m: A red plaque.",
                                     "derm1m/public/x derm1m: A brown macule.",
                                     "derm1m/twins/t.png derm1m: A second papule."}));
}

TEST_F(ExchangeTest, RealCaptionsAreOfTheSamplesOfTheirOwnTable) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const Path folder = test::shared_folder() / "data" / "metadata_only" / "derm1m";
  ImportOptions options;
  options.tables_only = true;
  EXPECT_EQ(import_dataset(workspace_, "derm1m", folder, job_, options).written, 10);
  const NoteImportReport report =
      import_notes(workspace_, folder / "MAKE_training_example.csv", job_);
  EXPECT_EQ(report.written, 10) << dump_json(to_json(report), 1);
  EXPECT_THAT(report.unmatched_examples, IsEmpty());
}

}  // namespace
}  // namespace epicrisis
