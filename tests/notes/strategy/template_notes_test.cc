#include "epicrisis/notes/strategy/template_notes.h"

#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/corpus/import.h"
#include "epicrisis/store/tables/notes.h"
#include "notes/synthesis/grammar.h"
#include "support/shared_data.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::HasSubstr;

class WriteNotesTest : public test::StoreTest {
 protected:
  WriteNotesTest() : workspace_(make()), database_(workspace_.database()) {}

  void add(const std::string& key, const std::string& subclass = "") {
    Sample sample = test::make_sample(key);
    sample.subclass = subclass;
    test::store_sample(database_, "ham", sample);
  }
  void add_many(int count) {
    Transaction transaction(database_);
    for (int i = 0; i < count; ++i) add(fmt::format("{:05}", i));
    transaction.commit();
  }
  NoteRecord only_note() {
    const std::vector<NoteRecord> notes = load_notes(database_, {});
    EXPECT_EQ(notes.size(), 1U);
    return notes.at(0);
  }

  Workspace workspace_;
  Database& database_;
  const Strategy strategy_ = load_strategy("M");
};

TEST_F(WriteNotesTest, SaysWhatTheMetadataSay) {
  Sample sample = test::make_sample("1");
  sample.subclass = "congenital nevus";
  EXPECT_EQ(template_note(strategy_, sample),
            "The lesion is benign. The diagnosis is melanocytic nevus (congenital nevus). "
            "Findings: site: back; age 45 years. "
            "The lesion is consistent with melanocytic nevus (congenital nevus).");
  sample.label.reset();
  sample.diagnosis.clear();
  EXPECT_EQ(template_note(strategy_, sample), "");
  EXPECT_THROW(template_note(load_strategy("P1"), sample), InternalError);
}

TEST_F(WriteNotesTest, WritesOnceWithProvenance) {
  add_many(2500);
  Sample unlabelled = test::make_sample("x");
  unlabelled.label.reset();
  unlabelled.diagnosis.clear();
  test::store_sample(database_, "ham", unlabelled);
  const WriteNotesReport first = write_template_notes(workspace_, strategy_, job_);
  EXPECT_EQ(first.samples, 2501);
  EXPECT_EQ(first.written, 2500);
  EXPECT_EQ(first.skipped, 1);
  const WriteNotesReport again = write_template_notes(workspace_, strategy_, job_);
  EXPECT_EQ(again.unchanged, 2500);
  EXPECT_EQ(again.written + again.revised, 0);

  NoteFilter one;
  one.sample_ids = {find_sample(database_, "ham", "00007")->id};
  const NoteRecord note = load_notes(database_, one).at(0);
  EXPECT_EQ(note.strategy, "M");
  EXPECT_EQ(note.provider, "template");
  EXPECT_EQ(note.model, "");
  EXPECT_EQ(note.origin, "metadata");
  EXPECT_EQ(note.template_version, "1:" + strategy_.content_hash);
  EXPECT_EQ(note.cost, 0);
}

TEST_F(WriteNotesTest, LimitAndFilterHold) {
  add_many(30);
  WriteNotesOptions options;
  options.filter.limit = 7;
  EXPECT_EQ(write_template_notes(workspace_, strategy_, job_, options).written, 7);
  options.filter.limit = 0;
  EXPECT_EQ(write_template_notes(workspace_, strategy_, job_, options).samples, 0);
  options.filter.limit = -1;
  options.filter.datasets = {"other"};
  EXPECT_THAT([&] { write_template_notes(workspace_, strategy_, job_, options); },
              testing::ThrowsMessage<UsageError>(testing::HasSubstr("no data set 'other'")));
}

TEST_F(WriteNotesTest, ChangedMetadataReviseTheNote) {
  add("1");
  write_template_notes(workspace_, strategy_, job_);
  const NoteRecord before = only_note();
  add("1", "blue nevus");
  EXPECT_EQ(write_template_notes(workspace_, strategy_, job_).revised, 1);
  const NoteRecord after = only_note();
  EXPECT_EQ(after.id, before.id);
  EXPECT_THAT(after.text, HasSubstr("blue nevus"));
  ASSERT_EQ(note_history(database_, after.id).size(), 1U);
  EXPECT_EQ(note_history(database_, after.id)[0].text, before.text);
}

// The provenance of a revised note is that of its new text.
TEST_F(WriteNotesTest, ChangedTemplateIsTheNotesNewVersion) {
  add("1");
  write_template_notes(workspace_, strategy_, job_);
  const Strategy second = parse_strategy(R"(name = "M"
version = 2
kind = "template"
fields = ["diagnosis"]
text = "[[It is {diagnosis|a}.]]"
)",
                                         "m.toml");
  EXPECT_EQ(write_template_notes(workspace_, second, job_).revised, 1);
  const NoteRecord note = only_note();
  EXPECT_EQ(note.text, "It is a melanocytic nevus.");
  EXPECT_EQ(note.template_version, "2:" + second.content_hash);
  EXPECT_THAT(note_history(database_, note.id).at(0).reason,
              HasSubstr("1:" + strategy_.content_hash));
}

// A template that says nothing of a sample is no note, and no error either.
TEST_F(WriteNotesTest, EmptyTextsAreSkipped) {
  add("1");
  const Strategy silent = parse_strategy(R"(name = "S"
version = 1
kind = "template"
fields = ["subclass"]
text = "[[It is {subclass|a}.]]"
)",
                                         "s.toml");
  const WriteNotesReport report = write_template_notes(workspace_, silent, job_);
  EXPECT_EQ(report.skipped, 1);
  EXPECT_TRUE(load_notes(database_, {}).empty());
}

TEST_F(WriteNotesTest, PromptsNeedAProvider) {
  EXPECT_THROW(write_template_notes(workspace_, load_strategy("P1"), job_), UsageError);
}

TEST_F(WriteNotesTest, InterruptLosesNothingAndGoesOn) {
  add_many(1500);
  Job cancelled;
  cancelled.cancel();
  EXPECT_THROW(write_template_notes(workspace_, strategy_, cancelled), Interrupted);
  EXPECT_EQ(write_template_notes(workspace_, strategy_, job_).written, 1500);
}

TEST_F(WriteNotesTest, HostileMetadataStaysData) {
  Sample sample = test::make_sample("1");
  sample.diagnosis = "[[{findings}]] {class}\x01\x02\n<script>\xff";
  sample.findings = {{"site", std::string(100'000, 'x')}};
  test::store_sample(database_, "ham", sample);
  write_template_notes(workspace_, strategy_, job_);
  const std::string text = only_note().text;
  EXPECT_THAT(text, HasSubstr("The diagnosis is [[{findings}]] {class} <script>"));
  EXPECT_LT(text.size(), 2500U);
  EXPECT_EQ(text.find('\x01'), std::string::npos);
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

TEST_F(WriteNotesTest, EverySampleOfTheRealDataSetsGetsASoundNote) {
  EPICRISIS_NEEDS_SHARED_DATA();
  std::int64_t samples = 0;
  for (const char* dataset : {"ham10000", "isic2018_test", "isic2017", "pad_ufes_20"}) {
    const std::string adapter = std::string(dataset) == "isic2018_test" ? "isic2018" : dataset;
    ImportOptions options;
    options.name = dataset;
    samples +=
        import_dataset(workspace_, adapter, test::shared_folder() / "data" / dataset, job_, options)
            .written;
  }
  EXPECT_GE(samples, 6300);
  const WriteNotesReport report = write_template_notes(workspace_, strategy_, job_);
  EXPECT_EQ(report.samples, samples);
  EXPECT_EQ(report.written, samples);  // every row of these sets has a class
  std::int64_t notes = 0;
  for_each_note(database_, {}, [&](const NoteRecord& note) {
    EXPECT_EQ(test::grammar_fault(note.text), "");
    return ++notes < samples;
  });
  EXPECT_EQ(notes, samples);
}

}  // namespace
}  // namespace epicrisis
