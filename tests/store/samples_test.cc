#include "epicrisis/store/tables/samples.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "epicrisis/core/error.h"
#include "epicrisis/store/tables/inventory.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/splits.h"
#include "support/dermatology.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Outcome = SampleWriter::Outcome;

class SamplesTest : public test::StoreTest {
 protected:
  SamplesTest() : workspace_(make()), database_(workspace_.database()) {}

  std::int64_t put(const std::string& dataset, const std::string& key, std::optional<ClassId> label,
                   const std::string& image = "") {
    Sample sample = test::make_sample(key);
    sample.label = label;
    sample.image_path = image;
    return test::store_sample(database_, dataset, sample);
  }

  Workspace workspace_;
  Database& database_;
};

void expect_same(const Sample& a, const Sample& b) {
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.image_path, b.image_path);
  EXPECT_EQ(a.raw_label, b.raw_label);
  EXPECT_EQ(a.label, b.label);
  EXPECT_EQ(a.grade, b.grade);
  EXPECT_EQ(a.diagnosis, b.diagnosis);
  EXPECT_EQ(a.subclass, b.subclass);
  ASSERT_EQ(a.findings.size(), b.findings.size());
  for (std::size_t i = 0; i < a.findings.size(); ++i) {
    EXPECT_EQ(a.findings[i].name, b.findings[i].name);
    EXPECT_EQ(a.findings[i].value, b.findings[i].value);
  }
  EXPECT_EQ(a.group, b.group);
  EXPECT_EQ(a.split, b.split);
  EXPECT_EQ(a.published_splits, b.published_splits);
  EXPECT_EQ(a.modality, b.modality);
  EXPECT_EQ(dump_json(a.metadata), dump_json(b.metadata));
}

TEST_F(SamplesTest, EveryFieldComesBack) {
  Sample sample = test::make_sample("k'; DROP TABLE samples; --");
  sample.image_path = "/a b/\xC3\xA9.jpg";
  sample.subclass = "\"quoted\"";
  // Two findings of one name, and an order that is not the alphabet's.
  sample.findings = {{"z", "1"}, {"a", "2"}, {"a", "3"}};
  sample.published_splits = {"validation", "test"};
  sample.split = "test";
  sample.metadata = {{"zeta", "\n\t\""}, {"alpha", ""}};
  const std::int64_t id = test::store_sample(database_, "d", sample);
  const Sample stored = sample_by_id(database_, id);
  EXPECT_EQ(stored.id, id);
  EXPECT_EQ(stored.dataset, "d");
  expect_same(stored, sample);
  expect_same(find_sample(database_, "d", sample.key).value(), sample);
  EXPECT_FALSE(find_sample(database_, "other", sample.key));
  EXPECT_THROW(sample_by_id(database_, id + 1), UsageError);
}

TEST_F(SamplesTest, EachFieldAloneIsAnUpdate) {
  const Sample base = test::make_sample("k");
  const std::int64_t dataset = put_dataset(database_, "d", "fake", "", "t");
  SampleWriter writer(database_, dataset);
  std::int64_t id = 0;
  ASSERT_EQ(writer.put(base, &id), Outcome::kNew);
  using Change = std::function<void(Sample&)>;
  const std::vector<Change> changes = {[](Sample& s) { s.image_path = "x"; },
                                       [](Sample& s) { s.raw_label = "x"; },
                                       [](Sample& s) { s.label = test::kBenignKeratosis; },
                                       [](Sample& s) { s.label.reset(); },
                                       [](Sample& s) { s.grade = "malignant"; },
                                       [](Sample& s) { s.diagnosis = "x"; },
                                       [](Sample& s) { s.subclass = "x"; },
                                       [](Sample& s) { s.findings.pop_back(); },
                                       [](Sample& s) { std::swap(s.findings[0], s.findings[1]); },
                                       [](Sample& s) { s.group = ""; },
                                       [](Sample& s) { s.split = "test"; },
                                       [](Sample& s) { s.published_splits.emplace_back("test"); },
                                       [](Sample& s) { s.modality = "x"; },
                                       [](Sample& s) { s.metadata["age"] = "46"; }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Sample changed = base;
    changes[i](changed);
    std::int64_t changed_id = 0;
    EXPECT_EQ(writer.put(changed, &changed_id), Outcome::kUpdated) << i;
    EXPECT_EQ(changed_id, id);
    EXPECT_EQ(writer.put(changed), Outcome::kUnchanged) << i;
    expect_same(sample_by_id(database_, id), changed);
    EXPECT_EQ(writer.put(base), Outcome::kUpdated) << i;
  }
  EXPECT_EQ(count_samples(database_, {}), 1);
}

TEST_F(SamplesTest, OneKeyInTwoDataSetsIsTwoSamples) {
  EXPECT_NE(put("a", "k", test::kNevus), put("b", "k", test::kNevus));
  EXPECT_EQ(put("a", "k", test::kNevus), put("a", "k", test::kNevus));
}

TEST_F(SamplesTest, WhatCannotBeStoredIsRefused) {
  EXPECT_THROW(put("d", "", test::kNevus), InputError);
  EXPECT_THROW(put("d", std::string(513, 'k'), test::kNevus), InputError);
  EXPECT_EQ(count_samples(database_, {}), 0);
}

TEST_F(SamplesTest, FiltersHoldTogether) {
  const auto a1 = put("a", "1", test::kNevus, "/1.jpg");
  const auto a2 = put("a", "2", test::kMelanoma);
  const auto a3 = put("a", "3", std::nullopt, "/3.jpg");
  const auto b1 = put("b", "1", test::kNevus, "/1.jpg");
  const auto b2 = put("b", "2", test::kBenignKeratosis, "/2.jpg");
  const auto ids = [&](const SampleFilter& filter) {
    auto list = sample_ids(database_, filter);
    EXPECT_EQ(count_samples(database_, filter), static_cast<std::int64_t>(list.size()));
    std::vector<std::int64_t> streamed;
    for_each_sample(database_, filter, [&](const Sample& sample) {
      streamed.push_back(sample.id);
      return true;
    });
    EXPECT_EQ(streamed, list);
    return list;
  };
  EXPECT_THAT(ids({}), ElementsAre(a1, a2, a3, b1, b2));
  EXPECT_THAT(ids({.datasets = {"b", "none"}}), ElementsAre(b1, b2));
  EXPECT_THAT(ids({.datasets = {"x'\"\\"}}), ElementsAre());
  EXPECT_THAT(ids({.labels = {test::kNevus, test::kBenignKeratosis}}), ElementsAre(a1, b1, b2));
  EXPECT_THAT(ids({.labelled = true}), ElementsAre(a1, a2, b1, b2));
  EXPECT_THAT(ids({.with_image = true}), ElementsAre(a1, a3, b1, b2));
  EXPECT_THAT(ids({.datasets = {"a"}, .labelled = true, .with_image = true}), ElementsAre(a1));
  EXPECT_THAT(ids({.after_id = a2, .limit = 2}), ElementsAre(a3, b1));
  EXPECT_THAT(ids({.limit = 0}), ElementsAre());
  EXPECT_THAT(ids({.limit = 99}), ElementsAre(a1, a2, a3, b1, b2));

  save_split_set(database_, "s", 1, Json::object(),
                 {{a1, Role::kTrain}, {a2, Role::kTest}, {b2, Role::kTrain}, {b1, Role::kUnused}});
  EXPECT_THAT(ids({.split_set = "s"}), ElementsAre(a1, a2, b2));
  EXPECT_THAT(ids({.datasets = {"b"}, .split_set = "s", .roles = {"train"}}), ElementsAre(b2));
  EXPECT_THAT(ids({.split_set = "none"}), ElementsAre());
  EXPECT_THROW(ids({.roles = {"train"}}), InternalError);

  NoteRecord note;
  note.key = "n";
  note.sample_id = a3;
  note.strategy = "M";
  note.provider = "template";
  note.text = "A note.";
  put_note(database_, note);
  note.key = "f";
  note.sample_id = a1;
  note.text = "";
  note.status = NoteStatus::kFailed;
  put_note(database_, note);
  EXPECT_THAT(ids({.strategy = "M"}), ElementsAre(a3));
}

TEST_F(SamplesTest, StreamingPagesAreWholeAndStop) {
  const std::int64_t dataset = put_dataset(database_, "d", "fake", "", "t");
  {
    Transaction transaction(database_);
    SampleWriter writer(database_, dataset);
    for (int i = 0; i < 1000; ++i) writer.put(test::make_sample(std::to_string(i)));
    transaction.commit();
  }
  for (const std::int64_t limit : {-1, 1, 255, 256, 257, 512, 1000, 2000}) {
    std::int64_t seen = 0;
    std::int64_t last = 0;
    for_each_sample(database_, {.limit = limit}, [&](const Sample& sample) {
      EXPECT_GT(sample.id, last);
      last = sample.id;
      ++seen;
      return true;
    });
    EXPECT_EQ(seen, limit < 0 ? 1000 : std::min<std::int64_t>(limit, 1000));
  }
  int seen = 0;
  for_each_sample(database_, {}, [&](const Sample&) { return ++seen < 300; });
  EXPECT_EQ(seen, 300);
}

TEST_F(SamplesTest, CallbackMayWriteWhileAnotherProcessDoes) {
  for (int i = 0; i < 600; ++i) put("d", std::to_string(i), test::kNevus);
  Database other(workspace_.database_path());
  int written = 0;
  for_each_sample(database_, {}, [&](const Sample& sample) {
    // A read that stayed open would make the next write fail: it would be of an old state.
    other.execute("UPDATE datasets SET source = ?", std::to_string(sample.id));
    NoteRecord note;
    note.key = std::to_string(sample.id);
    note.sample_id = sample.id;
    note.strategy = "M";
    note.provider = "template";
    note.text = "x";
    put_note(database_, note);
    ++written;
    return true;
  });
  EXPECT_EQ(written, 600);
}

TEST_F(SamplesTest, ClassesAreCounted) {
  put("b", "1", test::kSquamousCellCarcinoma, "/1.jpg");
  put("b", "2", test::kBenignKeratosis);
  put("b", "3", std::nullopt, "/3.jpg");
  put("a", "1", test::kNevus);
  const auto counts = count_classes(database_);
  ASSERT_EQ(counts.size(), 2U);
  EXPECT_EQ(counts[0].dataset, "a");
  EXPECT_EQ(counts[0].total, 1);
  EXPECT_EQ(counts[1].total, 3);
  EXPECT_EQ(counts[1].with_image, 2);
  EXPECT_EQ(counts[1].unlabelled, 1);
  EXPECT_THAT(counts[1].labelled, ElementsAre(testing::Pair(test::kBenignKeratosis, 1),
                                              testing::Pair(test::kSquamousCellCarcinoma, 1)));
  EXPECT_EQ(count_classes(database_, {.datasets = {"a"}}).size(), 1U);
  EXPECT_EQ(list_datasets(database_).at(1).samples, 3);
  try {
    dataset_by_name(database_, "c");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("a, b"));
  }
}

long peak_kilobytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST_F(SamplesTest, MemoryStaysFlat) {
  const std::int64_t dataset = put_dataset(database_, "d", "fake", "", "t");
  Sample sample = test::make_sample("");
  sample.metadata["text"] = std::string(600, 'x');
  const auto write = [&](int from, int to) {
    Transaction transaction(database_);
    SampleWriter writer(database_, dataset);
    for (int i = from; i < to; ++i) {
      sample.key = std::to_string(i);
      writer.put(sample);
    }
    transaction.commit();
  };
  const auto read = [&] {
    std::int64_t seen = 0;
    for_each_sample(database_, {}, [&](const Sample&) { return ++seen > 0; });
    return seen;
  };
  write(0, 5000);
  EXPECT_EQ(read(), 5000);
  const long before = peak_kilobytes();
  write(5000, 50'000);
  EXPECT_EQ(read(), 50'000);
  // 45,000 rows of 900 bytes are 40 MB.
  EXPECT_LT(peak_kilobytes() - before, 12'000);
}

TEST_F(SamplesTest, BrokenRowIsNamed) {
  const std::int64_t id = put("d", "k", test::kNevus);
  database_.execute("UPDATE samples SET findings = '{\"a\": 1}' WHERE id = ?", id);
  try {
    sample_by_id(database_, id);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(fmt::format("sample {}", id)));
  }
}

// Each thing that samples say has a hash of its own; in which order they came has none.
TEST_F(SamplesTest, TheStateOfSamplesTellsWhatChanged) {
  const SampleFilter filter{.datasets = {"ham"}};
  const auto state = [&] { return samples_state(workspace_.database(), filter); };
  const auto changed = [&](const auto& change) {
    const auto before = state();
    Sample sample = test::make_sample("b");
    change(sample);
    test::store_sample(workspace_.database(), "ham", sample);
    const auto after = state();
    test::store_sample(workspace_.database(), "ham", test::make_sample("b"));
    EXPECT_EQ(state(), before);
    std::vector<std::string> kinds;
    for (const auto& [kind, hash] : after) {
      if (before.at(kind) != hash) kinds.push_back(kind);
    }
    return kinds;
  };
  using Kinds = std::vector<std::string>;
  for (const char* key : {"b", "a"}) {
    test::store_sample(workspace_.database(), "ham", test::make_sample(key));
    test::store_sample(workspace_.database(), "other", test::make_sample(key));
  }
  EXPECT_EQ(changed([](Sample& sample) { sample.label = test::kMelanoma; }), Kinds{"labels"});
  EXPECT_EQ(changed([](Sample& sample) { sample.label.reset(); }), Kinds{"labels"});
  EXPECT_EQ(changed([](Sample& sample) { sample.group = "x"; }), Kinds{"groups"});
  EXPECT_EQ(changed([](Sample& sample) { sample.split = "test"; }), Kinds{"splits"});
  EXPECT_EQ(changed([](Sample& sample) { sample.metadata["age"] = "46"; }), Kinds{"metadata"});
  EXPECT_EQ(changed([](Sample& sample) { sample.findings.clear(); }), Kinds{"metadata"});
  EXPECT_EQ(changed([](Sample& sample) { sample.image_path = "/elsewhere.png"; }), Kinds{});
  SampleFilter reversed{.datasets = {"reversed"}};
  for (const char* key : {"a", "b"}) {
    test::store_sample(workspace_.database(), "reversed", test::make_sample(key));
  }
  EXPECT_EQ(samples_state(workspace_.database(), reversed), state());
  test::store_sample(workspace_.database(), "ham", test::make_sample("c"));
  EXPECT_NE(samples_state(workspace_.database(), reversed).at("samples"), state().at("samples"));
}

}  // namespace
}  // namespace epicrisis
