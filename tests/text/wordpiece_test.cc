#include "epicrisis/text/tokenizers/wordpiece.h"

#include <gmock/gmock.h>
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
    const std::vector<std::int64_t> ids = tokenizer.encode(text, 100000).ids;
    if (line.at(1).is_array()) {
      EXPECT_EQ(ids, line.at(1).get<std::vector<std::int64_t>>()) << "text: " << dump_json(text);
    } else {
      EXPECT_EQ(hash_of(ids), line.at(1).get<std::string>()) << "text: " << dump_json(text);
    }
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

class TokenizerJson : public testing::Test {
 protected:
  // The message of the refusal of a file with one key changed, "" if it was read.
  std::string refusal(const char* pointer, const Json& value) {
    Json changed = good_;
    changed[Json::json_pointer(pointer)] = value;
    write_file(folder_.path() / "tokenizer.json", dump_json(changed));
    try {
      WordPiece::from_folder(folder_.path());
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  std::vector<std::int64_t> pieces(std::string_view text) const {
    return WordPiece::from_folder(folder_.path()).pieces(text);
  }

  TemporaryFolder folder_;
  const Json good_ = {
      {"normalizer", {{"type", "BertNormalizer"}, {"clean_text", true}, {"lowercase", true}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"model",
       {{"type", "WordPiece"},
        {"unk_token", "[UNK]"},
        {"vocab", {{"[UNK]", 0}, {"[CLS]", 1}, {"[SEP]", 2}, {"A", 3}, {"a", 4}, {"\u00e9", 5}}}}}};
};

TEST_F(TokenizerJson, TakesTheNormalizersFlags) {
  EXPECT_EQ(refusal("/normalizer/lowercase", false), "");
  EXPECT_EQ(pieces("A a \u00e9"), (std::vector<std::int64_t>{3, 4, 5}));
  EXPECT_EQ(refusal("/normalizer/strip_accents", false), "");
  EXPECT_EQ(pieces("A \u00c9"), (std::vector<std::int64_t>{4, 5}));
  EXPECT_EQ(refusal("/normalizer/strip_accents", nullptr), "");  // as lowercase says
  EXPECT_EQ(pieces("A \u00c9"), (std::vector<std::int64_t>{4, 0}));
  EXPECT_EQ(refusal("/model/max_input_chars_per_word", 1), "");
  EXPECT_EQ(pieces("a aa"), (std::vector<std::int64_t>{4, 0}));
}

TEST_F(TokenizerJson, OtherKindsAreRefusedByName) {
  using testing::HasSubstr;
  EXPECT_THAT(refusal("/model/type", "BPE"), HasSubstr("model.type is 'BPE'"));
  EXPECT_THAT(refusal("/normalizer/type", "NFC"), HasSubstr("normalizer.type is 'NFC'"));
  EXPECT_THAT(refusal("/normalizer", nullptr), HasSubstr("normalizer is null"));
  EXPECT_THAT(refusal("/normalizer/clean_text", false), HasSubstr("clean_text"));
  EXPECT_THAT(refusal("/pre_tokenizer", nullptr), HasSubstr("pre_tokenizer is null"));
  EXPECT_THAT(refusal("/pre_tokenizer/type", "Whitespace"), HasSubstr("pre_tokenizer.type"));
  EXPECT_THAT(refusal("/model/unk_token", "<unk>"), HasSubstr("unk_token is '<unk>'"));
  EXPECT_THAT(refusal("/model/continuing_subword_prefix", "@@"), HasSubstr("'@@'"));
  EXPECT_THAT(refusal("/model/vocab/a", 3), HasSubstr("the id 3"));
  EXPECT_THAT(refusal("/model/vocab/a", 99), HasSubstr("the id 99"));
  EXPECT_THAT(refusal("/model/vocab/a", -1), HasSubstr("the id -1"));
  EXPECT_THAT(refusal("/model/vocab", Json::array({"a"})), HasSubstr("vocab"));
}

}  // namespace
}  // namespace epicrisis
