#include "epicrisis/model/encoders/text/text_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <fstream>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/tensor/npy.h"
#include "epicrisis/tensor/safetensors.h"
#include "support/shared_data.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

const Path kTests = Path(EPICRISIS_SOURCE_DIR) / "tests/model";
const Path kTiny = kTests / "data/tiny_bert";

std::vector<std::string> sentences() {
  std::ifstream file(kTests / "sentences.txt");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// The largest difference of any number, with rows [first, first + got.rows) of the expectations.
double largest_difference(const FloatMatrix& got, const FloatMatrix& wanted, std::size_t first) {
  double largest = 0;
  for (std::size_t i = 0; i < got.rows; ++i) {
    for (std::size_t c = 0; c < got.columns; ++c) {
      const double difference = std::abs(got.row(i)[c] - wanted.row(first + i)[c]);
      // max() would drop a NaN.
      if (!(difference <= largest)) largest = difference;
    }
  }
  return largest;
}

TEST(Bert, AgreesWithTransformersInEveryPooling) {
  const auto texts = sentences();
  ASSERT_EQ(texts.size(), 20U);
  const FloatMatrix expected = read_npy_matrix(kTests / "data/tiny_bert.npy");
  ASSERT_EQ(expected.rows, 60U);
  std::size_t first = 0;
  for (const TextPooling pooling : {TextPooling::kPooler, TextPooling::kMean, TextPooling::kCls}) {
    TextEncoderOptions options;
    options.pooling = pooling;
    const auto encoder = load_text_encoder(kTiny.string(), options);
    const TextEncodeReport report = encoder->measure(texts, Job());
    const FloatMatrix got = encoder->encode(texts, Job());
    ASSERT_EQ(got.columns, 24U);
    EXPECT_LT(largest_difference(got, expected, first), 1e-5);
    EXPECT_FALSE(report.truncated.empty());  // 48 positions are few
    EXPECT_EQ(report.truncated.back(), 19U);
    first += texts.size();
  }
}

// RoBERTa and DistilBERT: other names, sizes, positions and tokenizers.
TEST(Bert, ItsFamilyAgreesWithTransformers) {
  const TemporaryFolder place;
  const auto texts = sentences();
  const auto check = [&](const std::string& name, const Path& tokenizer, const char* as,
                         std::initializer_list<TextPooling> poolings) {
    const Path folder = place.path() / name;
    fs::copy(kTests / "data" / name, folder, fs::copy_options::recursive);
    fs::copy(tokenizer, folder / as);
    const FloatMatrix expected = read_npy_matrix(kTests / "data" / (name + ".npy"));
    ASSERT_EQ(expected.rows, texts.size() * poolings.size());
    std::size_t first = 0;
    for (const TextPooling pooling : poolings) {
      TextEncoderOptions options;
      options.pooling = pooling;
      const auto encoder = load_text_encoder(folder.string(), options);
      EXPECT_EQ(encoder->max_tokens(), 48U) << name;
      const FloatMatrix got = encoder->encode(texts, Job());
      EXPECT_LT(largest_difference(got, expected, first), 1e-5) << name;
      first += texts.size();
    }
    EXPECT_THAT(load_text_encoder(folder.string())->remarks(), IsEmpty());
  };
  check("tiny_roberta", kTests.parent_path() / "text/byte_pair/bytes.json", "tokenizer.json",
        {TextPooling::kPooler, TextPooling::kMean, TextPooling::kCls});
  check("tiny_distilbert", kTiny / "vocab.txt", "vocab.txt",
        {TextPooling::kMean, TextPooling::kCls});
  EXPECT_THAT(
      [&] {
        load_text_encoder((place.path() / "tiny_distilbert").string(),
                          {.pooling = TextPooling::kPooler});
      },
      ThrowsMessage<UsageError>(HasSubstr("the weights have none")));
}

TEST(Bert, ATextsVectorDoesNotDependOnItsNeighbours) {
  auto texts = sentences();
  const auto encoder = load_text_encoder(kTiny.string());
  const FloatMatrix all = encoder->encode(texts, Job());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const FloatMatrix one = encoder->encode(std::span(texts).subspan(i, 1), Job());
    for (std::size_t c = 0; c < one.columns; ++c) {
      ASSERT_NEAR(one.row(0)[c], all.row(i)[c], 1e-5) << texts[i];
    }
  }
  EXPECT_EQ(encoder->encode({}, Job()).rows, 0U);
}

TEST(Bert, TellsWhatItIs) {
  TextEncoderOptions options;
  options.threads = 1;
  const auto pooler = load_text_encoder(kTiny.string(), options);
  EXPECT_EQ(pooler->describe(), "tiny_bert, pooler pooling, 24");
  EXPECT_EQ(pooler->dimension(), 24);
  EXPECT_EQ(pooler->max_tokens(), 48U);
  options.pooling = TextPooling::kMean;
  const auto mean = load_text_encoder(kTiny.string(), options);
  EXPECT_NE(pooler->fingerprint(), mean->fingerprint());
  options.max_tokens = 8;
  const auto cut = load_text_encoder(kTiny.string(), options);
  EXPECT_NE(cut->fingerprint(), mean->fingerprint());
  const TextEncodeReport report =
      cut->measure(std::vector<std::string>{"a b c d e f", "a b c d e f g"}, Job());
  EXPECT_THAT(report.truncated, ElementsAre(1));
  EXPECT_EQ(report.tokens, 16U);
  options.max_tokens = 49;
  EXPECT_THROW(load_text_encoder(kTiny.string(), options), UsageError);
}

class BertFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::copy(kTiny, folder_.path() / "b");
    for (const auto& item : fs::directory_iterator(folder())) {
      fs::permissions(item.path(), fs::perms::owner_write, fs::perm_options::add);
    }
  }
  Path folder() const { return folder_.path() / "b"; }
  void rewrite_weights(const std::function<std::string(const std::string&)>& rename,
                       const std::string& leave_out = "") {
    const TensorFile file = read_safetensors(kTiny / "model.safetensors");
    std::vector<NamedTensor> tensors;
    for (const auto& [name, tensor] : file.tensors()) {
      if (name != leave_out) tensors.push_back({rename(name), tensor});
    }
    write_safetensors(folder() / "model.safetensors", tensors);
  }
  void edit_config(const std::string& key, const Json& value) {
    Json json = parse_json(read_file(folder() / "config.json"), "x");
    json[key] = value;
    write_file(folder() / "config.json", dump_json(json));
  }
  std::string load_error() {
    try {
      load_text_encoder(folder().string());
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  TemporaryFolder folder_;
};

TEST_F(BertFolder, TakesNamesWithThePrefixAndOtherTasksHeads) {
  rewrite_weights([](const std::string& name) { return "bert." + name; });
  const auto texts = sentences();
  EXPECT_LT(largest_difference(load_text_encoder(folder().string())->encode(texts, Job()),
                               read_npy_matrix(kTests / "data/tiny_bert.npy"), 0),
            1e-5);
}

// Every way in which training scripts and older libraries write the same weights.
TEST_F(BertFolder, OldAndWrappedNamesGiveTheSameVectors) {
  const auto texts = sentences();
  const FloatMatrix expected = load_text_encoder(folder().string())->encode(texts, Job());
  const auto old_norms = [](const std::string& name) {
    std::string old = name;
    const auto norm = old.find("LayerNorm.");
    if (norm != std::string::npos) {
      old.replace(norm + 10, std::string::npos, name.ends_with("weight") ? "gamma" : "beta");
    }
    return old;
  };
  rewrite_weights(old_norms);
  EXPECT_EQ(load_text_encoder(folder().string())->encode(texts, Job()).values, expected.values);
  for (const std::string prefix :
       {"module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.", "model.",
        "model.module.", "state_dict.model.", "state_dict.module.bert.", "model_ema.",
        "net.text_encoder."}) {
    rewrite_weights([&](const std::string& name) { return prefix + old_norms(name); });
    const auto encoder = load_text_encoder(folder().string());
    EXPECT_EQ(encoder->encode(texts, Job()).values, expected.values) << prefix;
    EXPECT_THAT(encoder->remarks(), IsEmpty()) << prefix;
  }
}

TEST_F(BertFolder, AFolderWithoutModelTypeIsToldByItsKeys) {
  Json json = parse_json(read_file(folder() / "config.json"), "x");
  json.erase("model_type");
  json.erase("architectures");
  write_file(folder() / "config.json", dump_json(json));
  EXPECT_EQ(load_error(), "no error");
  fs::rename(folder() / "config.json", folder() / "bert_config.json");
  EXPECT_EQ(load_error(), "no error");
  json["architectures"] = {"MPNetModel"};
  write_file(folder() / "config.json", dump_json(json));
  EXPECT_THAT(load_error(), HasSubstr("MPNetModel"));
}

TEST_F(BertFolder, ShardsAreReadAndAMissingOneIsNamed) {
  const auto texts = sentences();
  const FloatMatrix expected = load_text_encoder(folder().string())->encode(texts, Job());
  const TensorFile file = read_safetensors(kTiny / "model.safetensors");
  std::array<std::vector<NamedTensor>, 2> parts;
  Json index;
  for (const auto& [name, tensor] : file.tensors()) {
    const std::size_t part = index["weight_map"].size() % 2;
    parts.at(part).push_back({name, tensor});
    index["weight_map"][name] = fmt::format("model-0000{}-of-00002.safetensors", part + 1);
  }
  for (std::size_t part = 0; part < 2; ++part) {
    write_safetensors(folder() / fmt::format("model-0000{}-of-00002.safetensors", part + 1),
                      parts.at(part));
  }
  fs::remove(folder() / "model.safetensors");
  EXPECT_THAT(load_error(), HasSubstr("fetch the index"));
  write_file(folder() / "model.safetensors.index.json", dump_json(index));
  const auto encoder = load_text_encoder(folder().string());
  EXPECT_EQ(encoder->encode(texts, Job()).values, expected.values);
  // The vectors of other weights are not taken from a cache.
  parts[1].front().tensor = parts[1].back().tensor;
  fs::remove(folder() / "model-00002-of-00002.safetensors");
  EXPECT_THAT(load_error(),
              AllOf(HasSubstr("1 of 2 shards"), HasSubstr("model-00002-of-00002.safetensors")));
}

TEST_F(BertFolder, ACasedVocabularyIsNotLowerCasedInSilence) {
  EXPECT_THAT(load_text_encoder(folder().string())->remarks(), IsEmpty());
  std::string vocabulary = read_file(folder() / "vocab.txt");
  const auto entry = vocabulary.find("\nthe\n");
  ASSERT_NE(entry, std::string::npos);
  vocabulary.replace(entry, 5, "\nThe\n");
  write_file(folder() / "vocab.txt", vocabulary);
  const auto cased = load_text_encoder(folder().string());
  ASSERT_EQ(cased->remarks().size(), 1U);
  EXPECT_THAT(cased->remarks()[0], HasSubstr("texts are not lower-cased"));
  const std::vector<std::string> texts{"The The The", "the the the"};
  EXPECT_EQ(cased->measure(std::span(texts).first(1), Job()).unknown, 0U);
  EXPECT_GT(cased->measure(texts, Job()).tokens, 9U);
  write_file(folder() / "tokenizer_config.json", R"({"do_lower_case": true})");
  const auto told = load_text_encoder(folder().string());
  ASSERT_EQ(told->remarks().size(), 1U);
  EXPECT_THAT(told->remarks()[0], HasSubstr("do_lower_case is true"));
  write_file(folder() / "tokenizer_config.json", R"({"do_lower_case": false})");
  EXPECT_THAT(load_text_encoder(folder().string())->remarks(), IsEmpty());
}

// Inputs in the form that public bug reports describe.
TEST(BertCases, OldNamesAndShardsGiveTheVectorsOfToday) {
  const Path cases = test::shared_folder() / "cases";
  if (test::shared_folder().empty() || !fs::exists(cases / "28-bert-gamma-beta")) {
    GTEST_SKIP() << "needs ../shared/cases";
  }
  const auto vectors = [&](const char* folder) {
    return load_text_encoder((cases / folder).string())->encode(sentences(), Job()).values;
  };
  const auto today = vectors("28-bert-gamma-beta/today");
  EXPECT_EQ(vectors("28-bert-gamma-beta/gamma-beta"), today);
  EXPECT_EQ(vectors("28-bert-gamma-beta/no-model-type"), today);
  EXPECT_EQ(vectors("30-sharded/shards"), today);
}

TEST_F(BertFolder, ListsWhatDoesNotFit) {
  rewrite_weights([](const std::string& name) { return name; },
                  "encoder.layer.1.attention.self.key.weight");
  EXPECT_THAT(load_error(),
              HasSubstr("missing: encoder.layer.1.attention.self.key.weight [24, 24]"));
  rewrite_weights([](const std::string& name) {
    return name == "pooler.dense.weight" ? std::string("extra.weight") : name;
  });
  EXPECT_THAT(load_error(), HasSubstr("not known to the model: extra.weight"));
  fs::copy_file(kTiny / "model.safetensors", folder() / "model.safetensors",
                fs::copy_options::overwrite_existing);
  edit_config("intermediate_size", 41);
  EXPECT_THAT(load_error(), HasSubstr("the file has [40, 24], the model [41, 24]"));
}

TEST_F(BertFolder, ConfigErrorsNameTheKey) {
  const std::vector<std::pair<std::string, Json>> cases{
      {"model_type", "mpnet"},    {"position_embedding_type", "relative_key"},
      {"hidden_act", "silu"},     {"num_hidden_layers", 0},
      {"num_attention_heads", 5}, {"hidden_size", "24"},
      {"vocab_size", 10},         {"max_position_embeddings", 1e18}};
  for (const auto& [key, value] : cases) {
    fs::copy_file(kTiny / "config.json", folder() / "config.json",
                  fs::copy_options::overwrite_existing);
    edit_config(key, value);
    EXPECT_NE(load_error(), "no error") << key;
  }
}

TEST_F(BertFolder, PoolsAsSentenceTransformersSays) {
  write_file(folder() / "modules.json",
             R"([{"path": "", "type": "sentence_transformers.models.Transformer"},
                 {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
                 {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}])");
  EXPECT_THAT(load_error(), HasSubstr("1_Pooling"));
  write_file(folder() / "1_Pooling/config.json",
             R"({"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true})");
  write_file(folder() / "sentence_bert_config.json", R"({"max_seq_length": 32})");
  const auto encoder = load_text_encoder(folder().string());
  EXPECT_EQ(encoder->describe(), "b, mean pooling, normalised, 24");
  EXPECT_EQ(encoder->max_tokens(), 32U);
  const FloatMatrix rows = encoder->encode(sentences(), Job());
  for (std::size_t i = 0; i < rows.rows; ++i) {
    double squares = 0;
    for (const float value : rows.row(i)) squares += value * value;
    EXPECT_NEAR(squares, 1, 1e-5);
  }
  write_file(folder() / "1_Pooling/config.json", R"({"pooling_mode_max_tokens": true})");
  EXPECT_THAT(load_error(), HasSubstr("mean_tokens"));
  write_file(folder() / "modules.json", R"([{"path": "../..", "type": "a.Pooling"}])");
  EXPECT_THAT(load_error(), HasSubstr("../.."));
  write_file(folder() / "modules.json", R"([{"path": "", "type": "a.Dense"}])");
  EXPECT_THAT(load_error(), HasSubstr("a.Dense"));
}

TEST_F(BertFolder, VocabularyFlagsComeFromTokenizerConfig) {
  const auto lower = load_text_encoder(folder().string())->encode(sentences(), Job());
  write_file(folder() / "tokenizer_config.json", R"({"do_lower_case": false})");
  const auto cased = load_text_encoder(folder().string())->encode(sentences(), Job());
  EXPECT_NE(lower.values, cased.values);
  // Near, not equal: where a row stands in the batch may decide in which order it is summed.
  for (std::size_t c = 0; c < lower.columns; ++c) {
    EXPECT_NEAR(lower.row(17)[c], lower.row(18)[c], 1e-5);
  }
}

TEST(MiniLM, AgreesWithTransformersOnRealWeights) {
  Path folder;
  for (const Path& root : {Path(EPICRISIS_SOURCE_DIR) / "models", Path("models")}) {
    if (fs::exists(root / "all-MiniLM-L6-v2/model.safetensors")) folder = root / "all-MiniLM-L6-v2";
  }
  if (folder.empty()) GTEST_SKIP() << "needs models/all-MiniLM-L6-v2 ('./run models' fetches it)";
  const FloatMatrix expected = read_npy_matrix(kTests / "data/minilm.npy");
  const auto encoder = load_text_encoder(folder.string());
  EXPECT_EQ(encoder->describe(), "all-MiniLM-L6-v2, mean pooling, normalised, 384");
  EXPECT_EQ(encoder->max_tokens(), 256U);
  const FloatMatrix got = encoder->encode(sentences(), Job());
  EXPECT_LT(largest_difference(got, expected, 0), 1e-5);
  TextEncoderOptions options;
  options.precision = Precision::kBf16;
  const FloatMatrix rounded =
      load_text_encoder(folder.string(), options)->encode(sentences(), Job());
  for (std::size_t i = 0; i < got.rows; ++i) {
    double cosine = 0;
    for (std::size_t c = 0; c < got.columns; ++c) cosine += rounded.row(i)[c] * expected.row(i)[c];
    EXPECT_GT(cosine, 0.999) << i;
  }
}

TEST(TextEncoder, TrainedTokensAndUnknownNamesAreRefused) {
  EXPECT_THAT([] { load_text_encoder("bag"); },
              ThrowsMessage<UsageError>(HasSubstr("trained with a run")));
  EXPECT_THROW(load_text_encoder("no-such-model"), UsageError);
}

}  // namespace
}  // namespace epicrisis
