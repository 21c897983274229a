#include "epicrisis/core/csv.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "epicrisis/core/error.h"
#include "epicrisis/core/random.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(CsvReader& reader) {
  Rows rows;
  while (reader.next()) rows.push_back(reader.row());
  return rows;
}

Rows rows_of(std::string text, CsvOptions options = {}) {
  CsvReader reader = CsvReader::from_text(std::move(text), "a.csv", options);
  return rows_of(reader);
}

std::string error_of(std::string text, CsvOptions options = {}) {
  try {
    rows_of(std::move(text), options);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

CsvOptions without_header() {
  CsvOptions options;
  options.header = false;
  return options;
}

TEST(Csv, ReadsQuotesSeparatorsAndLineBreaksInQuotes) {
  EXPECT_EQ(rows_of("a,b,c\n1,\"x, \"\"y\"\"\",\"two\nlines\"\n"),
            (Rows{{"1", "x, \"y\"", "two\nlines"}}));
  EXPECT_EQ(rows_of("a,b\r\n\"1\",\"\"\r\n,\r\n"), (Rows{{"1", ""}, {"", ""}}));
  EXPECT_EQ(rows_of("a,b\n1,2"), (Rows{{"1", "2"}}));
  EXPECT_EQ(rows_of("a,b\n1,"), (Rows{{"1", ""}}));
  EXPECT_EQ(rows_of("a,b\n1,\"\""), (Rows{{"1", ""}}));
  EXPECT_EQ(rows_of("a\n\"\r\n\"\n"), (Rows{{"\r\n"}}));
}

TEST(Csv, ByteOrderMarkIsNoPartOfTheFirstName) {
  CsvReader reader = CsvReader::from_text("\xEF\xBB\xBFid,x\n1,2\n", "a.csv");
  EXPECT_THAT(reader.header(), ElementsAre("id", "x"));
  EXPECT_EQ(reader.column("id"), 0U);
}

TEST(Csv, BlankLinesArePassedOverAndLinesCounted) {
  CsvReader reader = CsvReader::from_text("\n\r\na,b\n\n1,\"x\ny\"\n\r\n\n2,z\n", "a.csv");
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.line(), 5U);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.line(), 9U);
  EXPECT_EQ(reader.place(), "a.csv:9");
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.next());
}

TEST(Csv, ColumnsByName) {
  CsvReader reader = CsvReader::from_text("id,age\nx,5\n", "a.csv");
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.at("age"), "5");
  EXPECT_EQ(reader.at(0), "x");
  EXPECT_EQ(reader.get_or_empty("sex"), "");
  EXPECT_FALSE(reader.has_column("Age"));
  try {
    static_cast<void>(reader.at("sex"));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "a.csv: no column 'sex'; the columns are: id, age");
  }
  EXPECT_THROW(static_cast<void>(reader.at(2)), InternalError);
}

TEST(Csv, WithoutHeaderTheFirstRowSetsTheWidth) {
  EXPECT_EQ(rows_of("1,2\n3,4\n", without_header()), (Rows{{"1", "2"}, {"3", "4"}}));
  EXPECT_THAT(error_of("1,2\n3\n", without_header()), HasSubstr("a.csv:2: 1 fields"));
  EXPECT_TRUE(rows_of("", without_header()).empty());
}

TEST(Csv, BrokenTextIsPlaced) {
  EXPECT_THAT(error_of(""), HasSubstr("a.csv: empty"));
  EXPECT_THAT(error_of("\xEF\xBB\xBF\n\n"), HasSubstr("a.csv: empty"));
  EXPECT_THAT(error_of("a,b\n1,\"x\n\n"),
              HasSubstr("column 'b' is open: the quote of line 2 is never closed"));
  EXPECT_THAT(error_of("a,b\n1,\"x\"y\n"), HasSubstr("a.csv:2:6: text after the closing quote"));
  EXPECT_THAT(error_of("a,b\n1\n"), HasSubstr("a.csv:2: 1 fields, but the header has 2"));
  EXPECT_THAT(error_of("a,b\n1,2,3\n"), HasSubstr("a.csv:2:5: line 2 has more fields than the 2"));
  EXPECT_THAT(error_of("a,b\n1,2\rx\n"), HasSubstr("carriage return without a line feed"));
  EXPECT_THAT(error_of("a,b\n\r1,2\n"), HasSubstr("carriage return without a line feed"));
  EXPECT_THAT(error_of("a,b,a\n"), HasSubstr("a.csv:1: two columns are named 'a'"));
  EXPECT_THAT(error_of("a,b\n1,\xFF\n"), HasSubstr("a.csv:2:4: column 'b' is not UTF-8: byte 1"));
  EXPECT_THAT(error_of("a,b\n1,\"\xC3\"\n"), HasSubstr("is not UTF-8"));
  EXPECT_THAT(error_of(std::string("a,b\n1,x\0y\n", 10)),
              testing::AllOf(HasSubstr("a.csv:2:4: NUL byte"), HasSubstr("copy it anew")));
  EXPECT_THAT(error_of(std::string("a,b\n1,\"x\0y\"\n", 12)), HasSubstr("a.csv:2:5: NUL byte"));
}

// As pandas, R and spreadsheets have it.
TEST(Csv, AQuoteInsideAFieldWithoutQuotesIsACharacter) {
  EXPECT_EQ(rows_of("a,b\n1,5\" wide\n2,a \"b\" c\n3,x\"\n"),
            (Rows{{"1", "5\" wide"}, {"2", "a \"b\" c"}, {"3", "x\""}}));
  EXPECT_EQ(rows_of("a,b\n5\",3\"\n"), (Rows{{"5\"", "3\""}}));
  // Was the comma within quotes?
  EXPECT_THAT(error_of("a,b\n1,see \"x, y\"\n"), HasSubstr("quotes in it doubled"));
  EXPECT_THAT(error_of("a,b,c\n1,see \"x, y\",\n"), HasSubstr("quotes in it doubled"));
}

TEST(Csv, RowsMayLackTheirLastFieldsWhereTheCallerTakesThem) {
  const auto read = [](const std::string& text) {
    CsvReader reader = CsvReader::from_text(text, "a.csv");
    reader.take_short_rows();
    std::vector<std::string> found;
    try {
      while (reader.next()) {
        EXPECT_EQ(reader.row().size(), reader.header().size());
        found.push_back(
            fmt::format("{} lacks {}", join(reader.row(), ","), reader.missing_fields()));
      }
    } catch (const InputError& error) {
      found.emplace_back(error.what());
    }
    return found;
  };
  using testing::ElementsAre;
  EXPECT_THAT(read("a,b,c\n1,2,3\n4,5\n6,7\n8,,\n"),
              ElementsAre("1,2,3 lacks 0", "4,5, lacks 1", "6,7, lacks 1", "8,, lacks 0"));
  EXPECT_THAT(read("a,b,c,\n1,2\n"), ElementsAre("1,2,, lacks 1"));
  EXPECT_THAT(read("a,b,,\n1,2\n"), ElementsAre("1,2,, lacks 0"));
  // A remark, a file that is cut off, a comma that quotes may have held, a line break in a value.
  EXPECT_THAT(read("a,b,c\nTotal: 20\n"), ElementsAre(HasSubstr("a.csv:2: 1 fields")));
  EXPECT_THAT(read("a,b,c\n1,2"), ElementsAre(HasSubstr("a.csv:2: 2 fields")));
  EXPECT_THAT(read("a,b,c\n1,5\"\n"), ElementsAre(HasSubstr("a.csv:2: 2 fields")));
  EXPECT_THAT(
      read("a,b,c,d\n1,2\n3,4,5\n"),
      ElementsAre("1,2,, lacks 2", HasSubstr("a.csv:3: 3 fields, but the header has 4 (from "
                                             "column 'd' on they are missing), as many as "
                                             "the row before lacks: a line break")));
}

TEST(Csv, Utf16IsNamedWithWhatToDo) {
  for (const std::string& text : {std::string("\xFF\xFE"
                                              "a\0,\0",
                                              6),
                                  std::string("\xFE\xFF\0a\0,", 6), std::string("a\0,\0b\0\n\0", 8),
                                  std::string("\0a\0,", 4)}) {
    EXPECT_THAT(error_of(text), testing::AllOf(HasSubstr("a.csv: UTF-16"), HasSubstr("iconv")));
  }
  EXPECT_THAT(error_of(std::string("\xFF\xFE", 2)), HasSubstr("UTF-16"));
}

TEST(Csv, LimitsHold) {
  CsvOptions options;
  options.max_field = 4;
  options.max_columns = 3;
  EXPECT_EQ(rows_of("a\nwxyz\n", options), (Rows{{"wxyz"}}));
  EXPECT_THAT(error_of("a\nvwxyz\n", options), HasSubstr("longer than 4 bytes"));
  EXPECT_THAT(error_of("a\n\"vwxyz\"\n", options), HasSubstr("longer than 4 bytes"));
  EXPECT_THAT(error_of("a\n\"\"\"\"\"\"\"\"\"\"\"\"\n", options), HasSubstr("longer than 4 bytes"));
  EXPECT_THAT(error_of("a,b,c,d\n", options), HasSubstr("more than 3 columns"));
}

TEST(Csv, AnotherSeparator) {
  CsvOptions options;
  options.separator = '\t';
  EXPECT_EQ(rows_of("a\tb\n1,5\t2\n", options), (Rows{{"1,5", "2"}}));
}

TEST(Csv, FindsTheSeparatorByTheFirstRows) {
  struct Case {
    const char* text;
    char separator;
    Rows rows;
  };
  for (const Case& one : {
           Case{"a;b;c\n1;2;x, y\n3;4;z\n", ';', {{"1", "2", "x, y"}, {"3", "4", "z"}}},
           Case{"id;age;size\n1;45,5;3,2\n2;40;1,0\n",
                ';',
                {{"1", "45,5", "3,2"}, {"2", "40", "1,0"}}},
           Case{"a\tb\n\"1\"\t\"x;y\"\n", '\t', {{"1", "x;y"}}},
           Case{"a|b\n1|2\n", '|', {{"1", "2"}}},
           Case{"a,b\n1,x;y;z\n2,x\n", ',', {{"1", "x;y;z"}, {"2", "x"}}},
           Case{"id;name, first;x\n1;y;z\n", ';', {{"1", "y", "z"}}},
           Case{"a;\"b,c,d\"\n1;2\n", ';', {{"1", "2"}}},
           Case{"only\nx\n", ',', {{"x"}}},
           Case{"sep=;\na;b\n1;2,0\n", ';', {{"1", "2,0"}}},
           Case{"\xEF\xBB\xBFSEP=\t\r\na\tb\r\n1\t2\r\n", '\t', {{"1", "2"}}},
           Case{"\"sep=,\"\na,b\n1,2\n", ',', {{"1", "2"}}},
           Case{"sep=;;\na;b\n1;2\n", ';', {{"1", "2"}}},
       }) {
    CsvReader reader = CsvReader::from_text(one.text, "a.csv");
    EXPECT_EQ(reader.separator(), one.separator) << one.text;
    EXPECT_EQ(rows_of(reader), one.rows) << one.text;
  }
}

TEST(Csv, ALineThatNamesTheSeparatorIsCounted) {
  CsvReader reader = CsvReader::from_text("sep=;\r\na;b\r\n1;2\r\n", "a.csv");
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.place(), "a.csv:3");
}

TEST(Csv, ColumnsWithoutANameAtTheEndMayLackInRows) {
  EXPECT_EQ(rows_of("a,b,,\n1,2,,\n3,4\n5,6,x\n"),
            (Rows{{"1", "2", "", ""}, {"3", "4", "", ""}, {"5", "6", "x", ""}}));
  EXPECT_EQ(rows_of("a,b\n1,2,,,\n3,4\n"), (Rows{{"1", "2"}, {"3", "4"}}));
  EXPECT_EQ(rows_of("1,2\n3,4,,\n", without_header()), (Rows{{"1", "2"}, {"3", "4"}}));
  EXPECT_THAT(error_of("a,b,,\n1\n"), HasSubstr("a.csv:2: 1 fields"));
  EXPECT_THAT(error_of("a,b\n1,2,,x\n"), HasSubstr("a.csv:2:6: line 2 has more fields"));
}

TEST(Csv, SpacesAroundNamesAndQuotesAreNoPartOfThem) {
  CsvReader reader = CsvReader::from_text(" id , \"x y\" \n1, \"a, b\" \n", "a.csv");
  EXPECT_THAT(reader.header(), ElementsAre("id", "x y"));
  EXPECT_EQ(rows_of(reader), (Rows{{"1", "a, b"}}));
}

TEST(Csv, LinesMayAllEndInACarriageReturn) {
  CsvReader reader = CsvReader::from_text("a,b\r1,\"x\ry\"\r\r2,z\r", "a.csv");
  ASSERT_TRUE(reader.next());
  EXPECT_THAT(reader.row(), ElementsAre("1", "x\ry"));
  ASSERT_TRUE(reader.next());
  EXPECT_THAT(reader.row(), ElementsAre("2", "z"));
  EXPECT_EQ(reader.place(), "a.csv:5");
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(rows_of("sep=;\ra;b\r1;2\r"), (Rows{{"1", "2"}}));
}

TEST(Csv, AColumnThatIsNotThereIsToldWithTheNearest) {
  const auto error = [](const char* text, const char* column, char separator = kFindSeparator) {
    try {
      CsvOptions options;
      options.separator = separator;
      static_cast<void>(CsvReader::from_text(text, "a.csv", options).column(column));
    } catch (const InputError& failure) {
      return std::string(failure.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(error("Image_ID,DX\n", "image_id"), HasSubstr("did you mean 'Image_ID'?"));
  EXPECT_THAT(error("image id,dx\n", "image_id"), HasSubstr("did you mean 'image id'?"));
  EXPECT_THAT(error("image_idd,dx\n", "image_id"), HasSubstr("did you mean 'image_idd'?"));
  EXPECT_THAT(error("a\tb\n1\t2\n", "a", ','), HasSubstr("it seems to be a tab"));
  EXPECT_THAT(error("a;b\n1;2\n", "a", ','), HasSubstr("it seems to be ';'"));
}

TEST(Csv, ATableWithoutTheColumnTellsWhatMayBeWrongWithIt) {
  const auto error = [](const std::string& text) {
    try {
      (void)CsvReader::from_text(text, "a.csv").column("id");
    } catch (const InputError& thrown) {
      return std::string(thrown.what());
    }
    return std::string();
  };
  EXPECT_THAT(error("id^dx\n1^MEL\n"), HasSubstr("separated by '^': give it as `separator`"));
  EXPECT_THAT(error("id:dx\n1:MEL\n"), HasSubstr("separated by ':': give it as `separator`"));
  EXPECT_THAT(error("id   dx\n1    MEL\n"), HasSubstr("if spaces part the columns"));
  EXPECT_THAT(error("sep=;\nid,dx\n1,MEL\n"), HasSubstr("separated by ',': give it"));
  EXPECT_THAT(error("\"id;dx\"\n\"1;MEL\"\n"), HasSubstr("in quotes as a whole"));
  EXPECT_THAT(error("Lesions 2024\nid,dx\n1,MEL\n"), HasSubstr("line 2 has it"));
  EXPECT_THAT(error("Lesions 2024,\n,\ndx,\"id\"\n"), HasSubstr("line 3 has it"));
  EXPECT_THAT(error(",,\r\nid,dx,\r\n"), HasSubstr("line 2 has it"));
}

TEST(Csv, WhatIsNotSeenAroundNamesIsNoPartOfThem) {
  for (const char* name :
       {"\xC2\xA0id", "id\xE2\x80\x8B", "\xEF\xBB\xBF\xEF\xBB\xBFid", " id\xC2\xA0 "}) {
    EXPECT_EQ(CsvReader::from_text(std::string(name) + ",dx\n1,MEL\n", "a.csv").column("id"), 0U);
  }
}

TEST(Csv, LinesMayEndInSeveralCarriageReturnsAndALineFeed) {
  CsvReader reader = CsvReader::from_text("id,dx\r\r\n1,MEL\r\r\n\r\r\n2,NV\r\r\n", "a.csv");
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.at("dx"), "MEL");
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.at("dx"), "NV");
  EXPECT_EQ(reader.line(), 4U);
  EXPECT_FALSE(reader.next());
}

TEST(Csv, AMarkOfTheEndIsNoRow) {
  for (const char* end : {"\x1A", "\f", "\f\n", "\r\n\x1A\x1A"}) {
    CsvReader reader = CsvReader::from_text(std::string("id,dx\n1,MEL\n") + end, "a.csv");
    EXPECT_TRUE(reader.next());
    EXPECT_FALSE(reader.next());
  }
}

TEST(Csv, WhatIsNoTableIsNamed) {
  EXPECT_THAT(error_of("PK\x03\x04zzzzzz"), HasSubstr("Excel"));
  EXPECT_THAT(error_of("\x1F\x8B\x08zz"), HasSubstr("gzip"));
  EXPECT_THAT(error_of("version https://git-lfs.github.com/spec/v1\n"), HasSubstr("git lfs pull"));
  EXPECT_THAT(error_of("<!DOCTYPE html>\n"), HasSubstr("web page"));
  EXPECT_THAT(error_of("PAR1xxxx"), HasSubstr("Parquet"));
  EXPECT_THAT(error_of("a,b\n1,R\xFC"
                       "cken\n"),
              HasSubstr("iconv -f WINDOWS-1252"));
  // GBK, Shift-JIS, Mac Roman, Windows-1251: a conversion from Windows-1252 would garble them.
  for (const char* word : {"\xB1\xB3\xB2\xBF", "\x94\x77\x92\x86",
                           "R\x9F"
                           "cken",
                           "\xEF\xF0\xE8\xF1"}) {
    const std::string error = error_of(std::string("a,b\n1,") + word + "\n");
    EXPECT_THAT(error, HasSubstr("cannot be told"));
    EXPECT_THAT(error, testing::Not(HasSubstr("iconv -f WINDOWS")));
  }
  EXPECT_THAT(error_of(std::string("\0a\0,\0b\0\n", 8)), HasSubstr("iconv -f UTF-16BE"));
  EXPECT_THAT(error_of(std::string("a\0,\0b\0\n\0", 8)), HasSubstr("iconv -f UTF-16LE"));
  EXPECT_THAT(error_of(std::string("\xFF\xFE\0\0a\0\0\0", 8)), HasSubstr("UTF-32"));
}

TEST(Csv, AFileReadsAsItsTextDoes) {
  // Longer than several chunks, so that every state of the reader meets a chunk's end.
  const TemporaryFolder folder;
  Random random(11);
  const std::string pieces[] = {"plain", "\"q,\"\"u\"\"\"", "\"line\r\nbreak\"", "",
                                "\xC3\xA9\xE2\x82\xAC"};
  std::string text =
      "\xEF\xBB\xBF"
      "a,b,c\r\n";
  std::string line;
  while (text.size() < 3'000'000) {
    for (int column = 0; column < 3; ++column) {
      if (column > 0) text += ',';
      text += column == 0 ? "k" : pieces[random.below(std::size(pieces))];
    }
    text += random.chance(0.5) ? "\n" : "\r\n";
  }
  write_file(folder.path() / "a.csv", text);
  CsvReader file(folder.path() / "a.csv");
  const Rows from_text = rows_of(text);
  EXPECT_GT(from_text.size(), 50000U);
  EXPECT_EQ(rows_of(file), from_text);
}

TEST(Csv, AMissingFileIsTheCallersAndAFolderTheSystems) {
  const TemporaryFolder folder;
  EXPECT_THROW(CsvReader(folder.path() / "none.csv"), UsageError);
  EXPECT_THROW(CsvReader{folder.path()}, SystemError);
}

TEST(Csv, WrittenRowsReadBack) {
  CsvOptions options = without_header();
  options.separator = ',';
  Random random(3);
  const std::string pieces[] = {"a", ",", "\"", "\n", "\r\n", " ", "é", "\t", "x", "\xEF\xBB\xBF"};
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> fields(1 + random.below(4));
    for (std::string& field : fields) {
      if (random.chance(0.9)) field = "x";  // not the start of a formula
      for (std::uint64_t i = random.below(5); i > 0 && !field.empty(); --i) {
        field += pieces[random.below(std::size(pieces))];
      }
    }
    ASSERT_EQ(rows_of(csv_row(fields), options), Rows{fields}) << csv_row(fields);
  }
}

TEST(Csv, WrittenFormulasAreDefused) {
  EXPECT_EQ(csv_row({"=1+2", "+49 30", "-x", "@a", "\tb"}), "'=1+2,'+49 30,'-x,'@a,'\tb\n");
  EXPECT_EQ(csv_row({"-1.5", "+2", "-1e-5"}), "-1.5,+2,-1e-5\n");
  EXPECT_EQ(csv_row({"\rx"}), "\"'\rx\"\n");
  EXPECT_EQ(csv_row({""}), "\"\"\n");
  EXPECT_EQ(csv_row({"\xEF\xBB\xBFx"}), "\"\xEF\xBB\xBFx\"\n");
}

TEST(CsvRow, WhatASpreadsheetWouldRunComesBack) {
  for (const char* field : {"", "a", "=1+1", "+x", "-x", "-5", "@sum", "\tx", "'", "'a", "'-5",
                            "'-x", "'=1+1", "''@a"}) {
    std::string line = csv_row({field, "end"});
    line.erase(line.find(",end"));
    EXPECT_EQ(without_formula_guard(line), field);
  }
}

}  // namespace
}  // namespace epicrisis
