#include "epicrisis/text/tokenizers/byte_pair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/json.h"

namespace epicrisis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Path kFolder = Path(EPICRISIS_SOURCE_DIR) / "tests/text/byte_pair";

std::string hash_of(const std::vector<std::int64_t>& ids) {
  return fmt::format("{:016x}", fnv1a(fmt::format("{}", fmt::join(ids, ","))));
}

// Column 1 holds what CLIP's form gives, 2 RoBERTa's.
void expect_equal_ids(const Tokenizer& tokenizer, std::size_t column) {
  const Json lines = parse_json(read_file(kFolder / "lines.json"), "lines.json");
  ASSERT_EQ(lines.size(), 2000U);
  for (const Json& line : lines) {
    const std::string text = line.at(0);
    EXPECT_EQ(hash_of(tokenizer.encode(text, 100000).ids), line.at(column).get<std::string>())
        << "text: " << dump_json(text);
  }
}

TEST(BytePair, AgreesWithIndependentTokenizerInClipsForm) {
  const BytePair tokenizer = BytePair::from_tokenizer_json(kFolder / "clip.json");
  EXPECT_EQ(tokenizer.kind(), BytePair::Kind::kClip);
  expect_equal_ids(tokenizer, 1);
}

TEST(BytePair, AgreesWithIndependentTokenizerInRobertasForm) {
  const BytePair tokenizer = BytePair::from_tokenizer_json(kFolder / "bytes.json");
  EXPECT_EQ(tokenizer.kind(), BytePair::Kind::kBytes);
  expect_equal_ids(tokenizer, 2);
}

class BytePairFolder : public ::testing::Test {
 protected:
  Json tokenizer(const char* name) const { return parse_json(read_file(kFolder / name), name); }
  Path write(std::string_view name, std::string_view text) const {
    Path path = folder_.path() / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  Path write(const Json& json) const { return write("tokenizer.json", dump_json(json)); }
  // vocab.json and merges.txt of a tokenizer.json.
  void write_old_files(const char* name, std::string_view head) const {
    const Json model = tokenizer(name).at("model");
    write("vocab.json", dump_json(model.at("vocab")));
    std::string merges(head);
    for (const Json& merge : model.at("merges")) {
      merges +=
          fmt::format("{} {}\n", merge.at(0).get<std::string>(), merge.at(1).get<std::string>());
    }
    write("merges.txt", merges);
  }
  std::string fault() const {
    try {
      BytePair::from_folder(folder_.path());
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
};

TEST_F(BytePairFolder, OldFilesGiveTheSameIds) {
  write_old_files("clip.json", "#version: 0.2\n");
  expect_equal_ids(BytePair::from_folder(folder_.path()), 1);
  write_old_files("bytes.json", "");
  const BytePair bytes = BytePair::from_folder(folder_.path());
  EXPECT_EQ(bytes.kind(), BytePair::Kind::kBytes);
  expect_equal_ids(bytes, 2);
}

TEST_F(BytePairFolder, MergesAsStringsGiveTheSameIds) {
  Json json = tokenizer("clip.json");
  for (Json& merge : json["model"]["merges"]) {
    merge = fmt::format("{} {}", merge.at(0).get<std::string>(), merge.at(1).get<std::string>());
  }
  write(json);
  expect_equal_ids(BytePair::from_folder(folder_.path()), 1);
}

TEST_F(BytePairFolder, SpecialTokensMayStandBesideTheVocabulary) {
  Json json = tokenizer("clip.json");
  json["model"]["vocab"].erase("<|endoftext|>");
  write(json);
  expect_equal_ids(BytePair::from_folder(folder_.path()), 1);
}

TEST_F(BytePairFolder, CutsAndTellsIt) {
  const BytePair clip = BytePair::from_tokenizer_json(kFolder / "clip.json");
  const Encoding whole = clip.encode("1234567");
  EXPECT_EQ(whole.ids.size(), 9U);  // every digit is a word
  EXPECT_EQ(whole.ids.front(), clip.first_id());
  EXPECT_EQ(whole.ids.back(), clip.last_id());
  const Encoding cut = clip.encode("1234567", 5);
  EXPECT_EQ(cut.ids.size(), 5U);
  EXPECT_EQ(cut.ids.back(), clip.last_id());
  EXPECT_EQ(cut.truncated_tokens, 4U);
  EXPECT_THAT(clip.encode("").ids, ElementsAre(clip.first_id(), clip.last_id()));
  EXPECT_THROW(clip.encode("a", 1), UsageError);
}

TEST_F(BytePairFolder, SpecialTokensInATextAreText) {
  const BytePair clip = BytePair::from_tokenizer_json(kFolder / "clip.json");
  EXPECT_GT(clip.pieces("<|endoftext|>").size(), 3U);
  const std::vector<std::int64_t> pieces = clip.pieces("a <|endoftext|> b");
  EXPECT_EQ(std::ranges::count(pieces, clip.last_id()), 0);
}

TEST_F(BytePairFolder, HostileTextsEnd) {
  const BytePair bytes = BytePair::from_tokenizer_json(kFolder / "bytes.json");
  const std::string letters(1'000'000, 'a');
  EXPECT_GT(bytes.pieces(letters).size(), 0U);
  EXPECT_GT(bytes.pieces(std::string(1'000'000, ' ')).size(), 0U);
  EXPECT_EQ(bytes.pieces("\xff\xc3"), bytes.pieces("\xef\xbf\xbd\xef\xbf\xbd"));
}

TEST_F(BytePairFolder, FaultsAreNamed) {
  EXPECT_THAT(fault(), HasSubstr("no tokenizer.json, and no vocab.json"));
  write("vocab.json", "{}");
  EXPECT_THAT(fault(), HasSubstr("no merges.txt"));
  write("merges.txt", "");
  EXPECT_THAT(fault(), HasSubstr("no object of 1 to"));
  write("vocab.json", R"({"a": -1})");
  EXPECT_THAT(fault(), HasSubstr("gives 'a' the id -1"));
  write("vocab.json", R"({"a": 1})");
  EXPECT_THAT(fault(), HasSubstr("neither <|startoftext|>"));
  write("vocab.json", R"({"<s>": 1, "</s>": 2})");
  EXPECT_THAT(fault(), HasSubstr("no symbol"));
  write_old_files("bytes.json", "x y z\n");
  EXPECT_THAT(fault(), HasSubstr("merges.txt:1: 'x y z'"));
  write_old_files("bytes.json", "melanoma border\n");
  EXPECT_THAT(fault(), HasSubstr("merge 1, 'melanoma border'"));
  Json json = tokenizer("clip.json");
  json["model"]["type"] = "Unigram";
  write(json);
  EXPECT_THAT(fault(), HasSubstr("model.type is 'Unigram'"));
  json = tokenizer("clip.json");
  json["normalizer"] = {{"type", "NFKC"}};
  write(json);
  EXPECT_THAT(fault(), HasSubstr("normalizer [NFKC]"));
  json = tokenizer("clip.json");
  json["model"]["end_of_word_suffix"] = "@@";
  write(json);
  EXPECT_THAT(fault(), HasSubstr("end_of_word_suffix is '@@'"));
  json = tokenizer("clip.json");
  json["model"]["merges"][0] = 3;
  write(json);
  EXPECT_THAT(fault(), HasSubstr("model.merges has 3"));
}

}  // namespace
}  // namespace epicrisis
