#include "epicrisis/corpus/picture_files.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "epicrisis/core/error.h"
#include "support/read_only.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string error_of(const Path& table) {
  try {
    list_pictures({table.string()});
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

// It named the columns that are there, not those that would be taken.
TEST(PictureFiles, ATableWithoutPicturesIsToldWhatToCallThem) {
  const TemporaryFolder folder;
  const Path table = folder.path() / "befunde.csv";
  write_file(table, "Bild,Befund\n1.png,Naevus\n");
  EXPECT_THAT(error_of(table), AllOf(HasSubstr("'picture', 'image'"), HasSubstr("Bild, Befund")));
}

TEST(PictureFiles, AreListedFromFilesFoldersAndTables) {
  const TemporaryFolder root;
  const Path folder = root.path() / "pictures";
  EXPECT_THROW(list_pictures({"-"}), UsageError);
  EXPECT_THROW(list_pictures({folder.string()}), UsageError);
  std::filesystem::create_directories(folder);
  EXPECT_THROW(list_pictures({folder.string()}), InputError);
  write_file(folder / "b.png", "");
  write_file(folder / "below" / "a.jpg", "");
  write_file(folder / "notes.txt", "");
  write_file(folder / "._b.png", "");
  write_file(folder / "__MACOSX" / "b.png", "");
  EXPECT_THAT(list_pictures({folder.string()}),
              ElementsAre(ListedPicture{folder / "b.png", ""},
                          ListedPicture{folder / "below" / "a.jpg", ""}));
  write_file(folder / "t.csv", "picture,age\nb.png,3\n");
  EXPECT_THAT(list_pictures({(folder / "t.csv").string()}),
              ElementsAre(ListedPicture{folder / "b.png", ""}));
}

// It was left out in silence.
TEST(PictureFiles, ALinkToNothingIsAPictureThatCannotBeRead) {
  const TemporaryFolder root;
  const Path folder = root.path() / "pictures";
  write_file(folder / "a.jpg", "");
  fs::create_symlink(folder / "a.jpg", folder / "b.jpg");
  fs::create_symlink(folder / "gone.jpg", folder / "c.jpg");
  fs::create_symlink(folder / "gone.txt", folder / "d.txt");
  fs::create_directory(folder / "below.jpg");
  EXPECT_THAT(list_pictures({folder.string()}),
              ElementsAre(ListedPicture{folder / "a.jpg", ""}, ListedPicture{folder / "b.jpg", ""},
                          ListedPicture{folder / "c.jpg", ""}));
}

TEST(PictureFiles, AFolderThatCannotBeReadIsNamedWithWhatToDo) {
  const TemporaryFolder root;
  const Path folder = root.path() / "pictures";
  write_file(folder / "a.jpg", "");
  write_file(folder / "closed" / "b.jpg", "");
  for (const Path& open : {root.path(), folder}) fs::permissions(open, fs::perms(0755));
  fs::permissions(folder / "closed", fs::perms(0));
  const int ended = test::as_somebody_else([&] {
    try {
      list_pictures({folder.string()});
      return 1;
    } catch (const InputError& error) {
      const std::string_view said = error.what();
      return said.find("closed: the folder cannot be read") != std::string_view::npos &&
                     said.find("chmod") != std::string_view::npos
                 ? 0
                 : 2;
    }
  });
  fs::permissions(folder / "closed", fs::perms(0755));
  EXPECT_EQ(ended, 0);
}

// One row without a picture kept all others from being looked at.
TEST(PictureFiles, ARowThatNamesNoneHasItsPlaceWithAnError) {
  const TemporaryFolder folder;
  const Path table = folder.path() / "t.csv";
  const ListedPicture good{folder.path() / "a.png", ""};
  const auto empty = [&](int line) {
    return ListedPicture{table.string() + ":" + std::to_string(line), "column 'picture' is empty"};
  };
  // Empty, blank, and a row that ends before the column.
  write_file(table, "age,site,picture\n3,arm,\n4,leg,a.png\n5,arm,  \n6,arm\n7,leg,a.png\n");
  EXPECT_THAT(list_pictures({table.string()}),
              ElementsAre(empty(2), good, empty(4), empty(5), good));
  // Nothing is left.
  write_file(table, "age,picture\n3,\n4,\n");
  EXPECT_THAT(error_of(table),
              AllOf(HasSubstr("t.csv"), HasSubstr("'picture' is empty in all 2 rows")));
  write_file(table, "age,picture\n");
  EXPECT_THAT(error_of(table), HasSubstr("has no row"));
}

}  // namespace
}  // namespace epicrisis
