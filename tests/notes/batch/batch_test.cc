#include "epicrisis/notes/batch/batch.h"

#include <algorithm>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "notes/batch/batch_support.h"
#include "support/fake_transport.h"

namespace epicrisis {
namespace {

using test::BatchTest;
using test::FakeClock;
using test::FakeTransport;
using test::kAgain;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

TEST_F(BatchTest, ALineIsARequestOfTheBatchApi) {
  fill(1);
  const BatchExportReport report = export_all();
  ASSERT_THAT(report.files, SizeIs(1));
  EXPECT_EQ(Path(report.files[0]).filename(), "T1-endpoint-1-001.jsonl");
  EXPECT_EQ(report.exported, 1);
  EXPECT_GT(report.input_tokens, 0);
  EXPECT_EQ(report.output_tokens, 100);
  const Json line = parse_json(lines_of(report.files).at(0), "line");
  EXPECT_THAT(line, SizeIs(4));
  EXPECT_EQ(line.at("method"), "POST");
  EXPECT_EQ(line.at("url"), "/v1/chat/completions");
  EXPECT_EQ(line.at("body").at("model"), "model-x");
  EXPECT_EQ(line.at("body").at("messages").size(), 2U);
}

TEST_F(BatchTest, AzureFindsTheDeploymentInTheBody) {
  fill(1);
  Provider azure = local_provider();
  azure.name = "azure";
  azure.api = ProviderApi::kAzure;
  azure.api_version = "2025-03-01-preview";
  const BatchExportReport report = export_batch(workspace_, builder(azure), {}, out_, job_);
  const Json line = parse_json(lines_of(report.files).at(0), "line");
  EXPECT_EQ(line.at("url"), "/chat/completions");
  EXPECT_EQ(line.at("body").at("model"), "model-x");
}

// An id goes to the provider and into its logs.
TEST_F(BatchTest, CustomIdsTellNothing) {
  fill(300);
  const BatchExportReport report = export_all();
  const std::vector<std::string> ids = ids_of(report.files);
  EXPECT_THAT(std::set<std::string>(ids.begin(), ids.end()), SizeIs(300));
  std::size_t at = 0;
  for (const Sample& sample : load_samples(database_, {})) {
    const std::string& id = ids.at(at++);
    EXPECT_LE(id.size(), 64U);
    EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string::npos);
    EXPECT_THAT(id, Not(HasSubstr("hamset")));
    const auto request = find_batch_request(database_, id);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->sample_id, sample.id);
    // Nor anything that who knows the data could compute.
    const std::string key = request->note_key;
    for (const std::string& hash :
         {key, sha256_hex(sample.key), sha256_hex("hamset/" + sample.key), sha256_hex(key),
          sha256_of_fields({sample.key}), sha256_of_fields({"hamset", sample.key}),
          sha256_of_fields({"batch request", key, "0"}),
          sha256_of_fields({"batch request", "", key, "0"})}) {
      for (std::size_t start = 0; start + 16 <= hash.size(); ++start) {
        ASSERT_THAT(id, Not(HasSubstr(hash.substr(start, 16))));
      }
    }
  }
  for (const std::string& line : lines_of(report.files)) {
    EXPECT_THAT(line, Not(HasSubstr("ISIC_")));
    EXPECT_THAT(line, Not(HasSubstr("hamset")));
  }
  // Another workspace with the same samples gives other ids.
  Workspace other = Workspace::create(folder_.path() / "other");
  test::store_sample(other.database(), "hamset", test::make_sample("ISIC_0000000"));
  const BatchExportReport there =
      export_batch(other, builder(), {}, folder_.path() / "other_out", job_);
  EXPECT_NE(ids_of(there.files).at(0), ids.at(0));
}

TEST_F(BatchTest, WhatIsOutIsNotAskedForOtherwise) {
  fill(5);
  export_all();
  FakeTransport nobody([](const HttpRequest&) { return HttpAnswer(); });
  const SynthesisReport report = synthesize(workspace_, builder(), {}, nobody, job_);
  EXPECT_EQ(report.skips.at("out in a batch"), 5);
  EXPECT_TRUE(nobody.requests.empty());
}

TEST_F(BatchTest, WhatIsOutIsNotExportedTwice) {
  fill(5);
  const std::vector<std::string> ids = ids_of(export_all().files);
  const BatchExportReport second = export_all();
  EXPECT_EQ(second.exported, 0);
  EXPECT_THAT(second.files, IsEmpty());
  EXPECT_EQ(second.skips.at("out in a batch"), 5);
  EXPECT_EQ(second.notes, 5);
  const BatchExportReport again = export_all({}, kAgain);
  EXPECT_EQ(ids_of(again.files), ids);  // the same requests have the same ids
  EXPECT_EQ(count("batch_requests"), 5);

  import_lines({good_line(ids[0]), expired_line(ids[1])});
  const BatchExportReport third = export_all();
  EXPECT_EQ(third.skips.at("written before"), 1);
  EXPECT_EQ(third.skips.at("out in a batch"), 3);
  const std::vector<std::string> asked_again = ids_of(third.files);
  ASSERT_THAT(asked_again, SizeIs(1));
  EXPECT_NE(asked_again[0], ids[1]);  // an old answer cannot be taken for that of the new request
  EXPECT_EQ(import_lines({expired_line(ids[1])}).unchanged, 1);
  EXPECT_EQ(import_lines({good_line(asked_again[0])}).written, 1);
}

TEST_F(BatchTest, FilesKeepToTheLimits) {
  fill(7);
  const BatchExportReport whole = export_all();
  const std::vector<std::string> lines = lines_of(whole.files);
  const std::uint64_t line = lines.at(0).size() + 1;
  for (const std::string& one : lines) ASSERT_EQ(one.size() + 1, line);  // alike, so that sums hold

  const BatchExportReport three = export_all({.file_requests = 3}, kAgain);
  ASSERT_THAT(three.files, SizeIs(3));
  EXPECT_THAT(lines_of({three.files[0]}), SizeIs(3));
  EXPECT_THAT(lines_of({three.files[2]}), SizeIs(1));
  EXPECT_EQ(lines_of(three.files), lines);
  // Exactly full, and a byte short of it.
  const BatchExportReport full = export_all({.file_bytes = 2 * line}, kAgain);
  ASSERT_THAT(full.files, SizeIs(4));
  EXPECT_EQ(std::filesystem::file_size(full.files[0]), 2 * line);
  const BatchExportReport less = export_all({.file_bytes = 2 * line - 1}, kAgain);
  EXPECT_THAT(less.files, SizeIs(7));
  EXPECT_THAT(export_all({.file_bytes = line}, kAgain).files, SizeIs(7));
  const BatchExportReport none = export_all({.file_bytes = line - 1}, kAgain);
  EXPECT_THAT(none.files, IsEmpty());
  EXPECT_EQ(none.skips.at("above the size of a file"), 7);
  EXPECT_EQ(none.notes, none.skipped);
  EXPECT_THROW(export_all({.file_requests = 0}), UsageError);
}

TEST_F(BatchTest, TheBudgetEndsTheExport) {
  fill(10);
  SynthesisOptions options;
  options.filter.limit = 1;
  const BatchExportReport one = export_all({}, options);
  options.filter.limit = -1;
  options.ask_batched = true;
  options.budget.tokens = 3 * (one.input_tokens + one.output_tokens) + 1;
  const BatchExportReport report = export_all({}, options);
  EXPECT_EQ(report.exported, 3);
  EXPECT_EQ(report.stopped, "the budget would not hold for more than 3 requests");
  EXPECT_EQ(report.notes, report.exported + report.skipped + report.left);
  EXPECT_EQ(report.left, 7);
  options.budget.tokens = one.input_tokens + one.output_tokens + 1;
  EXPECT_EQ(export_all({}, options).stopped, "the budget would not hold for more than 1 request");
}

TEST_F(BatchTest, ACancelledJobLeavesWholeFiles) {
  fill(10);
  Job cancelled;
  cancelled.cancel();
  const BatchExportReport report = export_batch(workspace_, builder(), {}, out_, cancelled);
  EXPECT_EQ(report.stopped, "interrupted");
  EXPECT_EQ(static_cast<std::int64_t>(lines_of(report.files).size()), report.exported);
  EXPECT_EQ(export_all().exported, 10 - report.exported);
}

// A process that died when a file's rows were there and the file was not, or was.
TEST_F(BatchTest, ADeadExportIsSettled) {
  fill(2);
  const BatchExportReport report = export_all();
  const std::vector<std::string> ids = ids_of(report.files);
  database_.execute("UPDATE batch_files SET complete = 0, sha256 = ''");
  EXPECT_EQ(export_all().exported, 0);  // the file is whole
  EXPECT_EQ(count("batch_files WHERE complete = 1"), 1);
  database_.execute("UPDATE batch_files SET complete = 0, sha256 = ''");
  std::filesystem::remove(report.files[0]);
  EXPECT_EQ(export_all().exported, 2);
  // Should the file turn up after all, its answers are still known.
  EXPECT_EQ(import_lines({good_line(ids[0])}).written, 1);
}

TEST_F(BatchTest, NoFileIsWrittenOver) {
  fill(1);
  write_file(out_ / "T1-endpoint-1-001.jsonl", "mine");
  EXPECT_THROW(export_all(), UsageError);
  EXPECT_EQ(read_file(out_ / "T1-endpoint-1-001.jsonl"), "mine");
  EXPECT_EQ(count("batch_requests"), 0);
}

TEST_F(BatchTest, APriceThatIsNotKnownIsNoPriceOfNothing) {
  fill(2);
  Provider provider = local_provider();
  provider.prices = {};
  SynthesisOptions options;
  options.budget.dollars = 1;
  EXPECT_THROW(export_batch(workspace_, builder(provider), options, out_, job_), UsageError);
  const BatchExportReport report = export_batch(workspace_, builder(provider), {}, out_, job_);
  ASSERT_EQ(report.exported, 2);
  EXPECT_EQ(report.unpriced, report.input_tokens + report.output_tokens);
  EXPECT_TRUE(to_json(report).at("cost").is_null());
  const std::vector<std::string> ids = ids_of(report.files);
  const BatchImportReport imported = import_lines({good_line(ids[0], "First.")});
  EXPECT_EQ(imported.unpriced, 60);
  EXPECT_TRUE(to_json(imported).at("cost").is_null());
  const std::string key = find_batch_request(database_, ids[0])->note_key;
  EXPECT_EQ(find_note(database_, key)->unpriced, 60);
}

TEST_F(BatchTest, AnImportMakesTheNotes) {
  fill(3);
  const std::vector<std::string> ids = ids_of(export_all().files);
  const BatchImportReport report =
      import_lines({good_line(ids[2], "Third."), good_line(ids[0], "First.")});
  EXPECT_EQ(report.lines, 2);
  EXPECT_EQ(report.written, 2);
  EXPECT_EQ(report.input_tokens, 100);
  const std::string key = find_batch_request(database_, ids[0])->note_key;
  const auto note = find_note(database_, key);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->text, "First.");
  EXPECT_EQ(note->strategy, "T1");
  EXPECT_EQ(note->provider, "endpoint");
  EXPECT_EQ(note->model, "model-x");
  EXPECT_EQ(note->template_version, template_version(builder().strategy()));
  EXPECT_EQ(note->origin, "metadata");
  EXPECT_EQ(dump_json(note->parameters), dump_json(builder().parameters()));
  EXPECT_EQ(note->input_tokens, 50);
  EXPECT_NEAR(note->cost, (50 * 1 + 10 * 2) / 1e6, 1e-12);
  std::vector<LedgerEntry> entries;
  for_each_ledger_entry(database_, key, [&](const LedgerEntry& entry) {
    entries.push_back(entry);
    return true;
  });
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].endpoint, "batch:file");
  EXPECT_EQ(entries[0].http_status, 200);
  EXPECT_EQ(entries[0].outcome, "written");
  EXPECT_EQ(entries[0].output_tokens, 10);
}

TEST_F(BatchTest, OnlyTheNoteComesInAndWhatWasTakenOutIsCounted) {
  fill(5);
  Provider provider = local_provider();
  provider.finish_reasons = {{"weary", FinishKind::kEnd}};
  const std::vector<std::string> ids =
      ids_of(export_batch(workspace_, builder(provider), {}, out_, job_).files);
  const auto line = [&](int i, const Json& body) {
    return dump_json({{"custom_id", ids[static_cast<std::size_t>(i)]},
                      {"response", {{"status_code", 200}, {"request_id", "r"}, {"body", body}}},
                      {"error", nullptr}});
  };
  const BatchImportReport report =
      import_lines({good_line(ids[0], "<unused94>thought\nHm.<unused95>A papule.<end_of_turn>"),
                    good_line(ids[1], "[THINK]A papule."), line(2, completion("A nod", "Weary")),
                    line(3, completion("A nod", "tired")), line(4, {{"message", "Sign in"}})});
  EXPECT_EQ(report.written, 2);
  EXPECT_EQ(report.rejected, (std::map<std::string, std::int64_t>{{"invalid", 2}, {"failed", 1}}));
  EXPECT_EQ(report.answers.dropped,
            (std::map<std::string, std::int64_t>{{"thoughts", 1}, {"control tokens", 1}}));
  EXPECT_EQ(report.answers.unknown_finish_reasons,
            (std::map<std::string, std::int64_t>{{"tired", 1}}));
  EXPECT_EQ(to_json(report).at("unknown_finish_reasons").at("tired"), 1);
  EXPECT_EQ(find_note(database_, find_batch_request(database_, ids[0])->note_key)->text,
            "A papule.");
  EXPECT_EQ(find_note(database_, find_batch_request(database_, ids[4])->note_key)->status,
            NoteStatus::kFailed);
}

TEST_F(BatchTest, AnyOrderGivesTheSame) {
  fill(6);
  const std::vector<std::string> ids = ids_of(export_all().files);
  std::vector<std::string> lines = {
      good_line(ids[0]),
      expired_line(ids[1]),
      status_line(ids[2], 400, "no such parameter"),
      good_line(ids[3], "Another."),
      // Of two answers to one request the note counts.
      expired_line(ids[3]),
      good_line(ids[4], ""),
      "broken",
      good_line("n-nobody"),
  };
  std::ranges::sort(lines);
  std::vector<std::string> first;
  int orders = 0;
  do {
    if (++orders % 2003 != 1) continue;
    database_.execute_script(
        "DELETE FROM notes; DELETE FROM ledger; UPDATE batch_requests SET state = 'out'");
    const BatchImportReport report = import_lines(lines);
    EXPECT_EQ(report.written, 2);
    EXPECT_EQ(report.broken, 1);
    EXPECT_EQ(report.unknown, 1);
    EXPECT_EQ(report.lines, 8);
    std::vector<std::string> notes;
    for_each_note(database_, {.status = std::nullopt}, [&](const NoteRecord& note) {
      notes.push_back(fmt::format("{} {} {} {}", note.sample_id, note_status_name(note.status),
                                  note.text, note.reason));
      return true;
    });
    if (first.empty()) first = notes;
    ASSERT_EQ(notes, first);
    const std::vector<std::string> before = state();
    const BatchImportReport again = import_lines(lines);
    EXPECT_EQ(again.unchanged, 6);
    EXPECT_EQ(state(), before);
  } while (std::ranges::next_permutation(lines).found);
  EXPECT_GT(orders, 10'000);
  EXPECT_THAT(first, SizeIs(5));
}

TEST_F(BatchTest, EveryFormOfAFaultHasItsStatus) {
  fill(10);
  const std::vector<std::string> ids = ids_of(export_all().files);
  const auto vllm = [](const std::string& id, int status, const Json& error) {
    return dump_json(
        {{"id", "vllm-1"},
         {"custom_id", id},
         {"response", {{"status_code", status}, {"request_id", "vllm-batch-1"}, {"body", nullptr}}},
         {"error", error}});
  };
  Json filtered = completion("Some", "content_filter");
  Json cut = completion("A round and", "length");
  const auto with = [](const std::string& id, const Json& body) {
    return dump_json({{"custom_id", id}, {"response", {{"status_code", 200}, {"body", body}}}});
  };
  const BatchImportReport report = import_lines({
      expired_line(ids[0]),
      status_line(ids[1], 400, "bad request"),
      vllm(ids[2], 400, "the prompt is too long"),
      vllm(ids[3], 400, {{"object", "error"}, {"message", "old form"}, {"code", 400}}),
      vllm(ids[4], 400, {{"error", {{"message", "new form"}, {"code", 400}}}}),
      with(ids[5], filtered),
      with(ids[6], cut),
      with(ids[7], completion("   ")),
      with(ids[8], {{"choices", Json::array()}}),
      status_line(ids[9], 500, "sk-canary1234567890abcdefghij1234567890 is wrong"),
  });
  EXPECT_EQ(report.failed, 10);
  EXPECT_EQ(report.written, 0);
  std::vector<std::string> found;
  for (const std::string& id : ids) {
    const auto note = find_note(database_, find_batch_request(database_, id)->note_key);
    ASSERT_TRUE(note);
    found.push_back(fmt::format("{}: {}", note_status_name(note->status), note->reason));
  }
  EXPECT_THAT(found[0], testing::AllOf(HasSubstr("failed"), HasSubstr("batch_expired"),
                                       HasSubstr("too late")));
  EXPECT_THAT(found[1], testing::AllOf(HasSubstr("failed"), HasSubstr("bad request")));
  EXPECT_THAT(found[2], testing::AllOf(HasSubstr("failed"), HasSubstr("too long")));
  EXPECT_THAT(found[3], HasSubstr("old form"));
  EXPECT_THAT(found[4], HasSubstr("new form"));
  EXPECT_THAT(found[5], HasSubstr("filtered"));
  EXPECT_THAT(found[6], HasSubstr("truncated"));
  EXPECT_THAT(found[7], HasSubstr("empty"));
  EXPECT_THAT(found[8], HasSubstr("failed: no choices"));
  EXPECT_THAT(found[9], Not(HasSubstr("canary")));
}

TEST_F(BatchTest, BrokenAndUnknownLinesAreNamed) {
  fill(1);
  const std::string id = ids_of(export_all().files).at(0);
  const std::vector<std::string> bad = {
      "{",
      "null",
      "[]",
      "\"x\"",
      "\xff\xfe",
      "{}",
      R"({"custom_id":7})",
      R"({"custom_id":""})",
      R"({"custom_id":")" + id + R"("})",
      R"({"custom_id":")" + id + R"(","response":null,"error":null})",
      R"({"custom_id":")" + id + R"(","response":[]})",
      R"({"custom_id":")" + id + R"(","response":{"status_code":"200","body":{}}})",
      R"({"custom_id":")" + id + R"(","response":{"status_code":99999999999,"body":{}}})",
      R"({"custom_id":")" + id + R"(","response":{"status_code":200,"body":null},"error":null})",
      good_line(id) + " trailing",
      std::string(100'000, '['),
      std::string((16 << 20) + 1, 'x'),
  };
  std::vector<std::string> lines = bad;
  lines.emplace_back();  // blank lines are none
  lines.emplace_back("\r");
  lines.push_back(good_line("n-unknown\n\x1b[31m"));
  const BatchImportReport report = import_lines(lines);
  EXPECT_EQ(report.broken, static_cast<std::int64_t>(bad.size()));
  EXPECT_EQ(report.unknown, 1);
  EXPECT_EQ(report.lines, report.broken + 1);
  ASSERT_THAT(report.examples, SizeIs(bad.size() + 1));
  for (std::size_t i = 0; i < bad.size(); ++i) {
    EXPECT_THAT(report.examples[i], HasSubstr(fmt::format("results.jsonl:{}: ", i + 1)));
    EXPECT_LE(report.examples[i].size(), 500U);
  }
  EXPECT_THAT(report.examples.back(), Not(HasSubstr("\x1b")));
  EXPECT_EQ(find_batch_request(database_, id)->state, BatchRequestState::kOut);
  EXPECT_EQ(count("ledger"), 0);
  EXPECT_EQ(import_lines({good_line(id)}).written, 1);  // none of them did harm
  EXPECT_THROW(import_batch(workspace_, {folder_.path() / "none.jsonl"}, job_), UsageError);
}

// The answer is read as the request was asked, whatever became of the strategy since.
TEST_F(BatchTest, TheStrategyMayHaveChangedSinceTheExport) {
  fill(1);
  const std::string id = ids_of(export_all().files).at(0);
  const std::string version = template_version(builder().strategy());
  import_lines({good_line(id)});
  const auto note = find_note(database_, find_batch_request(database_, id)->note_key);
  EXPECT_EQ(note->template_version, version);
  EXPECT_EQ(batch_export_by_id(database_, 1).strategy_toml, kStrategy);
}

// A note that was written another way meanwhile stays; what the batch cost is in the ledger.
TEST_F(BatchTest, ANoteThatIsThereStays) {
  fill(1);
  const std::string id = ids_of(export_all().files).at(0);
  const auto request = find_batch_request(database_, id);
  NoteRecord note;
  note.key = request->note_key;
  note.sample_id = request->sample_id;
  note.strategy = "T1";
  note.provider = "endpoint";
  note.text = "There before.";
  put_note(database_, note);
  const BatchImportReport report = import_lines({good_line(id)});
  EXPECT_EQ(report.unchanged, 1);
  EXPECT_EQ(find_note(database_, request->note_key)->text, "There before.");
  EXPECT_EQ(count("ledger"), 1);
  EXPECT_EQ(import_lines({good_line(id)}).unchanged, 1);
  EXPECT_EQ(count("ledger"), 1);
}

TEST_F(BatchTest, ManyResultsCommitInGroups) {
  fill(2500);
  const std::vector<std::string> ids = ids_of(export_all().files);
  std::vector<std::string> lines;
  for (const std::string& id : ids) lines.push_back(good_line(id));
  const Path file = write_lines("many.jsonl", lines);
  Job cancelled;
  cancelled.cancel();
  EXPECT_THROW(import_batch(workspace_, {file}, cancelled), Interrupted);
  EXPECT_EQ(count("notes"), 999);  // the first group stays
  const BatchImportReport report = import_batch(workspace_, {file}, job_);
  EXPECT_EQ(report.unchanged, 999);
  EXPECT_EQ(report.written, 1501);
  EXPECT_EQ(count("ledger"), 2500);
}

}  // namespace
}  // namespace epicrisis
