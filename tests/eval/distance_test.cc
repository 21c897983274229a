#include "epicrisis/eval/distance.h"

#include <gtest/gtest.h>

#include <cmath>

#include "epicrisis/core/error.h"
#include "epicrisis/eval/evaluation.h"
#include "eval/expectations.h"

namespace epicrisis {
namespace {

// Pictures along x, y and -x; a note along x (of the first, and long), one at 45 degrees (of the
// second), one along -x and one along y (of the third).
RetrievalSet example() {
  RetrievalSet set;
  set.images = test::matrix_of({1, 0, 0, 2, -3, 0}, 2);
  set.image_labels = {0, 1, 0};
  set.notes = test::matrix_of({5, 0, 1, 1, -1, 0, 0, 1}, 2);
  set.note_images = {0, 1, 2, 2};
  return set;
}

TEST(Distance, IsTheMeanCosineDistanceByHand) {
  const double slant = std::sqrt(0.5);
  const NoteDistances found = note_distances(example());
  EXPECT_NEAR(found.own[0], 0, 1e-6);
  EXPECT_NEAR(found.own[1], 1 - slant, 1e-6);
  EXPECT_NEAR(found.own[2], (0 + 1) / 2.0, 1e-6);
  EXPECT_NEAR(found.others[0], 1 - (slant - 1 + 0) / 3, 1e-6);
  EXPECT_NEAR(found.others[1], 1 - (0 + 0 + 1) / 3.0, 1e-6);
  EXPECT_NEAR(found.others[2], 1 - (-1 - slant) / 2, 1e-6);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(found.margin[i], found.others[i] - found.own[i], 1e-12);
  }
}

TEST(Distance, NotesOfThePatientAreNeither) {
  RetrievalSet set = example();
  set.image_groups = {"p", "", "p"};
  const NoteDistances found = note_distances(set);
  EXPECT_NEAR(found.own[0], 0, 1e-6);
  EXPECT_NEAR(found.others[0], 1 - std::sqrt(0.5), 1e-6);  // the second's note alone
  EXPECT_NEAR(found.others[1], 1 - 1 / 3.0, 1e-6);
}

TEST(Distance, ImagesWithoutANoteHaveNone) {
  RetrievalSet set = example();
  set.notes = test::matrix_of({5, 0}, 2);
  set.note_images = {0};
  const NoteDistances found = note_distances(set);
  EXPECT_TRUE(std::isnan(found.others[0]));
  EXPECT_TRUE(std::isnan(found.own[1]));
  EXPECT_NEAR(found.others[1], 1, 1e-6);
  EXPECT_TRUE(std::isnan(found.margin[1]));
  set.note_images = {3};
  EXPECT_THROW(note_distances(set), UsageError);
  set.note_images = {0, 1};
  EXPECT_THROW(note_distances(set), UsageError);
}

TEST(Distance, RowsHaveAValueATrainingAndOneOverAll) {
  RetrievalSet set = example();
  BootstrapOptions options;
  options.replicates = 200;
  const std::vector<SeedDistances> runs = {{"1", note_distances(set)}, {"2", note_distances(set)}};
  ResultRow identity;
  identity.task = "distance";
  const std::vector<ResultRow> rows = distance_rows(identity, runs, options);
  ASSERT_EQ(rows.size(), 9U);
  EXPECT_EQ(rows[0].metric, "own_notes");
  EXPECT_EQ(rows[2].seed, "all");
  EXPECT_EQ(rows[8].metric, "margin");
  EXPECT_NEAR(rows[2].value, (0 + 1 - std::sqrt(0.5) + 0.5) / 3, 1e-6);
  EXPECT_EQ(rows[2].n, 3U);
  EXPECT_LE(*rows[2].lo, rows[2].value);
  EXPECT_GE(*rows[2].hi, rows[2].value);
  EXPECT_THROW(distance_rows(identity, {}, options), UsageError);
}

}  // namespace
}  // namespace epicrisis
