#include "interrupted.h"

#include <gmock/gmock.h>

#include "support/job_log.h"

namespace epicrisis::cli {
namespace {

TEST(Interrupts, SayWhatIsKeptAndArePassedOn) {
  test::JobLog log;
  Job job(log);
  const auto kept = [] { return "half of it is kept" + not_written("out.csv"); };
  EXPECT_EQ(telling_what_is_kept(job, kept, [] { return 7; }), 7);
  EXPECT_THAT(log.lines, testing::IsEmpty());
  job.cancel();
  EXPECT_THROW(telling_what_is_kept(job, kept, [&] { job.check(); }), Interrupted);
  EXPECT_THAT(log.lines,
              testing::ElementsAre("warning half of it is kept; out.csv was not written"));
  EXPECT_THROW(telling_what_is_kept(job, kept, [] { throw InputError("broken"); }), InputError);
  EXPECT_EQ(log.lines.size(), 1U);
  EXPECT_EQ(not_written(""), "");
}

}  // namespace
}  // namespace epicrisis::cli
