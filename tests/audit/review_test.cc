#include "epicrisis/audit/review.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "epicrisis/audit/repair.h"
#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/derivations.h"
#include "epicrisis/store/tables/judgements.h"
#include "support/store_support.h"

namespace epicrisis::audit {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Review : public test::StoreTest {
 protected:
  Review() : workspace_(make()) {}

  void add_note(const std::string& sample, const std::string& text) {
    NoteRecord note;
    note.key = fmt::format("{} {}", sample, notes_++);
    note.sample_id = test::store_sample(workspace_.database(), "set", test::make_sample(sample));
    note.strategy = "P3";
    note.provider = "import";
    note.text = text;
    put_note(workspace_.database(), note);
  }
  Path sheet(const std::string& name = "sheet.csv") const { return root() / name; }
  std::int64_t exported(const std::string& name = "sheet.csv") {
    return export_review(workspace_, sheet(name), options_, job_);
  }
  ReviewImportReport import(const std::string& reader, const std::string& name = "sheet.csv") {
    return import_review(workspace_, sheet(name), reader, job_);
  }
  // The exported sheet as rows of cells by column.
  std::vector<std::map<std::string, std::string>> rows() {
    CsvOptions options;
    options.max_field = std::size_t{4} << 20;
    CsvReader csv(sheet(), options);
    std::vector<std::map<std::string, std::string>> found;
    while (csv.next()) {
      std::map<std::string, std::string>& row = found.emplace_back();
      for (const std::string& name : csv.header()) row[name] = csv.at(name);
    }
    return found;
  }
  // As a spreadsheet writes it: a mark, semicolons, CRLF, columns in another order, none but some.
  void write_as_spreadsheet(const std::vector<std::map<std::string, std::string>>& rows,
                            const std::vector<std::string>& columns) {
    std::string text = "\xef\xbb\xbf";
    const auto line = [&](const auto& cell) {
      for (std::size_t i = 0; i < columns.size(); ++i) {
        std::string quoted;
        for (const char c : cell(columns[i])) {
          if (c == '\n') quoted += '\r';
          quoted += c;
          if (c == '"') quoted += c;
        }
        text += (i > 0 ? ";\"" : "\"") + quoted + "\"";
      }
      text += "\r\n";
    };
    line([](const std::string& name) { return name; });
    for (const auto& row : rows) line([&](const std::string& name) { return row.at(name); });
    write_file(sheet(), text);
  }
  // A person's answer to what is wrong with each note: "none" or its kinds, in the sheet's order.
  void label_wrong(const std::vector<std::string>& wrong) {
    exported();
    auto filled = rows();
    ASSERT_EQ(filled.size(), wrong.size());
    for (std::size_t i = 0; i < wrong.size(); ++i) filled[i]["wrong"] = wrong[i];
    write_as_spreadsheet(filled, {"note_id", "dataset", "key", "note", "wrong"});
    import("anna");
  }
  // What a judge says of the claims of a note: `verdict`, but of colours `of_colours`.
  void judge(const NoteRecord& note, const std::string& verdict, const std::string& of_colours,
             const std::string& sha256) {
    Judgement one;
    one.key = "judgement " + note.key;
    one.note_id = note.id;
    one.note_sha256 = sha256;
    one.judge = "judge";
    one.provider = "test";
    one.model = "m";
    for (const Claim& claim : ClaimReader(Field::standard()).read(note.text).claims) {
      one.verdicts.push_back({{"kind", claim.kind},
                              {"value", claim.value},
                              {"polarity", claim.denied ? "denied" : "asserted"},
                              {"begin", claim.begin},
                              {"end", claim.end},
                              {"verdict", claim.kind == "colours" ? of_colours : verdict}});
    }
    put_judgement(workspace_.database(), one);
  }
  static Agreement agreement_of(const AgreementReport& report, const std::string& key,
                                const std::string& first, const std::string& second) {
    for (const Agreement& one : report.agreements) {
      if (one.key == key && one.first == first && one.second == second) return one;
    }
    ADD_FAILURE() << key << " " << first << " " << second;
    return {};
  }
  static SecondReader second_of(const AgreementReport& report, const std::string& name) {
    for (const SecondReader& one : report.second_readers) {
      if (one.name == name) return one;
    }
    ADD_FAILURE() << name;
    return {};
  }
  std::string fault(const std::string& name = "sheet.csv") {
    try {
      import("anna", name);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  Workspace workspace_;
  ReviewExportOptions options_;
  int notes_ = 0;
};

TEST_F(Review, ASheetTellsTheNoteAndAsksForTheKeys) {
  add_note("a", "A melanoma,\nwith a \"network\".");
  EXPECT_EQ(exported(), 1);
  const auto row = rows().at(0);
  EXPECT_EQ(row.at("key"), "a");
  EXPECT_EQ(row.at("note"), "A melanoma,\nwith a \"network\".");
  EXPECT_THAT(row.at("known"), HasSubstr("label: NEV"));
  EXPECT_THAT(row.at("claims"), HasSubstr("diagnosis: MEL (contradicts, label NEV)"));
  EXPECT_EQ(row.at("verdict"), "fail");
  for (const char* key : {"diagnosis", "malignancy", "colours_denied", "wrong", "remarks"}) {
    EXPECT_EQ(row.at(key), "") << key;
  }
  options_.blind = true;
  exported();
  EXPECT_EQ(rows().at(0).at("claims"), "");
  EXPECT_THROW(exported("sheet.txt"), UsageError);
  options_.strategies = {"P1"};
  EXPECT_THROW(exported(), UsageError);
}

TEST_F(Review, ADrawnSampleIsTheSameAgain) {
  for (int i = 0; i < 20; ++i) add_note(fmt::format("s{:02}", i), fmt::format("Nevus {}.", i));
  options_.sample = 5;
  EXPECT_EQ(exported(), 5);
  const std::string first = read_file(sheet());
  exported();
  EXPECT_EQ(read_file(sheet()), first);
  options_.seed = 2;
  exported();
  EXPECT_NE(read_file(sheet()), first);
}

TEST_F(Review, ComesBackFromASpreadsheet) {
  add_note("a", "A melanoma,\nwith a \"network\"; brown.");
  add_note("b", "A nevus.");
  add_note("c", "=A nevus, too.");
  exported();
  auto filled = rows();
  filled[0]["diagnosis"] = "mel";
  filled[0]["structures"] = "pigment network; ";
  filled[0]["colours"] = "brown|black";
  filled[0]["diagnosis_hedged"] = "No";
  filled[0]["wrong"] = "diagnosis";
  filled[1]["site"] = "none";
  const std::vector<std::string> columns = {"wrong",   "diagnosis",       "note",    "key",
                                            "site",    "structures",      "colours", "dataset",
                                            "note_id", "diagnosis_hedged"};
  write_as_spreadsheet(filled, columns);
  ReviewImportReport report = import("anna");
  EXPECT_EQ(report.rows, 3);
  EXPECT_EQ(report.fresh, 2);
  EXPECT_EQ(report.blank, 1);
  const std::vector<NoteLabel> labels = load_note_labels(workspace_.database());
  ASSERT_EQ(labels.size(), 2U);
  const NoteLabel& label = labels[0].labels.contains("wrong") ? labels[0] : labels[1];
  EXPECT_EQ(label.reader, "anna");
  EXPECT_EQ(label.labels.at("diagnosis"), "MEL");
  EXPECT_EQ(label.labels.at("diagnosis_hedged"), false);
  EXPECT_EQ(label.labels.at("structures"), Json({"pigment network"}));
  EXPECT_EQ(label.labels.at("colours"), Json({"black", "brown"}));
  report = import("anna");
  EXPECT_EQ(report.unchanged, 2);
  EXPECT_EQ(report.fresh, 0);
}

TEST_F(Review, ComesBackAsJsonLines) {
  add_note("a", "A melanoma.");
  exported("sheet.jsonl");
  Json line = parse_json(read_file(sheet("sheet.jsonl")), "sheet");
  line["diagnosis"] = "MEL";
  line["advice"] = true;
  line["structures"] = Json::array();
  line["age"] = 65;
  write_file(sheet("sheet.jsonl"), dump_json(line) + "\n\n");
  EXPECT_EQ(import("ben", "sheet.jsonl").fresh, 1);
  const Json labels = load_note_labels(workspace_.database()).at(0).labels;
  EXPECT_EQ(labels.at("structures"), Json::array());
  EXPECT_EQ(labels.at("age"), "65");
  line["diagnosys"] = "MEL";
  write_file(sheet("sheet.jsonl"), "\n" + dump_json(line));
  EXPECT_THAT(fault("sheet.jsonl"), AllOf(HasSubstr("sheet.jsonl:2"), HasSubstr("'diagnosis'")));
  write_file(sheet("sheet.jsonl"), "{\"note_id\": ");
  EXPECT_THAT(fault("sheet.jsonl"), HasSubstr("sheet.jsonl:1"));
  write_file(sheet("sheet.jsonl"), "[]");
  EXPECT_THAT(fault("sheet.jsonl"), HasSubstr("sheet.jsonl:1"));
}

TEST_F(Review, WhatIsWrongIsNamedAndNothingIsTaken) {
  add_note("a", "A melanoma.");
  add_note("b", "A nevus.");
  exported();
  const auto whole = rows();
  const std::vector<std::string> columns = {"note_id", "dataset",   "key",
                                            "note",    "diagnosis", "advice"};
  const auto with = [&](std::size_t row, const std::string& column, const std::string& value) {
    auto changed = whole;
    changed[0]["diagnosis"] = "MEL";
    changed[row][column] = value;
    write_as_spreadsheet(changed, columns);
    std::string told = fault();
    EXPECT_TRUE(load_note_labels(workspace_.database()).empty()) << column;
    return told;
  };
  EXPECT_THAT(with(1, "diagnosis", "MELL"),
              AllOf(HasSubstr("sheet.csv:3"), HasSubstr("diagnosis"), HasSubstr("'MEL'")));
  EXPECT_THAT(with(1, "advice", "perhaps"), AllOf(HasSubstr("sheet.csv:3"), HasSubstr("yes, no")));
  EXPECT_THAT(with(1, "note", "A nevus, maybe."),
              AllOf(HasSubstr("sheet.csv:3"), HasSubstr("changed")));
  EXPECT_THAT(with(1, "key", "a"), AllOf(HasSubstr("sheet.csv:3"), HasSubstr("changed")));
  EXPECT_THAT(with(1, "note_id", std::string(64, '0')), HasSubstr("changed"));
  auto twice = whole;
  twice[1] = twice[0];
  write_as_spreadsheet(twice, columns);
  EXPECT_THAT(fault(), AllOf(HasSubstr("sheet.csv:3"), HasSubstr("line 2")));
  write_as_spreadsheet(whole, {"note_id", "dataset", "key", "diagnosis"});
  EXPECT_THAT(fault(), HasSubstr("lacks 'note'"));
  auto more = whole;
  for (auto& row : more) row["colors"] = "brown";
  write_as_spreadsheet(more, {"note_id", "dataset", "key", "note", "colors"});
  EXPECT_THAT(fault(), AllOf(HasSubstr("sheet.csv:1"), HasSubstr("'colours'")));
  EXPECT_THROW(import("audit"), UsageError);
  EXPECT_THROW(import("../x"), UsageError);
  EXPECT_TRUE(load_note_labels(workspace_.database()).empty());
}

TEST_F(Review, LargeNotesComeBack) {
  std::string large;
  while (large.size() < (1U << 20)) large += "A fine network, \"seen\".\n";
  add_note("a", large);
  exported();
  auto filled = rows();
  filled[0]["advice"] = "no";
  write_as_spreadsheet(filled, {"note_id", "dataset", "key", "note", "advice"});
  EXPECT_EQ(import("anna").fresh, 1);
}

TEST_F(Review, AgreementOfReadersAndWithTheAudit) {
  for (int i = 0; i < 12; ++i) {
    add_note(fmt::format("s{:02}", i),
             fmt::format("Note {}. {}", i, i % 3 == 0 ? "A melanoma." : "A nevus."));
  }
  exported();
  auto filled = rows();
  for (std::size_t i = 0; i < filled.size(); ++i) {
    filled[i]["diagnosis"] = i % 3 == 0 ? "MEL" : "NEV";
    filled[i]["wrong"] = i % 3 == 0 ? "diagnosis" : "none";
  }
  const std::vector<std::string> columns = {"note_id", "dataset",   "key",
                                            "note",    "diagnosis", "wrong"};
  write_as_spreadsheet(filled, columns);
  import("anna");
  filled[0]["diagnosis"] = "NEV";
  filled[0]["wrong"] = "none";
  write_as_spreadsheet(filled, columns);
  import("ben");
  AgreementReport report = review_agreement(workspace_, job_, 200);
  EXPECT_EQ(report.readers, (std::map<std::string, std::int64_t>{{"anna", 12}, {"ben", 12}}));
  const auto of = [&](const char* key, const char* first, const char* second) {
    return agreement_of(report, key, first, second);
  };
  const Agreement audit = of("wrong", "anna", "audit");
  EXPECT_EQ(audit.notes, 12U);
  EXPECT_EQ(audit.kappa.value, 1);
  EXPECT_EQ(audit.precision.value, 1);
  EXPECT_EQ(audit.recall.value, 1);
  // One of four: agreement 11/12 where chance gives (8*9 + 4*3)/144.
  const Agreement both = of("diagnosis", "anna", "ben");
  EXPECT_NEAR(both.agree, 11.0 / 12, 1e-12);
  EXPECT_NEAR(both.kappa.value, (11.0 / 12 - 84.0 / 144) / (1 - 84.0 / 144), 1e-12);
  EXPECT_LT(both.kappa.lo, both.kappa.value);
  EXPECT_NEAR(of("wrong", "ben", "audit").precision.value, 3.0 / 4, 1e-12);

  // Labels outlive the notes; the audit has no say on these.
  workspace_.database().execute("DELETE FROM notes");
  report = review_agreement(workspace_, job_, 200);
  EXPECT_EQ(report.notes_gone, 12);
  EXPECT_EQ(of("diagnosis", "anna", "ben").notes, 12U);
  EXPECT_EQ(import("ben").notes_gone, 12);
}

// Of the notes that a judge read, those it speaks against are taken for wrong.
TEST_F(Review, AJudgeIsHeldAgainstLabelsAsTheRulesAre) {
  struct Case {
    std::string text, label, verdict;
    std::string of_colours = {};
  };
  const std::vector<Case> cases = {
      {"A melanoma.", "diagnosis", "contradicts"},  // right
      {"A melanoma.", "diagnosis", "agrees"},       // missed
      {"A melanoma.", "diagnosis", "cannot tell"},  // missed
      {"A nevus.", "none", "contradicts"},          // too much
      {"A nevus.", "none", "agrees"},
      {"A brown nevus.", "none", "agrees", "contradicts"},  // no label speaks of colours
      {"A melanoma.", "diagnosis", ""},                     // never judged
      {"A melanoma.", "diagnosis", "revised"},
  };
  std::vector<std::string> labels;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    add_note(fmt::format("s{}", i), cases[i].text);
    labels.push_back(cases[i].label);
  }
  const std::vector<NoteRecord> notes = load_notes(workspace_.database(), {});
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (cases[i].verdict.empty()) continue;
    const bool revised = cases[i].verdict == "revised";
    judge(notes[i], revised ? "contradicts" : cases[i].verdict, cases[i].of_colours,
          revised ? std::string(64, '0') : sha256_hex(notes[i].text));
  }
  label_wrong(labels);
  const AgreementReport report = review_agreement(workspace_, job_, 200);
  const std::string name = "judge (test, m)";
  const SecondReader second = second_of(report, name);
  EXPECT_EQ(second.notes, 6);
  EXPECT_EQ(second.not_read, 1);
  EXPECT_EQ(second.stale_notes, 1);
  EXPECT_EQ(second.claims, 7);
  EXPECT_EQ(second.against, 3);
  EXPECT_EQ(second.against_unlabelled, 1);
  EXPECT_EQ(second.cannot_tell, 1);
  EXPECT_EQ(second.stale_claims, 0);
  const Agreement one = agreement_of(report, "wrong", "anna", name);
  EXPECT_EQ(one.notes, 6U);
  EXPECT_NEAR(one.precision.value, 1.0 / 2, 1e-12);
  EXPECT_NEAR(one.recall.value, 1.0 / 3, 1e-12);
  EXPECT_LT(one.precision.lo, one.precision.value);
  EXPECT_GT(one.precision.hi, one.precision.value);
  // By the rules, of all eight.
  EXPECT_EQ(agreement_of(report, "wrong", "anna", "audit").recall.value, 1);
  const Json json = to_json(report);
  EXPECT_EQ(json.at("second_readers").at(0).at("name"), name);
  EXPECT_EQ(json.at("second_readers").at(0).at("cannot_tell"), 1);
  // No one but people is held to be right, and judges give no other answers.
  for (const Agreement& two : report.agreements) {
    EXPECT_EQ(two.first, "anna");
    EXPECT_EQ(two.key, "wrong");
  }
}

TEST_F(Review, ClaimsThatOtherNotesDoNotShareAreHeldAgainstLabels) {
  struct Case {
    std::string sample, text, label;
  };
  const std::vector<Case> cases = {
      {"a", "A nevus.", "none"},  // shared by two of three
      {"a", "A nevus, indeed.", "none"},
      {"a", "A nevus, again.", "none"},
      {"a", "A melanoma.", "diagnosis"},  // by none
      {"b", "A melanoma.", "diagnosis"},  // by one of two
      {"b", "A melanoma, indeed.", "diagnosis"},
      {"b", "A nevus.", "none"},          // by none
      {"c", "A melanoma.", "diagnosis"},  // there is no other
  };
  std::vector<std::string> labels;
  for (const Case& one : cases) {
    add_note(one.sample, one.text);
    labels.push_back(one.label);
  }
  add_note("c", "A nevus.");
  workspace_.database().execute(
      "UPDATE notes SET strategy = 'P1' WHERE text = 'A nevus.' AND "
      "sample_id = (SELECT max(sample_id) FROM notes)");
  options_.strategies = {"P3"};
  label_wrong(labels);
  const AgreementReport report = review_agreement(workspace_, job_, 200);
  struct Expected {
    std::string name;
    std::int64_t against;
    double precision, recall;
  };
  const std::vector<Expected> expected = {{"shared < 0.25", 2, 1.0 / 2, 1.0 / 3},
                                          {"shared < 0.50", 2, 1.0 / 2, 1.0 / 3},
                                          {"shared < 0.75", 7, 3.0 / 7, 1}};
  EXPECT_EQ(report.second_readers.size(), expected.size());
  for (const Expected& one : expected) {
    const SecondReader second = second_of(report, one.name);
    EXPECT_EQ(second.notes, 7) << one.name;
    EXPECT_EQ(second.not_read, 1) << one.name;
    EXPECT_EQ(second.claims, 7) << one.name;
    EXPECT_EQ(second.against, one.against) << one.name;
    const Agreement of = agreement_of(report, "wrong", "anna", one.name);
    EXPECT_EQ(of.notes, 7U) << one.name;
    EXPECT_NEAR(of.precision.value, one.precision, 1e-12) << one.name;
    EXPECT_NEAR(of.recall.value, one.recall, 1e-12) << one.name;
  }
}

TEST_F(Review, NobodyReadAnything) {
  EXPECT_TRUE(review_agreement(workspace_, job_).agreements.empty());
}

TEST_F(Review, ANoteThatLooksGuardedComesBack) {
  add_note("a", "'-like border, brown.");
  exported();
  EXPECT_EQ(fault(), "");
}

TEST_F(Review, StopsWhenCancelled) {
  add_note("a", "A nevus.");
  exported();
  Job cancelled;
  cancelled.cancel();
  EXPECT_THROW(import_review(workspace_, sheet(), "anna", cancelled), Interrupted);
  put_note_label(workspace_.database(), {std::string(64, 'a'), "anna", Json::object(), ""});
  EXPECT_THROW(review_agreement(workspace_, cancelled), Interrupted);
}

}  // namespace
}  // namespace epicrisis::audit
