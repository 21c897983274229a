// What commands write over, and what they refuse to.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>

#include "cli/program_fixture.h"
#include "epicrisis/core/strings.h"
#include "support/pictures.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class OutputTest : public test::ProgramTest {
 protected:
  OutputTest() {
    std::string rows;
    for (int i = 1; i <= 6; ++i) {
      const std::string key = "ISIC_000000" + std::to_string(i);
      rows += "HAM_" + std::to_string(i) + "," + key + (i % 2 == 0 ? ",nv" : ",mel") +
              ",histo,45,male,back\n";
      test::save_png(path("ham/images/" + key + ".png"),
                     test::draw_picture(static_cast<unsigned>(i)));
    }
    ham(rows);
    EXPECT_EQ(import(), 0) << said;
    EXPECT_EQ(in_workspace("notes write --strategy M"), 0) << said;
  }
  int in_workspace(const std::string& words) { return run(words + " -w '" + path("w") + "'"); }
  std::string quoted(const std::string& name) const { return "'" + path(name) + "'"; }
  // Runs `words` with the file after them, over what is in it: refused, and left as it is.
  void expect_kept(const std::string& words, const std::string& name, const std::string& content) {
    write_file(path(name), content);
    EXPECT_EQ(run(words + " " + quoted(name)), 2) << words << " " << said;
    EXPECT_THAT(said, AllOf(HasSubstr("cannot write"), HasSubstr(name))) << words;
    EXPECT_EQ(read_file(path(name)), content) << words;
  }
  // Runs it where nothing is, and again over what it wrote.
  void expect_repeatable(const std::string& words, const std::string& name) {
    fs::remove(path(name));
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(run(words + " " + quoted(name)), 0) << words << " " << said;
      EXPECT_TRUE(fs::exists(path(name))) << words;
    }
  }
};

// Commands by what they write; each used to write over anything.
TEST_F(OutputTest, NothingOfTheOwnersIsWrittenOver) {
  const std::string w = " -w " + quoted("w");
  const std::string picture = quoted("ham/images/ISIC_0000001.png");
  const std::vector<std::pair<std::string, std::string>> commands = {
      {"split" + w + " -o", "split.csv"},
      {"findings " + picture + " -o", "findings.jsonl"},
      {"findings " + picture + " --preview", "sheet.png"},
      {"prepare" + w + " --preview", "sheet.jpg"},
      {"notes audit" + w + " -o", "audit.jsonl"},
      {"notes export" + w + " -o", "notes.jsonl"},
      {"notes review export" + w + " -o", "sheet.csv"},
      {"notes review export" + w + " -o", "sheet.jsonl"},
      {"study init" + w + " --replace -o", "study.toml"},
  };
  for (const auto& [words, name] : commands) {
    expect_repeatable(words, name);
    expect_kept(words, name, "image,label\na.jpg,nv\n");
    expect_kept(words, name, "{\"key\": \"ISIC_0000001\", \"text\": \"mine\"}\n");
    expect_kept(words, name, read_file(path("ham/images/ISIC_0000001.png")));
    write_file(path(name), "");  // nothing is lost
    EXPECT_EQ(run(words + " " + quoted(name)), 0) << words << said;
    fs::create_directory(path("folder"));
    EXPECT_EQ(run(words + " " + quoted("folder")), 2) << words << said;
  }
}

TEST_F(OutputTest, LinesOfJsonAreNoTable) {
  const std::string w = " -w " + quoted("w");
  for (const std::string& words : {"notes export" + w, "notes audit" + w}) {
    EXPECT_EQ(run(words + " -o " + quoted("n.CSV")), 2) << said;
    EXPECT_THAT(said, HasSubstr("has lines of JSON; name it .jsonl"));
    EXPECT_FALSE(fs::exists(path("n.CSV")));
  }
}

TEST_F(OutputTest, WhatIsReadIsNotWritten) {
  test::save_png(path("p.png"), test::draw_picture(1));
  ASSERT_EQ(run("findings " + quoted("p.png") + " --preview " + quoted("sheet.png")), 0) << said;
  // The sheet is a picture too, and of the kind that may be replaced.
  fs::create_symlink(path("sheet.png"), path("other.png"));
  for (const char* name : {"sheet.png", "other.png"}) {
    EXPECT_EQ(run("findings " + quoted("sheet.png") + " --preview " + quoted(name)), 2) << said;
    EXPECT_THAT(said, HasSubstr("it is what is read"));
  }
}

TEST_F(OutputTest, ASheetThatWasBegunIsAReaders) {
  for (const char* name : {"sheet.csv", "sheet.jsonl"}) {
    const std::string words = "notes review export -o " + quoted(name);
    ASSERT_EQ(in_workspace(words), 0) << said;
    std::string text = read_file(path(name));
    const std::size_t last = text.rfind(std::string_view(name) == "sheet.csv" ? ",\n" : "null");
    ASSERT_NE(last, std::string::npos);
    if (std::string_view(name) == "sheet.csv") {
      text.insert(last + 1, "fine");
    } else {
      text.replace(last, 4, "\"fine\"");
    }
    write_file(path(name), text);
    EXPECT_EQ(in_workspace(words), 2) << said;
    EXPECT_THAT(said, HasSubstr("an empty review sheet"));
    EXPECT_EQ(read_file(path(name)), text);
  }
}

// Before the study is looked for: there is none here.
TEST_F(OutputTest, AReportTakesNobodysFiles) {
  const auto refused = [&](const std::string& name) {
    EXPECT_EQ(in_workspace("report -o " + quoted(name)), 2) << said;
    return said.find("cannot write") != std::string::npos;
  };
  EXPECT_FALSE(refused("report.html"));  // for want of a study alone
  write_file(path("study.toml"), "name = \"mine\"\n");
  EXPECT_TRUE(refused("study.toml"));
  EXPECT_TRUE(refused("report.csv"));  // the name of a file beside it
  write_file(path("page.html"), "<!DOCTYPE html><html><body>Mine</body></html>");
  EXPECT_TRUE(refused("page.html"));
  for (const char* extension : {".csv", ".audit.csv", ".json", ".tex", ".txt"}) {
    const Path file = path(std::string("cases") + extension);
    write_file(file, "mine");
    EXPECT_TRUE(refused("cases.html")) << extension;
    EXPECT_THAT(said, HasSubstr(file.filename().string()));
    fs::remove(file);
  }
  write_file(path("own.html"),
             "<!DOCTYPE html>\n<head><meta name=\"generator\" content=\"epicrisis\"></head>");
  write_file(path("own.txt"), "its text");
  write_file(path("own.csv"), "run,model,mode,notes,seed,dataset,role,task,metric,value,lo,hi,n\n");
  write_file(path("own.tex"), "% Needs \\usepackage{booktabs}.\n");
  EXPECT_FALSE(refused("own.html"));
}

TEST_F(OutputTest, AnExportIsOfNewFolders) {
  const std::string words = "notes export --format imagefolder --pictures -o ";
  EXPECT_EQ(in_workspace(words + quoted("set")), 0) << said;
  EXPECT_EQ(in_workspace(words + quoted("set")), 2) << said;
  EXPECT_THAT(said, HasSubstr("--replace to have this in its place"));
  EXPECT_EQ(in_workspace(words + quoted("set") + " --replace"), 0) << said;
  EXPECT_EQ(in_workspace(words + quoted("ham") + " --replace"), 2) << said;
  EXPECT_THAT(said, HasSubstr("HAM10000_metadata.csv"));
  fs::remove(path("ham/images/ISIC_0000002.png"));
  EXPECT_EQ(in_workspace(words + quoted("set") + " --replace"), 0) << said;
  EXPECT_THAT(said, AllOf(HasSubstr("5 notes written to"), HasSubstr("1 skipped"),
                          HasSubstr("skipped: ham10000/ISIC_0000002: cannot read")));
}

TEST_F(OutputTest, CountsOutOfRangeAreRefusedWithTheRange) {
  for (const char* words : {"notes preview --limit -1", "notes show --examples -1",
                            "split --folds 1", "check --max-listed -5", "check --threads -1",
                            "notes review export -o x.csv --sample 0", "prepare --threads -2"}) {
    EXPECT_EQ(in_workspace(words), 2) << words << said;
    EXPECT_THAT(said, AllOf(HasSubstr("' is no whole number from "), Not(HasSubstr("000000"))))
        << words;
  }
  EXPECT_EQ(in_workspace("notes preview --fraction 2"), 2) << said;
  EXPECT_THAT(said, HasSubstr("--fraction: '2' is no number from 0 to 1"));
  EXPECT_EQ(in_workspace("notes preview --input-price 1e7"), 2) << said;
  EXPECT_THAT(said, HasSubstr("from 0 to 1,000,000"));
  EXPECT_EQ(in_workspace("split --seed -1"), 2);
  EXPECT_THAT(said, HasSubstr("'-1' is no whole number from 0 up"));
}

// Inputs, and so nothing that a folder would have to be moved away for.
TEST_F(OutputTest, AFolderWhereAFileIsReadIsToldAsThat) {
  fs::create_directory(path("folder"));
  const std::string folder = quoted("folder");
  const std::string w = " -w " + quoted("w");
  const std::vector<std::pair<std::string, std::string>> inputs = {
      {"search RUN --picture " + folder, "a picture"},
      {"study check " + folder, "a study file"},
      {"study run " + folder + w, "a study file"},
      {"notes review import --reader anna " + folder + w, "a sheet"},
      {"notes strategies " + folder, "a strategy file"},
      {"notes providers " + folder, "a provider file"},
      {"notes batch import " + folder + w, "a result or error file"},
      {"notes batch submit " + folder + w, "the files in it"},
      {"notes write --replay " + folder + w, "a recording"},
      {"notes audit --text " + folder, "the note's file"},
      {"import generic_csv " + folder + " --map " + folder + w, "a column map"}};
  for (const auto& [words, name] : inputs) {
    EXPECT_EQ(run(words), 2) << words << said;
    EXPECT_THAT(said, HasSubstr("is a folder; name " + name)) << words;
  }
  EXPECT_EQ(run("study check --json " + folder), 2) << said;
  EXPECT_THAT(said, HasSubstr("\"text\": \"is a folder; name a study file\""));
  EXPECT_EQ(run("import imagefolder " + quoted("ham") + " --taxonomy " + folder + w), 5) << said;
  EXPECT_THAT(said, HasSubstr("it is a folder; give a file"));
}

TEST_F(OutputTest, AnEmptyValueIsNotTakenForNone) {
  for (const char* words : {"split --store ''", "search RUN --text ''", "split -o ''",
                            "split --dataset ' '", "import --name '' ham", "status -w ''",
                            "search ''", "split --store= --json", "findings ham --modality="}) {
    EXPECT_EQ(in_workspace(words), 2) << words << said;
    EXPECT_THAT(said, HasSubstr("its value is empty; give one, or leave it out")) << words;
  }
}

TEST_F(OutputTest, APictureThatCannotBeReadLeavesAnEarlierList) {
  const std::string words = " -o " + quoted("f.jsonl");
  ASSERT_EQ(run("findings " + quoted("ham/images") + words), 0) << said;
  const std::string before = read_file(path("f.jsonl"));
  write_file(path("bad.png"), "no picture");
  EXPECT_EQ(run("findings " + quoted("bad.png") + words), 4) << said;
  EXPECT_THAT(said, HasSubstr("f.jsonl is left as it was, as no picture was measured"));
  EXPECT_EQ(read_file(path("f.jsonl")), before);
}

TEST_F(OutputTest, ASlipInACommandFindsIt) {
  for (const auto& [word, meant] :
       std::vector<std::pair<std::string, std::string>>{{"pridict", "'predict'"},
                                                        {"studdy", "'study'"},
                                                        {"Status", "'status'"},
                                                        {"run", "'study run'"},
                                                        {"wirte", "'notes write'"},
                                                        {"help", "'--help'"},
                                                        {"version", "'--version'"}}) {
    EXPECT_EQ(run(word), 2) << said;
    EXPECT_THAT(said,
                HasSubstr(fmt::format("there is no command '{}'; did you mean {}", word, meant)));
  }
}

TEST_F(OutputTest, APreviewSaysWhatIsNotMeasuredYet) {
  const std::string words =
      "notes preview --strategy P1-findings --provider openai --model gpt-4o-mini";
  EXPECT_EQ(in_workspace(words), 0) << said;
  EXPECT_THAT(said, HasSubstr("6 pictures are not measured yet"));
  EXPECT_EQ(in_workspace("findings"), 0) << said;
  EXPECT_EQ(in_workspace(words), 0) << said;
  EXPECT_THAT(said, testing::Not(HasSubstr("not measured yet")));
  EXPECT_EQ(in_workspace("notes preview --strategy M"), 2);
  EXPECT_THAT(said, HasSubstr("strategy 'M' is a template: nothing is sent"));
}

}  // namespace
}  // namespace epicrisis
