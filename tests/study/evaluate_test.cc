#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/core/random.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/report/tables.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/runs.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/study/removal.h"
#include "epicrisis/study/study.h"
#include "epicrisis/study/verify_workspace.h"
#include "epicrisis/tensor/safetensors.h"
#include "settings/run_metrics.h"
#include "study/finished_studies.h"
#include "study/predictions.h"
#include "study/report_files.h"
#include "study/run_identity.h"
#include "study/small_study.h"
#include "study/study_notes.h"
#include "study/training.h"
#include "support/read_only.h"

// Evaluation and report of runs that were trained elsewhere: no build needs LibTorch for them.
namespace epicrisis {
namespace {

const std::string kStudy = test::small_study("small") + test::kTwoRuns;

class EvaluateStudy : public test::FinishedStudies {};

TEST_F(EvaluateStudy, MeasuresAndReportsRunsThatAreThere) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  study::import_data(workspace, study(), job_);
  study::CaseSet set = study::assign_roles(workspace, study(), job_);
  const study::PictureTable pictures = study::load_pictures(workspace, study(), set, job_);
  study::write_notes(workspace, study(), set, false, job_);
  EXPECT_THROW(evaluate_study(workspace, study(), job_), UsageError);
  for (const StudyRun& run : study().runs)
    test::leave_run(workspace, study(), run, set, pictures, run.seeds.front());

  const std::vector<ResultRow> rows = evaluate_study(workspace, study(), job_);
  std::set<std::string> tasks;
  for (const ResultRow& row : rows) tasks.insert(row.task);
  EXPECT_EQ(tasks, (std::set<std::string>{"classification", "distance", "retrieval", "zero-shot"}));
  const Path html = folder_.path() / "report.html";
  const ReportData report = write_study_report(workspace, study(), html, job_);
  EXPECT_EQ(report.results, rows);
  EXPECT_EQ(report.curves.size(), 2U);
  // Both were still getting better when their epochs ended.
  EXPECT_THAT(report.warnings, testing::Contains(testing::HasSubstr(
                                   "run 'with notes' (seed 1): its best epoch is the last one")));
  EXPECT_FALSE(report.gallery.empty());
  EXPECT_NE(read_file(html).find("weighted"), std::string::npos);

  {
    const test::ReadOnly fixed(folder_.path());
    const TemporaryFolder elsewhere;
    std::filesystem::permissions(elsewhere.path(), std::filesystem::perms(0777));
    EXPECT_EQ(test::as_somebody_else([&] {
                Workspace read = Workspace::open_to_read(folder_.path() / "w");
                if (evaluate_study(read, study(), job_) != rows) return 1;
                write_study_report(read, study(), elsewhere.path() / "report.html", job_);
                return 0;
              }),
              0);
    EXPECT_TRUE(std::filesystem::exists(elsewhere.path() / "report.html"));
  }

  // All runs of the study are there: nothing is left to train, with or without LibTorch.
  const StudyOutcome outcome = run_study(workspace, study(), job_);
  EXPECT_EQ(outcome.trained, 0U);
  EXPECT_EQ(outcome.kept, 2U);
  EXPECT_EQ(outcome.rows, rows);
}

// Prompts are enough for zero-shot; the rest says why it is not there.
TEST_F(EvaluateStudy, NotesOfTrainingSamplesAlone) {
  Workspace workspace = finished(study(), [&](Workspace& made, const study::CaseSet& set) {
    for (const study::Case& item : set.cases) {
      if (item.role != Role::kTest && item.role != Role::kExternal) continue;
      made.database().execute(
          fmt::format("DELETE FROM notes WHERE sample_id = {}", item.sample_id));
    }
  });
  std::set<std::string> tasks;
  for (const ResultRow& row : evaluate_study(workspace, study(), job_)) tasks.insert(row.task);
  EXPECT_EQ(tasks, (std::set<std::string>{"classification", "retrieval", "zero-shot"}));
  const Path html = folder_.path() / "report.html";
  write_study_report(workspace, study(), html, job_);
  const std::string page = read_file(html);
  EXPECT_THAT(page, testing::HasSubstr("no test sample has a note of the run"));
  EXPECT_THAT(page, testing::HasSubstr("Not measured: no test sample has a note of a run"));
}

// What was measured on the others stands, and the one that is gone is named.
TEST_F(EvaluateStudy, AnExternalSetThatIsGoneIsLeftOut) {
  Workspace workspace = finished(study());
  std::vector<ResultRow> internal = evaluate_study(workspace, study(), job_);
  std::erase_if(internal, [](const ResultRow& row) { return row.dataset == "phone"; });
  remove_dataset(workspace, "phone", {}, job_);
  EXPECT_EQ(evaluate_study(workspace, study(), job_), internal);
  const Path html = folder_.path() / "report.html";
  EXPECT_EQ(write_study_report(workspace, study(), html, job_).results, internal);
  EXPECT_NE(read_file(html).find("data set &#39;phone&#39; is left out"), std::string::npos);
  remove_dataset(workspace, "dermoscope_a", {}, job_);
  try {
    evaluate_study(workspace, study(), job_);
    FAIL() << "evaluated without data";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("no data set 'dermoscope_a', which it trains on"));
  }
}

TEST_F(EvaluateStudy, WithoutASampleOfItsClassesItSaysSo) {
  const auto message = [&](const Study& study, const char* name) {
    Workspace workspace = Workspace::open_or_create(folder_.path() / name);
    study::import_data(workspace, study, job_);
    try {
      study::assign_roles(workspace, study, job_);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("none");
  };
  Study none = study();
  none.classes = {none.field.find_class("VASC").value()};
  EXPECT_THAT(message(none, "none"), testing::AllOf(testing::HasSubstr("'small'"),
                                                    testing::HasSubstr("is of its classes (VASC)"),
                                                    testing::HasSubstr("dermoscope_a (")));
  Study external = study();
  for (StudyData& data : external.data) data.external = true;
  EXPECT_THAT(message(external, "external"), testing::HasSubstr("nothing to train on"));
}

// Another external set is measured, and nothing else.
TEST_F(EvaluateStudy, OnlyADataSetThatIsNewIsMeasured) {
  Workspace workspace = finished(study());
  const Study without = study(test::small_study("small", false) + test::kTwoRuns);
  for (const ResultRow& row : evaluate_study(workspace, without, job_)) {
    EXPECT_EQ(row.dataset, "dermoscope_a");
  }
  // What is measured again would not have this value.
  workspace.database().execute("UPDATE results SET value = 0.125, lo = 0.125, hi = 0.125");
  std::set<std::string> measured;
  for (const ResultRow& row : evaluate_study(workspace, study(), job_)) {
    if (row.dataset == "dermoscope_a") {
      EXPECT_EQ(row.value, 0.125) << row.metric;
    }
    measured.insert(row.dataset);
  }
  EXPECT_EQ(measured, (std::set<std::string>{"dermoscope_a", "phone"}));
  for (const ResultRow& row : evaluate_study(workspace, without, job_)) {
    EXPECT_EQ(row.value, 0.125) << row.metric;
  }
}

// Two runs with the same notes and encoder, and one that is trained in another way.
TEST_F(EvaluateStudy, RunsAreToldApartAndSoIsWhatTheyDifferBy) {
  const std::string text = kStudy +
                           "[[run]]\nname = \"short\"\nmode = \"multimodal\"\nnotes = [\"M\"]\n"
                           "train = { epochs = 7, loss = \"clip\" }\n"
                           "[[run]]\nname = \"short image\"\nmode = \"image\"\n"
                           "train = { epochs = 7 }\n";
  Study study = this->study(text);
  study.runs.at(1).name = "long";  // leave_run() names folders by the first word
  study.runs.at(3).name = "brief";
  Workspace workspace = finished(study);
  const Path html = folder_.path() / "report.html";
  const ReportData report = write_study_report(workspace, study, html, job_);
  std::set<std::string> runs;
  for (const ResultRow& row : report.results) runs.insert(row.run);
  EXPECT_EQ(runs, (std::set<std::string>{"image only", "long", "short", "brief"}));
  std::map<std::string, Comparison> compared;
  for (const Comparison& one : report.comparisons) compared[one.run] = one;
  ASSERT_EQ(compared.size(), 3U);
  EXPECT_EQ(compared.at("long").baseline_run, "image only");
  EXPECT_THAT(compared.at("long").differences, testing::IsEmpty());
  // The image-only run that was trained as long, not the first.
  EXPECT_EQ(compared.at("short").baseline_run, "brief");
  EXPECT_THAT(compared.at("short").differences, testing::IsEmpty());
  EXPECT_EQ(compared.at("brief").baseline_run, "image only");
  EXPECT_THAT(compared.at("brief").differences, testing::ElementsAre("epochs: 7, not 100"));
  study.baseline = "long";
  const ReportData chosen = write_study_report(workspace, study, html, job_);
  for (const Comparison& one : chosen.comparisons) {
    if (one.run != "short") continue;
    EXPECT_THAT(one.differences,
                testing::IsSupersetOf({std::string("epochs: 7, not 100"),
                                       std::string("loss: clip, not supervised_nt_xent")}));
  }
}

TEST_F(EvaluateStudy, TheReportHasClassesReferencesMistakesAndWhatWasLeftOut) {
  std::string text = kStudy;
  text.replace(text.find(", \"MEL\"]"), 7, "");
  Workspace workspace = finished(study(text));
  const ReportData report =
      write_study_report(workspace, study(text), folder_.path() / "report.html", job_);
  std::set<std::string> metrics;
  for (const ResultRow& row : report.results) metrics.insert(row.metric);
  EXPECT_TRUE(metrics.contains("recall/NEV"));
  EXPECT_TRUE(metrics.contains("specificity/NEV"));
  EXPECT_TRUE(metrics.contains("image_to_image/chance_mAP/pair_out"));
  std::set<std::string> references;
  for (const ReportReference& one : report.references) {
    references.insert(one.dataset);
    EXPECT_GT(one.n, 0U);
  }
  EXPECT_EQ(references, (std::set<std::string>{"dermoscope_a", "phone"}));
  ASSERT_EQ(report.mistakes.size(), 2U);
  for (const WrongPictures& one : report.mistakes) {
    double of_shown = 0;
    double best = 0;
    for (const ResultRow& row : report.results) {
      if (row.task != "classification" || row.metric != report.headline_metric ||
          row.dataset != one.dataset) {
        continue;
      }
      best = std::max(best, row.value);
      if (row.run == one.run) of_shown = row.value;
    }
    EXPECT_EQ(of_shown, best);
    EXPECT_THAT(one.why, testing::AllOf(testing::HasSubstr(fmt::format(
                                            "the highest Weighted F1 here, {:.3f}", best)),
                                        testing::HasSubstr("; 1 other run is not shown")));
    EXPECT_EQ(one.pictures.size(), std::min<std::size_t>(one.wrong, 6));
    ASSERT_FALSE(one.pictures.empty());
    for (const WrongPicture& wrong : one.pictures) {
      EXPECT_NE(wrong.known, wrong.named);
      EXPECT_GE(wrong.named_probability, wrong.known_probability);
      EXPECT_FALSE(wrong.picture.bytes.empty());
    }
    EXPECT_GE(one.pictures.front().named_probability, one.pictures.back().named_probability);
  }
  // All samples of the data set are in it, or left out for a reason.
  for (const ReportDataset& set : report.datasets) {
    std::size_t all = set.samples;
    for (const auto& [reason, samples] : set.skipped) all += samples;
    EXPECT_EQ(all, static_cast<std::size_t>(
                       count_samples(workspace.database(), {.datasets = {set.name}})))
        << set.name;
    EXPECT_TRUE(std::ranges::any_of(set.skipped, [](const auto& one) {
      return one.first == "of the class MEL, which the study leaves out" && one.second > 0;
    }));
  }
}

// Groups are there where the table names them, also where each has one sample; what the import left
// out is named too.
TEST_F(EvaluateStudy, TheReportHasGroupsOfOneAndWhatTheImportLeftOut) {
  const Path phone = corpus() / "phone";
  std::string columns = read_file(phone / "columns.toml");
  columns.replace(columns.find("\"patient_id\""), 12, "\"image_id\"");
  write_file(phone / "columns.toml", columns);
  write_file(phone / "metadata.csv",
             read_file(phone / "metadata.csv") + "ghost,P9,L9,nevus,50,male,back,,,,\n");
  columns = read_file(corpus() / "dermoscope_a" / "columns.toml");
  columns.erase(columns.find("group = "), std::string("group = \"patient_id\"\n").size());
  write_file(corpus() / "dermoscope_a" / "columns.toml", columns);
  Workspace workspace = finished(study());
  const ReportData report =
      write_study_report(workspace, study(), folder_.path() / "report.html", job_);
  ASSERT_EQ(report.datasets.size(), 2U);
  EXPECT_EQ(report.datasets[0].groups, 0U);
  EXPECT_EQ(report.datasets[1].groups, report.datasets[1].samples);
  EXPECT_THAT(report.datasets[1].skipped,
              testing::Contains(testing::Pair(
                  testing::AllOf(testing::HasSubstr("not imported: rows without a picture (meta"),
                                 testing::HasSubstr("ghost)")),
                  1U)));
  const std::string html = read_file(folder_.path() / "report.html");
  EXPECT_NE(html.find("not imported: rows without a picture"), std::string::npos);
}

// A run that classifies notes: half of the internal test samples have one, no external sample has.
TEST_F(EvaluateStudy, ARunThatReadsNotesIsMeasuredWhereThereAreSome) {
  const Study study =
      this->study(kStudy + "[[run]]\nname = \"words\"\nmode = \"text\"\n" + "notes = [\"M\"]\n");
  std::size_t tested = 0;
  std::size_t left = 0;
  Workspace workspace = finished(study, [&](Workspace& made, const study::CaseSet& set) {
    for (const study::Case& entry : set.cases) {
      const bool test = entry.role == Role::kTest;
      if (!test && entry.role != Role::kExternal) continue;
      if (test && ++tested % 2 == 0) continue;
      if (test) ++left;
      made.database().execute(
          fmt::format("DELETE FROM notes WHERE sample_id = {}", entry.sample_id));
    }
  });
  ASSERT_GT(left, 0U);
  ASSERT_LT(left, tested);
  const Path html = folder_.path() / "report.html";
  const ReportData report = write_study_report(workspace, study, html, job_);
  for (const ResultRow& row : report.results) {
    if (row.run != "words") continue;
    EXPECT_EQ(row.model, "bag");
    EXPECT_EQ(row.dataset, "dermoscope_a");
    EXPECT_EQ(row.task, "classification");
    if (row.metric == "accuracy") {
      EXPECT_EQ(row.n, tested - left);
    }
  }
  for (const ReportConfusion& one : report.confusions) {
    if (one.run != "words") continue;
    EXPECT_EQ(one.counts.total(), tested - left);
  }
  ASSERT_EQ(report.without_note.size(), 2U);
  EXPECT_EQ(report.without_note[0].without, left);
  EXPECT_EQ(report.without_note[0].n, tested);
  EXPECT_EQ(report.without_note[1].dataset, "phone");
  EXPECT_EQ(report.without_note[1].without, report.without_note[1].n);
  for (const SamplesWithoutNote& one : report.without_note) {
    EXPECT_THAT(report.warnings, testing::Contains(left_out_words(one)));
  }
  // Held against the other on common samples, where there are some, and not as what notes bought.
  std::size_t compared = 0;
  for (const Comparison& one : report.comparisons) {
    if (one.run != "words") continue;
    ++compared;
    EXPECT_EQ(one.dataset, "dermoscope_a");
    EXPECT_EQ(one.result.n, tested - left);
    EXPECT_THAT(one.differences, testing::Contains(testing::HasSubstr("no picture, not pictures")));
  }
  EXPECT_EQ(compared, 2U);
  for (const WrongPictures& one : report.mistakes) {
    EXPECT_NE(one.run, "words");
    EXPECT_THAT(one.why, testing::HasSubstr("; 1 run sees no picture, and is left aside"));
  }
  const std::string page = read_file(html);
  EXPECT_NE(page.find("no test sample here has one"), std::string::npos);
  // The database has the same.
  EXPECT_EQ(evaluate_study(workspace, study, job_), report.results);
}

TEST_F(EvaluateStudy, ATrainingWithoutValidationIsTold) {
  Workspace workspace = finished(study());
  EpochMetrics metrics;
  metrics.epoch = 1;
  metrics.validation_loss = std::numeric_limits<double>::quiet_NaN();
  write_metrics(workspace.runs() / "with", {metrics});
  TrainResult result;
  result.epochs = 1;
  result.best_epoch = 1;
  write_train_result(workspace.runs() / "with", result);
  const ReportData report =
      write_study_report(workspace, study(), folder_.path() / "report.html", job_);
  EXPECT_THAT(report.warnings,
              testing::Contains(testing::HasSubstr(
                  "run 'with notes' (seed 1) was trained without validation, as it had no")));
  EXPECT_THAT(report.warnings, testing::Not(testing::Contains(testing::HasSubstr(
                                   "run 'image only' (seed 1) was trained without validation"))));
}

// Of a changed study the report of before is kept; of an unchanged one it is written over.
TEST_F(EvaluateStudy, AChangedStudyKeepsItsEarlierReport) {
  Workspace workspace = finished(study());
  const StudyOutcome first = run_study(workspace, study(), job_);
  EXPECT_TRUE(first.earlier_report.empty());
  const std::string page = read_file(first.report);
  EXPECT_TRUE(run_study(workspace, study(), job_).earlier_report.empty());

  const Study changed = study("title = \"Another title\"\n" + kStudy);
  const StudyOutcome second = run_study(workspace, changed, job_);
  EXPECT_EQ(second.report, first.report);
  EXPECT_NE(read_file(second.report), page);
  ASSERT_FALSE(second.earlier_report.empty());
  EXPECT_EQ(read_file(second.earlier_report), page);
  EXPECT_THAT(second.earlier_report.filename().string(),
              testing::MatchesRegex("small@[0-9]+-[0-9]+-[0-9]+-[0-9a-f]+.html"));
  for (const char* extension : {".csv", ".audit.csv", ".json", ".tex", ".txt", ".key"}) {
    Path file = second.earlier_report;
    EXPECT_TRUE(std::filesystem::exists(file.replace_extension(extension))) << extension;
  }
  EXPECT_TRUE(run_study(workspace, changed, job_).earlier_report.empty());
  // Back to the study of before: the other one's is kept now.
  const StudyOutcome third = run_study(workspace, study(), job_);
  ASSERT_FALSE(third.earlier_report.empty());
  EXPECT_NE(third.earlier_report, second.earlier_report);
  EXPECT_TRUE(std::filesystem::exists(second.earlier_report));
  // A report that an earlier version wrote does not tell of which text it is.
  Path key = third.report;
  write_file(key.replace_extension(".key"), "0123456789abcdef");
  EXPECT_EQ(run_study(workspace, study(), job_).earlier_report.filename(), "small@earlier.html");
  // A second one does not replace it.
  write_file(key, "fedcba9876543210");
  EXPECT_EQ(run_study(workspace, changed, job_).earlier_report.filename(), "small@earlier-2.html");
  EXPECT_TRUE(std::filesystem::exists(workspace.reports() / "small@earlier.html"));
}

// What was moved when the process died is followed by the rest.
TEST_F(EvaluateStudy, AHalfKeptReportIsKeptInWhole) {
  Workspace workspace = finished(study());
  run_study(workspace, study(), job_);
  const std::vector<Path> files = study::report_files(workspace, "small");
  ASSERT_EQ(files.size(), 7U);
  const Study changed = study("title = \"Another title\"\n" + kStudy);
  // As far as the next file cannot be moved: a folder has its name.
  const auto keep = [&] { return study::begin_report(workspace, changed, "2026-11-25"); };
  const std::vector<std::string> key =
      split(read_file(workspace.reports() / "small.key", 1 << 10), '\n');
  const std::string kept = "small@" + key.at(2) + "-" + key.at(1);
  const Path obstacle = workspace.reports() / (kept + ".txt");
  write_file(obstacle / "file", "");
  EXPECT_THROW(keep(), std::filesystem::filesystem_error);
  EXPECT_TRUE(std::filesystem::exists(workspace.reports() / "small.html"));
  std::filesystem::remove_all(obstacle);
  EXPECT_EQ(keep().filename(), kept + ".html");
  for (const Path& file : files) {
    const std::string ending = file.filename().string().substr(std::string("small").size());
    EXPECT_TRUE(std::filesystem::exists(workspace.reports() / (kept + ending))) << ending;
  }
}

// What this version writes with a checksum is damaged without one.
TEST_F(EvaluateStudy, AMissingChecksumIsDamageWhereThereAlwaysIsOne) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  const FloatMatrix rows(1, 2);
  const auto verify = [&](const char* format, const char* version) {
    const Path file = workspace.embeddings() / "net" / "1.safetensors";
    std::filesystem::create_directories(file.parent_path());
    write_safetensors(file, {{"features", tensor_view(rows)}},
                      {{"format", format}, {"version", version}});
    const VerifyReport report = verify_workspace(workspace, job_);
    const auto tally = std::ranges::find(report.tallies, "feature files", &VerifyTally::kind);
    return std::pair(tally->damaged, tally->unverified);
  };
  EXPECT_EQ(verify("epicrisis-features", "2"), std::pair(1L, 0L));
  EXPECT_EQ(verify("epicrisis-features", "1"), std::pair(0L, 1L));
  EXPECT_EQ(verify("pt", "2"), std::pair(0L, 1L));
}

// Features that a fine-tuned run gave lie in its folder.
TEST_F(EvaluateStudy, FeaturesOfARunAreVerifiedToo) {
  Workspace workspace = finished(study());
  // Nothing trained these runs: their weights are missing.
  const std::size_t before = verify_workspace(workspace, job_).faults.size();
  const Path run = workspace.runs() / list_runs(workspace.database()).front().id;
  write_file(run / "embeddings" / "run-0123456789abcdef" / "1.safetensors", "damaged");
  const VerifyReport report = verify_workspace(workspace, job_);
  EXPECT_EQ(report.faults.size(), before + 1);
  EXPECT_TRUE(std::ranges::any_of(report.faults, [](const WorkspaceFault& fault) {
    return fault.place.find("run-0123456789abcdef") != std::string::npos;
  }));
}

// What an audit found by other rules, or of other facts, is not what the report shows.
TEST_F(EvaluateStudy, TheReportsAuditIsCurrent) {
  Workspace workspace = finished(study());
  const StudyOutcome first = run_study(workspace, study(), job_);
  const std::string audited = read_file(study::beside(first.report, ".audit.csv"));
  EXPECT_THAT(audited, testing::HasSubstr("dermoscope_a,M,template,,contradicted_notes,0,"));
  const auto tampered = [&] {
    return workspace.database().query_integer("SELECT COUNT(*) FROM audits WHERE auditor = 'old'");
  };
  workspace.database().execute("UPDATE audits SET auditor = 'old', verdict = 'fail'");
  EXPECT_GT(tampered(), 0);
  const StudyOutcome second = run_study(workspace, study(), job_);
  EXPECT_EQ(tampered(), 0);
  EXPECT_EQ(read_file(study::beside(second.report, ".audit.csv")), audited);
}

// A measure of the picture is weaker evidence than what is known, and has numbers of its own.
TEST_F(EvaluateStudy, WhatMeasuresContradictIsToldApart) {
  Workspace workspace = finished(study());
  const Path report = run_study(workspace, study(), job_).report;
  const auto csv = [&] { return read_file(study::beside(report, ".audit.csv")); };
  EXPECT_THAT(csv(), testing::HasSubstr("M,template,,contradicted_claims,0,"));
  EXPECT_THAT(csv(), testing::HasSubstr("M,template,,measured_contradicted_notes,0,"));
  const auto coverage = [&] {
    const std::string text = csv();
    const std::size_t begin = text.find("M,template,,coverage,");
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  const std::string covered = coverage();
  // Nothing was measured: there is no share of it.
  EXPECT_THAT(csv(), testing::Not(testing::HasSubstr("measured_contradicted_claims")));
  Database& database = workspace.database();
  for (const NoteRecord& note : load_notes(database, {})) {
    auto audit = find_audit(database, note.id);
    ASSERT_TRUE(audit);
    bool first = true;
    for (Json& claim : audit->issues.at("claims")) {
      if (claim.at("verdict") != "agrees") continue;
      claim["rule"] = "measured";
      if (first) claim["verdict"] = "contradicts";
      first = false;
    }
    put_audit(database, *audit);
  }
  std::filesystem::remove(study::beside(report, ".key"));
  run_study(workspace, study(), job_);
  EXPECT_THAT(csv(), testing::HasSubstr("M,template,,contradicted_notes,0,"));
  EXPECT_THAT(csv(), testing::HasSubstr("M,template,,measured_contradicted_notes,1,"));
  EXPECT_THAT(csv(), testing::HasSubstr("M,template,,measured_contradicted_claims,0."));
  EXPECT_THAT(csv(), testing::Not(testing::HasSubstr("M,template,,contradicted_claims,")));
  EXPECT_EQ(coverage(), covered);  // by what is known or measured
}

// Another weight or tokenizer file in a model's folder: the run is trained again.
TEST_F(EvaluateStudy, AChangedModelFileMakesTheRunAnother) {
  const Path image = folder_.path() / "net";
  const Path text = folder_.path() / "bert";
  write_file(image / "config.json", R"({"architecture": "resnet18"})");
  write_file(image / "best.pth", "1");
  write_file(text / "config.json", R"({"model_type": "bert"})");
  write_file(text / "model.safetensors", "1");
  Study study = this->study();
  StudyRun& run = study.runs.at(1);
  run.image_encoder.model = image.string();
  run.text_encoder = text.string();
  const auto identity = [&] {
    study::ModelHashes models;
    return run_config_hash(study::run_configuration(study, run, 1, {}, {}, {}, models));
  };
  const std::string before = identity();
  write_file(image / "best.pth", "2");
  const std::string other_weights = identity();
  EXPECT_NE(other_weights, before);
  write_file(text / "modules.json", "[]");
  EXPECT_NE(identity(), other_weights);
}

}  // namespace
}  // namespace epicrisis
