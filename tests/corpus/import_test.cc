#include "epicrisis/corpus/import.h"

#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "epicrisis/core/error.h"
#include "epicrisis/store/tables/import_record.h"
#include "epicrisis/store/tables/samples.h"
#include "store/sql/migrations.h"
#include "support/dermatology.h"
#include "support/fault_vfs.h"
#include "support/job_log.h"
#include "support/refusal.h"
#include "support/shared_data.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::HasSubstr;

class ImportTest : public test::StoreTest {
 protected:
  static Sample sample(std::size_t i) { return test::make_sample(fmt::format("K_{:06}", i)); }
  static std::int64_t stored(Database& database) { return count_samples(database, {}); }

  // Runs `work` in a process of its own and says how it ended.
  template <typename Work>
  static int in_child(Work&& work) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        work();
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(1);
      }
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  }
};

TEST_F(ImportTest, SecondImportWritesNothing) {
  Workspace workspace = make();
  const test::FakeAdapter adapter(100, sample);
  const ImportReport first = import_dataset(workspace, adapter, "some/where", job_);
  EXPECT_EQ(first.written, 100);
  EXPECT_EQ(first.unchanged + first.updated + first.absent, 0);
  const auto data_version = [&] {
    return workspace.database().query_integer("SELECT sum(id) FROM samples");
  };
  const auto before = data_version();
  const ImportReport second = import_dataset(workspace, adapter, "some/where", job_);
  EXPECT_EQ(second.written, 0);
  EXPECT_EQ(second.updated, 0);
  EXPECT_EQ(second.unchanged, 100);
  EXPECT_EQ(data_version(), before);
  const Json json = to_json(second);
  EXPECT_EQ(json["rows_read"], 100);
  EXPECT_EQ(json["samples"], 100);
  EXPECT_EQ(json["skipped"], 0);
  EXPECT_EQ(json["unchanged"], 100);
  EXPECT_TRUE(Path(json["source"].get<std::string>()).is_absolute());
}

// How it was imported and what was left out stay with the data set, until the next import.
TEST_F(ImportTest, KeepsHowItWasImportedAndWhatWasLeftOut) {
  const Path root = folder_.path() / "set";
  for (const char* name : {"1.jpg", "2.jpg"}) write_file(root / "images" / name, "");
  write_file(root / "cases.csv",
             "id,dx,who,part\n1,nevus,a,train\n2,nevus,b,test\n2,nevus,b,test\n3,nevus,c,\n");
  const std::string columns = "table = \"cases.csv\"\n[columns]\nid = \"id\"\nlabel = \"dx\"\n";
  write_file(folder_.path() / "a.toml", columns + "group = \"who\"\nsplit = \"part\"\n");
  write_file(folder_.path() / "b.toml", columns);
  Workspace workspace = make();
  EXPECT_FALSE(find_import_record(workspace.database(), "generic_csv"));
  ImportOptions options;
  options.column_map = folder_.path() / "a.toml";
  options.modality = "clinical image";
  options.pictures = {"images"};
  EXPECT_FALSE(import_dataset(workspace, "generic_csv", root, job_, options).lost.any());
  EXPECT_FALSE(import_dataset(workspace, "generic_csv", root, job_, options).lost.any());
  const auto record = find_import_record(workspace.database(), "generic_csv");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->column_map, options.column_map.string());
  EXPECT_EQ(record->modality, "clinical image");
  EXPECT_EQ(record->taxonomy, "");
  EXPECT_EQ(record->pictures, options.pictures);
  EXPECT_FALSE(record->said_without_label);
  ASSERT_EQ(record->skipped.size(), 2U);
  EXPECT_EQ(record->skipped[0].reason, "rows without a picture");
  EXPECT_EQ(record->skipped[0].count, 1U);
  EXPECT_THAT(record->skipped[0].examples, testing::ElementsAre(HasSubstr("cases.csv:5")));
  EXPECT_EQ(record->skipped[1].reason, "ids met before");

  options.column_map = folder_.path() / "b.toml";
  const ImportReport without = import_dataset(workspace, "generic_csv", root, job_, options);
  EXPECT_EQ(without.lost.groups, 2);
  EXPECT_EQ(without.lost.splits, 2);
  EXPECT_EQ(without.lost.labels, 0);
  EXPECT_THAT(lost_in_words(without.lost), HasSubstr("with the column map " + record->column_map));
  EXPECT_EQ(to_json(without)["lost"]["groups"], 2);
  EXPECT_EQ(find_import_record(workspace.database(), "generic_csv")->column_map,
            options.column_map.string());
  EXPECT_FALSE(import_dataset(workspace, "generic_csv", root, job_, options).lost.any());
  write_file(folder_.path() / "b.toml",
             "table = \"cases.csv\"\n[columns]\nid = \"id\"\nlabel = \"\"\n");
  import_dataset(workspace, "generic_csv", root, job_, options);
  EXPECT_TRUE(find_import_record(workspace.database(), "generic_csv")->said_without_label);
}

TEST(ImportRecord, IsNotKnownOfALayoutBefore) {
  const TemporaryFolder folder;
  {
    Database database(folder.path() / "epicrisis.db");
    migrate_to(database, 11);
    database.execute(
        "INSERT INTO datasets (name, adapter, source, imported_at) VALUES ('a', 'b', '/c', '')");
  }
  Workspace workspace = Workspace::open(folder.path());
  EXPECT_FALSE(find_import_record(workspace.database(), "a"));
}

// a.jpg and a.png are two samples whose keys do not depend on which row is first.
TEST_F(ImportTest, KeysDoNotDependOnTheOrderOfRows) {
  const std::vector<std::string> rows = {"L1,a.png,nv,histo,40,male,back\n",
                                         "L2,a.jpg,mel,histo,50,male,back\n",
                                         "L3,b.jpg,nv,histo,60,male,back\n"};
  const auto read = [&](const std::string& name, const std::vector<int>& order, bool picture) {
    const Path folder = folder_.path() / name;
    std::string table = "lesion_id,image_id,dx,dx_type,age,sex,localization\n";
    for (const int i : order) table += rows.at(static_cast<std::size_t>(i));
    write_file(folder / "HAM10000_metadata.csv", table);
    if (picture) write_file(folder / "images/a.jpg", "");
    Workspace workspace = Workspace::open_or_create(folder_.path() / (name + "-w"));
    ImportOptions options;
    options.tables_only = true;
    std::map<std::string, std::string> found;
    for (int round = 0; round < 2; ++round) {  // the second changes nothing
      const ImportReport report = import_dataset(workspace, "ham10000", folder, job_, options);
      EXPECT_EQ(report.read.samples, 3U);
      EXPECT_EQ(report.written, round == 0 ? 3 : 0);
      EXPECT_EQ(report.absent, 0);
    }
    for (const std::int64_t id : sample_ids(workspace.database(), {})) {
      const Sample sample = sample_by_id(workspace.database(), id);
      found[sample.key] = sample.group + Path(sample.image_path).filename().string();
    }
    return found;
  };
  const std::map<std::string, std::string> alone = {{"a.jpg", "L2"}, {"a.png", "L1"}, {"b", "L3"}};
  EXPECT_EQ(read("x", {0, 1, 2}, false), alone);
  EXPECT_EQ(read("y", {2, 1, 0}, false), alone);
  const std::map<std::string, std::string> with = {
      {"a.jpg", "L2a.jpg"}, {"a.png", "L1"}, {"b", "L3"}};
  EXPECT_EQ(read("p", {0, 1, 2}, true), with);
  EXPECT_EQ(read("q", {1, 0, 2}, true), with);
}

// Folders that number their pictures anew: the ids tell none of them, the paths do.
TEST_F(ImportTest, SharedIdsAreReadAgain) {
  const Path root = folder_.path() / "set";
  for (const char* split : {"train", "test"}) {
    write_file(root / split / "0001.jpg", "");
    write_file(root / split / "metadata.csv", "file_name,id,label,patient\n0001.jpg,0001,NEV,P7\n");
  }
  Workspace workspace = make();
  const ImportReport report = import_dataset(workspace, "imagefolder", root, job_);
  EXPECT_EQ(report.written, 2);
  EXPECT_EQ(report.read.skipped_total(), 0U);
  EXPECT_EQ(stored(workspace.database()), 2);
  const auto kept = find_sample(workspace.database(), "imagefolder", "test__0001");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->group, "P7");
  EXPECT_EQ(import_dataset(workspace, "imagefolder", root, job_).unchanged, 2);
}

TEST_F(ImportTest, ChangesAndAbsencesAreCounted) {
  Workspace workspace = make();
  import_dataset(workspace, test::FakeAdapter(100, sample), "x", job_);
  const ImportReport report = import_dataset(workspace,
                                             test::FakeAdapter(95,
                                                               [](std::size_t i) {
                                                                 Sample changed =
                                                                     sample(i < 90 ? i : i + 100);
                                                                 if (i < 3)
                                                                   changed.diagnosis = "other";
                                                                 return changed;
                                                               }),
                                             "x", job_);
  EXPECT_EQ(report.updated, 3);
  EXPECT_EQ(report.unchanged, 87);
  EXPECT_EQ(report.written, 5);
  EXPECT_EQ(report.absent, 10);
  std::vector<std::string> gone;
  for (std::size_t i = 90; i < 100; ++i) gone.push_back(sample(i).key);
  EXPECT_EQ(report.absent_keys, gone);
  EXPECT_EQ(to_json(report)["absent_keys"], Json(gone));
  EXPECT_EQ(stored(workspace.database()), 105);
}

TEST_F(ImportTest, NamesKeepDataSetsApart) {
  Workspace workspace = make();
  const test::FakeAdapter adapter(10, sample);
  import_dataset(workspace, adapter, "x", job_, {.name = "one"});
  import_dataset(workspace, adapter, "x", job_, {.name = "two"});
  EXPECT_EQ(stored(workspace.database()), 20);
  EXPECT_THROW(import_dataset(workspace, adapter, "x", job_, {.name = "a/b"}), UsageError);
  EXPECT_THROW(import_dataset(workspace, "no_such_adapter", "x", job_), UsageError);
  put_dataset(workspace.database(), "theirs", "other_adapter", "", "");
  try {
    import_dataset(workspace, adapter, "x", job_, {.name = "theirs"});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("other_adapter"));
  }
}

// A slip in the name made two data sets of one folder, for a study the one to train on and the
// other to test on.
TEST_F(ImportTest, OneFolderUnderTwoNamesIsWarnedOf) {
  Workspace workspace = make();
  const test::FakeAdapter adapter(3, sample);
  test::JobLog log;
  Job job(log);
  import_dataset(workspace, adapter, "some/where", job, {.name = "clinic"});
  import_dataset(workspace, adapter, "some/where", job, {.name = "clinic"});
  import_dataset(workspace, adapter, "else/where", job, {.name = "other"});
  EXPECT_THAT(log.lines, testing::Not(testing::Contains(HasSubstr("remove one"))));
  import_dataset(workspace, adapter, "some/where", job, {.name = "clinik"});
  EXPECT_THAT(log.lines, testing::Contains(HasSubstr("was imported as the data set 'clinic' too")));
}

TEST_F(ImportTest, NamesHaveNoSpace) {
  Workspace workspace = make();
  const test::FakeAdapter adapter(10, sample);
  EXPECT_THROW(import_dataset(workspace, adapter, "x", job_, {.name = "a b"}), UsageError);
}

TEST_F(ImportTest, AnotherFolderNeedsAnotherName) {
  Workspace workspace = make();
  const test::FakeAdapter adapter(10, sample);
  const Path one = folder_.path() / "one";
  const Path two = folder_.path() / "two";
  std::filesystem::create_directories(one);
  std::filesystem::create_directories(two);
  std::filesystem::create_directory_symlink(one, folder_.path() / "link");
  import_dataset(workspace, adapter, one, job_);
  for (const std::string name : {"", "fake"}) {
    const std::string message =
        test::refusal([&] { import_dataset(workspace, adapter, two, job_, {.name = name}); });
    EXPECT_THAT(message, HasSubstr(one.string()));
    EXPECT_THAT(message, HasSubstr(two.string()));
    EXPECT_THAT(message, HasSubstr("`name`"));
    EXPECT_THAT(message, HasSubstr("`moved`"));
  }
  // The same folder by another way.
  EXPECT_EQ(import_dataset(workspace, adapter, one / "", job_).unchanged, 10);
  EXPECT_EQ(import_dataset(workspace, adapter, folder_.path() / "link", job_).unchanged, 10);
  EXPECT_EQ(import_dataset(workspace, adapter, two, job_, {.name = "other"}).written, 10);
  EXPECT_EQ(import_dataset(workspace, adapter, two, job_, {.moved = true}).unchanged, 10);
  EXPECT_EQ(find_dataset(workspace.database(), "fake")->source, two.string());
  // An import that brought nothing binds nobody to its folder.
  EXPECT_THROW(
      import_dataset(workspace, test::FakeAdapter(0, sample), one, job_, {.name = "empty"}),
      InputError);
  EXPECT_EQ(import_dataset(workspace, adapter, two, job_, {.name = "empty"}).written, 10);
}

class HamImportTest : public ImportTest {
 protected:
  HamImportTest() {
    write_file(ham() / "HAM10000_metadata.csv",
               "lesion_id,image_id,dx,dx_type,age,sex,localization\n"
               "HAM_1,ISIC_0000001,nv,histo,45,male,back\n"
               "HAM_2,ISIC_0000002,nv,histo,45,male,back\n");
    write_file(ham() / "images" / "ISIC_0000001.jpg", "");
    write_file(ham() / "small" / "ISIC_0000001.jpg", "");
    write_file(ham() / "small" / "ISIC_0000002.jpg", "");
  }
  Path ham() const { return folder_.path() / "ham"; }
};

TEST_F(HamImportTest, OtherPicturesNeedAnotherName) {
  Workspace workspace = make();
  EXPECT_EQ(import_dataset(workspace, "ham10000", ham(), job_).written, 1);
  const std::string message = test::refusal(
      [&] { import_dataset(workspace, "ham10000", ham(), job_, {.pictures = {"small"}}); });
  EXPECT_THAT(message, HasSubstr("images"));
  EXPECT_THAT(message, HasSubstr("small"));
  EXPECT_THAT(message, HasSubstr("`name`"));
  EXPECT_EQ(stored(workspace.database()), 1);  // nothing of it stays
  // Named now, met by itself before.
  EXPECT_EQ(import_dataset(workspace, "ham10000", ham(), job_, {.pictures = {"images/"}}).unchanged,
            1);
  EXPECT_EQ(
      import_dataset(workspace, "ham10000", ham(), job_, {.pictures = {"small"}, .moved = true})
          .written,
      1);
  // More folders than before.
  EXPECT_EQ(import_dataset(workspace, "ham10000", ham(), job_, {.pictures = {"small", "images"}})
                .unchanged,
            2);
}

TEST_F(HamImportTest, PicturesOfAnOlderLayoutAreNotCompared) {
  Workspace workspace = make();
  import_dataset(workspace, "ham10000", ham(), job_);
  workspace.database().execute("UPDATE datasets SET pictures = NULL");
  EXPECT_EQ(import_dataset(workspace, "ham10000", ham(), job_, {.pictures = {"small"}}).written, 1);
}

TEST_F(ImportTest, ACsvFolderGivesItsName) {
  Workspace workspace = make();
  for (const char* name : {"A", "B", "not a name"}) {
    write_file(folder_.path() / name / "labels.csv", "x.jpg,1\n");
    const ImportReport report =
        import_dataset(workspace, "csv_folder", folder_.path() / name, job_, {.tables_only = true});
    EXPECT_EQ(report.read.dataset, std::string(name) == "not a name" ? "csv_folder" : name);
    EXPECT_EQ(report.written, 1);
  }
}

TEST_F(ImportTest, CountsThatDoNotAddUpStopIt) {
  Workspace workspace = make();
  test::FakeAdapter adapter(10, sample);
  adapter.set_extra_records(1);  // a record that is neither sample nor skipped
  EXPECT_THROW(import_dataset(workspace, adapter, "x", job_), InternalError);
  EXPECT_EQ(stored(workspace.database()), 0);
  EXPECT_TRUE(list_datasets(workspace.database()).empty());
  // One id twice.
  EXPECT_THROW(
      import_dataset(workspace, test::FakeAdapter(10, [](std::size_t i) { return sample(i / 2); }),
                     "x", job_),
      InternalError);
  EXPECT_EQ(stored(workspace.database()), 0);
}

// A table with a header alone: a download that broke off, or the wrong file.
TEST_F(ImportTest, NothingToImportIsAnError) {
  Workspace workspace = make();
  EXPECT_THAT([&] { import_dataset(workspace, test::FakeAdapter(0, sample), "x", job_); },
              testing::ThrowsMessage<InputError>(HasSubstr("not one row")));
  EXPECT_TRUE(list_datasets(workspace.database()).empty());
  import_dataset(workspace, test::FakeAdapter(2, sample), "x", job_);
  EXPECT_THROW(import_dataset(workspace, test::FakeAdapter(0, sample), "x", job_), InputError);
  EXPECT_EQ(stored(workspace.database()), 2);
}

TEST_F(ImportTest, InterruptAndErrorLeaveNothing) {
  Workspace workspace = make();
  Job job;
  const test::FakeAdapter interrupted(100, [&](std::size_t i) {
    if (i == 50) job.cancel();
    return sample(i);
  });
  EXPECT_THROW(import_dataset(workspace, interrupted, "x", job), Interrupted);
  EXPECT_EQ(stored(workspace.database()), 0);
  const test::FakeAdapter broken(100, [](std::size_t i) {
    if (i == 50) throw InputError("table.csv:50: broken");
    return sample(i);
  });
  EXPECT_THROW(import_dataset(workspace, broken, "x", job_), InputError);
  EXPECT_EQ(stored(workspace.database()), 0);
  EXPECT_EQ(import_dataset(workspace, test::FakeAdapter(100, sample), "x", job_).written, 100);
}

TEST_F(ImportTest, KilledAtAnySampleLeavesNothing) {
  { make(); }
  for (const std::size_t at : {0UL, 1UL, 37UL, 499UL}) {
    const int status = in_child([&] {
      Workspace workspace = Workspace::open(root());
      import_dataset(workspace,
                     test::FakeAdapter(500,
                                       [&](std::size_t i) {
                                         if (i == at) ::raise(SIGKILL);
                                         return sample(i);
                                       }),
                     "x", job_);
    });
    ASSERT_TRUE(WIFSIGNALED(status));
    Workspace workspace = Workspace::open(root());
    EXPECT_EQ(workspace.database().query_text("PRAGMA integrity_check"), "ok");
    EXPECT_EQ(stored(workspace.database()), 0);
  }
}

TEST_F(ImportTest, KilledAtAnyWriteIsAllOrNothing) {
  { make(); }
  {
    Workspace workspace = Workspace::open(root());
    import_dataset(workspace, test::FakeAdapter(10, sample), "x", job_, {.name = "before"});
  }
  // The process dies in the n-th write or sync to the disk, half of the bytes written, for every n
  // until the import gets through.
  bool killed = true;
  bool after_commit = false;
  int kills = 0;
  for (std::int64_t n = 0; killed; n += n < 20 ? 1 : 7) {
    ASSERT_LT(n, 5000);
    const int status = in_child([&] {
      const test::FaultVfs disk([n](std::int64_t number, int& bytes) {
        if (number == n + 1) ::raise(SIGKILL);
        if (number == n) bytes /= 2;
        return SQLITE_OK;
      });
      Workspace workspace = Workspace::open(root());
      import_dataset(workspace, test::FakeAdapter(300, sample), "x", job_);
    });
    killed = WIFSIGNALED(status);
    if (killed) ++kills;
    Workspace workspace = Workspace::open(root());
    Database& database = workspace.database();
    ASSERT_EQ(database.query_text("PRAGMA integrity_check"), "ok") << n;
    const std::int64_t count = stored(database);
    if (killed) {
      EXPECT_TRUE(count == 10 || count == 310) << count << " samples after a kill at " << n;
      after_commit = after_commit || count == 310;
    } else {
      EXPECT_EQ(count, 310);
    }
    // For the next round.
    database.execute("DELETE FROM datasets WHERE name = 'fake'");
  }
  EXPECT_GT(kills, 20);
}

TEST_F(ImportTest, FullDiskLeavesNothingAndIsNamed) {
  { make(); }
  for (const std::int64_t n : {0, 1, 5, 20, 60}) {
    {
      const test::FaultVfs disk([n](std::int64_t number, int& bytes) {
        if (number < n) return SQLITE_OK;
        bytes /= 3;
        return SQLITE_FULL;
      });
      try {
        Workspace workspace = Workspace::open(root());
        import_dataset(workspace, test::FakeAdapter(5000, sample), "x", job_);
        FAIL() << "the disk was full from operation " << n;
      } catch (const SystemError& error) {
        EXPECT_THAT(error.what(), HasSubstr("disk is full"));
        EXPECT_THAT(error.what(), HasSubstr(root().string()));
      }
    }
    Workspace workspace = Workspace::open(root());
    EXPECT_EQ(stored(workspace.database()), 0);
  }
  Workspace workspace = Workspace::open(root());
  EXPECT_EQ(import_dataset(workspace, test::FakeAdapter(5000, sample), "x", job_).written, 5000);
}

TEST_F(ImportTest, RealTablesAddUp) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const Path data = test::shared_folder() / "data";
  Workspace workspace = make();
  const ImportOptions both{.pictures = {"images", "images_600x450"}};
  const ImportReport report = import_dataset(workspace, "ham10000", data / "ham10000", job_, both);
  EXPECT_EQ(report.written, 2522 + 154 - 86);
  const auto counts = count_classes(workspace.database());
  ASSERT_EQ(counts.size(), 1U);
  EXPECT_EQ(counts[0].total, 2590);
  EXPECT_EQ(counts[0].with_image, 2590);
  EXPECT_EQ(counts[0].labelled.at(test::kNevus), 1315);
  EXPECT_EQ(counts[0].labelled.at(test::kMelanoma), 379);
  EXPECT_EQ(import_dataset(workspace, "ham10000", data / "ham10000", job_, both).unchanged, 2590);

  const ImportReport table =
      import_dataset(workspace, "ham10000", data / "metadata_only" / "ham10000", job_,
                     {.name = "ham_table", .tables_only = true});
  EXPECT_EQ(table.written, 9152);
}

}  // namespace
}  // namespace epicrisis
