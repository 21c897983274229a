// Letters for the sex, whose meaning depends on the column's other ones.

#include <gmock/gmock.h>

#include <algorithm>

#include "data/read_support.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/read_remarks.h"

namespace epicrisis::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kLeftOut = "?";

// What the cells of a column say: "female male ?", the latter for what was warned of.
std::string read_sexes(const std::string& column, const std::vector<std::string>& cells,
                       const std::string& further = {}, std::string* blocks = nullptr) {
  DataFolder folder;
  folder.text("columns.toml", "table = \"t.csv\"\n" + further + "[columns]\nid = \"id\"\nsex = \"" +
                                  column + "\"\n");
  std::string table = "id;" + column + "\n";
  for (std::size_t i = 0; i < cells.size(); ++i) table += std::to_string(i) + ";" + cells[i] + "\n";
  folder.text("t.csv", table);
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("generic_csv", input);
  std::vector<std::string> said;
  std::size_t open = 0;
  for (const Sample& sample : result.samples) {
    said.push_back(finding(sample, "sex"));
    if (!said.back().empty()) continue;
    said.back() = kLeftOut;
    ++open;
  }
  std::uint64_t warned = 0;
  for (const auto& [kind, tally] : result.report.warnings) {
    if (tally.finding == "sex") warned += tally.count;
  }
  EXPECT_EQ(warned, open) << column;
  if (blocks != nullptr) *blocks = words_blocks(result.report);
  return join(said, " ");
}

TEST(SexLetters, MeanWhatTheColumnsOthersMakeOfThem) {
  struct Case {
    const char* column;
    const char* cells;
    const char* said;
  };
  for (const Case& one : std::vector<Case>{
           {"sex", "F M", "female male"},
           {"sexe", "F H", "female male"},
           {"Geschlecht", "w m", "female male"},
           {"geslacht", "V M", "female male"},
           {"kjønn", "K M", "female male"},
           {"płeć", "k m", "female male"},
           {"cinsiyet", "K E", "female male"},
           {"sex", "K E", "female male"},
           {"cins", "K Q", "male female"},
           {"sex", "Q K", "female male"},
           {"pohlaví", "Ž M", "female male"},
           {"пол", "Ж М", "female male"},
           {"стать", "Ж Ч", "female male"},
           {"dzimums", "S V", "female male"},
           {"sex", "S V", "female male"},
           {"lytis", "M V", "female male"},
           {"nem", "N F", "female male"},
           {"sukupuoli", "N M", "female male"},
           {"sexo", "F M", "female male"},
           {"sex", "F M W", "female male female"},
           {"sex", "F M K", "female male female"},
           {"sexo", "mujer hombre", "female male"},
           {"sexo", "V M", "male female"},
           {"Género", "V M", "male female"},
           {"sexo", "varón mujer V M", "male female male female"},
           {"sekse", "V", "female"},
           // Alone a letter says what it usually does.
           {"sex", "M", "male"},
           {"sex", "F", "female"},
           {"sex", "K", "female"},
           // Either may be either.
           {"sexo", "H M", "? ?"},
           {"sex", "H M", "? ?"},
           {"sexe", "H M", "? ?"},
           {"gender", "M H F", "? ? female"},
           {"sexo", "M", "?"},
           {"género", "M", "?"},
           {"sexo", "M mujer", "? female"},
           {"sex", "M hombre", "? male"},
           {"sex", "V M", "? ?"},
           {"sex", "V", "?"},
           {"sexo", "V mujer", "? female"},
           {"sexo", "V F", "? female"},
           {"sexo", "V M F", "male ? female"},
           {"gender", "V M F", "? ? female"},
           {"sex", "N F", "? ?"},
           {"sex", "F M N", "female male ?"},
           {"sesso", "D U", "? ?"},
           {"sexe", "H D", "? ?"},
           {"sex", "K Q M", "? female male"},
           {"sex", "1 2", "? ?"},
           {"sex", "0 1", "? ?"},
           {"sex", "H", "?"},
       }) {
    std::vector<std::string> cells = split(one.cells, ' ');
    std::vector<std::string> said = split(one.said, ' ');
    EXPECT_EQ(read_sexes(one.column, cells), one.said) << one.column << ": " << one.cells;
    // Whichever comes first.
    std::ranges::reverse(cells);
    std::ranges::reverse(said);
    EXPECT_EQ(read_sexes(one.column, cells), join(said, " ")) << one.column << ": " << one.cells;
  }
}

// Whoever says one of the two in words has not said the other.
TEST(SexLetters, BothAreAskedForUntilTheMapSaysThem) {
  std::string blocks;
  EXPECT_EQ(read_sexes("sexo", {"H", "M", "H"}, "", &blocks), "? ? ?");
  EXPECT_THAT(blocks,
              HasSubstr("[words.sex]\n\"H\" = \"\"  # 2 samples\n\"M\" = \"\"  # 1 sample"));
  EXPECT_EQ(read_sexes("sexo", {"H", "M", "H"}, "[words.sex]\nH = \"male\"\n", &blocks),
            "male ? male");
  EXPECT_THAT(blocks, HasSubstr("\"M\" = \"\""));
  EXPECT_THAT(blocks, Not(HasSubstr("\"H\"")));
  EXPECT_EQ(read_sexes("sexo", {"H", "M"}, "[words.sex]\nH = \"male\"\nM = \"female\"\n", &blocks),
            "male female");
}

// Ages that are none and ages in words are two warnings, and one table to paste.
TEST(WordsBlocks, HaveATableOnce) {
  DataFolder folder;
  folder.text("columns.toml",
              "table = \"t.csv\"\n[columns]\nid = \"id\"\nage = \"age\"\nsex = \"sex\"\n");
  folder.text("t.csv", "id,age,sex\n1,-3,Q\n2,sixtyish,F\n3,199,F\n4,50,F\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  const std::string blocks = words_blocks(read_all("generic_csv", input).report);
  EXPECT_THAT(blocks, HasSubstr("\"-3\" = \"\""));
  EXPECT_THAT(blocks, HasSubstr("\"sixtyish\" = \"\""));
  const std::size_t first = blocks.find("[words.age]");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(blocks.find("[words.age]", first + 1), std::string::npos) << blocks;
}

TEST(SexLetters, AreSeenInAllMetadataOfAnImageFolder) {
  DataFolder folder;
  folder.text("train/metadata.csv", "file_name,sex\n1.jpg,M\n");
  folder.text("test/metadata.csv", "file_name,sex\n2.jpg,H\n");
  folder.picture("train/1.jpg");
  folder.picture("test/2.jpg");
  const ReadResult result = read_all("imagefolder", folder.input());
  ASSERT_EQ(result.samples.size(), 2U);
  for (const Sample& sample : result.samples) EXPECT_EQ(finding(sample, "sex"), "");
}

}  // namespace
}  // namespace epicrisis::test
