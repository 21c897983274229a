#include "epicrisis/corpus/picture_findings.h"

#include <gmock/gmock.h>

#include <cmath>

#include "epicrisis/core/error.h"
#include "support/pictures.h"
#include "support/refusal.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kRules = R"(
modality = "slide"
modalities = ["slide"]
confident_from = 0.5
[measures]
area = { mean = 0.25, spread = 0.1 }
meshes = { mean = 4, spread = 2, root = true }
[[finding]]
kind = "size"
value = "large"
opposite = "small"
usable = true
bias = 0
weights = { area = 2 }
[[finding]]
kind = "structures"
value = "net"
structure = true
bias = -1
weights = { meshes = 1 }
)";

PictureMeasures measures_of(double area, double meshes, double side = 224, double certainty = 1) {
  PictureMeasures measures;
  measures.found = true;
  for (const std::string_view name : picture_measure_names()) {
    measures.values.push_back(name == "area"        ? area
                              : name == "meshes"    ? meshes
                              : name == "side"      ? side
                              : name == "certainty" ? certainty
                                                    : 0);
  }
  return measures;
}

TEST(FindingRules, WeighMeasures) {
  const FindingRules rules = FindingRules::parse(kRules, "rules");
  auto found = rules.findings(measures_of(0.35, 36), "a slide");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NEAR(found[0].strength, 1 / (1 + std::exp(-2.0)), 0.001);
  EXPECT_NEAR(found[0].confidence, 2 * found[0].strength - 1, 0.001);
  EXPECT_TRUE(found[0].usable);
  EXPECT_EQ(found[0].words(), "large");
  EXPECT_NEAR(found[1].strength, 0.5, 0.001);  // root 6, one spread above the mean, less the bias
  EXPECT_FALSE(found[1].usable);
  found = rules.findings(measures_of(0.15, 0), "a slide");
  EXPECT_EQ(found[0].words(), "small");
  EXPECT_EQ(found[1].words(), "no net");
  EXPECT_TRUE(found[1].confident);
  EXPECT_FALSE(found[1].usable);  // it is not on the list
  // What is far away counts as three spreads.
  EXPECT_EQ(rules.findings(measures_of(9, 0), "a slide")[0].strength,
            rules.findings(measures_of(0.56, 0), "a slide")[0].strength);
}

TEST(FindingRules, AbstainWhereNobodyComparedThem) {
  const FindingRules rules = FindingRules::parse(kRules, "rules");
  const auto other = rules.findings(measures_of(0.6, 36), "photograph");
  ASSERT_EQ(other.size(), 1U);  // no structure
  EXPECT_FALSE(other[0].confident);
  EXPECT_EQ(rules.findings(measures_of(0.6, 36, 100), "slide").size(), 1U);  // too small for it
  // A doubtful outline halves the confidence.
  EXPECT_NEAR(rules.findings(measures_of(0.6, 36, 224, 0.25), "slide")[0].confidence,
              rules.findings(measures_of(0.6, 36), "slide")[0].confidence / 2, 0.001);
  EXPECT_TRUE(rules.findings(PictureMeasures{false, measures_of(1, 1).values}, "slide").empty());
}

TEST(FindingRules, RefuseWhatTheyDoNotKnow) {
  const auto says = [](std::string text, const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
    return test::refusal([&] { FindingRules::parse(text, "r.toml"); });
  };
  const std::string good(kRules);
  EXPECT_THAT(says(good, "area = {", "aria = {"), AllOf(HasSubstr("r.toml:6"), HasSubstr("aria")));
  EXPECT_THAT(says(good, "{ area = 2 }", "{ palest = 2 }"), HasSubstr("palest"));
  EXPECT_THAT(says(good, "spread = 0.1", "spread = 0"), HasSubstr("spread"));
  EXPECT_THAT(says(good, "usable", "useable"), HasSubstr("useable"));
}

TEST(FindingRules, OfTheStandardField) {
  const FindingRules* rules = FindingRules::of(Field::standard());
  ASSERT_NE(rules, nullptr);
  EXPECT_TRUE(rules->made_for("dermoscopic image"));
  EXPECT_FALSE(rules->made_for("clinical smartphone photograph"));
  for (const FindingRules::Rule& rule : rules->rules()) {
    if (!rule.usable) continue;
    EXPECT_GE(rule.kappa, 0.4) << rule.value;
    EXPECT_GE(rule.kappa_sure, 0.4) << rule.value;
    EXPECT_GT(rule.pictures, 100) << rule.value;
  }
  EXPECT_EQ(FindingRules::of(Field::load("chest_xray")), nullptr);
}

class FindingsTest : public test::StoreTest {
 protected:
  std::int64_t add(Workspace& workspace, const std::string& key, const Image& image) {
    Sample sample = test::make_sample(key);
    sample.image_path = test::save_png(folder_.path() / (key + ".png"), image);
    return test::store_sample(workspace.database(), "d", sample);
  }
};

TEST_F(FindingsTest, AreStoredAndMeasuredOnce) {
  Workspace workspace = make();
  add(workspace, "a", test::draw_picture(1, 240, 200));
  add(workspace, "b", test::draw_picture(2));
  Sample broken = test::make_sample("broken");
  broken.image_path = (folder_.path() / "broken.png").string();
  write_file(broken.image_path, "no picture");
  test::store_sample(workspace.database(), "d", broken);
  test::store_sample(workspace.database(), "d", test::make_sample("without"));

  std::vector<std::string> keys;
  const FindingsSink sink = [&](const PictureFindings& one) { keys.push_back(one.key); };
  FindingsReport report = measure_samples(workspace, {}, 2, job_, sink);
  EXPECT_EQ(report.pictures, 3);
  EXPECT_EQ(report.measured, 2);
  EXPECT_EQ(report.failed, 1);
  EXPECT_THAT(keys, ElementsAre("a", "b", "broken"));
  EXPECT_THAT(report.failures, ElementsAre(HasSubstr("d/broken")));
  const auto stored =
      stored_measures(workspace.database(), *find_sample(workspace.database(), "d", "a"));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->values, measure_picture(test::draw_picture(1, 240, 200)).values);

  report = measure_samples(workspace, {}, 2, job_);
  EXPECT_EQ(report.measured, 0);
  EXPECT_EQ(report.stored, 2);
  EXPECT_EQ(report.failed, 1);
  // Another file under the same name.
  write_file(broken.image_path, encode_png(test::draw_picture(3, 100, 90)));
  report = measure_samples(workspace, {}, 2, job_);
  EXPECT_EQ(report.measured, 1);
  EXPECT_EQ(report.failed, 0);
}

TEST_F(FindingsTest, OfAnotherPictureAreNoneOfTheSample) {
  Workspace workspace = make();
  add(workspace, "a", test::draw_picture(1, 240, 200));
  measure_samples(workspace, {}, 1, job_);
  Sample other = test::make_sample("a");
  other.image_path = test::save_png(folder_.path() / "other.png", test::draw_picture(2));
  test::store_sample(workspace.database(), "d", other);
  const Sample sample = *find_sample(workspace.database(), "d", "a");
  EXPECT_FALSE(stored_measures(workspace.database(), sample));
  EXPECT_TRUE(stored_findings(workspace.database(), Field::standard(), sample).empty());
  measure_samples(workspace, {}, 1, job_);
  EXPECT_TRUE(stored_measures(workspace.database(), sample));
}

TEST_F(FindingsTest, AnErrorOfTheSystemIsNotKept) {
  Workspace workspace = make();
  Sample lost = test::make_sample("lost");
  lost.image_path = (folder_.path() / "lost.png").string();
  test::store_sample(workspace.database(), "d", lost);
  EXPECT_EQ(measure_samples(workspace, {}, 1, job_).failed, 1);
  EXPECT_EQ(workspace.database().query_integer("SELECT count(*) FROM picture_measures"), 0);
}

TEST_F(FindingsTest, OfFilesAndFolders) {
  std::filesystem::create_directories(folder_.path() / "x/y");
  test::save_png(folder_.path() / "x/b.png", test::draw_picture(1));
  test::save_png(folder_.path() / "x/y/a.png", test::draw_picture(2));
  write_file(folder_.path() / "x/notes.txt", "no picture");
  const std::string folder = (folder_.path() / "x").string();
  const auto pictures = pictures_at({folder, folder + "/b.png"}, "slide");
  ASSERT_EQ(pictures.size(), 2U);
  EXPECT_EQ(pictures[0].key, "b");
  EXPECT_EQ(pictures[1].modality, "slide");
  EXPECT_THAT(test::refusal([&] { pictures_at({folder + "/none.png"}, ""); }),
              HasSubstr("none.png"));
  std::filesystem::create_directories(folder_.path() / "empty");
  EXPECT_THROW(pictures_at({(folder_.path() / "empty").string()}, ""), InputError);
  // As everywhere else: a table of pictures too.
  write_file(folder_.path() / "x/t.csv", "picture\ny/a.png\nb.png\n");
  const auto listed = pictures_at({folder + "/t.csv"}, "slide");
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].key, "a");
  std::vector<std::string> failures;
  const Image sheet = evidence_sheet(pictures, job_, failures);
  EXPECT_TRUE(failures.empty());
  EXPECT_GT(sheet.width, 640);
  // A row of it that names none is counted and told, and the others are measured.
  write_file(folder_.path() / "x/t.csv", "picture,age\n,3\nb.png,4\n");
  const auto some = pictures_at({folder + "/t.csv"}, "slide");
  const FindingsReport report = measure_files(some, nullptr, 1, job_, {});
  EXPECT_EQ(report.measured, 1);
  EXPECT_EQ(report.failed, 1);
  EXPECT_THAT(report.failures,
              testing::ElementsAre(folder + "/t.csv:2: column 'picture' is empty"));
  evidence_sheet(some, job_, failures);
  EXPECT_EQ(failures, report.failures);
  Job cancelled;
  cancelled.cancel();
  EXPECT_THROW(measure_files(pictures, nullptr, 1, cancelled, {}), Interrupted);
}

}  // namespace
}  // namespace epicrisis
