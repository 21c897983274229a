#include "epicrisis/data/taxonomy.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "data/resources.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "support/dermatology.h"

namespace epicrisis {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

std::string error_of(std::string_view toml) {
  try {
    Taxonomy::parse(toml, "mine.toml");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(DataResources, AreBuiltIn) {
  const Resources& files = data_resources();
  constexpr const char* kDermatology = "taxonomy/fields/dermatology.toml";
  EXPECT_TRUE(files.has(kDermatology));
  EXPECT_THAT(std::string(files.get(kDermatology)), HasSubstr("melanoma"));
  EXPECT_EQ(files.get(kDermatology).find('\0'), std::string_view::npos);
  EXPECT_FALSE(files.has("taxonomy"));
  EXPECT_FALSE(files.has("../run"));
  EXPECT_FALSE(files.has("taxonomy/lexicon.toml"));  // part text has it
  EXPECT_THROW(files.get("taxonomy/none.toml"), InternalError);
  const auto names = files.names("taxonomy/");
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_THAT(names, Contains(kDermatology));
}

TEST(Taxonomy, EveryBuiltInOneReads) {
  const std::vector<std::string> names = Taxonomy::names();
  EXPECT_THAT(names, Not(Contains("lexicon")));
  EXPECT_THAT(names, Contains("ham10000"));
  EXPECT_THAT(names, Not(Contains("classes")));
  EXPECT_GE(names.size(), 11U);
  for (const std::string& name : names) {
    EXPECT_GT(Taxonomy::load(name).size(), 0U) << name;
  }
}

TEST(Taxonomy, MatchesExactlyButForCaseAndSpaceAround) {
  const Taxonomy taxonomy = Taxonomy::load("ham10000");
  ASSERT_NE(taxonomy.find("nv"), nullptr);
  EXPECT_EQ(taxonomy.find(" NV\n")->label, test::kNevus);
  EXPECT_EQ(taxonomy.find("n v"), nullptr);
  EXPECT_EQ(taxonomy.find("nvx"), nullptr);
  EXPECT_EQ(taxonomy.find(""), nullptr);
}

TEST(Taxonomy, TellsNoClassFromUnmapped) {
  const Taxonomy taxonomy = Taxonomy::load("milk10k");
  const Mapping* inflammatory = taxonomy.find("INF");
  ASSERT_NE(inflammatory, nullptr);
  EXPECT_EQ(inflammatory->label, std::nullopt);
  EXPECT_EQ(taxonomy.find("MAL_OTH")->grade, "malignant");
  EXPECT_EQ(taxonomy.find("AK"), nullptr);
}

TEST(Taxonomy, FillsWhatAClassImplies) {
  const Taxonomy taxonomy = Taxonomy::parse(
      "[[map]]\nraw = [\"a\"]\nlabel = \"MEL\"\nsubclass = \"in situ\"\n"
      "findings = { ulceration = \"present\" }\n"
      "[[map]]\nraw = [\"Kaposi Sarcoma\"]\nlabel = \"\"\ndiagnosis_is_raw = true\n"
      "[words.site]\n\"head/neck\" = \"head or neck\"\n",
      "mine.toml");
  const Mapping* melanoma = taxonomy.find("A");
  ASSERT_NE(melanoma, nullptr);
  EXPECT_EQ(melanoma->diagnosis, "melanoma");
  EXPECT_EQ(melanoma->grade, "malignant");
  EXPECT_EQ(melanoma->subclass, "in situ");
  ASSERT_EQ(melanoma->findings.size(), 1U);
  EXPECT_EQ(melanoma->findings[0].name, "ulceration");
  EXPECT_EQ(taxonomy.find("kaposi sarcoma")->diagnosis, "kaposi sarcoma");
  ASSERT_NE(taxonomy.words("site", "Head/Neck "), nullptr);
  EXPECT_EQ(*taxonomy.words("site", "head/neck"), "head or neck");
  EXPECT_EQ(taxonomy.words("site", "leg"), nullptr);
  EXPECT_EQ(taxonomy.words("age", "head/neck"), nullptr);
}

TEST(Taxonomy, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(error_of("[[map]]\nraw = [\"a\"]\nlabel = \"NEVUS!\"\n"), HasSubstr("mine.toml:3"));
  EXPECT_THAT(error_of("[[map]]\nraw = [\"a\"]\nlabel = \"NEVUS!\"\n"), HasSubstr("NEVUS!"));
  EXPECT_THAT(error_of("[[map]]\nraw = [\"a\"]\n"), HasSubstr("label"));
  EXPECT_THAT(error_of("[[map]]\nlabel = \"NEV\"\n"), HasSubstr("raw"));
  EXPECT_THAT(error_of("[[map]]\nraw = [\"a\", \" A\"]\nlabel = \"NEV\"\n"), HasSubstr("twice"));
  EXPECT_THAT(error_of("[[map]]\nraw = [\"a\"]\nlabel = \"NEV\"\nmalignancy = \"bad\"\n"),
              HasSubstr("bad"));
  EXPECT_THAT(error_of("[[map]]\nraw = [\"a\"]\nlabel = \"NEV\"\ndiagnosys = \"x\"\n"),
              HasSubstr("diagnosys"));
  EXPECT_THAT(error_of("[[mapp]]\nraw = [\"a\"]\n"), HasSubstr("mapp"));
}

TEST(Taxonomy, NamesTheOnesThereAre) {
  try {
    Taxonomy::load("ham1000");
    FAIL() << "no error";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'ham10000'"));
  }
  EXPECT_THROW(Taxonomy::load("classes"), UsageError);
  EXPECT_THROW(Taxonomy::load("/nowhere/at/all.toml"), Error);
}

TEST(Taxonomy, ReadsAFileOfTheUsersOwn) {
  const TemporaryFolder folder;
  const Path file = folder.path() / "mine.toml";
  write_file(file, "[[map]]\nraw = [\"x\"]\nlabel = \"DF\"\n");
  EXPECT_EQ(Taxonomy::load(file.string()).find("x")->label, test::kDermatofibroma);
}

TEST(Taxonomy, HyphensUnderscoresAndApostrophesDoNotCount) {
  const Taxonomy taxonomy = Taxonomy::parse(
      "[[map]]\nraw = [\"basal cell carcinoma\"]\nlabel = \"BCC\"\n"
      "[[map]]\nraw = [\"Bowen's disease\"]\nlabel = \"SCC\"\n"
      "[[map]]\nraw = [\"-1\"]\nlabel = \"\"\n[[map]]\nraw = [\"1\"]\nlabel = \"MEL\"\n"
      "[[map]]\nraw = [\"a-b\"]\nlabel = \"DF\"\n[[map]]\nraw = [\"a b\"]\nlabel = \"NEV\"\n",
      "map");
  for (const char* label :
       {"Basal-cell Carcinoma", "basal_cell-carcinoma", "Basal cell  carcinoma"}) {
    ASSERT_NE(taxonomy.find(label), nullptr) << label;
    EXPECT_EQ(taxonomy.find(label)->label, test::kBasalCellCarcinoma) << label;
  }
  EXPECT_EQ(taxonomy.find("Bowens_Disease")->label, test::kSquamousCellCarcinoma);
  EXPECT_FALSE(taxonomy.find("-1")->label);
  EXPECT_EQ(taxonomy.find("a-b")->label, test::kDermatofibroma);
  EXPECT_EQ(taxonomy.find("a_b"), nullptr);  // either of two
  EXPECT_EQ(taxonomy.find("basal cell"), nullptr);
  EXPECT_EQ(taxonomy.nearly("Basal cell carzinoma")->label, test::kBasalCellCarcinoma);
  EXPECT_FALSE(taxonomy.nearly("squamous cell carcinoma"));
  Taxonomy extended = taxonomy;
  extended.extend(Taxonomy::parse("[[map]]\nraw = [\"a_b\"]\nlabel = \"MEL\"\n", "own"));
  EXPECT_EQ(extended.find("A_B")->label, test::kMelanoma);
  EXPECT_EQ(extended.find("a b")->label, test::kNevus);
}

// Folders and tables without a vocabulary of their own, as people write them.
TEST(Taxonomy, NamesInCommonUseAreKnownInTheirSpellings) {
  const Taxonomy names = Taxonomy::usual(Field::standard());
  const struct {
    const char* raw;
    ClassId label;
    const char* subclass;
  } cases[] = {
      {"Malignant_Melanoma", test::kMelanoma, ""},
      {"malignant melanomas", test::kMelanoma, ""},
      {"Melanoma in situ", test::kMelanoma, "melanoma in situ"},
      {"lentigo-maligna", test::kMelanoma, "lentigo maligna"},
      {"Naevi", test::kNevus, ""},
      {"melanocytic naevus", test::kNevus, ""},
      {"Blue Naevus", test::kNevus, "blue nevus"},
      {"Seborrhoeic Keratoses", test::kBenignKeratosis, ""},
      {"Haemangioma", test::kVascularLesion, "hemangioma"},
  };
  for (const auto& one : cases) {
    const Mapping* found = names.find(one.raw);
    ASSERT_NE(found, nullptr) << one.raw;
    EXPECT_EQ(found->label, one.label) << one.raw;
    EXPECT_EQ(found->subclass, one.subclass) << one.raw;
  }
  // Counted with one class by some and with another by others; of another tissue; no class.
  for (const char* other : {"Bowen's disease", "becker nevus", "sebaceous nevus", "keratosis",
                            "keratosis pilaris", "lichen planus", "lentigo"}) {
    EXPECT_EQ(names.find(other), nullptr) << other;
  }
}

}  // namespace
}  // namespace epicrisis
