#include "epicrisis/store/tables/batches.h"

#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

class BatchesTest : public test::StoreTest {
 protected:
  BatchRequest request(const std::string& custom_id, const std::string& key, int round = 0) {
    return {.custom_id = custom_id,
            .export_id = export_,
            .file_id = file_,
            .note_key = key,
            .sample_id = sample_,
            .round = round,
            .origin = "metadata"};
  }

  Workspace workspace_ = make();
  Database& database_ = workspace_.database();
  std::int64_t sample_ = test::store_sample(database_, "ham", test::make_sample("ISIC_1"));
  std::int64_t export_ = put_batch_export(database_, {.strategy = "P1",
                                                      .strategy_toml = "x = 'ä'\n",
                                                      .provider = "openai",
                                                      .model = "m",
                                                      .parameters = {{"temperature", 0.2}},
                                                      .schema = nullptr,
                                                      .input_price = 0.5,
                                                      .images = true,
                                                      .fields = {"age", "sex"}});
  std::int64_t file_ = put_batch_file(
      database_, {.export_id = export_, .path = "/tmp/a.jsonl", .bytes = 10, .requests = 2});
};

TEST_F(BatchesTest, AnExportComesBackAsItWas) {
  const BatchExport batch = batch_export_by_id(database_, export_);
  EXPECT_EQ(batch.strategy_toml, "x = 'ä'\n");
  EXPECT_TRUE(batch.schema.is_null());
  EXPECT_EQ(batch.parameters.at("temperature"), 0.2);
  EXPECT_EQ(batch.input_price, 0.5);
  EXPECT_TRUE(batch.images);
  EXPECT_THAT(batch.fields, testing::ElementsAre("age", "sex"));
  EXPECT_THROW(batch_export_by_id(database_, 99), InternalError);
}

TEST_F(BatchesTest, AnAnsweredRequestIsNeverMovedOrClosed) {
  put_batch_request(database_, request("a", "key"));
  put_batch_request(database_, request("b", "other"));
  answer_batch_request(database_, "a");
  BatchRequest again = request("a", "key");
  again.file_id = put_batch_file(database_, {.export_id = export_, .path = "/tmp/b.jsonl"});
  put_batch_request(database_, again);
  EXPECT_EQ(find_batch_request(database_, "a")->file_id, file_);
  EXPECT_EQ(close_batch_requests(database_, file_), 1);
  EXPECT_EQ(find_batch_request(database_, "a")->state, BatchRequestState::kAnswered);
  EXPECT_EQ(find_batch_request(database_, "b")->state, BatchRequestState::kClosed);
  put_batch_request(database_, request("b", "other"));
  EXPECT_EQ(find_batch_request(database_, "b")->state, BatchRequestState::kOut);
  put_batch_request(database_, request("c", "key", 1));
  EXPECT_EQ(last_batch_request(database_, "key")->custom_id, "c");
  EXPECT_FALSE(last_batch_request(database_, "none"));
  // One round of a note is one request.
  EXPECT_THROW(put_batch_request(database_, request("d", "key", 1)), InternalError);
}

TEST_F(BatchesTest, AFileIsFoundByItsHashOnceItIsComplete) {
  put_batch_request(database_, request("a", "key"));
  const std::string hash(64, 'a');
  EXPECT_THAT(incomplete_batch_files(database_), testing::SizeIs(1));
  EXPECT_FALSE(find_batch_file(database_, hash));
  complete_batch_file(database_, file_, hash);
  EXPECT_THAT(incomplete_batch_files(database_), testing::IsEmpty());
  EXPECT_EQ(find_batch_file(database_, hash)->path, "/tmp/a.jsonl");
}

TEST_F(BatchesTest, JobsAreUpdatedInPlace) {
  BatchJobRow job;
  job.file_id = file_;
  job.provider = "openai";
  job.endpoint = "http://127.0.0.1/v1";
  job.input_file_id = "file-1";
  job.id = put_batch_job(database_, job);
  job.batch_id = "batch-1";
  job.completed = 3;
  job.create_started = true;
  update_batch_job(database_, job);
  EXPECT_THAT(batch_jobs(database_, "azure"), testing::IsEmpty());
  const std::vector<BatchJobRow> jobs = batch_jobs(database_, "openai");
  ASSERT_THAT(jobs, testing::SizeIs(1));
  EXPECT_EQ(jobs[0].input_file_id, "file-1");
  EXPECT_EQ(jobs[0].batch_id, "batch-1");
  EXPECT_EQ(jobs[0].completed, 3);
  EXPECT_TRUE(jobs[0].create_started);
  EXPECT_FALSE(jobs[0].fetched);
}

}  // namespace
}  // namespace epicrisis
