#include "epicrisis/store/tables/fields.h"

#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/store/tables/notes.h"
#include "store/sql/migrations.h"
#include "support/dermatology.h"
#include "support/refusal.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class FieldsTest : public test::StoreTest {
 protected:
  static Field mine(const std::string& classes) {
    std::string toml = "name = \"mine\"\nclass_prompt = \"{class}\"\n";
    for (const char c : classes) {
      toml += fmt::format("[[class]]\nname = \"{0}\"\nwords = \"word {0}\"\n", c);
    }
    return Field::parse(toml, "mine.toml");
  }
  static std::string refusal(Database& database, const Field& field) {
    return test::refusal([&] { settle_field(database, field); });
  }
};

TEST_F(FieldsTest, AreDecidedOnce) {
  Workspace workspace = make();
  Database& database = workspace.database();
  EXPECT_FALSE(settled_field(database));
  EXPECT_EQ(workspace_field(database).name(), Field::standard().name());
  settle_field(database, Field::load("chest_xray"));
  settle_field(database, Field::load("chest_xray"));
  EXPECT_EQ(workspace_field(Workspace::open(root()).database()).name(), "chest_xray");
  EXPECT_THAT(refusal(database, Field::standard()),
              AllOf(HasSubstr("'chest_xray' (NF, PNEU, EFF)"), HasSubstr("'dermatology'"),
                    HasSubstr("another workspace")));
}

TEST_F(FieldsTest, AWorkspaceWithDataSetsAndWithoutAFieldIsOfTheStandardOne) {
  Workspace workspace = make();
  test::store_sample(workspace.database(), "d", test::make_sample("k"));
  EXPECT_EQ(settled_field(workspace.database()).value().name(), "dermatology");
  EXPECT_THAT(refusal(workspace.database(), Field::load("chest_xray")), HasSubstr("chest_xray"));
}

TEST_F(FieldsTest, OfTheUsersOwnAreKeptAndMayGrow) {
  Workspace workspace = make();
  Database& database = workspace.database();
  settle_field(database, mine("AB"));
  EXPECT_EQ(workspace_field(database).class_names(), "A, B");
  settle_field(database, mine("ABC"));
  EXPECT_EQ(workspace_field(database).class_names(), "A, B, C");
  EXPECT_THAT(refusal(database, mine("AB")), HasSubstr("A, B, C"));
  EXPECT_THAT(refusal(database, mine("BAC")), HasSubstr("keep their order"));
}

// Layout 5 counted eight classes and knew three words for their grade.
TEST_F(FieldsTest, ADatabaseOfLayout5IsBroughtUpWithItsRows) {
  Database database(folder_.path() / "old.db");
  migrate_to(database, 5);
  database.execute_script(R"sql(
INSERT INTO datasets (id, name, adapter, source, imported_at) VALUES (3, 'd', 'fake', '/s', 'now');
INSERT INTO samples (id, dataset_id, key, digest, image_path, raw_label, label, malignancy,
  diagnosis, subclass, findings, group_key, split, published_splits, modality, metadata)
  VALUES (5, 3, 'k', 'x', '/p.jpg', 'mel', 6, 'malignant', 'melanoma', 'in situ',
          '[["site","back"]]', 'g', 'test', '["test"]', 'dermoscopic image', '{"a":"b"}'),
         (9, 3, 'l', 'y', '', 'odd', NULL, '', '', '', '[]', '', '', '[]', '', '{}');
INSERT INTO notes (key, sample_id, strategy, provider, model, template_version, variant, text,
  status, reason, parameters, origin, created_at, input_tokens, output_tokens, cost, attempts)
  VALUES ('n', 5, 'M', 'template', '', '1:x', 0, 'text', 'written', '', '{}', 'metadata', 'now',
          0, 0, 0, 1);
INSERT INTO prepared (recipe, sample_id, path, file_size, file_time, slot, pixels_sha256,
  hair_fraction, border_cropped, lesion_cropped, error)
  VALUES ('r', 5, '/p.jpg', 1, 2, 0, zeroblob(32), 0.5, 0, 1, '');
)sql");

  migrate(database);

  EXPECT_EQ(database.query_integer("PRAGMA user_version"), current_layout_version());
  EXPECT_EQ(settled_field(database).value().name(), "dermatology");
  const Sample sample = sample_by_id(database, 5);
  EXPECT_EQ(sample.label, test::kMelanoma);
  EXPECT_EQ(sample.grade, "malignant");
  EXPECT_EQ(sample.diagnosis, "melanoma");
  EXPECT_EQ(sample.subclass, "in situ");
  EXPECT_EQ(sample.findings.at(0).value, "back");
  EXPECT_EQ(sample.group, "g");
  EXPECT_EQ(sample.split, "test");
  EXPECT_EQ(sample.metadata.at("a"), "b");
  EXPECT_EQ(sample_by_id(database, 9).label, std::nullopt);
  EXPECT_EQ(count_samples(database, {.with_image = true}), 1);
  EXPECT_EQ(find_note(database, "n")->sample_id, 5);
  EXPECT_EQ(database.query_integer("SELECT subject_cropped FROM prepared"), 1);
  // What refers to samples still does.
  EXPECT_THROW(database.execute("DELETE FROM samples WHERE id = 5"), Error);
  database.execute("DELETE FROM notes");
  database.execute("DELETE FROM samples WHERE id = 5");
  EXPECT_EQ(database.query_integer("SELECT count(*) FROM prepared"), 0);
  // Neither the number of classes nor the words of a grade are the schema's.
  database.execute("UPDATE samples SET label = 8, grade = 'stage II' WHERE id = 9");
}

}  // namespace
}  // namespace epicrisis
