#include "epicrisis/data/field.h"

#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "support/dermatology.h"

namespace epicrisis {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kMine = R"(name = "mine"
class_prompt = "It is {class}."
[[class]]
name = "A"
words = "apple"
[[class]]
name = "B"
words = "beech"
)";

std::string mine(std::string_view more) { return std::string(kMine) + std::string(more); }

std::string error_of(std::string_view toml) {
  try {
    Field::parse(toml, "mine.toml");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Field, TheStandardOneHasTheEightClassesOfTheMethodInItsOrder) {
  const Field& field = Field::standard();
  EXPECT_EQ(field.name(), "dermatology");
  const std::vector<std::string> names = {"BEK", "DF", "NEV", "VASC", "ACK", "BCC", "MEL", "SCC"};
  ASSERT_EQ(field.classes().size(), names.size());
  for (const ClassId id : field.class_ids()) {
    const FieldClass& one = field.at(id);
    EXPECT_EQ(one.name, names[static_cast<std::size_t>(id.index())]);
    EXPECT_EQ(field.find_class(one.name), id);
    EXPECT_EQ(field.find_class(one.words), id);
    EXPECT_EQ(field.find_class(std::to_string(id.index())), id);
    // Note keys and trained prompts hang on these words.
    EXPECT_EQ(field.class_prompt(id), "The lesion is " + one.grade + ": " + one.words + ".");
  }
  EXPECT_EQ(field.at(test::kActinicKeratosis).grade, "pre-cancerous");
  EXPECT_EQ(field.at(test::kMelanoma).grade, "malignant");
  EXPECT_EQ(field.at(test::kNevus).grade, "benign");
  EXPECT_THROW(field.at(ClassId(8)), InternalError);
  EXPECT_THROW(field.at(ClassId(-1)), InternalError);
}

TEST(Field, FindsNoMoreClassesThanItShould) {
  const Field& field = Field::standard();
  EXPECT_EQ(field.find_class(" nev\t"), test::kNevus);
  for (const char* text : {"", "8", "-1", "02", "2.0", "NE", "NEVX", "melanocytic", "nevus "}) {
    EXPECT_EQ(field.find_class(text), std::nullopt) << text;
  }
}

TEST(Field, MayHaveNoGrade) {
  const Field field = Field::load("chest_xray");
  EXPECT_EQ(field.grade_name(), "");
  EXPECT_FALSE(field.is_grade(""));
  EXPECT_EQ(field.class_names(), "NF, PNEU, EFF");
  EXPECT_EQ(field.class_prompt(ClassId(1)), "The image shows pneumonia.");
  EXPECT_EQ(field.class_prompt(ClassId(0)), "The image shows no abnormal finding.");
  EXPECT_FALSE(field.remove_hair() || field.crop_to_subject() || field.measured());
}

TEST(Field, EveryBuiltInOneReads) {
  int standard = 0;
  for (const std::string& name : Field::names()) {
    const Field field = Field::load(name);
    EXPECT_EQ(field.name(), name);
    standard += field.toml().find("\ndefault = true") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(standard, 1);
}

TEST(Field, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(error_of(kMine), "no error");
  EXPECT_THAT(error_of("name = \"x\"\nclass_prompt = \"{class}\"\n[[class]]\nname = \"A\"\n"
                       "words = \"apple\"\n"),
              HasSubstr("1 [[class]], 2 to"));
  EXPECT_THAT(error_of(mine("[[class]]\nname = \"APPLE\"\nwords = \"c\"\n")),
              AllOf(HasSubstr("mine.toml:10"), HasSubstr("'apple'")));
  EXPECT_THAT(error_of(mine("malignancy = \"benign\"\n")), HasSubstr("malignancy"));
  EXPECT_THAT(error_of(mine("[grade]\nname = \"stage\"\nvalues = []\n")), HasSubstr("empty"));
  EXPECT_THAT(error_of(mine("[grade]\nname = \"age\"\nvalues = [\"a\"]\n")),
              HasSubstr("something else"));
  EXPECT_THAT(error_of(mine("stage = \"II\"\n[grade]\nname = \"stage\"\nvalues = [\"I\"]\n")),
              AllOf(HasSubstr("mine.toml:9"), HasSubstr("'II'")));
  EXPECT_THAT(error_of(mine("[[coded]]\ncolumn = \"c\"\nfinding = \"d\"\n")), HasSubstr("values"));
  EXPECT_THAT(error_of("name = \"a b\"\n"), HasSubstr("'a b'"));
  EXPECT_THAT(error_of("name = \"x\"\nclass_prompt = \"{klass}\"\n" + mine("").substr(46)),
              HasSubstr("klass"));
}

TEST(Field, OfTheUsersOwnIsAFileWithAnotherName) {
  const TemporaryFolder folder;
  const Path file = folder.path() / "mine.toml";
  write_file(file, kMine);
  EXPECT_EQ(Field::load(file.string()).class_names(), "A, B");
  write_file(file, Field::load("chest_xray").toml());
  EXPECT_THROW(Field::load(file.string()), UsageError);
  try {
    Field::load("chest_xrai");
    FAIL() << "no error";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'chest_xray'"));
  }
}

TEST(Field, GoesOnWhereClassesAreAddedAtTheEndOnly) {
  const Field old = Field::parse(kMine, "mine");
  const Field more = Field::parse(mine("[[class]]\nname = \"C\"\nwords = \"cedar\"\n"), "mine");
  EXPECT_TRUE(more.continues(old));
  EXPECT_TRUE(old.continues(old));
  EXPECT_FALSE(old.continues(more));
  EXPECT_FALSE(Field::standard().continues(old));
}

}  // namespace
}  // namespace epicrisis
