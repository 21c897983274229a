#include "epicrisis/text/wordpiece.h"

#include <gtest/gtest.h>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/json.h"
#include "support/shared_data.h"

namespace epicrisis {
namespace {

const Json& expectations() {
  static const Json json = [] {
    const Path file = Path(EPICRISIS_SOURCE_DIR) / "tests/text/wordpiece_expectations.json";
    return parse_json(read_file(file), file.string());
  }();
  return json;
}

std::vector<std::string> small_vocabulary() {
  return expectations().at("vocabulary").get<std::vector<std::string>>();
}

std::string hash_of(const std::vector<std::int64_t>& ids) {
  return fmt::format("{:016x}", fnv1a(fmt::format("{}", fmt::join(ids, ","))));
}

TEST(WordPiece, AgreesWithIndependentTokenizerOnSmallVocabulary) {
  const WordPiece tokenizer = WordPiece::from_vocabulary(small_vocabulary(), "test");
  ASSERT_GE(expectations().at("lines").size(), 1000U);
  for (const Json& line : expectations().at("lines")) {
    const std::string text = line.at(0);
    EXPECT_EQ(tokenizer.encode(text, 100000).ids, line.at(1).get<std::vector<std::int64_t>>())
        << "text: " << dump_json(text);
  }
}

TEST(WordPiece, AgreesWithIndependentTokenizerOnBiomedBert) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const WordPiece tokenizer =
      WordPiece::from_vocab_file(test::shared_folder() / "models/wordpiece/biomedbert-vocab.txt");
  EXPECT_EQ(
      tokenizer
          .encode(
              "Dermoscopic image shows an asymmetric pigmented lesion; suspicious for melanoma.")
          .ids,
      (std::vector<std::int64_t>{2, 8960, 15092, 4029, 3661, 1925, 11474, 22852, 5709, 31, 22488,
                                 1958, 7033, 18, 3}));
  for (const Json& line : expectations().at("lines")) {
    const std::string text = line.at(0);
    EXPECT_EQ(hash_of(tokenizer.encode(text, 100000).ids), line.at(2).get<std::string>())
        << "text: " << dump_json(text);
  }
}

TEST(WordPiece, TruncationKeepsTheEndTokenAndCountsWhatWasCut) {
  const WordPiece tokenizer =
      WordPiece::from_vocabulary({"[UNK]", "[CLS]", "[SEP]", "a", "##a"}, "test");
  const Encoding encoding = tokenizer.encode("aaaa a", 5);
  EXPECT_EQ(encoding.ids, (std::vector<std::int64_t>{1, 3, 4, 4, 2}));
  EXPECT_EQ(encoding.truncated_tokens, 2U);
  EXPECT_EQ(tokenizer.encode("", 2).ids, (std::vector<std::int64_t>{1, 2}));
  EXPECT_THROW(tokenizer.encode("a", 1), UsageError);
}

TEST(WordPiece, SpecialTokensInTheTextAreText) {
  const WordPiece tokenizer =
      WordPiece::from_vocabulary({"[UNK]", "[CLS]", "[SEP]", "[", "]", "sep"}, "test");
  EXPECT_EQ(tokenizer.pieces("[SEP]"), (std::vector<std::int64_t>{3, 5, 4}));
}

TEST(WordPiece, InvalidUtf8IsDropped) {
  const WordPiece tokenizer = WordPiece::from_vocabulary({"[UNK]", "[CLS]", "[SEP]", "ab"}, "test");
  EXPECT_EQ(tokenizer.pieces("a\xff\xc3"
                             "b"),
            (std::vector<std::int64_t>{3}));
}

TEST(WordPiece, VocabularyErrorsNameTheLine) {
  EXPECT_THROW(WordPiece::from_vocabulary({"[UNK]", "[CLS]"}, "v.txt"), InputError);
  try {
    WordPiece::from_vocabulary({"[UNK]", "[CLS]", "[SEP]", "a", "a"}, "v.txt");
    FAIL() << "a repeated entry was taken";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("v.txt:5"), std::string::npos) << error.what();
  }
}

TEST(WordPiece, ReadsTokenizerJsonAndRefusesOtherKinds) {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& normalizer, const std::string& type) {
    write_file(folder.path() / "tokenizer.json",
               R"({"normalizer":{"type":")" + normalizer +
                   R"(","lowercase":false},"model":{"type":")" + type +
                   R"(","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"A":3}}})");
  };
  write("BertNormalizer", "WordPiece");
  EXPECT_EQ(WordPiece::from_folder(folder.path()).pieces("A a"), (std::vector<std::int64_t>{3, 0}));
  write("BertNormalizer", "BPE");
  EXPECT_THROW(WordPiece::from_folder(folder.path()), InputError);
  write("NFC", "WordPiece");
  EXPECT_THROW(WordPiece::from_folder(folder.path()), InputError);
  write_file(folder.path() / "tokenizer.json",
             R"({"model":{"type":"WordPiece","vocab":{"[UNK]":0,"[CLS]":0}}})");
  EXPECT_THROW(WordPiece::from_folder(folder.path()), InputError);
}

}  // namespace
}  // namespace epicrisis
