#include "epicrisis/notes/note_examples.h"

#include <gmock/gmock.h>

#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/notes/strategy/template_notes.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class NoteExamples : public test::StoreTest {
 protected:
  NoteExamples() : workspace_(make()), database_(workspace_.database()) {
    for (int i = 0; i < 10; ++i) {
      test::store_sample(database_, i < 6 ? "ham" : "pad",
                         test::make_sample("s" + std::to_string(i)));
    }
    write_template_notes(workspace_, load_strategy("M"), job_);
  }
  std::vector<std::string> keys(const NoteFilter& filter, std::size_t count) {
    std::vector<std::string> keys;
    for (const SampleNotes& one : note_examples(database_, filter, count)) {
      keys.push_back(one.sample.key);
      EXPECT_THAT(one.notes, SizeIs(1));
    }
    return keys;
  }
  Workspace workspace_;
  Database& database_;
};

TEST_F(NoteExamples, AreSpreadOverAllAndTheSameEachTime) {
  EXPECT_THAT(keys({}, 2), ElementsAre("s0", "s5"));
  EXPECT_EQ(keys({}, 2), keys({}, 2));
  EXPECT_THAT(keys({}, 100), SizeIs(10));
  EXPECT_THAT(keys({}, 0), IsEmpty());
  NoteFilter filter;
  filter.datasets = {"pad"};
  EXPECT_THAT(keys(filter, 2), ElementsAre("s6", "s8"));
  filter.strategies = {"P1"};
  EXPECT_THAT(keys(filter, 2), IsEmpty());
}

TEST_F(NoteExamples, SayWhatIsKnownOfTheSample) {
  const SampleNotes one = note_examples(database_, {}, 1).at(0);
  EXPECT_EQ(facts_in_words(one.sample, Field::standard()),
            "NEV, melanocytic nevus; benign; melanocytic nevus; labelled 'nv'; site: back; age 45 "
            "years");
  EXPECT_EQ(facts_in_words(Sample(), Field::standard()), "nothing");
  const Json json = to_json(one, Field::standard());
  EXPECT_EQ(json.at("class"), "NEV");
  EXPECT_EQ(json.at("findings").at("site"), "back");
  EXPECT_THAT(json.at("notes").at(0).at("text").get<std::string>(), HasSubstr("benign"));
}

}  // namespace
}  // namespace epicrisis
