#include "epicrisis/corpus/picture_files.h"

#include <gmock/gmock.h>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// It named the columns that are there, not those that would be taken.
TEST(PictureFiles, ATableWithoutPicturesIsToldWhatToCallThem) {
  const TemporaryFolder folder;
  const Path table = folder.path() / "befunde.csv";
  write_file(table, "Bild,Befund\n1.png,Naevus\n");
  try {
    list_pictures({table.string()});
    FAIL() << "taken";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("'picture', 'image'"), HasSubstr("Bild, Befund")));
  }
}

}  // namespace
}  // namespace epicrisis
