#include "epicrisis/core/toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The message of the UsageError that `call` throws; another outcome fails the test.
std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const UsageError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no UsageError";
  return "";
}

TomlTable parse(std::string_view text) { return TomlTable::parse(text, "a.toml"); }

TEST(Toml, ReadsEachKind) {
  const TomlTable table = parse(R"(
name = "x"
count = 3
rate = 0.5
whole = 2
on = true
words = ["a", "b"]
numbers = [1, 2]
[sub]
key = "v"
[[item]]
id = 1
[[item]]
id = 2
)");
  EXPECT_EQ(table.string("name"), "x");
  EXPECT_EQ(table.integer("count"), 3);
  EXPECT_EQ(table.number_or("rate", 0), 0.5);
  EXPECT_EQ(table.number_or("whole", 0), 2.0);
  EXPECT_TRUE(table.boolean_or("on", false));
  EXPECT_THAT(table.strings_or("words", {}), ElementsAre("a", "b"));
  EXPECT_THAT(table.integers_or("numbers", {}), ElementsAre(1, 2));
  EXPECT_EQ(table.table("sub").string("key"), "v");
  const auto items = table.tables_or_empty("item");
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].integer("id"), 1);
  EXPECT_EQ(items[1].integer("id"), 2);
  EXPECT_EQ(items[1].place("id"), "a.toml:14");
  EXPECT_NO_THROW(table.finish());
}

TEST(Toml, FallbacksServeAbsentKeysOnly) {
  const TomlTable table = parse("a = 1");
  EXPECT_EQ(table.string_or("s", "f"), "f");
  EXPECT_EQ(table.integer_or("i", 7), 7);
  EXPECT_EQ(table.integer_in("j", 0, 1, 9), 9);
  EXPECT_EQ(table.number_in("n", 0, 1, 0.25), 0.25);
  EXPECT_FALSE(table.table_if("t").has_value());
  EXPECT_TRUE(table.tables_or_empty("u").empty());
  EXPECT_THAT(error_of([&] { table.string_or("a", "f"); }),
              HasSubstr("a.toml:1: key 'a' is a whole number (1), a string was expected"));
}

TEST(Toml, UnknownKeysAreNamedWithLineAndNearest) {
  const TomlTable table = parse("\n\nsead = 1\n");
  table.integer_or("seed", 0);
  EXPECT_EQ(error_of([&] { table.finish(); }),
            "a.toml:3: unknown key 'sead'; did you mean 'seed'?");
}

TEST(Toml, UnknownKeysOfSubTablesAreFound) {
  const TomlTable table = parse("[train.loss]\nlamda = 1\n[[model]]\nwidth = 3\n");
  const TomlTable loss = table.table("train").table("loss");
  EXPECT_EQ(loss.number_or("lambda", 0.5), 0.5);
  for (const TomlTable& model : table.tables_or_empty("model")) model.integer("width");
  EXPECT_EQ(error_of([&] { table.finish(); }),
            "a.toml:2: unknown key 'train.loss.lamda'; did you mean 'lambda'?");
}

TEST(Toml, UnreadKeysOfATableAreToldTogether) {
  const TomlTable table = parse("sead = 1\nname = \"a\"\n[train]\nx = 1\n[trian]\ny = 2\n");
  table.integer_or("seed", 0);
  table.string("name");
  table.table("train");
  EXPECT_THAT(table.unread_keys(),
              ElementsAre("a.toml:1: unknown key 'sead'; did you mean 'seed'?",
                          "a.toml:5: unknown key 'trian'; did you mean 'train'?"));
}

TEST(Toml, ATableNobodyTookIsUnknown) {
  const TomlTable table = parse("a = 1\n[extra]\nb = 2\n");
  table.integer("a");
  EXPECT_THAT(error_of([&] { table.finish(); }), HasSubstr("a.toml:2: unknown key 'extra'"));
}

TEST(Toml, AskingWhetherAKeyIsThereDoesNotReadIt) {
  const TomlTable table = parse("a = 1");
  EXPECT_TRUE(table.has("a"));
  EXPECT_THAT(error_of([&] { table.finish(); }), HasSubstr("a.toml:1: key 'a' has no use here"));
}

TEST(Toml, ReadsOfEqualViewsAddUp) {
  const TomlTable table = parse("[t]\na = 1\nb = 2\n");
  table.table("t").integer("a");
  table.table("t").integer("b");
  EXPECT_NO_THROW(table.finish());
}

TEST(Toml, ErrorsNameBoundsAndKinds) {
  const TomlTable table = parse("n = 11\nx = nan\nw = [1, 'b']\nt = 3\nf = 1.5\n");
  EXPECT_EQ(error_of([&] { table.integer_in("n", 1, 10); }),
            "a.toml:1: key 'n' is 11, a whole number from 1 to 10 was expected");
  EXPECT_THAT(error_of([&] { table.number_or("x", 0); }), HasSubstr("finite"));
  EXPECT_THAT(error_of([&] { table.integers_or("w", {}); }), HasSubstr("key 'w[1]' is a string"));
  EXPECT_THAT(error_of([&] { table.table("t"); }), HasSubstr("a table was expected"));
  EXPECT_THAT(error_of([&] { table.tables_or_empty("t"); }), HasSubstr("[[t]]"));
  EXPECT_THAT(error_of([&] { table.integer("f"); }), HasSubstr("a whole number was expected"));
  EXPECT_THAT(error_of([&] { table.string("gone"); }), HasSubstr("missing key 'gone'"));
  EXPECT_THAT(error_of([&] { table.number_in("gone", 0, 1); }), HasSubstr("missing key 'gone'"));
}

TEST(Toml, KeysComeInFileOrder) {
  EXPECT_THAT(parse("b = 1\na = 2\n[z]\n[c]\n").keys(), ElementsAre("b", "a", "z", "c"));
}

TEST(Toml, ToJsonKeepsOrderAndCountsAsRead) {
  const TomlTable table = parse("b = 1\na = [1.5, 'x', {k = true}]\nd = 2024-05-06T07:08:09Z\n");
  EXPECT_EQ(dump_json(table.to_json()),
            R"({"b":1,"a":[1.5,"x",{"k":true}],"d":"2024-05-06T07:08:09Z"})");
  EXPECT_NO_THROW(table.finish());
}

TEST(Toml, BrokenTextIsPlaced) {
  EXPECT_THAT(error_of([] { parse("a = 1\nb = \n"); }), HasSubstr("a.toml:2:"));
  EXPECT_THAT(error_of([] { parse("a = 1\na = 2\n"); }), HasSubstr("a.toml:2:"));
  EXPECT_THAT(error_of([] { parse(std::string_view("a = \"\0\"", 7)); }), HasSubstr("a.toml:1:"));
  EXPECT_THAT(error_of([] { parse("a = \"\xFF\""); }), HasSubstr("a.toml:1:"));
}

TEST(Toml, DepthCannotOverflowTheStack) {
  std::string dotted = "a";
  for (int i = 0; i < 1000000; ++i) dotted += ".a";
  EXPECT_THAT(error_of([&] { parse(dotted + " = 1"); }), HasSubstr("32 parts"));
  EXPECT_THAT(error_of([&] { parse("[" + dotted + "]"); }), HasSubstr("32 parts"));
  EXPECT_THAT(error_of([&] { parse("x = {" + dotted + " = 1}"); }), HasSubstr("32 parts"));
  EXPECT_THAT(error_of([&] { parse("'q'.\"w\"." + dotted + " = 1"); }), HasSubstr("32 parts"));
  EXPECT_THAT(error_of([&] { parse("x = " + std::string(1000000, '[')); }), HasSubstr("a.toml:1"));
  std::string tables = "x = ";
  for (int i = 0; i < 100000; ++i) tables += "{a = ";
  EXPECT_THAT(error_of([&] { parse(tables); }), HasSubstr("a.toml:1"));
}

TEST(Toml, ManyDotsOutsideKeysAreFine) {
  std::string numbers = "x = [0.5";
  for (int i = 0; i < 1000; ++i) numbers += ", 0.5";
  EXPECT_NO_THROW(parse(numbers + "]\n# " + std::string(100, '.') + "\ny = \"" +
                        std::string(100, '.') + "\"\nz = '''\n" + std::string(100, '.') +
                        "'''\nw = \"\\\"" + std::string(100, '.') + "\""));
}

TEST(Toml, AnyTextIsAString) {
  const std::string text = "a \"b\" \\ \n\t\x7f \u00e4";
  EXPECT_EQ(parse("x = " + toml_string(text)).string("x"), text);
}

TEST(Toml, HugeTextIsRefused) {
  EXPECT_THAT(error_of([] { parse(std::string(5U << 20, '\n')); }), HasSubstr("larger"));
}

}  // namespace
}  // namespace epicrisis
