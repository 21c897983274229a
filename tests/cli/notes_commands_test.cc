// What the commands for notes say.

#include <gmock/gmock.h>

#include "cli/program_fixture.h"
#include "epicrisis/core/json.h"
#include "support/pictures.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class NotesCommands : public test::ProgramTest {
 protected:
  NotesCommands() {
    std::string rows;
    for (const char* key : {"ISIC_0000001", "ISIC_0000002", "ISIC_0000003"}) {
      rows += std::string("HAM_1,") + key + ",nv,histo,45,male,back\n";
      test::save_png(path(std::string("ham/images/") + key + ".png"), test::draw_picture(1));
    }
    ham(rows);
    EXPECT_EQ(import(), 0) << said;
  }
  int in_workspace(const std::string& words) { return run(words + " -w '" + path("w") + "'"); }
};

TEST_F(NotesCommands, PreviewEndsWithNotesTokensAndCost) {
  const std::string openai = "notes preview --strategy P1 --provider openai --model ";
  EXPECT_EQ(in_workspace(openai + "gpt-4o-mini --input-price 0.15 --output-price 0.6"), 0) << said;
  EXPECT_THAT(said,
              AllOf(HasSubstr("A request:"), HasSubstr("bytes are cut here; --json shows all"),
                    HasSubstr("A picture counts at most 2833 tokens for gpt-4o-mini"),
                    HasSubstr("Notes: 3, 3 of them missing"),
                    HasSubstr("(8499 of them for pictures), at most 1200 out")));
  const std::size_t cost = said.find("Cost: at most 0.00");
  ASSERT_NE(cost, std::string::npos) << said;
  EXPECT_THAT(said.substr(cost), HasSubstr("at 0.15 in and 0.6 out a million tokens\n"));
  EXPECT_EQ(said.find('\n', cost), said.size() - 1);  // the last line
  EXPECT_LT(said.find("A request:"), cost);

  EXPECT_EQ(in_workspace(openai + "gpt-9"), 0) << said;
  EXPECT_THAT(said, AllOf(HasSubstr("Warning: how many tokens a picture counts for gpt-9 is not"),
                          HasSubstr("Cost: not known")));
  EXPECT_EQ(in_workspace(openai + "gpt-9 --picture-tokens 100"), 0) << said;
  EXPECT_THAT(said, HasSubstr("(300 of them for pictures)"));
  EXPECT_EQ(in_workspace(openai + "gpt-9 --input-price -1"), 2) << said;
}

TEST_F(NotesCommands, ABudgetInMoneyTakesThePricesOfOptions) {
  const std::string write =
      "notes write --strategy P1 --endpoint http://127.0.0.1:1/v1 --model m --budget '1 USD'";
  EXPECT_EQ(in_workspace(write), 2) << said;
  EXPECT_THAT(said, HasSubstr("give --input-price and --output-price"));
}

TEST_F(NotesCommands, ShowGivesExamplesWithWhatIsKnown) {
  EXPECT_EQ(in_workspace("notes show"), 0) << said;
  EXPECT_THAT(said, HasSubstr("no notes"));
  EXPECT_EQ(in_workspace("notes write --strategy M"), 0) << said;
  EXPECT_EQ(in_workspace("notes show"), 0) << said;
  EXPECT_THAT(said,
              AllOf(HasSubstr("3 notes of 3 samples"),
                    HasSubstr("ham10000/ISIC_0000001: NEV, melanocytic nevus; benign"),
                    HasSubstr("age 45; male; site: back"), HasSubstr("M (template)\nThe lesion"),
                    HasSubstr("ham10000/ISIC_0000002"), Not(HasSubstr("ISIC_0000003"))));
  EXPECT_EQ(in_workspace("notes show --strategy P1"), 0) << said;
  EXPECT_THAT(said, Not(HasSubstr("ISIC")));
  EXPECT_EQ(in_workspace("notes show --examples 0 --json"), 0) << said;
  const Json json = parse_json(said, "show");
  EXPECT_EQ(json["counts"][0]["notes"], 3);
  EXPECT_EQ(json["examples"].size(), 0U);
  EXPECT_EQ(in_workspace("notes show --dataset nowhere"), 2) << said;
  EXPECT_EQ(in_workspace("notes show --key ISIC_0000003"), 0) << said;
  EXPECT_THAT(said, HasSubstr("M (template)"));
}

TEST_F(NotesCommands, AStrategyFileSaysWhatIsSent) {
  const std::string file =
      "name = \"mine\"\nversion = 1\nkind = \"prompt\"\nimage = true\n"
      "fields = [\"diagnosis\", \"findings\", \"class\"]\n"
      "system = \"Describe it. {diagnosis}\"\nuser = \"[[{findings}]] Go.\"\n";
  write_file(path("mine.toml"), file);
  EXPECT_EQ(run("notes strategies '" + path("mine.toml") + "'"), 0) << said;
  EXPECT_THAT(said, AllOf(HasSubstr("sends the picture, diagnosis, findings\n"),
                          HasSubstr("without vision goes what was measured"),
                          HasSubstr("findings are age, sex, site"),
                          HasSubstr("class is allowed, and no text names it")));
  write_file(path("mine.toml"), file + "[options]\nborder = [\"sharp\", \"faded\"]\n");
  EXPECT_EQ(run("notes strategies '" + path("mine.toml") + "'"), 2) << said;
  EXPECT_THAT(said, HasSubstr("mine.toml:8: nothing uses [options] here"));
  EXPECT_EQ(run("notes strategies"), 0) << said;
  EXPECT_THAT(said, HasSubstr("M      template  made of "));
}

TEST_F(NotesCommands, AnImageFolderWithoutPicturesSaysSo) {
  EXPECT_EQ(in_workspace("notes write --strategy M"), 0) << said;
  const std::string out = "notes export --format imagefolder -o '" + path("set") + "'";
  EXPECT_EQ(in_workspace(out), 0) << said;
  EXPECT_THAT(said, HasSubstr("load_dataset cannot load it"));
  EXPECT_EQ(in_workspace(out + " --pictures"), 0) << said;
  EXPECT_THAT(said, Not(HasSubstr("cannot")));
  EXPECT_THAT(read_file(path("set/README.md")), HasSubstr("configs:"));
}

}  // namespace
}  // namespace epicrisis
