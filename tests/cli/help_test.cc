// Help, man page and completions of shells: all are made of the program's one table of options.

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdlib>
#include <sstream>

#include "epicrisis/core/files.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class HelpTest : public testing::Test {
 protected:
  // The exit code of a shell's command; what it printed is in `said`.
  int shell(const std::string& command) {
    const int status = std::system(("( " + command + " ) > '" + path("said") + "' 2>&1").c_str());
    said = read_file(path("said"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  int run(const std::string& words, const std::string& environment = "") {
    return shell(
        "env -u EPICRISIS_WORKSPACE -u EPICRISIS_PROVIDER -u EPICRISIS_ENDPOINT "
        "-u EPICRISIS_MODEL " +
        environment + " '" + EPICRISIS_BINARY_DIR + "/epicrisis' " + words);
  }
  bool there_is(const std::string& program) { return shell("command -v " + program) == 0; }
  // Where the completion for a shell is.
  std::string completion(const std::string& name) {
    EXPECT_EQ(run("completion " + name), 0) << said;
    write_file(path(name), said);
    return path(name);
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  // What bash offers where `line` ends; the last word may be ''.
  std::string bash_offers(const std::string& file, const std::string& line) {
    write_file(path("ask"), "source '" + file + "'\nCOMP_WORDS=(" + line +
                                ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                                "_epicrisis\necho \" ${COMPREPLY[*]} \"\n");
    EXPECT_EQ(shell("cd '" + folder_.path().string() + "' && bash '" + path("ask") + "'"), 0)
        << said;
    return said;
  }

  TemporaryFolder folder_;
  std::string said;
};

TEST_F(HelpTest, IsMadeForAPerson) {
  for (const std::string command :
       {"", "import", "check", "prepare", "notes", "notes write", "notes batch export",
        "notes export", "completion", "models", "models get", "models inspect"}) {
    ASSERT_EQ(run(command + " --help"), 0) << said;
    EXPECT_THAT(said, AllOf(HasSubstr("Usage: epicrisis"), Not(HasSubstr(" TEXT")),
                            Not(HasSubstr("=[")), Not(HasSubstr(" INT")), Not(HasSubstr("=-1"))));
    for (const std::string& line : split(said, '\n')) {
      EXPECT_LE(line.size(), line.starts_with("  epicrisis ") ? 100U : 80U) << line;
    }
  }
  EXPECT_EQ(run("notes write --help"), 0);
  EXPECT_THAT(said, AllOf(HasSubstr("-w, --workspace DIR"), HasSubstr("(default: M)"),
                          HasSubstr("[$EPICRISIS_WORKSPACE]"), HasSubstr("--dataset NAME..."),
                          HasSubstr("(0 to 1)"), HasSubstr("Example"), Not(HasSubstr("e+0")),
                          Not(HasSubstr(".00000"))));
}

TEST_F(HelpTest, ASlipIsToldFromItsNearest) {
  EXPECT_EQ(run("imprt"), 2);
  EXPECT_THAT(said, HasSubstr("there is no command 'imprt'; did you mean 'import'?"));
  EXPECT_EQ(run("fit"), 2);
  EXPECT_THAT(said, HasSubstr("there is no command 'fit'; did you mean 'train'?"));
  EXPECT_EQ(run("audit"), 2);
  EXPECT_THAT(said, HasSubstr("did you mean 'notes audit'?"));
  EXPECT_EQ(run("export"), 2);
  EXPECT_THAT(said,
              HasSubstr("did you mean 'notes export' or 'notes batch export' or 'notes review "
                        "export'?"));
  EXPECT_EQ(run("notes verify"), 2);
  EXPECT_THAT(said, HasSubstr("did you mean 'workspace verify'?"));
  EXPECT_EQ(run("notes wrte --json"), 2);
  EXPECT_THAT(said, HasSubstr("there is no command 'wrte'; did you mean 'write'? 'epicrisis "
                              "notes --help' lists them"));
  EXPECT_EQ(run("notes write --worksapce x"), 2);
  EXPECT_THAT(said, HasSubstr("there is no option '--worksapce'; did you mean '--workspace'? "
                              "'epicrisis notes write --help' lists them"));
  EXPECT_EQ(run("check --stratgy=x -w w"), 2);
  EXPECT_THAT(said, HasSubstr("there is no option '--stratgy'; 'epicrisis check --help'"));
  EXPECT_EQ(run("init a b"), 2);
  EXPECT_THAT(said, HasSubstr("not expected"));
  // A word too many is told with the options that take one, and hides no slip in an option.
  EXPECT_EQ(run("remove clinic -w w"), 2);
  EXPECT_THAT(said, HasSubstr("'clinic' was not expected; is it meant by '--dataset NAME'"));
  EXPECT_EQ(run("remove clinic --dryrun -w w"), 2);
  EXPECT_THAT(said, HasSubstr("there is no option '--dryrun'; did you mean '--dry-run'?"));
  EXPECT_EQ(run("notes write"), 2);
  EXPECT_THAT(said, HasSubstr("error: --workspace is required (or in the environment: "
                              "EPICRISIS_WORKSPACE); see 'epicrisis notes write --help'"));
  EXPECT_EQ(run("notes write --fraction 7 -w w"), 2);
  EXPECT_THAT(said, HasSubstr("error: --fraction: "));
}

// It printed the script all the same.
TEST_F(HelpTest, ScriptsOfShellsAreNoJson) {
  EXPECT_EQ(run("completion bash --json"), 2);
  EXPECT_THAT(said, HasSubstr("there is no option '--json'"));
  EXPECT_EQ(run("completion --help"), 0);
  EXPECT_THAT(said, AllOf(HasSubstr("--quiet"), Not(HasSubstr("--json"))));
}

TEST_F(HelpTest, TheEnvironmentGivesOptionsAndTheCommandLineWins) {
  ASSERT_EQ(run("init '" + path("a") + "'"), 0) << said;
  ASSERT_EQ(run("init '" + path("b") + "'"), 0) << said;
  const std::string in_a = "EPICRISIS_WORKSPACE='" + path("a") + "'";
  EXPECT_EQ(run("notes show", in_a), 0) << said;
  EXPECT_EQ(run("notes show -w '" + path("none") + "'", in_a), 2) << said;
  EXPECT_THAT(said, HasSubstr(path("none")));
  EXPECT_EQ(run("notes write -w '" + path("b") + "'", in_a), 0) << said;

  const std::string server = in_a + " EPICRISIS_ENDPOINT=http://127.0.0.1:9/v1 EPICRISIS_MODEL=m ";
  EXPECT_EQ(run("notes preview --strategy P2", server), 0) << said;
  EXPECT_THAT(said, HasSubstr("http://127.0.0.1:9/v1"));
  // Who names a provider does not ask another's address for another's model.
  EXPECT_EQ(run("notes preview --strategy P2 --provider openai", server), 2) << said;
  EXPECT_THAT(said, HasSubstr("'openai' has no default model: give --model"));
  EXPECT_EQ(run("notes preview --strategy P2 --provider openai --model x", server), 0) << said;
  EXPECT_THAT(said, Not(HasSubstr("127.0.0.1")));
  EXPECT_EQ(run("notes preview --strategy P2", server + "EPICRISIS_PROVIDER=openai"), 0) << said;
  EXPECT_THAT(said, HasSubstr("http://127.0.0.1:9/v1"));
  EXPECT_EQ(run("notes preview --strategy P2 --endpoint http://127.0.0.2:9/v1", server), 0) << said;
  EXPECT_THAT(said, HasSubstr("http://127.0.0.2:9/v1"));
}

TEST_F(HelpTest, TheManPageHasNoFault) {
  if (!there_is("man")) GTEST_SKIP() << "man is not installed";
  ASSERT_EQ(run("man"), 0) << said;
  EXPECT_THAT(said, AllOf(HasSubstr(".TH EPICRISIS 1"), HasSubstr("EPICRISIS_WORKSPACE"),
                          HasSubstr("notes batch export")));
  write_file(path("epicrisis.1"), said);
  EXPECT_EQ(
      shell("MANWIDTH=80 man --warnings -l '" + path("epicrisis.1") + "' > '" + path("page") + "'"),
      0);
  EXPECT_EQ(said, "");  // warnings
  EXPECT_THAT(read_file(path("page")), HasSubstr("--workspace DIR"));
}

TEST_F(HelpTest, BashCompletes) {
  if (!there_is("bash")) GTEST_SKIP() << "bash is not installed";
  const std::string file = completion("bash");
  EXPECT_EQ(bash_offers(file, "epicrisis no"), " notes \n");
  EXPECT_EQ(bash_offers(file, "epicrisis notes wr"), " write \n");
  EXPECT_THAT(bash_offers(file, "epicrisis notes ''"),
              AllOf(HasSubstr(" export "), HasSubstr(" batch ")));
  EXPECT_EQ(bash_offers(file, "epicrisis notes batch sub"), " submit \n");
  EXPECT_EQ(bash_offers(file, "epicrisis notes write --allow"), " --allow-remote \n");
  EXPECT_THAT(bash_offers(file, "epicrisis notes write -w notes --strategy ''"),
              AllOf(HasSubstr(" M "), HasSubstr(" P1 ")));
  EXPECT_EQ(bash_offers(file, "epicrisis notes export --format '=' im"), " imagefolder \n");
  EXPECT_EQ(bash_offers(file, "epicrisis import ham"), " ham10000 \n");
  std::filesystem::create_directory(path("import-from"));
  write_file(path("import-file"), "");
  EXPECT_EQ(bash_offers(file, "epicrisis import ham10000 imp"), " import-from \n");
  EXPECT_THAT(bash_offers(file, "epicrisis notes import imp"),
              AllOf(HasSubstr(" import-from "), HasSubstr(" import-file ")));
  EXPECT_EQ(bash_offers(file, "epicrisis check -w imp"), " import-from \n");
}

TEST_F(HelpTest, ZshCompletes) {
  if (!there_is("zsh")) GTEST_SKIP() << "zsh is not installed";
  const std::string file = completion("zsh");
  EXPECT_EQ(shell("zsh -n '" + file + "'"), 0) << said;
  EXPECT_EQ(said, "");
  // As a person has it: a terminal in which Tab is pressed.
  write_file(path("ask"), R"(
zmodload zsh/zpty
zpty -b z 'TERM=dumb zsh -f -i'
said=
wait_for() {
  local line
  repeat 300; do
    while zpty -r -t z line; do said+=$line; done
    [[ $said == *$1* ]] && return
    sleep 0.1
  done
}
zpty -w z "autoload -Uz compinit; compinit -u -d ./dump; source ./zsh; bindkey '^I' complete-word; print rea''dy"
wait_for ready
zpty -w -n z $'epicrisis notes exp\t--form\timag\t'
wait_for imagefolder
zpty -d z
print -r -- $said
)");
  EXPECT_EQ(shell("cd '" + folder_.path().string() + "' && zsh -f '" + path("ask") + "'"), 0);
  EXPECT_THAT(said, HasSubstr("notes export"));
  EXPECT_THAT(said, HasSubstr("--format"));
  EXPECT_THAT(said, HasSubstr("imagefolder"));
}

TEST_F(HelpTest, FishCompletes) {
  if (!there_is("fish")) GTEST_SKIP() << "fish is not installed";
  const std::string file = completion("fish");
  const auto offers = [&](const std::string& line) {
    EXPECT_EQ(shell("HOME='" + folder_.path().string() + "' fish --no-config -c 'source " + file +
                    "; complete -C \"" + line + "\"'"),
              0);
    return said;
  };
  EXPECT_THAT(offers("epicrisis no"), HasSubstr("notes\t"));
  EXPECT_THAT(offers("epicrisis notes wr"), AllOf(HasSubstr("write\t"), Not(HasSubstr("show"))));
  EXPECT_THAT(offers("epicrisis notes write --allow"), HasSubstr("--allow-remote\t"));
  EXPECT_THAT(offers("epicrisis notes write --strategy P"), HasSubstr("P1"));
  EXPECT_THAT(offers("epicrisis notes export --format im"), HasSubstr("imagefolder"));
}

}  // namespace
}  // namespace epicrisis
