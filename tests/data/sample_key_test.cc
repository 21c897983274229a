#include "epicrisis/data/sample_key.h"

#include <gmock/gmock.h>

#include <set>

#include "data/published_split.h"
#include "epicrisis/core/random.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/near_keys.h"

namespace epicrisis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

TEST(SampleKey, SpellingsThatLookAlikeAreOne) {
  EXPECT_EQ(normal_spelling("cafe\u0301"), "caf\u00e9");
  EXPECT_EQ(normal_spelling(" a\u00a0b\u202fc\u3000 "), "a b c");
  EXPECT_EQ(normal_spelling("\u1112\u1161\u11ab"), "\ud55c");  // Korean as macOS writes it
  EXPECT_EQ(normal_spelling("a\xff"), "a\xff");
  EXPECT_EQ(distinct_spelling("cafe\u0301"), "cafe%CC%81");
  EXPECT_EQ(distinct_spelling("a\u00a0b"), "a%C2%A0b");
  EXPECT_EQ(distinct_spelling("caf\u00e9"), "caf\u00e9");
  EXPECT_EQ(distinct_spelling("\u1112\u1161"), "%E1%84%92%E1%85%A1");
  EXPECT_EQ(folded_spelling("IMG_\u00c9"), folded_spelling("img_e\u0301"));
}

TEST(SampleKey, IsAnyTextThatIsSeen) {
  for (const char* good : {"ISIC_0024306", "-77", "IMG (1)", "a&b", "50%", "#3", "a,b", "+x", ".x",
                           "a/b", "../x", "\u75c5\u53d801", "M\u00fcller's", "\U0001F600", "="}) {
    EXPECT_TRUE(is_key(good)) << good;
  }
  for (const char* bad : {"", " a", "a\tb", "a\u200bb", "a\u00adb", "\u202ea", "cafe\u0301", "\xff",
                          "a\u00a0b", "\ufeffa", "a\x7f"}) {
    EXPECT_FALSE(is_key(bad)) << escape_controls(bad);
  }
  EXPECT_TRUE(is_key(std::string(512, 'a')));
  EXPECT_FALSE(is_key(std::string(513, 'a')));
  EXPECT_EQ(with_unseen_named("a\u200b\tb"), "a<U+200B><U+0009>b");
}

TEST(SampleKey, IsFoundAsItIsWritten) {
  EXPECT_THAT(spellings_of_key("a.JPG"), ElementsAre(ElementsAre("a.JPG"), ElementsAre("a")));
  const auto without = spellings_of_key("cafe\u0301");
  ASSERT_EQ(without.size(), 3U);
  EXPECT_THAT(without[0], ElementsAre("cafe\u0301"));
  EXPECT_THAT(without[1], ElementsAre("caf\u00e9"));
  EXPECT_THAT(without[2], IsSupersetOf({"caf\u00e9.jpg", "caf\u00e9.PNG"}));

  const std::set<std::string> there = {
      "sub/a", "sub/R\u00f6ntgen", "b",     "c.png", "c.jpg", "x__y__z",
      "x/y/w", "x__y__w",          "../up", "5"};
  const std::vector<std::pair<std::string, std::vector<std::string>>> kMeant = {
      {"sub/a", {"sub/a"}},
      {"sub/a.png", {"sub/a"}},
      {"./sub/a", {"sub/a"}},
      {"./sub/a.JPEG", {"sub/a"}},
      {"sub//a", {"sub/a"}},
      {"sub\\a", {"sub/a"}},
      {".\\sub\\a.png", {"sub/a"}},
      {"/sub/a.png", {"sub/a"}},
      {"sub/x/../a", {"sub/a"}},
      {" sub/a ", {"sub/a"}},
      {"sub/Ro\u0308ntgen.png", {"sub/R\u00f6ntgen"}},
      {"./b", {"b"}},
      {"c.png", {"c.png"}},
      {"./c.png", {"c.png"}},
      {"c", {"c.jpg", "c.png"}},
      {"x/y/z.jpg", {"x__y__z"}},
      {"x/y/w.jpg", {"x/y/w"}},
      {"../up", {"../up"}},
      // Near, but another.
      {"Sub/a", {}},
      {"a", {}},
      {"other/sub/a", {}},
      {"../sub/a", {}},
      {"", {}}};
  for (const auto& [written, meant] : kMeant) {
    EXPECT_THAT(keys_meant(written, [&](const std::string& key) { return there.contains(key); }),
                testing::UnorderedElementsAreArray(meant))
        << written;
  }
}

TEST(NearKeys, SuggestsWhatDiffersLittle) {
  NearKeys keys;
  for (const char* key : {"ISIC_01", "sub/a", "sub/b c", "one/x", "two/x", "train__cat__0007", "12",
                          "012", "0044", "up.png"}) {
    keys.add(key);
  }
  const std::vector<std::pair<const char*, std::optional<std::string>>> kNear = {
      {"isic_01", "ISIC_01"},
      {"images/ISIC_01.JPEG", "ISIC_01"},
      {"ISIC_01.tiff", "ISIC_01"},
      {"a.png", "sub/a"},
      {"sub/b%20c.png", "sub/b c"},
      {"cat/0007.jpg", "train__cat__0007"},
      {"7", "train__cat__0007"},
      {"44.0", "0044"},
      {"Two/X", "two/x"},
      {"UP.jpg", "up.png"},
      {"x", std::nullopt},  // which of the two?
      {"0012", std::nullopt},
      {"ISIC_02", std::nullopt},
      {"", std::nullopt}};
  for (const auto& [written, near] : kNear) EXPECT_EQ(keys.near(written), near) << written;
  EXPECT_EQ(near_key_words("a"), "; did you mean 'a'?");
  EXPECT_EQ(near_key_words({}), "");
}

TEST(SampleKey, BecomesAFileNameAndComesBack) {
  const std::vector<std::pair<std::string, std::string>> kNames = {
      {"ISIC_0024306", "ISIC_0024306"},
      {"IMG (1)", "IMG (1)"},
      {"-77", "%2D77"},
      {"../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"},
      {".", "%2E"},
      {"50%", "50%25"},
      {"a@1", "a%401"},
      {"a\\b:c", "a%5Cb%3Ac"},
      {"con", "%63on"},
      {"LPT1.x", "%4CPT1.x"},
      {"M\u00fcller", "M\u00fcller"}};
  for (const auto& [key, name] : kNames) {
    EXPECT_EQ(file_name_of_key(key), name);
    EXPECT_EQ(key_of_file_name(name), key);
  }
  // Names of other programs, and of trees of earlier versions.
  EXPECT_EQ(key_of_file_name("50%"), "50%");
  EXPECT_EQ(key_of_file_name("100%ab"), "100\xab");
}

TEST(SampleKey, NamesStayApartWhereCaseDoesNotMatter) {
  std::set<std::string> names;
  for (const char* key : {"Ab", "aB", "ab", "\u00c9", "\u00e9", "stra\u00dfe", "strasse"}) {
    const std::string name = file_name_of_key(key, true);
    EXPECT_EQ(key_of_file_name(name), key);
    EXPECT_TRUE(names.insert(folded_spelling(name)).second) << name;
  }
}

TEST(SampleKey, LongKeysGoOnInAFolder) {
  for (const std::string& one : {std::string("x"), std::string("\u75c5"), std::string("/"),
                                 std::string("."), std::string("-")}) {
    std::string key;
    while (key.size() + one.size() <= kMaxKey) key += one;
    const std::string name = file_name_of_key(key);
    EXPECT_EQ(key_of_file_name(name), key);
    for (const std::string& part : split(name, '/')) {
      EXPECT_LE(part.size(), 200U);
      EXPECT_FALSE(part.empty() || part[0] == '.' || part[0] == '-') << part;
    }
  }
  EXPECT_NE(file_name_of_key(std::string(512, 'x')), file_name_of_key(std::string(511, 'x')));
}

TEST(SampleKey, NoTwoKeysHaveOneName) {
  Random random(1, "keys");
  const std::string signs = "aA%@2F/.-\\ :";
  std::set<std::string> keys;
  std::set<std::string> names;
  for (int i = 0; i < 20000; ++i) {
    std::string key;
    const std::size_t length = 1 + random.below(6);
    while (key.size() < length) key += signs[random.below(signs.size())];
    if (!is_key(key) || !keys.insert(key).second) continue;
    const std::string name = file_name_of_key(key, true);
    EXPECT_EQ(key_of_file_name(name), key);
    EXPECT_TRUE(names.insert(ascii_lower(name)).second) << key;
  }
}

TEST(PublishedSplit, KnowsTheNamesInUse) {
  const std::vector<std::pair<const char*, const char*>> kNames = {{"train", "train"},
                                                                   {"Training", "train"},
                                                                   {" TRAIN ", "train"},
                                                                   {"train2017", "train"},
                                                                   {"train_images", "train"},
                                                                   {"01_train", "train"},
                                                                   {"val", "validation"},
                                                                   {"valid", "validation"},
                                                                   {"Validation-Set", "validation"},
                                                                   {"dev", "validation"},
                                                                   {"val2017", "validation"},
                                                                   {"test", "test"},
                                                                   {"testing", "test"},
                                                                   {"eval", "test"},
                                                                   {"evaluation", "test"},
                                                                   {"holdout", "test"},
                                                                   {"hold-out", "test"},
                                                                   {"Hold Out Set", "test"},
                                                                   {"test 2", "test"},
                                                                   {"Entrai\u0302nement", "train"}};
  EXPECT_EQ(published_split_name("Unused"), "");
  EXPECT_EQ(published_split_name("external"), "");
  for (const char* other : {"unused images", "unused train"}) {
    EXPECT_EQ(published_split_name(other), std::nullopt) << other;
  }
  for (const auto& [name, split] : kNames) EXPECT_EQ(published_split_name(name), split) << name;
  for (const char* other : {"", "custom", "test tubes", "train_val", "trainval", "contest",
                            "train station", "data", "1", "set", "MEL", "testis"}) {
    EXPECT_EQ(published_split_name(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace epicrisis
