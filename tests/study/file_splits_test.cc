// A study's own file of splits: its rows are found however their keys are spelled, and a file of
// which no row is found stops the study.

#include "study/file_splits.h"

#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "support/job_log.h"
#include "support/store_support.h"

namespace epicrisis::study {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FileSplitsTest : public test::StoreTest {
 protected:
  FileSplitsTest() : workspace_(make()) {
    for (const char* key : {"s00", "sub/a", "sub/R\u00f6ntgen", "twins.jpg", "twins.png"}) {
      store("internal", key);
    }
    store("external", "s00");
    StudyData internal;
    internal.name = "internal";
    StudyData external;
    external.name = "external";
    external.external = true;
    study_.data = {internal, external};
    study_.split_file = folder_.path() / "splits.csv";
    study_.split_place = "study.toml:9";
  }

  void store(const std::string& dataset, const std::string& key) {
    Sample sample = test::make_sample(key);
    sample.image_path = "/pictures/" + key + ".png";
    test::store_sample(workspace_.database(), dataset, sample);
  }
  FileSplits read(const std::string& rows) {
    write_file(study_.split_file, "dataset,key,split\n" + rows);
    log_.lines.clear();
    return {workspace_.database(), study_, job_with_log_};
  }
  std::string fault(const std::string& rows) {
    try {
      read(rows);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  static std::string split(const FileSplits& splits, const std::string& key) {
    Sample sample = test::make_sample(key);
    sample.dataset = "internal";
    return splits.of(sample);
  }

  Workspace workspace_;
  Study study_;
  test::JobLog log_;
  Job job_with_log_{log_};
};

TEST_F(FileSplitsTest, KeysAreFoundHoweverTheyAreSpelled) {
  for (const char* spelled : {"sub/a", "sub/a.png", "./sub/a", "sub//a.jpg", "sub\\a", "/sub/a"}) {
    const FileSplits splits =
        read(fmt::format("internal,{},test\ninternal,sub/Ro\u0308ntgen.png,train\n"
                         "internal,s00.png,validation\ninternal,twins.png,test\n",
                         spelled));
    EXPECT_EQ(split(splits, "sub/a"), "test") << spelled;
    EXPECT_EQ(split(splits, "sub/R\u00f6ntgen"), "train");
    EXPECT_EQ(split(splits, "s00"), "validation");
    EXPECT_EQ(split(splits, "twins.png"), "test");
    EXPECT_EQ(split(splits, "twins.jpg"), "");
    EXPECT_THAT(log_.lines, IsEmpty());
  }
}

TEST_F(FileSplitsTest, RowsOfNoSampleAreWarnedOfWithNearNames) {
  const FileSplits splits =
      read("internal,S00.bmp,train\ninternal,sub/a,test\ninternal,twins,test\nexternal,s00,test\n");
  EXPECT_EQ(split(splits, "s00"), "");
  ASSERT_EQ(log_.lines.size(), 1U);
  EXPECT_THAT(log_.lines.front(),
              AllOf(HasSubstr("3 of 4 rows"), HasSubstr("internal/S00.bmp; did you mean 's00'?"),
                    HasSubstr("internal/twins (may mean twins.jpg or twins.png)"),
                    HasSubstr("external/s00 (internal is internal)")));
}

TEST_F(FileSplitsTest, AFileOfNoSampleIsAnError) {
  EXPECT_THAT(fault("internal,S00,train\ninternal,images/zzz,test\n"),
              AllOf(HasSubstr("splits.csv: no row of 2 is of a sample"),
                    HasSubstr("did you mean 's00'?"), HasSubstr("internal/images/zzz")));
  EXPECT_THAT(fault("external,s00,train\n"), HasSubstr("no row of 1"));
  EXPECT_THAT(fault(""), HasSubstr("no row of 0"));
}

TEST_F(FileSplitsTest, TwoRowsOfOneSampleAreAnError) {
  EXPECT_THAT(fault("internal,s00,train\ninternal,./s00.png,test\n"),
              HasSubstr("'./s00.png' and 's00' are the same sample of 'internal'"));
}

}  // namespace
}  // namespace epicrisis::study
