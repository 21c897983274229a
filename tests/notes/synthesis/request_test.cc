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
#include "epicrisis/llm/attempt.h"
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
                          Disclosure limits = {}) {
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
  return parse_json(
      builder.body(builder.plan(sample, 0, "",
                                note.empty() ? TemplateFields() : TemplateFields{{"note", note}})),
      "body");
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
  const PlannedNote prompt = builder.plan(sample_of_test(), 0, "");
  EXPECT_EQ(
      builder.body(prompt),
      R"({"model":"tiny","messages":[{"role":"system","content":"You are brief."},)"
      R"({"role":"user","content":"Describe it. Diagnosis: \"melanocytic nevus\". Site: \"back\". )"
      R"(Sex: \"male\"."}],"max_tokens":120,"temperature":0.1,"top_p":0.5})");
  EXPECT_THAT(prompt.fields, ElementsAre("diagnosis", "sex", "site"));
  EXPECT_EQ(prompt.origin, "metadata");
  EXPECT_EQ(prompt.sample_id, 7);
  EXPECT_EQ(parse_json(builder.body(prompt, 500), "body")["max_tokens"], 500);
  EXPECT_EQ(builder.parameters().dump(),
            R"({"max_tokens":120,"temperature":0.1,"extra":{"top_p":0.5}})");
  EXPECT_EQ(builder.parameters(500)["max_tokens"], 500);
}

// All that a note's key may depend on.
struct Asking {
  Asking() { sample.image_path = "/pictures/a.jpg"; }
  std::string key() const {
    return RequestBuilder(strategy, provider, model, {}).plan(sample, variant, hash).key;
  }

  Sample sample = sample_of_test();
  Strategy strategy = load_strategy("P1");
  Provider provider = vision_provider();
  std::string model = "m";
  std::string hash = std::string(64, 'a');
  int variant = 0;
};

struct Change {
  const char* name;
  void (*make)(Asking& a);
};

constexpr Change kOfNoMatter[] = {
    {"timeout", [](Asking& a) { a.provider.timeouts.total = Seconds(1); }},
    {"concurrency", [](Asking& a) { a.provider.max_concurrency = 1; }},
    {"attempts", [](Asking& a) { a.provider.max_attempts = 1; }},
    {"longest wait", [](Asking& a) { a.provider.longest_wait = Seconds(1); }},
    {"request rate", [](Asking& a) { a.provider.requests_per_minute = 1; }},
    {"token rate", [](Asking& a) { a.provider.tokens_per_minute = 1; }},
    {"prices",
     [](Asking& a) {
       a.provider.prices = {1, 1};
     }},
    {"endpoint",
     [](Asking& a) {
       a.provider.endpoints = {{"http://other", 3, "K", ""}};
     }},
    {"title", [](Asking& a) { a.provider.title = "x"; }},
    {"token limit", [](Asking& a) { a.provider.token_limit_name = "max_completion_tokens"; }},
    {"path", [](Asking& a) { a.sample.image_path = "/elsewhere/a.jpg"; }},
    {"number", [](Asking& a) { a.sample.id = 99; }},
    {"group", [](Asking& a) { a.sample.group = "g"; }},
};

constexpr Change kPaidForAnew[] = {
    {"data set", [](Asking& a) { a.sample.dataset = "isic"; }},
    {"sample", [](Asking& a) { a.sample.key = "ISIC_0002"; }},
    {"metadata", [](Asking& a) { a.sample.diagnosis = "melanoma"; }},
    {"strategy", [](Asking& a) { a.strategy.content_hash = "other"; }},
    {"temperature", [](Asking& a) { a.strategy.temperature = 0.3; }},
    {"length", [](Asking& a) { a.strategy.max_tokens = 1; }},
    {"provider", [](Asking& a) { a.provider.name = "other"; }},
    {"vision", [](Asking& a) { a.provider.vision = false; }},
    {"picture size", [](Asking& a) { a.provider.image_side = 256; }},
    {"picture detail", [](Asking& a) { a.provider.image_detail = "high"; }},
    {"words", [](Asking& a) { a.provider.structured = StructuredOutput::kNone; }},
    {"object", [](Asking& a) { a.provider.structured = StructuredOutput::kJsonObject; }},
    {"no temperature", [](Asking& a) { a.provider.send_temperature = false; }},
    {"extra",
     [](Asking& a) {
       a.provider.extra = {{"seed", 1}};
     }},
    {"model", [](Asking& a) { a.model = "m2"; }},
    {"picture", [](Asking& a) { a.hash = std::string(64, 'b'); }},
    {"variant", [](Asking& a) { a.variant = 1; }},
};

TEST(Request, KeyHoldsWhatIsPaidForOnce) {
  const std::string base = Asking().key();
  EXPECT_EQ(base.size(), 64U);
  for (const Change& change : kOfNoMatter) {
    Asking asking;
    change.make(asking);
    EXPECT_EQ(asking.key(), base) << change.name;
  }
  std::set<std::string> keys = {base};
  for (const Change& change : kPaidForAnew) {
    Asking asking;
    change.make(asking);
    EXPECT_TRUE(keys.insert(asking.key()).second) << change.name;
  }
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
  const Json body = parse_json(builder.body(builder.plan(sample_of_test(), 2, "")), "body");
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
                       const std::string& model, const Disclosure& disclosure) {
    return usage_error(
        [&] { RequestBuilder(load_strategy(strategy), provider, model, disclosure); });
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
    return builder_of("P1", text_provider(), {true, std::move(fields)}).plan(sample, 0, "");
  };
  PlannedNote p = prompt({"findings"});
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
  p = builder_of("P1").plan(sample, 0, "");
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
  EXPECT_THAT(
      RequestBuilder(strategy, text_provider(), "m", {true, {{"class"}}}).plan(sample, 0, "").user,
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
  const PlannedNote one =
      builder.plan(sample_of_test(), 0, "", {{"note", "The lesion is benign.\nIt is small."}});
  EXPECT_THAT(one.user, HasSubstr("\"The lesion is benign. It is small.\""));
  EXPECT_EQ(one.origin, "note");
  EXPECT_THAT(one.fields, ElementsAre("note"));
  EXPECT_NE(one.key,
            builder.plan(sample_of_test(), 1, "", {{"note", "The lesion is benign."}}).key);
  EXPECT_GT(builder.strategy().variants, 1);
  // A long note is not cut at the length of a field.
  const std::string longest(9000, 'x');
  EXPECT_THAT(builder.plan(sample_of_test(), 0, "", {{"note", longest}}).user, HasSubstr(longest));
}

TEST(Request, MeasuredFindingsAreToldWhereTheStrategyNamesThem) {
  const TemplateFields measured = {{"measured_border", "sharp"}, {"measured_colours", "red"}};
  const RequestBuilder plain = builder_of("P1");
  const RequestBuilder told = builder_of("P1-findings");
  const PlannedNote one = told.plan(sample_of_test(), 0, "", measured);
  EXPECT_THAT(one.system, HasSubstr("the border is \"sharp\""));
  EXPECT_THAT(one.system,
              testing::StartsWith(plain.plan(sample_of_test(), 0, "").system.substr(0, 400)));
  EXPECT_EQ(one.user, plain.plan(sample_of_test(), 0, "").user);
  EXPECT_EQ(one.origin, "image+metadata");
  EXPECT_THAT(one.fields, testing::Contains("measured"));
  const PlannedNote nothing = told.plan(sample_of_test(), 0, "");
  EXPECT_THAT(nothing.system, testing::Not(HasSubstr("Known finding, measured")));
  EXPECT_NE(one.key, nothing.key);
  EXPECT_NE(nothing.key, plain.plan(sample_of_test(), 0, "").key);
  // They are of the picture: what keeps measured words in keeps them in.
  const PlannedNote kept = builder_of("P1-findings", text_provider(), {true, {{"diagnosis"}}})
                               .plan(sample_of_test(), 0, "", measured);
  EXPECT_THAT(kept.system, testing::Not(HasSubstr("sharp")));
  EXPECT_EQ(told.schema(), plain.schema());
}

TEST(Request, EstimatesAndPrices) {
  EXPECT_EQ(llm::estimate_tokens(""), 0);
  EXPECT_EQ(llm::estimate_tokens("a"), 1);
  EXPECT_EQ(llm::estimate_tokens("abcd"), 1);
  EXPECT_EQ(llm::estimate_tokens("abcde"), 2);
  Provider provider = vision_provider();
  provider.prices.input = 2;
  provider.prices.output = 8;
  const RequestBuilder builder = builder_of("P2", provider);
  EXPECT_DOUBLE_EQ(builder.provider().prices.of(1'000'000, 500'000), 6);
  Sample sample = sample_of_test();
  const PlannedNote without = builder.plan(sample, 0, "");
  sample.image_path = "/x.jpg";
  const PlannedNote with = builder.plan(sample, 0, "");
  EXPECT_TRUE(with.attach_image);
  EXPECT_FALSE(without.attach_image);
  EXPECT_EQ(with.max_tokens, 400);
  EXPECT_TRUE(builder.sends_image());
  EXPECT_FALSE(builder.picture().known);  // of a model that nobody has heard of
  EXPECT_EQ(builder.picture().tokens, 85);
  EXPECT_EQ(with.input_tokens - 85, without.input_tokens - llm::estimate_tokens(without.system) +
                                        llm::estimate_tokens(with.system));
}

TEST(Request, KeysOfProvidersAreNowhere) {
  constexpr const char* kCanary = "sk-canary-request-0123456789";
  setenv("EPICRISIS_API_KEY", kCanary, 1);
  const Provider provider = provider_for_url("http://127.0.0.1:1/v1");
  ASSERT_EQ(load_key(provider.endpoints.front()).reveal(), kCanary);
  const RequestBuilder builder = builder_of("P1", provider);
  const PlannedNote prompt = builder.plan(sample_of_test(), 0, "");
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
    return Disclosure{images, std::move(fields)};
  };
  for (const RequestBuilder& builder :
       {builder_of("P1"), builder_of("P1", vision_provider(), limits(false, {})),
        builder_of("P1", vision_provider(), limits(false, {{"diagnosis", "measured"}}))}) {
    EXPECT_TRUE(builder.needs_image());
    const PlannedNote prompt = builder.plan(sample, 0, std::string(64, 'a'));
    EXPECT_TRUE(prompt.measure_image);
    EXPECT_FALSE(prompt.attach_image);
    EXPECT_THAT(prompt.fields, Contains("measured"));
    EXPECT_EQ(prompt.origin, "image+metadata");
    EXPECT_THAT(prompt.system, HasSubstr("There is no picture"));
    const Json body = parse_json(builder.body(prompt), "body");
    ASSERT_TRUE(body["messages"][1]["content"].is_string());
    EXPECT_EQ(body.dump().find("CANARY"), std::string::npos);
    const std::string words = llm::measured_words(sample.image_path);
    if (!words.empty()) {
      EXPECT_THAT(body["messages"][1]["content"].get<std::string>(),
                  HasSubstr("\"" + words + "\""));
    }
  }
  const RequestBuilder nothing =
      builder_of("P1", vision_provider(), limits(false, {{"diagnosis"}}));
  EXPECT_FALSE(nothing.needs_image());
  const PlannedNote prompt = nothing.plan(sample, 0, "");
  EXPECT_EQ(prompt.image_path, "");
  EXPECT_EQ(prompt.origin, "metadata");
  EXPECT_FALSE(builder_of("M-paraphrase", vision_provider()).needs_image());
}

TEST_F(RequestPicture, BrokenOnesAreToldByName) {
  Sample sample = sample_of_test();
  sample.image_path = (folder_.path() / "none.jpg").string();
  for (const Provider& provider : {vision_provider(), text_provider()}) {
    const RequestBuilder builder = builder_of("P1", provider);
    const PlannedNote prompt = builder.plan(sample, 0, "");
    EXPECT_THROW(builder.body(prompt), SystemError);
  }
  sample.image_path = (folder_.path() / "text.jpg").string();
  write_file(sample.image_path, "no picture");
  const RequestBuilder builder = builder_of("P1", vision_provider());
  EXPECT_THROW(builder.body(builder.plan(sample, 0, "")), InputError);
}

// P1 on real pictures and metadata: every body parses to system, user and picture.
TEST(RequestReal, P1OfHam10000) {
  EPICRISIS_NEEDS_SHARED_DATA();
  TemporaryFolder folder;
  Workspace workspace = Workspace::create(folder.path() / "ws");
  ImportOptions options;
  options.name = "ham10000";
  Job job;
  import_dataset(workspace, "ham10000", test::shared_folder() / "data" / "ham10000", job, options);
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
    const PlannedNote prompt = seeing.plan(sample, 0, "");
    keys.insert(prompt.key);
    EXPECT_THAT(prompt.system, HasSubstr("\"" + sample.diagnosis));
    EXPECT_EQ(prompt.system.find(sample.key), std::string::npos);
    if (i % (samples.size() / kPictures) != 0) continue;
    const Json body = parse_json(seeing.body(prompt), sample.key);
    ASSERT_EQ(body["messages"].size(), 2U);
    const std::string jpeg = picture_in(body);
    const Image picture = decode_image(std::as_bytes(std::span(jpeg)), sample.key);
    EXPECT_LE(std::max(picture.width, picture.height), 512);
    const std::string words = blind.body(blind.plan(sample, 0, ""));
    parse_json(words, sample.key);
    if (words.find("Measured on the picture") != std::string::npos) ++measured;
  }
  EXPECT_EQ(keys.size(), samples.size());
  EXPECT_GT(measured, 10);
}

}  // namespace
}  // namespace epicrisis
