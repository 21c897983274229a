#include "epicrisis/notes/exchange/listed_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "epicrisis/core/error.h"
#include "support/refusal.h"

namespace epicrisis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ListedTextsTest : public ::testing::Test {
 protected:
  Path file(const std::string& name, const std::string& text) const {
    write_file(folder_.path() / name, text);
    return folder_.path() / name;
  }
  Path folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

TEST_F(ListedTextsTest, OfLinesOfJson) {
  const ListedTexts list = list_texts(
      file("notes.jsonl",
           R"({"text": "A red spot.", "dataset": "ham", "key": "1", "strategy": "P1", "variant": 2}

{"note": "A mole.\nNo change."}
{"caption": "  "}
not JSON
[1]
{"text": 5, "note": "Five."}
)"));
  ASSERT_EQ(list.texts.size(), 3U);
  EXPECT_EQ(list.texts[0].text, "A red spot.");
  EXPECT_EQ(list.texts[0].dataset, "ham");
  EXPECT_EQ(list.texts[0].key, "1");
  EXPECT_EQ(list.texts[0].strategy, "P1");
  EXPECT_EQ(list.texts[0].variant, 2);
  EXPECT_EQ(list.texts[1].text, "A mole.\nNo change.");
  EXPECT_EQ(list.texts[2].text, "Five.");
  EXPECT_EQ(list.without_text, 3);
  EXPECT_THAT(
      list.without_examples,
      ElementsAre(HasSubstr("notes.jsonl:4: no text (as text, note, caption)"),
                  HasSubstr("notes.jsonl:5: "), HasSubstr("notes.jsonl:6: not a JSON object")));
}

TEST_F(ListedTextsTest, OfTablesAndPlainLines) {
  const ListedTexts table =
      list_texts(file("notes.csv", "key,note\n1,\"One, with a comma\"\n2,\n"));
  ASSERT_EQ(table.texts.size(), 1U);
  EXPECT_EQ(table.texts[0].text, "One, with a comma");
  EXPECT_EQ(table.texts[0].key, "1");
  EXPECT_EQ(table.without_text, 1);
  const ListedTexts lines = list_texts(file("notes.TXT", "first\r\n\nsecond"));
  ASSERT_EQ(lines.texts.size(), 2U);
  EXPECT_EQ(lines.texts[0].text, "first");
  EXPECT_EQ(lines.texts[1].text, "second");
}

TEST_F(ListedTextsTest, RefusesWhatHoldsNone) {
  EXPECT_THAT(test::refusal([&] { list_texts(folder() / "none.jsonl"); }),
              HasSubstr("there is no"));
  EXPECT_THAT(test::refusal([&] { list_texts(folder()); }), HasSubstr("is no file"));
  EXPECT_THAT(test::refusal([&] { list_texts(file("notes.pdf", "x")); }),
              HasSubstr("neither a .jsonl"));
  EXPECT_THROW(list_texts(file("empty.jsonl", "")), InputError);
  EXPECT_THROW(list_texts(file("keys.csv", "key\n1\n")), InputError);
}

}  // namespace
}  // namespace epicrisis
