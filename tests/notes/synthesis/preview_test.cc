#include "epicrisis/notes/synthesis/preview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "epicrisis/core/error.h"
#include "epicrisis/corpus/picture_hash.h"
#include "epicrisis/notes/strategy/template_notes.h"
#include "epicrisis/notes/synthesis/synthesis_job.h"
#include "epicrisis/store/tables/notes.h"
#include "support/pictures.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class PreviewTest : public test::StoreTest {
 protected:
  PreviewTest() : workspace_(make()), database_(workspace_.database()) {}

  std::int64_t add(const std::string& key, bool labelled = true, bool picture = true) {
    Sample sample = test::make_sample(key);
    if (!labelled) {
      sample.label.reset();
      sample.diagnosis.clear();
    }
    if (picture) {
      sample.image_path = test::save_png(folder_.path() / (key + ".png"),
                                         test::draw_picture(std::hash<std::string>()(key)));
    }
    return test::store_sample(database_, "ham", sample);
  }
  static RequestBuilder builder(const std::string& strategy, bool vision = true) {
    Provider provider = provider_for_url("http://127.0.0.1:1/v1");
    provider.vision = vision;
    provider.prices.input = 2;
    provider.prices.output = 8;
    return {load_strategy(strategy), provider, "m", {}};
  }

  Workspace workspace_;
  Database& database_;
};

TEST_F(PreviewTest, AddsUpWhatIsMissing) {
  const std::int64_t first = add("a");
  add("b");
  add("c", false);
  add("d", true, false);
  const RequestBuilder p2 = builder("P2");
  SynthesisPreview preview = preview_synthesis(workspace_, p2, {}, job_);
  EXPECT_EQ(preview.notes, 4);
  EXPECT_EQ(preview.missing, 2);
  EXPECT_EQ(preview.skips.at("no class"), 1);
  EXPECT_EQ(preview.skips.at("no picture"), 1);
  EXPECT_EQ(preview.output_tokens, 2 * 400);
  EXPECT_GT(preview.input_tokens, 2 * 200);
  EXPECT_DOUBLE_EQ(preview.cost, p2.provider().prices.of(preview.input_tokens, 800));
  EXPECT_FALSE(preview.remote);
  EXPECT_TRUE(preview.images);
  EXPECT_THAT(preview.urls, ElementsAre("http://127.0.0.1:1/v1/chat/completions"));
  EXPECT_THAT(preview.fields,
              ElementsAre("age", "diagnosis", "findings", "malignancy", "modality", "site"));

  NoteRecord note;
  note.sample_id = first;
  note.strategy = "P2";
  note.provider = "endpoint";
  note.text = "x";
  const Sample sample = sample_by_id(database_, first);
  note.key = p2.plan(sample, 0, std::string(64, 'a')).key;
  put_note(database_, note);  // of another picture: another key
  EXPECT_EQ(preview_synthesis(workspace_, p2, {}, job_).missing, 2);
  note.key = p2.plan(sample, 0, picture_sha256(database_, sample)).key;
  put_note(database_, note);
  const std::string shown = preview.body;
  preview = preview_synthesis(workspace_, p2, {}, job_);
  EXPECT_EQ(preview.missing, 1);
  EXPECT_EQ(preview.skips.at("written before"), 1);
  EXPECT_NE(preview.body, shown);
  EXPECT_EQ(preview_synthesis(workspace_, p2, {}, job_, first).body, shown);
}

TEST_F(PreviewTest, ShowsTheSampleThatIsAskedForOrTheFirst) {
  const std::int64_t unlabelled = add("a", false);
  const std::int64_t second = add("b");
  const RequestBuilder p1 = builder("P1", false);
  EXPECT_FALSE(preview_synthesis(workspace_, p1, {}, job_).body.empty());
  EXPECT_EQ(preview_synthesis(workspace_, p1, {}, job_, second).body,
            preview_synthesis(workspace_, p1, {}, job_).body);
  EXPECT_EQ(preview_synthesis(workspace_, p1, {}, job_, unlabelled).body, "");
  EXPECT_THROW(preview_synthesis(workspace_, p1, {}, job_, 99), UsageError);
  SynthesisOptions none;
  none.filter.after_id = 1000;
  const SynthesisPreview empty = preview_synthesis(workspace_, p1, none, job_);
  EXPECT_EQ(empty.notes, 0);
  EXPECT_EQ(empty.body, "");
  EXPECT_TRUE(to_json(empty)["request"].is_null());
}

TEST_F(PreviewTest, PicturesAreShortened) {
  add("a");
  const SynthesisPreview preview = preview_synthesis(workspace_, builder("P3"), {}, job_);
  const std::string cut = dump_json(to_json(preview));
  EXPECT_LT(cut.size(), 6000U);
  EXPECT_THAT(cut, HasSubstr(" characters)"));
  EXPECT_EQ(to_json(preview, true)["request"], parse_json(preview.body, "body"));
}

TEST_F(PreviewTest, CountsThePicturesOfTheModel) {
  add("a");
  add("b");
  Provider provider = provider_for_url("http://127.0.0.1:1/v1");
  provider.vision = true;
  const RequestBuilder known(load_strategy("P3"), provider, "gpt-4o-mini", {});
  SynthesisPreview preview = preview_synthesis(workspace_, known, {}, job_);
  EXPECT_EQ(preview.picture_tokens, 2 * 2833);
  EXPECT_GT(preview.input_tokens, preview.picture_tokens);
  EXPECT_TRUE(to_json(preview)["picture"]["known"].get<bool>());
  EXPECT_FALSE(to_json(preview)["prices"]["known"].get<bool>());
  preview = preview_synthesis(workspace_, builder("P3"), {}, job_);
  EXPECT_FALSE(preview.picture.known);
  EXPECT_EQ(to_json(preview)["prices"]["output"], 8);
  EXPECT_EQ(preview_synthesis(workspace_, builder("P1", false), {}, job_).picture_tokens, 0);
  // A run that reckons with a number that nobody knows says so.
  EXPECT_THAT(unknown_picture_tokens(builder("P3"), {}), HasSubstr("`picture_tokens` says it"));
  EXPECT_EQ(unknown_picture_tokens(builder("P1", false), {}), "");
  EXPECT_EQ(unknown_picture_tokens(known, parse_budget("1 USD")), "");
  const RequestBuilder free(load_strategy("P3"), provider, "m", {});
  EXPECT_EQ(unknown_picture_tokens(free, {}), "");
  EXPECT_THAT(unknown_picture_tokens(free, parse_budget("9 tokens")),
              HasSubstr("'m' is not known"));
}

TEST_F(PreviewTest, RewritesNeedANote) {
  add("a");
  const RequestBuilder rewrite = builder("M-paraphrase");
  SynthesisPreview preview = preview_synthesis(workspace_, rewrite, {}, job_);
  EXPECT_EQ(preview.missing, 0);
  EXPECT_EQ(preview.notes, 3);
  write_template_notes(workspace_, load_strategy("M"), job_);
  preview = preview_synthesis(workspace_, rewrite, {}, job_);
  EXPECT_EQ(preview.missing, 3);
  EXPECT_FALSE(preview.images);
  EXPECT_THAT(preview.fields, ElementsAre("note"));
  EXPECT_THAT(preview.body, HasSubstr("The lesion is benign"));
}

TEST_F(PreviewTest, ShowsNoKey) {
  add("a");
  setenv("EPICRISIS_API_KEY", "sk-canary-preview", 1);
  const RequestBuilder p3 = builder("P3");
  ASSERT_FALSE(load_key(p3.provider().endpoints.front()).empty());
  const SynthesisPreview preview = preview_synthesis(workspace_, p3, {}, job_);
  EXPECT_THAT(dump_json(to_json(preview, true)), Not(HasSubstr("canary")));
  unsetenv("EPICRISIS_API_KEY");
}

}  // namespace
}  // namespace epicrisis
