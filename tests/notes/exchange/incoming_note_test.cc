#include "notes/exchange/incoming_note.h"

#include <gmock/gmock.h>

#include <string>

namespace epicrisis {
namespace {

using testing::SizeIs;

TEST(IncomingNote, NeverNoneOfALine) {
  for (const std::optional<std::string>& folder :
       {std::optional<std::string>(), std::optional<std::string>("train/")}) {
    for (const char* line : {"", "{}", "7", "{\"notes\":{}}", "{\"notes\":{\"P\":[]}}"}) {
      const auto notes = parse_note_line(line, "x:1", {}, folder);
      ASSERT_THAT(notes, SizeIs(1)) << line;
      EXPECT_NE(notes[0].fault, "") << line;
    }
  }
}

// 60 kB of parameters in each of 200,000 notes would be 12 GB.
TEST(IncomingNote, ALineCannotMakeManyCopiesOfItself) {
  std::string line = R"({"file_name":"a.jpg","dataset":"d","parameters":{"x":")" +
                     std::string(60'000, 'p') + R"("},"notes":{"M":["a")";
  for (int i = 0; i < 200'000; ++i) line += ",\"a\"";
  line += "]}}";
  const auto notes = parse_note_line(line, "x:1", {}, "");
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_THAT(notes[0].fault, testing::HasSubstr("200001 notes in one line"));

  const std::string long_name(1000, 'n');
  for (const std::string& fields : {"\"key\":\"" + long_name + "\",\"dataset\":\"d\"",
                                    "\"file_name\":\"" + long_name + ".jpg\",\"dataset\":\"d\"",
                                    "\"key\":\"k\",\"dataset\":\"" + long_name + "\""}) {
    const auto long_one =
        parse_note_line("{" + fields + ",\"notes\":{\"M\":[\"a\",\"b\"]}}", "x:1", {}, "");
    ASSERT_THAT(long_one, SizeIs(1));
    EXPECT_THAT(long_one[0].fault,
                testing::AnyOf(testing::HasSubstr("1000"), testing::HasSubstr("1004")));
  }
}

}  // namespace
}  // namespace epicrisis
