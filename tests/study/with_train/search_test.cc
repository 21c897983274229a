#include "epicrisis/study/search.h"

#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/store/tables/notes.h"
#include "study/with_train/used_runs.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class SearchTest : public test::UsedRunsTest {
 protected:
  SearchResult search(const std::string& run, const SearchQuery& query,
                      const SampleSelection& selection = {}, std::size_t top = 5) {
    Workspace opened = workspace();
    return search_samples(run_folder(run), opened, query, selection, top, job_);
  }
  template <typename Refusal>
  std::string refusal(const std::string& run, const SearchQuery& query) {
    try {
      search(run, query);
    } catch (const Refusal& error) {
      return error.what();
    }
    return "";
  }
  static std::size_t all_samples() {
    Workspace opened = workspace();
    return static_cast<std::size_t>(count_samples(opened.database(), {}));
  }
  static SearchQuery by_sample(const std::string& name) {
    return {.picture = "", .text = "", .sample = name};
  }
  static SearchQuery by_text(const std::string& words) {
    return {.picture = "", .text = words, .sample = ""};
  }
};

TEST_F(SearchTest, ASampleIsLeftOutAndItsPictureElsewhereIsMarked) {
  const Sample asked = sample(1);
  const SearchResult found = search("image only", by_sample(asked.dataset + "/" + asked.key));
  EXPECT_EQ(found.query, asked.dataset + "/" + asked.key);
  EXPECT_EQ(found.left_out, 1U);
  EXPECT_EQ(found.candidates, all_samples() - 1);
  ASSERT_EQ(found.hits.size(), 5U);
  for (std::size_t i = 0; i < found.hits.size(); ++i) {
    EXPECT_NE(found.hits[i].sample.id, asked.id);
    EXPECT_LE(found.hits[i].similarity, found.hits[i == 0 ? 0 : i - 1].similarity);
    EXPECT_EQ(found.hits[i].same_group, found.hits[i].sample.group == asked.group);
  }
  EXPECT_EQ(search("image only", by_sample(asked.key)).hits.at(0).sample.key,
            found.hits[0].sample.key);
}

TEST_F(SearchTest, APictureThatIsASampleIsMarked) {
  const Sample asked = sample(2);
  const Path copy = copies_.path() / "renamed.jpg";
  fs::copy(asked.image_path, copy);
  const SearchResult found =
      search("image only", {.picture = copy, .text = "", .sample = ""}, {}, 1000);
  EXPECT_EQ(found.left_out, 0U);
  EXPECT_EQ(found.candidates, all_samples());
  for (const SearchHit& hit : found.hits) {
    EXPECT_EQ(hit.same_picture, hit.sample.id == asked.id);
    EXPECT_NEAR(hit.same_picture ? hit.similarity : 1, 1, 1e-5);
  }
}

TEST_F(SearchTest, WordsAreRankedAgainstPictures) {
  const SearchResult found = search("with notes", by_text("an asymmetric dark lesion"), {}, 1000);
  EXPECT_EQ(found.candidates, all_samples());
  EXPECT_EQ(found.hits.size(), all_samples());  // as many as there are
  const Json json = to_json(found);
  EXPECT_EQ(json["direction"], "text_to_image");
  EXPECT_EQ(json["candidates"], all_samples());
  EXPECT_THAT(search_words(found), HasSubstr("cross-modal"));
  // The study has four classes of its field's; words about the others rank pictures too.
  EXPECT_THAT(found.remark, HasSubstr("knows BEK, NEV, BCC, MEL alone"));
  EXPECT_THAT(found.remark, HasSubstr("ACK"));
  Workspace opened = workspace();
  NoteFilter filter;
  filter.sample_ids = {found.hits[0].sample.id};
  const std::string note = load_notes(opened.database(), filter).at(0).text;
  EXPECT_EQ(found.hits[0].strategy, "M");
  EXPECT_TRUE(note.starts_with(found.hits[0].note.substr(0, 20))) << found.hits[0].note;
}

TEST_F(SearchTest, OnlyWhatIsSelectedIsRanked) {
  const Sample asked = sample(1);  // of the other data set
  const SearchResult found =
      search("image only", by_sample(asked.key), {.datasets = {"phone"}, .splits = {}});
  EXPECT_EQ(found.left_out, 0U);
  EXPECT_LT(found.candidates, all_samples());
  for (const SearchHit& hit : found.hits) EXPECT_EQ(hit.sample.dataset, "phone");
}

// Two samples of one picture are as near as each other.
TEST_F(SearchTest, EqualOnesAreInTheOrderOfTheirImport) {
  const Path copy = copies_.path() / "w";
  fs::copy(root(), copy, fs::copy_options::recursive);
  Workspace opened = Workspace::open(copy);
  Sample twin = sample(1);
  const std::int64_t dataset = dataset_by_name(opened.database(), twin.dataset).id;
  for (const char* key : {"twin-b", "twin-a"}) {
    twin.key = key;
    SampleWriter(opened.database(), dataset).put(twin);
  }
  const SearchResult found =
      search_samples(run_folder(), opened, by_sample(sample(1).key), {}, 1000, job_);
  std::vector<const SearchHit*> twins;
  for (const SearchHit& hit : found.hits) {
    if (hit.same_picture) twins.push_back(&hit);
  }
  ASSERT_EQ(twins.size(), 2U);
  EXPECT_EQ(twins[0]->sample.key, "twin-b");
  EXPECT_EQ(twins[1]->sample.key, "twin-a");
  EXPECT_EQ(twins[0]->similarity, twins[1]->similarity);
}

TEST_F(SearchTest, WhatCannotBeSearchedSaysWhatToDo) {
  EXPECT_THAT(refusal<UsageError>("image only", by_text("a nevus")),
              HasSubstr("take a run that trains with notes"));
  EXPECT_THAT(refusal<UsageError>("image only", by_sample("nobody")), HasSubstr("nobody"));
  EXPECT_THAT(refusal<UsageError>("image only", {}), HasSubstr("give one of"));
  EXPECT_THAT(
      refusal<UsageError>("image only", {.picture = "x.jpg", .text = "nevus", .sample = ""}),
      HasSubstr("give one of"));
  EXPECT_THAT(refusal<UsageError>(
                  "image only", {.picture = copies_.path() / "none.jpg", .text = "", .sample = ""}),
              HasSubstr("no such file"));
  const Path broken = copies_.path() / "broken.jpg";
  write_file(broken, "no picture");
  EXPECT_THAT(refusal<InputError>("image only", {.picture = broken, .text = "", .sample = ""}),
              HasSubstr("broken.jpg"));
}

TEST_F(SearchTest, ThePageHoldsItsPicturesAndLoadsNothing) {
  SearchResult found = search("with notes", by_text("<script>alert(1)</script> nevus"), {}, 3);
  const std::string page = search_html(found);
  std::size_t pictures = 0;
  for (std::size_t at = page.find("data:image/jpeg"); at != std::string::npos;
       at = page.find("data:image/jpeg", at + 1)) {
    ++pictures;
  }
  EXPECT_EQ(pictures, 3U);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_THAT(page, HasSubstr("cross-modal"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, HasSubstr(found.hits[0].sample.key));
  EXPECT_EQ(page.find("src=\"http"), std::string::npos);
}

}  // namespace
}  // namespace epicrisis
