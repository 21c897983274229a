// What is near a path that is not there.

#include "epicrisis/core/near_path.h"

#include <gmock/gmock.h>

#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/toml.h"

namespace epicrisis {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class NearPath : public ::testing::Test {
 protected:
  NearPath() {
    for (const char* name : {"fotos/a.png", "fotos/.hidden", "tables/cases.csv", "Study.toml"}) {
      write_file(folder_.path() / name, "x");
    }
  }
  // Without the folder of the test: "; did you mean 'fotos'?"
  std::string words(const Path& path) const {
    std::string text = near_path_words(folder_.path() / path);
    const std::string root = folder_.path().string() + "/";
    if (const std::size_t at = text.find(root); at != std::string::npos)
      text.erase(at, root.size());
    return text;
  }
  TemporaryFolder folder_;
};

TEST_F(NearPath, NamesWhatAPathMayBeASlipOf) {
  EXPECT_EQ(words("fotso"), "; did you mean 'fotos'?");
  EXPECT_EQ(words("Fotos"), "; did you mean 'fotos'?");
  EXPECT_EQ(words("study.toml"), "; did you mean 'Study.toml'?");
  EXPECT_EQ(words("fotos/a.jpg"), "; did you mean 'fotos/a.png'?");
  // A folder above is what was mistyped.
  EXPECT_EQ(words("fotso/a.png"), "; did you mean 'fotos/a.png'?");
  EXPECT_EQ(words("tabels/case.csv"), "; did you mean 'tables'?");
  EXPECT_EQ(words("nowhere/a/b.csv"), "; there is no folder 'nowhere' either");
  EXPECT_EQ(words("nothing-like-it"), "");
  EXPECT_EQ(words("fotos/hiden"), "");
  EXPECT_EQ(words("fotos"), "");
  EXPECT_EQ(near_path_words(""), "");
}

TEST_F(NearPath, IsSaidOfFilesThatAPersonGave) {
  const auto error = [](const auto& call) {
    try {
      call();
    } catch (const UsageError& failure) {
      return std::string(failure.what());
    }
    return std::string("no error");
  };
  const Path root = folder_.path();
  const auto near = AllOf(HasSubstr("No such file"), HasSubstr("did you mean '"));
  EXPECT_THAT(error([&] { read_given_file(root / "Studi.toml"); }), near);
  EXPECT_THAT(error([&] { TomlTable::parse_file(root / "study.tml"); }), near);
  EXPECT_THAT(error([&] { CsvReader(root / "tables" / "case.csv"); }), near);
  EXPECT_EQ(read_given_file(root / "Study.toml"), "x");
}

}  // namespace
}  // namespace epicrisis
