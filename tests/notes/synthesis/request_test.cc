#include "epicrisis/notes/synthesis/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/import.h"
#include "epicrisis/corpus/picture_hash.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/text/schema.h"
#include "llm/request_image.h"
#include "support/pictures.h"
#include "support/shared_data.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

Provider text_provider() { return provider_for_url("http://127.0.0.1:1/v1"); }

Provider vision_provider() {
  Provider provider = text_provider();
  provider.vision = true;
  return provider;
}

RequestBuilder builder_of(const std::string& strategy, Provider provider = text_provider(),
                          RequestLimits limits = {}) {
  return {load_strategy(strategy), std::move(provider), "m", std::move(limits)};
}

Sample sample_of_test() {
  Sample sample = test::make_sample("ISIC_0001");
  sample.id = 7;
  sample.dataset = "ham";
  sample.subclass = "congenital nevus";
  sample.findings.push_back({"sex", "male"});
  return sample;
}

Json body_of(const RequestBuilder& builder, const Sample& sample, const std::string& note = "") {
  return parse_json(builder.body(builder.prompt(sample, 0, "", note)), "body");
}

template <typename Function>
std::string usage_error(const Function& function) {
  try {
    function();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "(no error)";
}

std::string base64_decoded(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = (bits << 6U) | static_cast<std::uint32_t>(kDigits.find(c));
    count += 6;
    if (count >= 8) bytes += static_cast<char>((bits >> static_cast<unsigned>(count -= 8)) & 0xFFU);
  }
  return bytes;
}

// The JPEG that a body carries.
std::string picture_in(const Json& body) {
  const std::string uri = body["messages"][1]["content"][1]["image_url"]["url"];
  constexpr std::string_view kStart = "data:image/jpeg;base64,";
  EXPECT_THAT(uri, StartsWith(std::string(kStart)));
  return base64_decoded(std::string_view(uri).substr(kStart.size()));
}

// The whole body, so that no change of it goes unseen: each makes stored keys worthless.
TEST(Request, GoldenBody) {
  const Strategy strategy = parse_strategy(R"(name = "G"
version = 1
kind = "prompt"
fields = ["diagnosis", "site", "sex"]
system = "You are brief."
user = "Describe it.[[ Diagnosis: \"{diagnosis}\".]][[ Site: \"{site}\".]][[ Sex: \"{sex}\".]]"
max_tokens = 120
temperature = 0.1
)",
                                           "G.toml");
  Provider provider = text_provider();
  provider.extra = {{"top_p", 0.5}};
  const RequestBuilder builder(strategy, provider, "tiny", {});
  const Prompt prompt = builder.prompt(sample_of_test(), 0, "");
  EXPECT_EQ(
      builder.body(prompt),
      R"({"model":"tiny","messages":[{"role":"system","content":"You are brief."},)"
      R"({"role":"user","content":"Describe it. Diagnosis: \"melanocytic nevus\". Site: \"back\". )"
      R"(Sex: \"male\"."}],"max_tokens":120,"temperature":0.1,"top_p":0.5})");
  EXPECT_THAT(prompt.fields, ElementsAre("diagnosis", "sex", "site"));
  EXPECT_EQ(prompt.origin, "metadata");
  EXPECT_EQ(prompt.sample_id, 7);
  Prompt larger = prompt;
  larger.max_tokens = 500;
  EXPECT_EQ(parse_json(builder.body(larger), "body")["max_tokens"], 500);
  EXPECT_EQ(builder.parameters().dump(),
            R"({"max_tokens":120,"temperature":0.1,"extra":{"top_p":0.5}})");
  EXPECT_EQ(builder.parameters(500)["max_tokens"], 500);
}

// What a note's key depends on, and what not.
TEST(Request, KeyHoldsWhatIsPaidForOnce) {
  const auto key = [](const std::function<void(Sample&, Strategy&, Provider&, std::string & model,
                                               std::string & hash, int& variant)>& change) {
    Sample sample = sample_of_test();
    sample.image_path = "/pictures/a.jpg";
    Strategy strategy = load_strategy("P1");
    Provider provider = vision_provider();
    std::string model = "m";
    std::string hash(64, 'a');
    int variant = 0;
    change(sample, strategy, provider, model, hash, variant);
    return RequestBuilder(strategy, provider, model, {}).prompt(sample, variant, hash).key;
  };
#define CHANGE [](Sample & s, Strategy & t, Provider & p, std::string & m, std::string & h, int& v)
#define UNUSED (void)s, (void)t, (void)p, (void)m, (void)h, (void)v
  const std::string base = key(CHANGE { UNUSED; });
  EXPECT_EQ(base.size(), 64U);
  const std::vector<std::string> same = {
      key(CHANGE {
        UNUSED;
        p.timeouts.total = Seconds(1);
      }),
      key(CHANGE {
        UNUSED;
        p.max_concurrency = 1;
        p.max_attempts = 1;
        p.longest_wait = Seconds(1);
      }),
      key(CHANGE {
        UNUSED;
        p.requests_per_minute = 1;
        p.tokens_per_minute = 1;
      }),
      key(CHANGE {
        UNUSED;
        p.input_price = 1;
        p.output_price = 1;
      }),
      key(CHANGE {
        UNUSED;
        p.endpoints = {{"http://other", 3, "K", ""}};
      }),
      key(CHANGE {
        UNUSED;
        p.title = "x";
        p.token_limit_name = "max_completion_tokens";
      }),
      key(CHANGE {
        UNUSED;
        s.image_path = "/elsewhere/a.jpg";
        s.id = 99;
        s.group = "g";
      }),
  };
  for (const std::string& other : same) EXPECT_EQ(other, base);
  const std::vector<std::string> different = {
      base,
      key(CHANGE {
        UNUSED;
        s.dataset = "isic";
      }),
      key(CHANGE {
        UNUSED;
        s.key = "ISIC_0002";
      }),
      key(CHANGE {
        UNUSED;
        s.diagnosis = "melanoma";
      }),
      key(CHANGE {
        UNUSED;
        t.content_hash = "other";
      }),
      key(CHANGE {
        UNUSED;
        t.temperature = 0.3;
      }),
      key(CHANGE {
        UNUSED;
        t.max_tokens = 1;
      }),
      key(CHANGE {
        UNUSED;
        p.name = "other";
      }),
      key(CHANGE {
        UNUSED;
        p.vision = false;
      }),
      key(CHANGE {
        UNUSED;
        p.image_side = 256;
      }),
      key(CHANGE {
        UNUSED;
        p.image_detail = "high";
      }),
      key(CHANGE {
        UNUSED;
        p.structured = StructuredOutput::kNone;
      }),
      key(CHANGE {
        UNUSED;
        p.structured = StructuredOutput::kJsonObject;
      }),
      key(CHANGE {
        UNUSED;
        p.send_temperature = false;
      }),
      key(CHANGE {
        UNUSED;
        p.extra = {{"seed", 1}};
      }),
      key(CHANGE {
        UNUSED;
        m = "m2";
      }),
      key(CHANGE {
        UNUSED;
        h = std::string(64, 'b');
      }),
      key(CHANGE {
        UNUSED;
        v = 1;
      }),
  };
#undef CHANGE
#undef UNUSED
  EXPECT_EQ(std::set<std::string>(different.begin(), different.end()).size(), different.size());
}

TEST(Request, StructuredOutputAsTheServerHasIt) {
  Provider provider = text_provider();
  Json body = body_of(builder_of("P1", provider), sample_of_test());
  const Json& format = body["response_format"];
  EXPECT_EQ(format["type"], "json_schema");
  EXPECT_EQ(format["json_schema"]["strict"], true);
  EXPECT_EQ(format["json_schema"]["name"], "P1");
  EXPECT_EQ(format["json_schema"]["schema"], portable_schema(load_strategy("P1").schema));
  EXPECT_THAT(body["messages"][0]["content"].get<std::string>(), Not(HasSubstr("JSON")));

  provider.structured = StructuredOutput::kJsonObject;
  body = body_of(builder_of("P1", provider), sample_of_test());
  EXPECT_EQ(body["response_format"].dump(), R"({"type":"json_object"})");
  EXPECT_THAT(body["messages"][0]["content"].get<std::string>(), HasSubstr("one JSON object"));

  provider.structured = StructuredOutput::kNone;
  body = body_of(builder_of("P1", provider), sample_of_test());
  EXPECT_FALSE(body.contains("response_format"));
  const std::string system = body["messages"][0]["content"];
  const Json words = parse_json(system.substr(system.find("schema:\n") + 8), "words");
  EXPECT_EQ(words, portable_schema(load_strategy("P1").schema));

  EXPECT_FALSE(body_of(builder_of("P2"), sample_of_test()).contains("response_format"));
}

TEST(Request, SettingsOfAProvider) {
  Provider provider = text_provider();
  provider.token_limit_name = "max_completion_tokens";
  provider.send_temperature = false;
  provider.extra = {{"seed", 5}, {"top_p", 0.9}};
  const RequestBuilder builder = builder_of("P2", provider);
  const Json body = parse_json(builder.body(builder.prompt(sample_of_test(), 2, "")), "body");
  EXPECT_EQ(body["max_completion_tokens"], 400);
  EXPECT_FALSE(body.contains("max_tokens"));
  EXPECT_FALSE(body.contains("temperature"));
  EXPECT_FALSE(body.contains("n"));
  EXPECT_EQ(body["seed"], 7);  // of the variant
  EXPECT_EQ(body["top_p"], 0.9);
  EXPECT_FALSE(builder.parameters().contains("temperature"));
}

TEST(Request, WhatCannotBeAsked) {
  const auto says = [](const std::string& strategy, const Provider& provider,
                       const std::string& model, const RequestLimits& limits) {
    return usage_error([&] { RequestBuilder(load_strategy(strategy), provider, model, limits); });
  };
  using Fields = std::vector<std::string>;
  EXPECT_THAT(says("M", text_provider(), "m", {}), HasSubstr("is a template"));
  EXPECT_THAT(says("P1", text_provider(), "", {}), HasSubstr("`model`"));
  EXPECT_THAT(says("P1", text_provider(), "m", {true, Fields{"diagnoses"}}),
              AllOf(HasSubstr("unknown field 'diagnoses'"), HasSubstr("measured")));
  EXPECT_THAT(says("P3", vision_provider(), "m", {false, Fields{"modality"}}),
              HasSubstr("nothing that strategy 'P3' may see is left"));
  EXPECT_THAT(says("P3", text_provider(), "m", {true, Fields{}}), HasSubstr("nothing"));
  EXPECT_THAT(says("P1", text_provider(), "m", {true, Fields{}}), HasSubstr("nothing"));
  EXPECT_THAT(says("M-paraphrase", text_provider(), "m", {true, Fields{"diagnosis"}}),
              HasSubstr("'note'"));
  EXPECT_EQ(says("P3", vision_provider(), "m", {true, Fields{}}), "(no error)");
  EXPECT_EQ(says("P3", vision_provider(), "m", {false, {}}), "(no error)");
  EXPECT_EQ(says("P3", text_provider(), "m", {true, Fields{"measured"}}), "(no error)");
}

TEST(Request, FieldsLimitWhatLeaves) {
  Sample sample = sample_of_test();
  sample.findings = {{"age", "45 years"}, {"sex", "male"}, {"site", "back"}, {"elevation", "flat"}};
  const auto prompt = [&](std::vector<std::string> fields) {
    return builder_of("P1", text_provider(), {true, std::move(fields)}).prompt(sample, 0, "");
  };
  Prompt p = prompt({"findings"});
  EXPECT_THAT(p.system, HasSubstr("Known findings: \"elevation: flat\""));
  for (const char* word : {"45", "male", "back", "nevus", "benign", "dermoscopic image"}) {
    EXPECT_THAT(p.system, Not(HasSubstr(word)));
  }
  EXPECT_THAT(p.fields, ElementsAre("findings"));
  p = prompt({"findings", "site"});
  EXPECT_THAT(p.system, HasSubstr("\"site: back; elevation: flat\""));
  EXPECT_THAT(p.fields, ElementsAre("findings", "site"));
  p = prompt({"diagnosis"});
  EXPECT_THAT(p.system, HasSubstr("\"melanocytic nevus\""));
  EXPECT_THAT(p.fields, ElementsAre("diagnosis"));
  p = builder_of("P1").prompt(sample, 0, "");
  EXPECT_THAT(p.fields, ElementsAre("age", "diagnosis", "findings", "malignancy", "modality", "sex",
                                    "site", "subclass"));
  // The class in words names the subclass too.
  const Strategy strategy = parse_strategy(R"(name = "C"
version = 1
kind = "prompt"
fields = ["class"]
system = "Be brief."
user = "[[\"{class}\"]]"
)",
                                           "C.toml");
  EXPECT_THAT(RequestBuilder(strategy, text_provider(), "m", {true, {{"class"}}})
                  .prompt(sample, 0, "")
                  .user,
              Not(HasSubstr("congenital")));
}

TEST(Request, NamesOfSamplesStayHere) {
  Sample sample = sample_of_test();
  sample.key = "PATIENT-KEY";
  sample.group = "PATIENT-GROUP";
  sample.dataset = "CLINIC-NAME";
  sample.raw_label = "RAW-LABEL";
  sample.metadata = {{"name", "PATIENT-NAME"}};
  for (const char* strategy : {"P1", "P2", "P3"}) {
    const std::string body = dump_json(body_of(builder_of(strategy), sample));
    for (const char* secret : {"PATIENT", "CLINIC", "RAW-LABEL"}) {
      EXPECT_THAT(body, Not(HasSubstr(secret))) << strategy;
    }
  }
}

TEST(Request, RewritesReadANote) {
  const RequestBuilder builder = builder_of("M-paraphrase");
  EXPECT_FALSE(builder.needs_image());
  const Prompt one = builder.prompt(sample_of_test(), 0, "", "The lesion is benign.\nIt is small.");
  EXPECT_THAT(one.user, HasSubstr("\"The lesion is benign. It is small.\""));
  EXPECT_EQ(one.origin, "note");
  EXPECT_THAT(one.fields, ElementsAre("note"));
  EXPECT_NE(one.key, builder.prompt(sample_of_test(), 1, "", "The lesion is benign.").key);
  EXPECT_GT(builder.strategy().variants, 1);
  // A long note is not cut at the length of a field.
  const std::string longest(9000, 'x');
  EXPECT_THAT(builder.prompt(sample_of_test(), 0, "", longest).user, HasSubstr(longest));
}

TEST(Request, EstimatesAndPrices) {
  EXPECT_EQ(estimate_tokens(""), 0);
  EXPECT_EQ(estimate_tokens("a"), 1);
  EXPECT_EQ(estimate_tokens("abcd"), 1);
  EXPECT_EQ(estimate_tokens("abcde"), 2);
  EXPECT_EQ(image_tokens("low", 4096), 85);
  EXPECT_EQ(image_tokens("high", 512), 85 + 170);
  EXPECT_EQ(image_tokens("auto", 513), 85 + 4 * 170);
  EXPECT_EQ(image_tokens("", 1024), 85 + 4 * 170);
  EXPECT_EQ(image_tokens("high", 8192), 85 + 8 * 170);  // 2048 x 768
  Provider provider = vision_provider();
  provider.input_price = 2;
  provider.output_price = 8;
  const RequestBuilder builder = builder_of("P2", provider);
  EXPECT_DOUBLE_EQ(builder.price(1'000'000, 500'000), 6);
  Sample sample = sample_of_test();
  const Prompt without = builder.prompt(sample, 0, "");
  sample.image_path = "/x.jpg";
  const Prompt with = builder.prompt(sample, 0, "");
  EXPECT_TRUE(with.attach_image);
  EXPECT_FALSE(without.attach_image);
  EXPECT_EQ(builder.most_tokens(with), with.input_tokens + 400);
  Prompt larger = with;
  larger.max_tokens = 900;
  EXPECT_EQ(builder.most_tokens(larger), with.input_tokens + 900);
  EXPECT_EQ(with.input_tokens - 85,
            without.input_tokens - estimate_tokens(without.system) + estimate_tokens(with.system));
}

TEST(Request, KeysOfProvidersAreNowhere) {
  constexpr const char* kCanary = "sk-canary-request-0123456789";
  setenv("EPICRISIS_API_KEY", kCanary, 1);
  const Provider provider = provider_for_url("http://127.0.0.1:1/v1");
  ASSERT_EQ(load_key(provider.endpoints.front()).reveal(), kCanary);
  const RequestBuilder builder = builder_of("P1", provider);
  const Prompt prompt = builder.prompt(sample_of_test(), 0, "");
  EXPECT_THAT(builder.body(prompt) + builder.parameters().dump() + prompt.key +
                  chat_url(provider, provider.endpoints.front(), "m"),
              Not(HasSubstr("canary")));
  unsetenv("EPICRISIS_API_KEY");
}

class RequestPicture : public testing::Test {
 protected:
  // A JPEG with an EXIF block of a place and a comment, as a camera writes them.
  std::string write_tagged(int width, int height) const {
    const std::string jpeg = encode_jpeg(test::draw_picture(3, width, height), 95);
    const auto segment = [](char marker, const std::string& content) {
      const std::size_t length = content.size() + 2;
      return std::string("\xff") + marker + static_cast<char>(length >> 8U) +
             static_cast<char>(length & 0xFFU) + content;
    };
    std::string exif("Exif\0\0MM\0*\0\0\0\x08\0\0\0\0", 18);
    exif += "GPSLatitude 48.137 CANARY PATIENT";
    const std::string tagged = jpeg.substr(0, 2) + segment('\xe1', exif) +
                               segment('\xfe', "CANARY COMMENT") + jpeg.substr(2);
    const Path path = folder_.path() / "CANARY_NAME.jpg";
    write_file(path, tagged);
    return path.string();
  }
  TemporaryFolder folder_;
};

TEST_F(RequestPicture, GoesWithoutItsMetadata) {
  Sample sample = sample_of_test();
  sample.image_path = write_tagged(900, 700);
  EXPECT_THAT(read_file(sample.image_path), HasSubstr("CANARY"));
  const Json body = body_of(builder_of("P3", vision_provider()), sample);
  EXPECT_EQ(body["messages"].size(), 2U);
  EXPECT_EQ(body["messages"][1]["content"].size(), 2U);
  EXPECT_EQ(body["messages"][1]["content"][0]["type"], "text");
  EXPECT_EQ(body["messages"][1]["content"][1]["image_url"]["detail"], "low");
  const std::string jpeg = picture_in(body);
  for (const char* part : {"CANARY", "Exif", "GPS"}) {
    EXPECT_EQ(jpeg.find(part), std::string::npos) << part;
    EXPECT_EQ(body.dump().find(part), std::string::npos) << part;
  }
  const Image picture = decode_image(std::as_bytes(std::span(jpeg)), "sent");
  EXPECT_EQ(picture.width, 512);
  EXPECT_EQ(picture.height, 398);
}

TEST_F(RequestPicture, SizeAndDetailAreTheProviders) {
  Sample sample = sample_of_test();
  sample.image_path = test::save_png(folder_.path() / "a.png", test::draw_picture(1, 40, 3000));
  Provider provider = vision_provider();
  provider.image_side = 64;
  provider.image_detail = "";
  Json body = body_of(builder_of("P3", provider), sample);
  EXPECT_FALSE(body["messages"][1]["content"][1]["image_url"].contains("detail"));
  const std::string jpeg = picture_in(body);
  const Image picture = decode_image(std::as_bytes(std::span(jpeg)), "sent");
  EXPECT_EQ(picture.height, 64);
  EXPECT_EQ(picture.width, 1);
  // A small one is not enlarged.
  sample.image_path = test::save_png(folder_.path() / "b.png", test::draw_picture(1, 30, 20));
  const std::string small = picture_in(body_of(builder_of("P3", provider), sample));
  EXPECT_EQ(decode_image(std::as_bytes(std::span(small)), "sent").width, 30);
}

TEST_F(RequestPicture, WithoutVisionItIsMeasured) {
  Sample sample = sample_of_test();
  sample.image_path = write_tagged(300, 260);
  const auto limits = [](bool images, std::optional<std::vector<std::string>> fields) {
    return RequestLimits{images, std::move(fields)};
  };
  for (const RequestBuilder& builder :
       {builder_of("P1"), builder_of("P1", vision_provider(), limits(false, {})),
        builder_of("P1", vision_provider(), limits(false, {{"diagnosis", "measured"}}))}) {
    EXPECT_TRUE(builder.needs_image());
    const Prompt prompt = builder.prompt(sample, 0, std::string(64, 'a'));
    EXPECT_TRUE(prompt.measure_image);
    EXPECT_FALSE(prompt.attach_image);
    EXPECT_THAT(prompt.fields, Contains("measured"));
    EXPECT_EQ(prompt.origin, "image+metadata");
    EXPECT_THAT(prompt.system, HasSubstr("There is no picture"));
    const Json body = parse_json(builder.body(prompt), "body");
    ASSERT_TRUE(body["messages"][1]["content"].is_string());
    EXPECT_EQ(body.dump().find("CANARY"), std::string::npos);
    const std::string words = measured_words(sample.image_path);
    if (!words.empty()) {
      EXPECT_THAT(body["messages"][1]["content"].get<std::string>(),
                  HasSubstr("\"" + words + "\""));
    }
  }
  const RequestBuilder nothing =
      builder_of("P1", vision_provider(), limits(false, {{"diagnosis"}}));
  EXPECT_FALSE(nothing.needs_image());
  const Prompt prompt = nothing.prompt(sample, 0, "");
  EXPECT_EQ(prompt.image_path, "");
  EXPECT_EQ(prompt.origin, "metadata");
  EXPECT_FALSE(builder_of("M-paraphrase", vision_provider()).needs_image());
}

TEST_F(RequestPicture, BrokenOnesAreToldByName) {
  Sample sample = sample_of_test();
  sample.image_path = (folder_.path() / "none.jpg").string();
  for (const Provider& provider : {vision_provider(), text_provider()}) {
    const RequestBuilder builder = builder_of("P1", provider);
    const Prompt prompt = builder.prompt(sample, 0, "");
    EXPECT_THROW(builder.body(prompt), SystemError);
  }
  sample.image_path = (folder_.path() / "text.jpg").string();
  write_file(sample.image_path, "no picture");
  const RequestBuilder builder = builder_of("P1", vision_provider());
  EXPECT_THROW(builder.body(builder.prompt(sample, 0, "")), InputError);
}

// P1 on real pictures and metadata: every body parses to system, user and picture.
TEST(RequestReal, P1OfHam10000) {
  EPICRISIS_NEEDS_SHARED_DATA();
  TemporaryFolder folder;
  Workspace workspace = Workspace::create(folder.path() / "ws");
  ImportOptions options;
  options.name = "ham10000";
  import_dataset(workspace, "ham10000", test::shared_folder() / "data" / "ham10000", options);
  SampleFilter filter;
  filter.with_image = true;
  const std::vector<Sample> samples = load_samples(workspace.database(), filter);
  ASSERT_GE(samples.size(), 1000U);
  const RequestBuilder seeing = builder_of("P1", vision_provider());
  const RequestBuilder blind = builder_of("P1");
  std::set<std::string> keys;
  int measured = 0;
  constexpr std::size_t kPictures = 30;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const Sample& sample = samples[i];
    const Prompt prompt = seeing.prompt(sample, 0, "");
    keys.insert(prompt.key);
    EXPECT_THAT(prompt.system, HasSubstr("\"" + sample.diagnosis));
    EXPECT_EQ(prompt.system.find(sample.key), std::string::npos);
    if (i % (samples.size() / kPictures) != 0) continue;
    const Json body = parse_json(seeing.body(prompt), sample.key);
    ASSERT_EQ(body["messages"].size(), 2U);
    const std::string jpeg = picture_in(body);
    const Image picture = decode_image(std::as_bytes(std::span(jpeg)), sample.key);
    EXPECT_LE(std::max(picture.width, picture.height), 512);
    const std::string words = blind.body(blind.prompt(sample, 0, ""));
    parse_json(words, sample.key);
    if (words.find("Measured on the picture") != std::string::npos) ++measured;
  }
  EXPECT_EQ(keys.size(), samples.size());
  EXPECT_GT(measured, 10);
}

}  // namespace
}  // namespace epicrisis
