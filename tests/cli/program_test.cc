// What the program itself says and answers with where nothing came of a command.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "cli/program_fixture.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"
#include "support/fault_server.h"
#include "support/read_only.h"

namespace epicrisis {
namespace {

using test::ProgramTest;
using testing::HasSubstr;
using testing::Not;

TEST_F(ProgramTest, PicturesThatAllFailAreAnInputError) {
  ham("HAM_1,ISIC_0000001,nv,histo,45,male,back\n");
  write_file(path("ham/images/ISIC_0000001.jpg"), "no picture");
  ASSERT_EQ(import(), 0) << said;
  const std::string workspace = " -w '" + path("w") + "'";
  EXPECT_EQ(run("prepare" + workspace), 4) << said;
  EXPECT_THAT(said, HasSubstr("1 failed"));
  EXPECT_EQ(run("prepare --json" + workspace), 4) << said;
  EXPECT_THAT(said, HasSubstr("\"failed\""));
  EXPECT_EQ(run("check" + workspace), 4) << said;
  EXPECT_THAT(said, HasSubstr("1 picture could not be read"));
  EXPECT_EQ(run("check --no-pictures" + workspace), 0) << said;
}

TEST_F(ProgramTest, AWorkspaceThatMayNotBeWrittenToCanBeRead) {
  ham("HAM_1,ISIC_0000001,nv,histo,45,male,back\n");
  write_file(path("ham/images/ISIC_0000001.jpg"), "no picture");
  ASSERT_EQ(import(), 0) << said;
  const std::string workspace = " -w '" + path("w") + "'";
  ASSERT_EQ(run("notes write --strategy M" + workspace), 0) << said;
  const test::ReadOnly fixed(folder_.path());
  std::filesystem::permissions(path("said"), std::filesystem::perms(0666));
  const auto read = [&](const std::string& words) {
    const int code = test::as_somebody_else([&] { return run(words + workspace); });
    said = read_file(path("said"));
    return code;
  };
  EXPECT_EQ(read("check --no-pictures"), 0) << said;
  EXPECT_THAT(said, HasSubstr("No leakage found"));
  EXPECT_THAT(said, HasSubstr("cannot be written to: the outcome is not stored"));
  EXPECT_EQ(read("check --no-pictures --json"), 0) << said;
  EXPECT_THAT(said, HasSubstr("\"stored\": false"));
  EXPECT_EQ(read("notes audit"), 0) << said;
  EXPECT_THAT(said, HasSubstr("1 note: 1 judged now"));
  EXPECT_THAT(said, HasSubstr("cannot be written to: the outcome is not stored"));
  EXPECT_EQ(read("notes show"), 0) << said;
  EXPECT_THAT(said, Not(HasSubstr("read-only")));
  for (const char* words : {"prepare", "notes write --strategy M"}) {
    EXPECT_EQ(read(words), 5) << said;
    EXPECT_THAT(said, HasSubstr("it is read-only")) << words;
  }
}

TEST_F(ProgramTest, RowsOfWhichNoneIsTakenAreAnInputError) {
  ham("HAM_1,ISIC_0000001,nv,histo,45,male,back\n");
  write_file(path("ham/images/other.jpg"), "");
  EXPECT_EQ(import(), 4) << said;
  EXPECT_THAT(said, HasSubstr("1 row read, 0 samples"));
  EXPECT_FALSE(std::filesystem::exists(path("w")));
  write_file(path("ham/images/ISIC_0000001.jpg"), "");
  EXPECT_EQ(import(), 0) << said;
  EXPECT_EQ(import(), 0) << said;  // nothing new is no failure
  ham("");
  EXPECT_EQ(import("--name none"), 4) << said;
  EXPECT_THAT(said, HasSubstr("not one row"));
}

// Asked at another address, a provider without a key of its own has that of the environment, in a
// batch as elsewhere.
TEST_F(ProgramTest, ABatchGoesOutWithTheKeyThatNotesHave) {
  ham("HAM_1,ISIC_0000001,nv,histo,45,male,back\n");
  write_file(path("ham/images/ISIC_0000001.jpg"), "");
  ASSERT_EQ(import(), 0) << said;
  write_file(path("mine.toml"), R"(name = "mine"
model = "m"
[[endpoint]]
url = "http://127.0.0.1:1/v1"
)");
  test::FaultServer server;
  server.respond_by([](const test::SeenRequest& seen) {
    if (seen.path == "/v1/files") return test::respond(200, R"({"id": "file-1"})");
    if (seen.path.starts_with("/v1/batches")) {
      return test::respond(200, R"({"id": "batch-1", "status": "validating"})");
    }
    return test::complete("A brown lesion.");
  });
  const std::string provider = " -w '" + path("w") + "' --provider '" + path("mine.toml") +
                               "' --endpoint " + server.url("/v1");
  const std::string note = " --strategy P2 --fields diagnosis";
  ASSERT_EQ(setenv("EPICRISIS_API_KEY", "sk-canary-0123", 1), 0);
  EXPECT_EQ(run("notes batch export" + provider + note + " -o '" + path("out") + "'"), 0) << said;
  EXPECT_EQ(run("notes batch submit" + provider + " '" + path("out/P2-mine-1-001.jsonl") + "'"), 0)
      << said;
  EXPECT_EQ(run("notes batch status" + provider), 0) << said;
  EXPECT_EQ(run("notes write" + provider + " --strategy P2 --fields malignancy"), 0) << said;
  unsetenv("EPICRISIS_API_KEY");
  ASSERT_GE(server.request_count(), 4U);
  for (const test::SeenRequest& seen : server.requests()) {
    EXPECT_EQ(seen.headers.at("authorization"), "Bearer sk-canary-0123") << seen.path;
  }
}

TEST_F(ProgramTest, OneNoteIsAudited) {
  write_file(path("note.txt"), "The lesion is a melanoma on the back of a woman of 45.");
  write_file(path("known.json"), R"({"label": "NEV", "sex": "male", "site": "back"})");
  const std::string audit = "notes audit --text '" + path("note.txt") + "' --metadata '";
  EXPECT_EQ(run(audit + path("known.json") + "'"), 0) << said;
  EXPECT_THAT(said, HasSubstr("verdict: fail"));
  EXPECT_EQ(run(audit + path("known.json") + "' --json"), 0) << said;
  const Json found = parse_json(said, "said");
  EXPECT_EQ(found.at("wrong"), Json({"diagnosis", "sex"}));
  write_file(path("known.json"), R"({"label": 3})");
  EXPECT_EQ(run(audit + path("known.json") + "'"), 4) << said;
  EXPECT_THAT(said, HasSubstr("'label' is a number"));
  EXPECT_EQ(run("notes audit"), 2) << said;
  EXPECT_THAT(said, HasSubstr("--workspace"));
}

TEST_F(ProgramTest, SettingsInTextsOfTheLibraryAreItsOptions) {
  ham("HAM_1,ISIC_0000001,nv,histo,45,male,back\n");
  std::filesystem::create_directory(path("ham/empty"));
  EXPECT_EQ(import("--pictures empty"), 2);
  EXPECT_THAT(said, HasSubstr("name their folder (--pictures), or take the tables alone "
                              "(--tables-only)"));
  ASSERT_EQ(import(), 0) << said;
  const std::string write = "notes write --strategy P2 -w '" + path("w") + "' ";
  EXPECT_EQ(run(write), 2);
  EXPECT_THAT(said, HasSubstr("name a --provider or an --endpoint"));
  const std::string remote = write + "--endpoint http://192.0.2.1/v1 --model m ";
  EXPECT_EQ(run(remote), 2);
  EXPECT_THAT(said, HasSubstr("warning: strategy P2 is about the picture"));
  EXPECT_THAT(said, HasSubstr("--vision says that the model sees"));
  // What is no option stays as it is.
  EXPECT_THAT(said, HasSubstr("`epicrisis notes preview` shows what; --allow-remote allows it"));
  EXPECT_EQ(run(remote + "--fields aeg"), 2);
  EXPECT_THAT(said, HasSubstr("--fields: unknown field 'aeg'"));
  EXPECT_EQ(run(remote + "--no-images --fields modality"), 2);
  EXPECT_THAT(said, HasSubstr("--no-images and --fields take away the rest"));
  EXPECT_EQ(run("notes failed --status lost -w '" + path("w") + "'"), 2);
  EXPECT_THAT(said, HasSubstr("--status: there is no 'lost'; there are truncated, "));
  EXPECT_EQ(run("prepare --preview sheet.gif -w '" + path("w") + "'"), 2);
  EXPECT_THAT(said, HasSubstr("must end in .png, .jpg or .jpeg"));
  write_file(path("notes.jsonl"), R"({"key": "ISIC_0000001", "text": "A mole."})");
  EXPECT_EQ(run("notes import '" + path("notes.jsonl") + "' -w '" + path("w") + "'"), 4);
  EXPECT_THAT(said, HasSubstr("no data set (give --dataset)"));
  EXPECT_EQ(run("notes import --json '" + path("notes.jsonl") + "' -w '" + path("w") + "'"), 4);
  EXPECT_THAT(said, HasSubstr("no data set (give --dataset)"));
}

// Output that is lost is no success, whoever wrote it, and no bug of the program.
TEST_F(ProgramTest, OutputThatIsLostIsAFailure) {
  const auto status_of = [&](const std::string& words) {
    // bash tells the status of the first command of a pipe.
    const int status = std::system(("bash -c '" + words + "' 2> '" + path("said") + "'").c_str());
    said = read_file(path("said"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  const std::string program = std::string(EPICRISIS_BINARY_DIR) + "/epicrisis ";
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  close(pipe_ends[0]);  // its reader has left
  for (const char* words : {"--help", "--version", "models", "models --json", "completion bash"}) {
    EXPECT_EQ(status_of(program + words + " > /dev/full"), 5) << words;
    EXPECT_THAT(said, HasSubstr("cannot write to standard output: No space left")) << words;
    EXPECT_EQ(status_of(program + words + " >&-"), 5) << words;
    EXPECT_EQ(status_of(fmt::format("{}{} >&{}", program, words, pipe_ends[1])), 5) << words;
    EXPECT_EQ(said, "") << words;
    EXPECT_EQ(status_of(program + words + " > /dev/null"), 0) << words;
  }
  close(pipe_ends[1]);
}

TEST_F(ProgramTest, WhatIsNoFileIsRefused) {
  ASSERT_EQ(std::system(("mkfifo '" + path("pipe") + "'").c_str()), 0);
  EXPECT_EQ(run("study run '" + path("pipe") + "' -w '" + path("w") + "'"), 4);
  EXPECT_THAT(said, HasSubstr("a named pipe; give a file"));
  ham("");
  std::filesystem::remove(path("ham/HAM10000_metadata.csv"));
  std::filesystem::rename(path("pipe"), path("ham/HAM10000_metadata.csv"));
  EXPECT_EQ(import(), 2);
  EXPECT_THAT(said, HasSubstr("HAM10000_metadata.csv is no file, but a folder, named pipe"));
}

TEST_F(ProgramTest, AFileIsNoFolder) {
  ham("");
  EXPECT_EQ(
      run("import ham10000 '" + path("ham/HAM10000_metadata.csv") + "' -w '" + path("w") + "'"), 2);
  EXPECT_THAT(said, HasSubstr("is a file; PATH is the folder"));
  EXPECT_EQ(run("import ham10000 '" + path("nowhere") + "' -w '" + path("w") + "'"), 2);
  EXPECT_THAT(said, HasSubstr("there is no folder"));
  EXPECT_FALSE(std::filesystem::exists(path("w")));
}

TEST_F(ProgramTest, AFailedImportLeavesNoWorkspace) {
  ham("HAM_1\n");
  EXPECT_EQ(import(), 4) << said;
  EXPECT_FALSE(std::filesystem::exists(path("w")));
  // Nor the folders above it that were made for it.
  std::filesystem::create_directory(path("old"));
  for (const char* below : {"new/a/b", "old/a/b", "old/a/b/"}) {
    EXPECT_EQ(run("import ham10000 '" + path("ham") + "' -w '" + path(below) + "'"), 4) << said;
  }
  EXPECT_FALSE(std::filesystem::exists(path("new")));
  EXPECT_TRUE(std::filesystem::is_empty(path("old")));
  std::filesystem::create_directory(path("w"));
  EXPECT_EQ(import("--taxonomy none"), 2) << said;
  EXPECT_TRUE(std::filesystem::is_empty(path("w")));
  ham("HAM_1,ISIC_0000001,nv,histo,45,male,back\n");
  ASSERT_EQ(import(), 0) << said;
  // It was made in part: the paths below it are too long for the system.
  std::string parent = path("deep");
  while (parent.size() < 3800) parent += "/" + std::string(200, 'd');
  std::filesystem::create_directories(parent);
  const std::string deep =
      parent + "/" + std::string(4086 - parent.size() - 1 - 40, 'w') + "/" + std::string(39, 'w');
  std::filesystem::create_directories(Path(deep).parent_path());
  EXPECT_NE(run("import ham10000 '" + path("ham") + "' -w '" + deep + "'"), 0) << said;
  EXPECT_FALSE(std::filesystem::exists(deep));
  // One that was there stays.
  ham("HAM_1\n");
  EXPECT_EQ(import(), 4) << said;
  EXPECT_TRUE(std::filesystem::exists(path("w/epicrisis.db")));
}

TEST_F(ProgramTest, ImportFindsTheAdapterAndTellsWhatWasNotUnderstood) {
  ham("HAM_1,ISIC_0000001,nv,histo,45,male,back\nHAM_2,ISIC_0000002,wart,histo,old,x,back\n");
  EXPECT_EQ(run("import '" + path("ham") + "' -w '" + path("w") + "'"), 0) << said;
  EXPECT_THAT(said, HasSubstr("Read by the adapter ham10000"));
  EXPECT_THAT(said, HasSubstr("[[map]]\nraw = [\"wart\"]  # 1 sample\n"));
  EXPECT_THAT(said, HasSubstr("1 age that is no number of years: 'old' (1)"));
  EXPECT_THAT(said, HasSubstr("1 sex of an unknown spelling: 'x' (1)"));
  write_file(path("mine/cases.csv"), "case,dx\n1,MEL\n");
  EXPECT_EQ(run("import '" + path("mine") + "' -w '" + path("v") + "'"), 2) << said;
  const std::string way =
      "epicrisis import " + path("mine") + " --guess -o " + path("mine/columns.toml");
  EXPECT_THAT(said, HasSubstr("cases.csv is a table of 1 row"));
  EXPECT_THAT(said, HasSubstr(way));
  EXPECT_FALSE(std::filesystem::exists(path("v")));
  EXPECT_EQ(run("import generic_csv '" + path("mine") + "' -w '" + path("v") + "'"), 2) << said;
  EXPECT_THAT(said, HasSubstr(way));
  write_file(path("mine/photos/1.jpg"), "");
  EXPECT_EQ(run("import imagefolder '" + path("mine") + "' -w '" + path("v") + "'"), 0) << said;
  EXPECT_THAT(said, HasSubstr("No sample has a class; cases.csv is a table of 1 row: " + way));
}

TEST_F(ProgramTest, PathsThatAreSlipsAreToldWithWhatIsNear) {
  write_file(path("fotos/cases.csv"), "case,dx\n1,MEL\n2,NV\n");
  write_file(path("fotos/pictures/1.jpg"), "");
  const std::string near = "did you mean '" + path("fotos") + "'?";
  const std::string workspace = " -w '" + path("w") + "'";
  const std::string slip = "'" + path("fotso") + "'" + workspace;
  for (const std::string command : {"import ", "import generic_csv "}) {
    EXPECT_EQ(run(command + slip), 2) << said;
    EXPECT_THAT(said, HasSubstr(near));
  }
  EXPECT_EQ(run("import '" + path("fotso") + "' --guess"), 2) << said;
  EXPECT_THAT(said, HasSubstr(near));
  EXPECT_EQ(run("import nowhere" + workspace), 2) << said;
  EXPECT_THAT(said, HasSubstr("there is no folder nowhere"));
  const std::string fotos = "import '" + path("fotos") + "'";
  EXPECT_EQ(run(fotos + " --guess -o '" + path("fotos/columns.toml") + "'"), 0) << said;
  EXPECT_EQ(run(fotos + " --pictures pictres" + workspace), 2) << said;
  EXPECT_THAT(said, HasSubstr("/fotos/pictures'?"));
  EXPECT_EQ(run(fotos + " --map '" + path("fotos/colums.toml") + "'" + workspace), 2) << said;
  EXPECT_THAT(said, HasSubstr("/fotos/columns.toml'?"));
  EXPECT_EQ(run("findings '" + path("fotos/picture/1.jpg") + "'"), 2) << said;
  EXPECT_THAT(said, HasSubstr("/fotos/pictures/1.jpg'?"));
}

TEST_F(ProgramTest, ImportProposesAColumnMap) {
  write_file(path("mine/cases.csv"), "case,dx\n1,MEL\n2,NV\n");
  EXPECT_EQ(run("import '" + path("mine") + "' --guess"), 0) << said;
  EXPECT_THAT(said, HasSubstr("id = \"case\""));
  const std::string out = " --guess -o '" + path("mine/columns.toml") + "'";
  EXPECT_EQ(run("import '" + path("mine") + "'" + out), 0) << said;
  EXPECT_EQ(run("import '" + path("mine/cases.csv") + "'" + out), 2) << said;  // it is there
  EXPECT_EQ(run("import '" + path("mine") + "' -w '" + path("w") + "'"), 0) << said;
  EXPECT_THAT(said, HasSubstr("2 samples"));
}

}  // namespace
}  // namespace epicrisis
