#include "study/predictions.h"

#include <gmock/gmock.h>

namespace epicrisis::study {
namespace {

// Of the first note of each case; a case without one says nothing.
TEST(Predictions, OnlyCasesWithANoteAreOnesOfARunThatReadsNotes) {
  Predictions predictions;
  predictions.sample_ids = {11, 12, 13, 14};
  predictions.note_cases = {3, 1, 1};
  FloatMatrix of_notes(3, 2);
  of_notes.values = {1, 2, 3, 4, 5, 6};
  EXPECT_THAT(logits_of_cases(predictions, of_notes, 2).values,
              testing::ElementsAre(0, 0, 3, 4, 0, 0, 1, 2));
  EXPECT_THAT(predicted_rows(predictions, Mode::kText), testing::ElementsAre(1, 3));
  EXPECT_THAT(predicted_rows(predictions, Mode::kMultimodal), testing::ElementsAre(0, 1, 2, 3));
  predictions.note_cases.clear();
  EXPECT_EQ(logits_of_cases(predictions, {}, 2).rows, 4U);
  EXPECT_TRUE(predicted_rows(predictions, Mode::kText).empty());
}

}  // namespace
}  // namespace epicrisis::study
