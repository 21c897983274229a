#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/core/job.h"
#include "epicrisis/corpus/import.h"
#include "epicrisis/corpus/preparation.h"
#include "epicrisis/store/tables/fields.h"
#include "support/chest_corpus.h"
#include "support/refusal.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

// A set of another field than the standard one, from files alone.
class FieldImportTest : public test::StoreTest {
 protected:
  FieldImportTest() { test::write_chest_corpus(corpus(), 2); }
  Path corpus() const { return folder_.path() / "chest"; }
};

TEST_F(FieldImportTest, TheLabelMapOfTheFirstImportDecides) {
  Workspace workspace = make();
  Database& database = workspace.database();
  const ImportReport report = import_dataset(workspace, "generic_csv", corpus(), job_);
  EXPECT_EQ(report.written, 12);
  EXPECT_EQ(report.read.field.name(), "chest_xray");
  EXPECT_THAT(report.read.by_label,
              ElementsAre(Pair(ClassId(0), 4), Pair(ClassId(1), 4), Pair(ClassId(2), 4)));
  EXPECT_EQ(to_json(report.read)["by_label"], (Json{{"NF", 4}, {"PNEU", 4}, {"EFF", 4}}));
  EXPECT_EQ(workspace_field(database).name(), "chest_xray");
  const Sample sample = find_sample(database, "generic_csv", "film1001PA").value();
  EXPECT_EQ(sample.label, ClassId(1));
  EXPECT_EQ(sample.diagnosis, "pneumonia");
  EXPECT_EQ(sample.grade, "");
  EXPECT_EQ(sample.group, "p11");
  EXPECT_EQ(sample.modality, "chest radiograph");
  ASSERT_EQ(sample.findings.size(), 3U);
  EXPECT_EQ(sample.findings[2].value, "posteroanterior");
}

TEST_F(FieldImportTest, AnotherFieldIsRefusedAndLeavesNothing) {
  Workspace workspace = make();
  ImportOptions options;
  options.field = Field::standard();
  EXPECT_THAT(
      test::refusal([&] { import_dataset(workspace, "generic_csv", corpus(), job_, options); }),
      AllOf(HasSubstr("taxonomy/chest_xray.toml"), HasSubstr("'chest_xray'"),
            HasSubstr("'dermatology'")));
  EXPECT_FALSE(settled_field(workspace.database()));

  settle_field(workspace.database(), Field::standard());
  EXPECT_THAT(test::refusal([&] { import_dataset(workspace, "generic_csv", corpus(), job_); }),
              HasSubstr("chest_xray"));
  options.field = Field::load("chest_xray");
  EXPECT_THAT(
      test::refusal([&] { import_dataset(workspace, "generic_csv", corpus(), job_, options); }),
      HasSubstr("another workspace"));
  EXPECT_EQ(count_samples(workspace.database(), {}), 0);

  Workspace chest = Workspace::create(folder_.path() / "other");
  settle_field(chest.database(), Field::load("chest_xray"));
  options.field = {};
  options.taxonomy = "common";
  EXPECT_THAT(test::refusal([&] { import_dataset(chest, "generic_csv", corpus(), job_, options); }),
              HasSubstr("taxonomy/common.toml"));
}

TEST_F(FieldImportTest, ATableWithoutALabelMapIsReadWithThatOfTheField) {
  const std::string map = read_file(corpus() / "columns.toml");
  constexpr std::string_view kLine = "taxonomy = \"chest_xray\"\n";
  std::string without = map;
  without.erase(without.find(kLine), kLine.size());
  write_file(corpus() / "columns.toml", without);
  Workspace workspace = make();
  ImportOptions options;
  options.field = Field::load("chest_xray");
  EXPECT_EQ(import_dataset(workspace, "generic_csv", corpus(), job_, options).read.by_label.size(),
            3U);
  // And of a file of the user's own, whose map says nothing of a field either.
  const Path own = folder_.path() / "own.toml";
  write_file(own,
             "name = \"own\"\nclass_prompt = \"{class}\"\n[[class]]\nname = \"N\"\nwords = "
             "\"normal\"\n[[class]]\nname = \"P\"\nwords = \"pneumonia\"\n");
  Workspace other = Workspace::create(folder_.path() / "other");
  options.field = Field::load(own.string());
  const ImportReport report = import_dataset(other, "generic_csv", corpus(), job_, options);
  EXPECT_EQ(report.read.by_label.at(ClassId(1)), 4U);
  EXPECT_EQ(report.read.unmapped.at("effusion"), 4U);
  EXPECT_EQ(workspace_field(other.database()).class_names(), "N, P");
}

TEST_F(FieldImportTest, RadiographsArePreparedWithoutLookingForHair) {
  EXPECT_EQ(usual_recipe(Field::load("chest_xray")).id(), "v2-224-border");
  EXPECT_EQ(usual_recipe(Field::standard()).id(), PrepareRecipe().id());
}

}  // namespace
}  // namespace epicrisis
