// What the commands for notes say.

#include <gmock/gmock.h>

#include "cli/program_fixture.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "support/fault_server.h"
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

  // Its default was a template, for which nothing is sent.
  EXPECT_EQ(in_workspace("notes preview"), 2) << said;
  EXPECT_THAT(said, HasSubstr("--strategy is required"));

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

TEST_F(NotesCommands, ACostWithoutAPriceIsNotKnown) {
  const std::string batch =
      "notes batch export --strategy P1 --provider openai --model gpt-4o-mini -o '" + path("out") +
      "'";
  EXPECT_EQ(in_workspace(batch + " --budget '1 USD'"), 2) << said;
  EXPECT_EQ(in_workspace(batch), 0) << said;
  EXPECT_THAT(said, HasSubstr("tokens, cost not known"));
}

TEST_F(NotesCommands, AgreementShowsAJudgeBesideTheRules) {
  write_file(path("notes.jsonl"),
             R"({"dataset": "ham10000", "key": "ISIC_0000001", "text": "A melanoma."}
{"dataset": "ham10000", "key": "ISIC_0000002", "text": "A nevus."}
)");
  ASSERT_EQ(in_workspace("notes import --strategy mine '" + path("notes.jsonl") + "'"), 0) << said;
  test::FaultServer server;
  server.respond_by([](const test::SeenRequest&) {
    return test::complete(R"({"verdicts": [{"claim": 1, "verdict": "contradicts"}]})");
  });
  write_file(path("mine.toml"),
             "name = \"mine\"\nmodel = \"m\"\n[[endpoint]]\nurl = \"" + server.url("/v1") + "\"\n");
  ASSERT_EQ(in_workspace("notes judge --no-images --provider '" + path("mine.toml") + "'"), 0)
      << said;
  const std::string sheet = path("sheet.jsonl");
  ASSERT_EQ(in_workspace("notes review export -o '" + sheet + "'"), 0) << said;
  std::string filled;
  for (const std::string& line : split(read_file(sheet), '\n')) {
    if (line.empty()) continue;
    Json row = parse_json(line, "sheet");
    row["wrong"] = row.at("key") == "ISIC_0000001" ? "diagnosis" : "none";
    filled += dump_json(row) + "\n";
  }
  write_file(sheet, filled);
  ASSERT_EQ(in_workspace("notes review import --reader anna '" + sheet + "'"), 0) << said;
  EXPECT_EQ(in_workspace("notes review agreement"), 0) << said;
  EXPECT_THAT(said, AllOf(HasSubstr("judge (mine, m): speaks of 2 of 2 labelled notes, with 2 "
                                    "claims; against 2\n"),
                          HasSubstr("shared < 0.50: speaks of 0 of 2 labelled notes")));
  EXPECT_EQ(in_workspace("notes review agreement --json"), 0) << said;
  const Json report = parse_json(said, "said");
  EXPECT_EQ(report.at("second_readers").at(0).at("against"), 2);
  for (const Json& one : report.at("agreements")) {
    const double right = one.at("second") == "audit" ? 1 : 0.5;
    EXPECT_EQ(one.at("precision").at("value"), right) << one.dump();
    EXPECT_EQ(one.at("recall").at("value"), 1) << one.dump();
  }
}

TEST_F(NotesCommands, AStrategyWithoutANoteIsNotAudited) {
  EXPECT_EQ(in_workspace("notes write --strategy M"), 0) << said;
  EXPECT_EQ(in_workspace("notes audit --strategy M"), 0) << said;
  EXPECT_EQ(in_workspace("notes audit --strategy N"), 2) << said;
  EXPECT_THAT(said, HasSubstr("there is no note of strategy 'N'; there are notes of M"));
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
  EXPECT_EQ(in_workspace("notes show --strategy nosuch"), 2) << said;
  EXPECT_THAT(said, HasSubstr("'nosuch'"));
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
  EXPECT_EQ(in_workspace(out + " --pictures --replace"), 0) << said;
  EXPECT_THAT(said, Not(HasSubstr("cannot")));
  EXPECT_THAT(read_file(path("set/README.md")), HasSubstr("configs:"));
}

}  // namespace
}  // namespace epicrisis
