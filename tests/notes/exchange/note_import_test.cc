#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/import.h"
#include "epicrisis/notes/exchange/exchange.h"
#include "epicrisis/notes/strategy/template_notes.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/sample_search.h"
#include "epicrisis/store/tables/splits.h"
#include "notes/exchange/exchange_fixture.h"
#include "notes/exchange/incoming_note.h"
#include "support/job_log.h"
#include "support/shared_data.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using test::ExchangeTest;
using test::total;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(ExchangeTest, KeysAreTakenWithAndWithoutSuffix) {
  for (const char* key : {"one", "two.jpg", "both.jpg", "both.png", "caf\u00e9"}) {
    test::store_sample(database_, "own", test::make_sample(key));
  }
  const Path file = folder_.path() / "notes.jsonl";
  std::string lines;
  for (const char* key : {"one.png", "two", "both", "both.png", "cafe\u0301.jpg", "three"}) {
    lines += fmt::format(
        "{{\"dataset\": \"own\", \"key\": \"{}\", \"strategy\": \"P1\", "
        "\"text\": \"Of {}.\"}}\n",
        key, key);
  }
  write_file(file, lines);
  const NoteImportReport report = import_notes(workspace_, file, job_);
  EXPECT_EQ(report.written, 4);
  EXPECT_THAT(report.unmatched_examples,
              ElementsAre(HasSubstr("own/both may mean several"), HasSubstr("own/three")));
  EXPECT_EQ(import_notes(workspace_, file, job_).unchanged, 4);
}

// A form's notes that the program did not fill in, as far as the file shows.
TEST_F(ExchangeTest, NotesInTheNameOfAFormAreCountedAndWarnedOf) {
  fill();
  put(samples_of_key(database_, "pad", "ISIC_1").front().id, "M", "template", 0,
      "A nevus of the back.");
  const Path own = folder_.path() / "own.jsonl";
  NoteExportOptions options;
  options.filter.strategies = {"M"};
  export_notes(workspace_, NoteFormat::kJsonl, own, job_, options);
  EXPECT_THAT(import_notes(workspace_, own, job_).claimed, IsEmpty());

  const Path file = folder_.path() / "claims.jsonl";
  write_file(file, R"({"dataset":"ham","key":"ISIC_1","strategy":"M","text":"Of the face."})"
                   "\n"
                   R"({"dataset":"ham","key":"ISIC_11","strategy":"G","text":"Brown."})"
                   "\n"
                   R"({"dataset":"pad","key":"ISIC_11","strategy":"M","text":"Of the arm."})"
                   "\n"
                   R"({"dataset":"pad","key":"ISIC_11","strategy":"P1","text":"A model's."})"
                   "\n");
  test::JobLog log;
  Job job(log);
  const NoteImportReport report = import_notes(workspace_, file, job);
  EXPECT_EQ(report.written, 4);
  EXPECT_THAT(report.claimed, ElementsAre(testing::Pair("G", 1), testing::Pair("M", 2)));
  EXPECT_THAT(log.lines,
              ElementsAre(AllOf(HasSubstr("1 note is by the file's own word of strategy G (first "),
                                HasSubstr("claims.jsonl:2)"), HasSubstr("'G-imported'")),
                          AllOf(HasSubstr("2 notes are by the file's own word of strategy M"),
                                HasSubstr("claims.jsonl:1)"))));
  const NoteImportReport again = import_notes(workspace_, file, job);
  EXPECT_EQ(again.unchanged, 4);
  EXPECT_THAT(again.claimed, IsEmpty());
  EXPECT_EQ(log.lines.size(), 2U);
}

// The list of an export's files shows that this program wrote them; no note of a tree could.
TEST_F(ExchangeTest, AFormsNotesOfAnExportAreItsOwnInEveryForm) {
  fill();
  NoteExportOptions options;
  options.filter.strategies = {"M"};
  for (const NoteFormat format : {NoteFormat::kTree, NoteFormat::kImageFolder}) {
    database_.execute("DELETE FROM notes WHERE strategy = 'M'");
    put(samples_of_key(database_, "pad", "ISIC_1").front().id, "M", "template", 0,
        "A nevus of the back.");
    const Path folder = folder_.path() / std::string(note_format_name(format));
    export_notes(workspace_, format, folder, job_, options);
    database_.execute("DELETE FROM notes WHERE strategy = 'M'");
    const NoteImportReport report = import_notes(workspace_, folder, job_);
    EXPECT_EQ(report.written, 1);
    EXPECT_THAT(report.claimed, IsEmpty());
    // What was changed since shows nothing any more.
    const Path file =
        format == NoteFormat::kTree ? folder / "pad/M/ISIC_1.txt" : folder / "train/metadata.jsonl";
    std::string text = read_file(file);
    for (std::size_t at = text.find("the back"); at != std::string::npos;
         at = text.find("the back")) {
      text.replace(at, 8, "the shoulder");
    }
    write_file(file, text);
    EXPECT_THAT(import_notes(workspace_, folder, job_).claimed, ElementsAre(testing::Pair("M", 1)));
  }
}

TEST_F(ExchangeTest, KeysMatchExactlyOrNotAtAll) {
  fill();
  const NoteImportReport report = import_jsonl(
      "{\"dataset\":\"ham\",\"key\":\"ISIC_\",\"strategy\":\"P3\",\"text\":\"a\"}\n"
      "{\"dataset\":\"ham\",\"key\":\"isic_1\",\"strategy\":\"P3\",\"text\":\"a\"}\n"
      "{\"dataset\":\"ham\",\"key\":\"ISIC_1 \",\"strategy\":\"P3\",\"text\":\"a\"}\n"
      "{\"dataset\":\"ham\",\"key\":\"ISIC_1.jpg\",\"strategy\":\"P3\",\"text\":\"a\"}\n"
      "{\"dataset\":\"ha\",\"key\":\"ISIC_1\",\"strategy\":\"P3\",\"text\":\"a\"}\n"
      "{\"dataset\":\"ham\",\"key\":\"ISIC_1\\u0000\",\"strategy\":\"P3\",\"text\":\"a\"}\n"
      "{\"dataset\":\"ham\",\"key\":\"ISIC_1\",\"strategy\":\"P3\",\"text\":\"a\"}\n");
  // A picture suffix and white space around a key do not count.
  EXPECT_EQ(report.unmatched, 4);
  EXPECT_EQ(report.written, 1);
  EXPECT_EQ(report.unchanged, 2);
  EXPECT_THAT(report.unmatched_examples, SizeIs(4));
  EXPECT_THAT(report.unmatched_examples[1], HasSubstr("in.jsonl:2: ham/isic_1"));

  // The tree's "@" is a variant only where a number of ours follows.
  const Path folder = folder_.path() / "tree/ham/P3";
  for (const char* name : {"ISIC_1@x", "ISIC_1@", "ISIC_1@-1", "ISIC_1@01", "ISIC_1@+1",
                           "ISIC_1@99999999999999999999"}) {
    write_file(folder / (std::string(name) + ".txt"), "b\n");
  }
  write_file(folder / "ISIC_1@3.txt", "c\n");
  write_file(folder / "note.md", "not read");
  const NoteImportReport tree = import_notes(workspace_, folder_.path() / "tree", job_);
  EXPECT_EQ(tree.rows, 7);
  EXPECT_EQ(tree.unmatched, 6);
  EXPECT_EQ(tree.written, 1);
}

TEST_F(ExchangeTest, EachBadLineIsToldAndTheOthersComeIn) {
  fill();
  const std::string head = R"({"dataset":"ham","key":"ISIC_1",)";
  const std::vector<std::string> bad = {
      "{",
      "null",
      "[1]",
      "\"text\"",
      "\xff\xfe",
      head + R"("strategy":"P3"})",
      head + R"("strategy":"P3","text":7})",
      head + R"("strategy":"P3","text":" \n\u0007\u200b "})",
      head + R"("strategy":"../x","text":"t"})",
      head + R"("strategy":7,"text":"t"})",
      head + R"("text":"t"})",
      head + R"("strategy":"P3","text":"t"} trailing)",
      head + R"("strategy":"P3","text":"a","text":"b"})",
      head + R"("strategy":"P3","text":")" + std::string(20'001, 'x') + "\"}",
      head + R"("strategy":"P3","text":")" + std::string(2 << 20, 'x') + "\"}",
      head + R"("strategy":"P3","text":"t","parameters":{"p":")" + std::string(70'000, 'x') +
          "\"}}",
      R"({"dataset":"ham","strategy":"P3","text":"t"})",
      R"({"key":"ISIC_1","strategy":"P3","text":"t"})",
      std::string(100'000, '['),
  };
  std::string lines = "\r\n\n";
  for (const std::string& line : bad) lines += line + "\n";
  lines += head + R"("strategy":"P3","text":"good"})";  // no line feed at the end
  const NoteImportReport report = import_jsonl(lines);
  EXPECT_EQ(report.invalid, static_cast<std::int64_t>(bad.size()));
  EXPECT_EQ(report.written, 1);
  EXPECT_EQ(total(report), report.rows);
  for (std::size_t i = 0; i < report.invalid_examples.size(); ++i) {
    EXPECT_THAT(report.invalid_examples[i], HasSubstr(fmt::format("in.jsonl:{}: ", i + 3)));
    EXPECT_LE(report.invalid_examples[i].size(), 500U);
  }
  EXPECT_THAT(report.invalid_examples, SizeIs(bad.size()));
}

TEST_F(ExchangeTest, TextIsCleaned) {
  fill();
  import_jsonl(
      R"({"dataset":"ham","key":"ISIC_1","strategy":"P3","text":"\u001b[31mA)  red\r\n\u202eB)\u0000 x\ufeff ",)"
      R"("provider":"a\u0007b","created_at":"<script>","note_key":"short","model":7,"variant":-3})");
  NoteFilter filter;
  filter.strategies = {"P3"};
  const std::vector<NoteRecord> notes = load_notes(database_, filter);
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_EQ(notes[0].text, clean_multiline_text("[31mA) red\nB) x", 100));
  EXPECT_EQ(notes[0].provider, "ab");
  EXPECT_EQ(notes[0].model, "");
  EXPECT_EQ(notes[0].variant, 0);
  EXPECT_THAT(notes[0].created_at, testing::StartsWith("20"));
  EXPECT_NE(notes[0].key, "short");
}

TEST_F(ExchangeTest, OnlyTheNoteComesIn) {
  fill();
  const std::string rows[] = {"<think>Hm.</think>A papule.", "A macule.</s>\nUSER: and?",
                              "[THINK]A papule.", "The user wants a note.", "<think>x</think>"};
  std::string lines;
  for (const std::string& text : rows) {
    lines +=
        dump_json({{"dataset", "ham"}, {"key", "ISIC_1"}, {"strategy", "P3"}, {"text", text}}) +
        "\n";
  }
  const NoteImportReport report = import_jsonl(lines);
  EXPECT_EQ(report.written, 2);
  EXPECT_EQ(report.invalid, 3);
  EXPECT_THAT(report.invalid_examples[0], HasSubstr("does not end: [THINK]"));
  EXPECT_THAT(report.invalid_examples[2], HasSubstr("nothing but thoughts"));
  EXPECT_EQ(report.dropped,
            (std::map<std::string, std::int64_t>{{"thoughts", 1}, {"control tokens", 1}}));
  EXPECT_EQ(to_json(report).at("dropped").at("thoughts"), 1);
  NoteFilter filter;
  filter.strategies = {"P3"};
  std::vector<std::string> texts;
  for (const NoteRecord& note : load_notes(database_, filter)) texts.push_back(note.text);
  std::ranges::sort(texts);
  EXPECT_THAT(texts, ElementsAre("A macule.", "A papule."));
  // A tree's files likewise.
  const IncomingNote note =
      note_of_tree_file("ham/P3/ISIC_1.txt", "x", "analysisHm.assistantfinalA papule.", {});
  EXPECT_EQ(note.text, "A papule.");
  EXPECT_TRUE(note.dropped.thoughts);
}

// A note that a person wrote is not lost for words that a server may say too.
TEST_F(ExchangeTest, WhatNoModelOrPersonWroteIsNoNote) {
  fill();
  const std::string bad[] = {"I'm sorry, but I can't assist with that.",
                             "As a text-based model, I can't see the picture.",
                             "<html><body>502 Bad Gateway</body></html>",
                             "Error: Request timed out.",
                             R"({"error": {"message": "Internal server error"}})",
                             "<think>A papule."};
  const std::string good[] = {"Permission denied for a biopsy; a brown papule.",
                              "Not found.",
                              "Your plan of the skin: a papule.",
                              "OK",
                              "No picture-wide pattern.",
                              "Error in refraction? No, a papule.",
                              "Access denied by the family."};
  std::string lines;
  std::string table = "dataset,key,strategy,text\n";
  const auto add = [&](const std::string& text) {
    lines +=
        dump_json({{"dataset", "ham"}, {"key", "ISIC_1"}, {"strategy", "P3"}, {"text", text}}) +
        "\n";
    std::string quoted;
    for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
    table += "ham,ISIC_1,P4,\"" + quoted + "\"\n";
    write_file(folder_.path() / fmt::format("tree/ham/P5/ISIC_1@{}.txt", ++made_), text);
  };
  for (const std::string& text : bad) add(text);
  for (const std::string& text : good) add(text);
  write_file(folder_.path() / "in.csv", table);
  const std::map<std::string, std::int64_t> reasons = {
      {"errors of a server", 2}, {"refusals", 2}, {"thoughts", 1}, {"web pages", 1}};
  const auto expect = [&](const NoteImportReport& report) {
    EXPECT_EQ(report.invalid_reasons, reasons);
    EXPECT_EQ(report.invalid, 6);
    EXPECT_EQ(report.written, 7) << dump_json(to_json(report));
    ASSERT_THAT(report.invalid_examples, SizeIs(6));
    for (const std::string& example : report.invalid_examples) {
      EXPECT_THAT(example, HasSubstr("`keep_doubtful`"));
    }
  };
  expect(import_jsonl(lines));
  expect(import_notes(workspace_, folder_.path() / "in.csv", job_));
  expect(import_notes(workspace_, folder_.path() / "tree", job_));
  // Unless it was meant.
  NoteImportOptions options;
  options.keep_doubtful = true;
  const NoteImportReport kept = import_jsonl(lines, options);
  EXPECT_EQ(kept.written, 6);
  EXPECT_EQ(kept.unchanged, 7);
  EXPECT_EQ(kept.invalid, 0);
  EXPECT_THAT(texts(workspace_), testing::Contains("ham/ISIC_1 P3: " + bad[0]));
}

TEST_F(ExchangeTest, WordsForNothingAreNoNotes) {
  fill();
  const std::string bad[] = {
      "nan",           "NaN",           "None",      "N/A",
      "null",          "unknown",       "#N/A",      "TBD",
      "n/a.",          "not available", "no note",   "<NA>",
      "keine Angabe.", "No caption",    "None None", "No description available."};
  const std::string good[] = {"Unremarkable.", "No findings.", "OK", "Nevus?",
                              "Nothing to report."};
  std::string lines;
  std::string table = "dataset,key,strategy,text\n";
  for (const auto& texts : {std::vector<std::string>(std::begin(bad), std::end(bad)),
                            std::vector<std::string>(std::begin(good), std::end(good))}) {
    for (const std::string& text : texts) {
      lines +=
          dump_json({{"dataset", "ham"}, {"key", "ISIC_1"}, {"strategy", "P3"}, {"text", text}});
      lines += "\n";
      table += "ham,ISIC_1,P4,\"" + text + "\"\n";
    }
  }
  write_file(folder_.path() / "nothing.csv", table);
  for (const NoteImportReport& report :
       {import_jsonl(lines), import_notes(workspace_, folder_.path() / "nothing.csv", job_)}) {
    EXPECT_EQ(report.invalid_reasons,
              (std::map<std::string, std::int64_t>{{"words for nothing", std::ssize(bad)}}));
    EXPECT_EQ(report.written, std::ssize(good)) << dump_json(to_json(report));
    EXPECT_THAT(report.invalid_examples.at(0), HasSubstr("'nan' says nothing (`keep_doubtful`"));
  }
  NoteImportOptions options;
  options.keep_doubtful = true;
  EXPECT_EQ(import_jsonl(lines, options).written, std::ssize(bad));
}

// The mark of a model's next turn is how a person may begin.
TEST_F(ExchangeTest, ANoteThatBeginsAsATurnOfAChatIsToldAndMayBeKept) {
  for (const char* text : {"Q: itch? A: no. Brown macule.", "Human: brown macule",
                           "User: brown macule", "Question: brown macule?"}) {
    NoteImportOptions options;
    const IncomingNote note = note_of_tree_file("ham/P3/ISIC_1.txt", "x", text, options);
    if (note.fault.empty()) {
      EXPECT_EQ(note.text, text);
      continue;
    }
    EXPECT_THAT(note.fault, HasSubstr("turn of a chat")) << text;
    EXPECT_EQ(note.doubt, "turns of a chat");
    options.keep_doubtful = true;
    const IncomingNote kept = note_of_tree_file("ham/P3/ISIC_1.txt", "x", text, options);
    EXPECT_EQ(kept.fault, "");
    EXPECT_EQ(kept.text, text);
  }
}

// A file that claims the key of another note, or of the same one with another text, changes
// nothing and is told.
TEST_F(ExchangeTest, AKeyThatSaysSomethingElseHereIsAConflict) {
  fill();
  const Path file = folder_.path() / "out.jsonl";
  export_notes(workspace_, NoteFormat::kJsonl, file, job_);
  const std::vector<std::string> before = texts(workspace_);
  std::string lines = read_file(file);
  const auto swap_all = [](std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
      text.replace(at, from.size(), to);
    }
    return text;
  };
  const NoteImportReport edited = import_jsonl(swap_all(lines, "alone.", "edited."));
  EXPECT_EQ(edited.conflicting, 4);
  EXPECT_EQ(edited.unchanged, 12);
  EXPECT_THAT(edited.conflicting_examples, SizeIs(4));
  const NoteImportReport moved =
      import_jsonl(swap_all(lines, "\"dataset\":\"ham\"", "\"dataset\":\"pad\""));
  EXPECT_EQ(moved.conflicting, 8);
  EXPECT_EQ(texts(workspace_), before);
}

TEST_F(ExchangeTest, ANoteThatFailedHereMayComeIn) {
  const std::int64_t id = test::store_sample(database_, "ham", test::make_sample("1"));
  NoteRecord failed;
  failed.key = sha256_key("77");
  failed.sample_id = id;
  failed.strategy = "P1";
  failed.provider = "openai";
  failed.status = NoteStatus::kRefused;
  put_note(database_, failed);
  const NoteImportReport report = import_jsonl(
      fmt::format(R"({{"dataset":"ham","key":"1","strategy":"P1","text":"Now.","note_key":"{}"}})",
                  failed.key));
  EXPECT_EQ(report.written, 1);
  EXPECT_EQ(find_note(database_, failed.key)->text, "Now.");
}

TEST_F(ExchangeTest, FieldsCanBeMapped) {
  fill();
  NoteImportOptions options;
  options.dataset = "ham";
  options.strategy = "mine";
  options.key_field = "picture";
  options.text_field = "caption";
  const NoteImportReport report = import_jsonl(
      "{\"picture\":\"ISIC_1\",\"caption\":\"A nevus.\",\"text\":\"not this\"}\n"
      "{\"picture\":\"ISIC_11\",\"caption\":\"Own.\",\"strategy\":\"P2\"}\n",
      options);
  EXPECT_EQ(report.written, 2) << dump_json(to_json(report));
  EXPECT_THAT(texts(workspace_), testing::Contains("ham/ISIC_1 mine: A nevus."));
  EXPECT_THAT(texts(workspace_), testing::Contains("ham/ISIC_11 P2: Own."));
}

TEST_F(ExchangeTest, ATableHasTheColumnsOfJsonl) {
  fill();
  const auto import_csv = [&](const std::string& table, const NoteImportOptions& options = {}) {
    write_file(folder_.path() / "in.csv", table);
    return import_notes(workspace_, folder_.path() / "in.csv", job_, options);
  };
  const std::string rows =
      "dataset,key,strategy,text,variant,provider,model,parameters\n"
      "ham,ISIC_1,mine,\"First line.\nSecond, with a comma.\",2,clinic,,\"{\"\"reader\"\": 3}\"\n"
      "pad,ISIC_11.jpg,mine,Another.,,,,\n"
      "ham,ISIC_99,mine,Of nobody.,,,,\n"
      "ham,ISIC_11,,No strategy.,,,,\n"
      "ham,ISIC_11,mine,Bad.,,,,{oops\n"
      "ham,ISIC_11,mine,Bad.,,,,7\n"
      "ham,ISIC_11,mine,Bad.,one,,,\n";
  const NoteImportReport report = import_csv(rows);
  EXPECT_EQ(report.written, 2) << dump_json(to_json(report));
  EXPECT_EQ(report.unmatched, 1);
  EXPECT_EQ(report.invalid, 4);
  EXPECT_EQ(total(report), report.rows);
  NoteFilter filter;
  filter.strategies = {"mine"};
  const std::vector<NoteRecord> notes = load_notes(database_, filter);
  ASSERT_THAT(notes, SizeIs(2));
  EXPECT_EQ(notes[0].text, "First line.\nSecond, with a comma.");
  EXPECT_EQ(notes[0].variant, 2);
  EXPECT_EQ(notes[0].provider, "clinic");
  EXPECT_EQ(notes[0].parameters, (Json{{"reader", 3}}));
  EXPECT_EQ(notes[1].provider, "import");
  EXPECT_EQ(import_csv(rows).unchanged, 2);
  // Names of one's own, semicolons, and what the file does not say.
  NoteImportOptions options;
  options.dataset = "ham";
  options.strategy = "own";
  options.key_field = "case";
  options.text_field = "report";
  EXPECT_EQ(import_csv("case;report\nISIC_1;A nevus.\n", options).written, 1);
  options.dataset_field = "clinic";
  EXPECT_THROW(import_csv("case;report\nISIC_1;A nevus.\n", options), UsageError);
}

TEST_F(ExchangeTest, AnImageFolderOfOthersComesIn) {
  fill();
  const Path root = folder_.path() / "hf";
  write_file(
      root / "train/metadata.jsonl",
      "{\"file_name\":\"ISIC_1.jpg\",\"text\":\"Caption.\"}\n"
      "{\"file_name\":\"../../ISIC_11.jpg\",\"text\":\"Caption two.\"}\n"
      "{\"file_name\":7,\"text\":\"x\"}\n"
      "{\"file_name\":\"ISIC_1.jpg\",\"notes\":{\"P3\":[\"ok\",7,{}],\"P4\":[],\"a b/\":\"x\"}}\n");
  NoteImportOptions options;
  options.dataset = "ham";
  options.strategy = "caption";
  const NoteImportReport report = import_notes(workspace_, root, job_, options);
  EXPECT_EQ(report.written, 3);
  EXPECT_EQ(report.invalid, 5);
  EXPECT_EQ(total(report), report.rows);
}

TEST_F(ExchangeTest, LinksInATreeAreNotFollowed) {
  fill();
  write_file(folder_.path() / "secret.txt", "secret");
  fs::create_directories(folder_.path() / "tree/ham/P3");
  fs::create_symlink(folder_.path() / "secret.txt", folder_.path() / "tree/ham/P3/ISIC_1.txt");
  fs::create_directory_symlink(folder_.path(), folder_.path() / "tree/ham/P4");
  EXPECT_EQ(import_notes(workspace_, folder_.path() / "tree", job_).rows, 0);
}

TEST_F(ExchangeTest, WhatIsNoSourceIsAUsageError) {
  EXPECT_THROW(import_notes(workspace_, folder_.path() / "nothing.jsonl", job_), UsageError);
  write_file(folder_.path() / "a.csv", "x");
  EXPECT_THROW(import_notes(workspace_, folder_.path() / "a.csv", job_), UsageError);
  EXPECT_THROW(parse_note_format("xml"), UsageError);
}

// An import that is stopped keeps whole groups, and the next one adds the rest alone.
TEST_F(ExchangeTest, InterruptedImportGoesOn) {
  std::string lines;
  {
    Transaction transaction(database_);
    for (int i = 0; i < 2300; ++i) {
      test::store_sample(database_, "ham", test::make_sample(std::to_string(i)));
      lines += fmt::format(
          "{{\"dataset\":\"ham\",\"key\":\"{}\",\"strategy\":\"P3\",\"text\":\"t{}\"}}\n", i, i);
    }
    transaction.commit();
  }
  write_file(folder_.path() / "in.jsonl", lines);
  test::JobLog log;
  Job cancelled(log);
  cancelled.cancel();
  EXPECT_THROW(import_notes(workspace_, folder_.path() / "in.jsonl", cancelled), Interrupted);
  const std::size_t kept = load_notes(database_, {}).size();
  EXPECT_THAT(log.lines,
              ElementsAre(AllOf(HasSubstr(fmt::format("{0} notes of the {0} rows", kept)),
                                HasSubstr("are stored"), HasSubstr("goes on from there"))));
  EXPECT_GT(kept, 0U);
  EXPECT_LT(kept, 2300U);
  const NoteImportReport rest = import_jsonl(lines);
  EXPECT_EQ(rest.unchanged, static_cast<std::int64_t>(kept));
  EXPECT_EQ(rest.written + rest.unchanged, 2300);
}

TEST_F(ExchangeTest, NotesOfALanguageModelComeInUnderTheirStrategies) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const Path data = test::shared_folder() / "data";
  const std::map<std::string, std::string> adapters = {
      {"ham10000", "ham10000"}, {"isic2018_test", "isic2018"}, {"isic2017", "isic2017"}};
  for (const auto& [dataset, adapter] : adapters) {
    ImportOptions options;
    options.name = dataset;
    import_dataset(workspace_, adapter, data / dataset, job_, options);
  }
  const Path source = test::shared_folder() / "notes/vlm_notes.jsonl";
  const NoteImportReport report = import_notes(workspace_, source, job_);
  EXPECT_EQ(report.rows, 360);
  EXPECT_EQ(report.written, 270);
  EXPECT_EQ(report.unmatched, 90);  // pad_ufes_20 is not in this workspace
  EXPECT_THAT(report.unmatched_examples, SizeIs(20));
  EXPECT_THAT(report.unmatched_examples[0], HasSubstr("pad_ufes_20/PAT_"));
  std::map<std::string, int> strategies;
  for_each_note(database_, {}, [&](const NoteRecord& note) {
    ++strategies[note.strategy];
    EXPECT_EQ(note.provider, "import");
    if (note.strategy != "P3") {
      EXPECT_TRUE(note.parameters.contains("given"));
    }
    return true;
  });
  EXPECT_EQ(strategies, (std::map<std::string, int>{{"P1", 90}, {"P2", 90}, {"P3", 90}}));
  EXPECT_EQ(import_notes(workspace_, source, job_).unchanged, 270);

  ImportOptions options;
  options.name = "pad_ufes_20";
  import_dataset(workspace_, "pad_ufes_20", data / "pad_ufes_20", job_, options);
  const NoteImportReport whole = import_notes(workspace_, source, job_);
  EXPECT_EQ(whole.written, 90) << dump_json(to_json(whole), 1);
  EXPECT_EQ(whole.unchanged, 270);
  EXPECT_THAT(whole.unmatched_examples, IsEmpty());

  // All the way round, through each format.
  for (const NoteFormat format :
       {NoteFormat::kJsonl, NoteFormat::kTree, NoteFormat::kImageFolder}) {
    const Path target = folder_.path() / (format == NoteFormat::kJsonl ? "v.jsonl" : "v");
    fs::remove_all(target);
    EXPECT_EQ(export_notes(workspace_, format, target, job_).written, 360);
    Workspace twin = empty_twin();
    EXPECT_EQ(import_notes(twin, target, job_).written, 360) << note_format_name(format);
    EXPECT_EQ(texts(twin), texts(workspace_)) << note_format_name(format);
  }
}

}  // namespace
}  // namespace epicrisis
