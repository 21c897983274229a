#include "epicrisis/core/strings.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/utf8.h"
#include "epicrisis/core/random.h"

namespace epicrisis {
namespace {

TEST(Strings, TrimTakesAsciiWhiteSpaceOnly) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim(" \t\n"), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\xC2\xA0x"), "\xC2\xA0x");
}

TEST(Strings, CountedIsOneOrMany) {
  EXPECT_EQ(counted(0, "picture"), "0 pictures");
  EXPECT_EQ(counted(1, "picture"), "1 picture");
  EXPECT_EQ(counted(2, "picture"), "2 pictures");
  EXPECT_EQ(counted(1, "entry is", "entries are"), "1 entry is");
  EXPECT_EQ(counted(3, "entry is", "entries are"), "3 entries are");
}

TEST(Strings, SplitKeepsEmptyParts) {
  EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string>{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), std::vector<std::string>{""});
  EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(join({}, ","), "");
}

TEST(Strings, CaseIsFoldedForAsciiOnly) {
  EXPECT_EQ(ascii_lower("ABC-\xC3\x84"), "abc-\xC3\x84");
  EXPECT_TRUE(starts_with_ignoring_case("Bearer x", "bearer "));
  EXPECT_FALSE(starts_with_ignoring_case("Be", "bearer"));
}

TEST(Strings, NumbersMustBeTheWholeText) {
  EXPECT_EQ(parse_number("-1.5e2"), -150.0);
  EXPECT_EQ(parse_number("+7"), 7.0);
  for (const char* bad : {"", "+", "-", "1.5 ", " 1", "1,5", "0x10", "inf", "-nan", "1e999", "+-1",
                          "++1", "1.5.2", "85 years"}) {
    EXPECT_EQ(parse_number(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_number(std::string_view("1\0", 2)), std::nullopt);
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<long long>::min());
  EXPECT_EQ(parse_integer("+12"), 12);
  for (const char* bad : {"", "9223372036854775808", "1.0", "1e3", " 1", "+-2"}) {
    EXPECT_EQ(parse_integer(bad), std::nullopt) << bad;
  }
}

TEST(Strings, Utf8IsCheckedAsUnicodeSays) {
  for (const char* good : {"", "plain", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                           "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "abcdefgh\xFF", "\xC3"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
  }
}

TEST(Strings, EveryCharacterSurvivesEncodingAndDecoding) {
  for (char32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, code);
    const Utf8Step step = decode_utf8(text, 0);
    ASSERT_TRUE(step.valid && step.code == code && step.length == text.size())
        << static_cast<unsigned>(code);
  }
}

TEST(Strings, CleanTextRemovesWhatMisleads) {
  EXPECT_EQ(clean_text("  a \t\n b\x01 \x02 c  ", 100), "a b c");
  EXPECT_EQ(clean_text(std::string_view("a\0b", 3), 100), "ab");
  EXPECT_EQ(clean_text("x\x1B[31mred", 100), "x[31mred");
  EXPECT_EQ(clean_text("left\xE2\x80\xAEright\xE2\x81\xA6.", 100), "leftright.");
  EXPECT_EQ(clean_text("a\xC2\x85\xC2\xA0\xE3\x80\x80"
                       "b",
                       100),
            "a b");
  EXPECT_EQ(clean_text("hide\xF3\xA0\x81\x81me", 100), "hideme");  // tag letter A
  EXPECT_EQ(clean_text("a\xC2\x9B"
                       "b",
                       100),
            "ab");  // C1
  EXPECT_EQ(clean_text("\xEF\xBB\xBFid", 100), "id");
  // Zero-width space, soft hyphen, word joiner, filler, variation selector, blank braille.
  EXPECT_EQ(clean_text("a\u200bb\u00adc\u2060d\u3164e\ufe0ff\u2800g\u180eh", 100), "abcdefgh");
  // Joiners where they are needed, and nowhere else.
  EXPECT_EQ(clean_text("\u0645\u06cc\u200c\u062e", 100), "\u0645\u06cc\u200c\u062e");
  EXPECT_EQ(clean_text("\U0001f468\u200d\U0001f467", 100), "\U0001f468\u200d\U0001f467");
  EXPECT_EQ(clean_text("i\u200cg\u200dn \u200cx\u06cc\u200c\u200d\u062e\u200c", 100),
            "ign x\u06cc\u200d\u062e");
}

TEST(Strings, CleanTextReplacesEachBrokenSequenceOnce) {
  EXPECT_EQ(clean_text("a\xFF"
                       "b",
                       100),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(clean_text("\xE2\x82"
                       "b",
                       100),
            "\xEF\xBF\xBD"
            "b");  // one cut character
  EXPECT_EQ(clean_text("\xED\xA0\x80", 100), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Strings, CleanTextCutsBetweenCharacters) {
  EXPECT_EQ(clean_text("ab\xE2\x82\xAC", 4), "ab");
  EXPECT_EQ(clean_text("ab\xE2\x82\xAC", 5), "ab\xE2\x82\xAC");
  EXPECT_EQ(clean_text("ab cd", 3), "ab");  // no space at the end
  EXPECT_EQ(clean_text("abc", 0), "");
}

TEST(Strings, CleanMultilineTextKeepsLineFeeds) {
  EXPECT_EQ(clean_multiline_text("\n a \r\n\r\n  b\tc \n", 100), "a\n\nb c");
  EXPECT_EQ(clean_multiline_text("a\n\n\n\nb", 4), "a");
  EXPECT_EQ(clean_multiline_text("a\xE2\x80\xA8"
                                 "b",
                                 100),
            "a\nb");
}

TEST(Strings, CleaningAgainChangesNothingAndIsAlwaysFit) {
  Random random(5);
  constexpr std::string_view kPieces[] = {"a",
                                          " ",
                                          "\n",
                                          "\r",
                                          "\xE2\x80\xAE",
                                          "\xFF",
                                          "\xC3",
                                          "\xC3\xA9",
                                          "\xF0\x9F\x98\x80",
                                          "\x01",
                                          "\xE2\x80\xA8"};
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (std::uint64_t i = random.below(12); i > 0; --i) {
      text += kPieces[random.below(std::size(kPieces))];
    }
    const std::size_t limit = random.below(14);
    for (const auto clean : {clean_text, clean_multiline_text}) {
      const std::string once = clean(text, limit);
      ASSERT_LE(once.size(), limit);
      ASSERT_TRUE(is_valid_utf8(once));
      ASSERT_EQ(clean(once, limit), once);
      ASSERT_EQ(once.find('\r'), std::string::npos);
    }
  }
}

TEST(Strings, SafeIdsCannotLeaveAFolder) {
  for (const char* good : {"ISIC_0024306", "PAT_1516_1765_530", "a b", "x.jpg", "_", "0"}) {
    EXPECT_TRUE(is_safe_id(good)) << good;
  }
  for (const char* bad : {"", ".", "..", ".hidden", "-rf", " a", "a ", "a/b", "a\\b", "a\nb", "a:b",
                          "\xC3\xA9", "a\tb", "a%2fb", "*", "a'b"}) {
    EXPECT_FALSE(is_safe_id(bad)) << bad;
  }
  EXPECT_FALSE(is_safe_id(std::string_view("a\0b", 3)));
  EXPECT_TRUE(is_safe_id(std::string(128, 'a')));
  EXPECT_FALSE(is_safe_id(std::string(129, 'a')));
}

TEST(Strings, HtmlIsEscaped) {
  EXPECT_EQ(escape_html("<a href='x' b=\"y\">&"),
            "&lt;a href=&#39;x&#39; b=&quot;y&quot;&gt;&amp;");
}

TEST(Strings, LooseNamesAreAlike) {
  EXPECT_EQ(loose_name("Patient_ID"), loose_name("patient-i.d "));
  EXPECT_EQ(loose_name("\u00c4 B"), "\u00c4b");
  EXPECT_EQ(lower_letter('Q'), 'q');
  EXPECT_EQ(lower_letter('['), '[');
  EXPECT_TRUE(is_digit('0'));
  EXPECT_FALSE(is_digit(':'));
}

TEST(Strings, NearestNameFindsSlipsOnly) {
  const std::vector<std::string> names = {"seed", "epochs", "batch_size", "lr"};
  EXPECT_EQ(nearest_name("sead", names), "seed");
  EXPECT_EQ(nearest_name("Epoch", names), "epochs");
  EXPECT_EQ(nearest_name("batchsize", names), "batch_size");
  EXPECT_EQ(nearest_name("sede", names), "seed");  // two letters swapped are one slip
  EXPECT_EQ(nearest_name("RL", names), "lr");
  EXPECT_EQ(nearest_name("wirte", {"write", "show"}), "write");
  EXPECT_EQ(nearest_name("sdee", names), std::nullopt);
  EXPECT_EQ(nearest_name("optimizer", names), std::nullopt);
  EXPECT_EQ(nearest_name("x", names), std::nullopt);
  EXPECT_EQ(nearest_name("", names), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(100000, 'a'), names), std::nullopt);
}

}  // namespace
}  // namespace epicrisis
