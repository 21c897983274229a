#include "store/sql/layouts.h"

#include <array>

namespace epicrisis {
namespace {

// A released script is never edited: databases out there have run it. A change is a new script with
// the next number. docs/formats/workspace-database.md describes the tables.
constexpr std::string_view kVersion1 = R"sql(
CREATE TABLE datasets (
  id          INTEGER PRIMARY KEY,
  name        TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 128),
  adapter     TEXT NOT NULL,
  source      TEXT NOT NULL,
  imported_at TEXT NOT NULL
) STRICT;

CREATE TABLE samples (
  id               INTEGER PRIMARY KEY,
  dataset_id       INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  key              TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 512),
  digest           TEXT NOT NULL,
  image_path       TEXT NOT NULL,
  has_image        INTEGER NOT NULL GENERATED ALWAYS AS (image_path <> '') STORED,
  raw_label        TEXT NOT NULL,
  label            INTEGER CHECK (label BETWEEN 0 AND 7),
  malignancy       TEXT NOT NULL CHECK (malignancy IN ('', 'benign', 'pre-cancerous', 'malignant')),
  diagnosis        TEXT NOT NULL,
  subclass         TEXT NOT NULL,
  findings         TEXT NOT NULL,
  group_key        TEXT NOT NULL,
  split            TEXT NOT NULL CHECK (split IN ('', 'train', 'validation', 'test')),
  published_splits TEXT NOT NULL,
  modality         TEXT NOT NULL,
  metadata         TEXT NOT NULL,
  UNIQUE (dataset_id, key)
) STRICT;
CREATE INDEX samples_by_key ON samples (key, dataset_id);
CREATE INDEX samples_by_label ON samples (dataset_id, label, has_image);
CREATE INDEX samples_by_group ON samples (group_key, dataset_id) WHERE group_key <> '';

CREATE TABLE fingerprints (
  sample_id     INTEGER PRIMARY KEY REFERENCES samples (id) ON DELETE CASCADE,
  path          TEXT NOT NULL,
  file_size     INTEGER NOT NULL CHECK (file_size >= 0),
  file_time     INTEGER NOT NULL,
  version       INTEGER NOT NULL,
  error         TEXT NOT NULL,
  width         INTEGER NOT NULL CHECK (width >= 0),
  height        INTEGER NOT NULL CHECK (height >= 0),
  bytes_sha256  BLOB,
  pixels_sha256 BLOB,
  phash         INTEGER,
  phash_whole   INTEGER,
  thumbnail     BLOB,
  thumbnail_whole BLOB,
  CHECK (error <> '' OR (length(bytes_sha256) = 32 AND length(pixels_sha256) = 32 AND
                         phash IS NOT NULL AND phash_whole IS NOT NULL AND
                         thumbnail IS NOT NULL AND thumbnail_whole IS NOT NULL))
) STRICT;
-- Covers what the leakage check reads of a million rows, so that it need not fetch the thumbnails.
CREATE INDEX fingerprints_by_pixels
  ON fingerprints (pixels_sha256, bytes_sha256, sample_id, phash, phash_whole, error)
  WHERE error = '';
CREATE INDEX fingerprints_with_error ON fingerprints (sample_id, error) WHERE error <> '';

CREATE TABLE prepared (
  recipe         TEXT NOT NULL CHECK (recipe <> ''),
  sample_id      INTEGER NOT NULL REFERENCES samples (id) ON DELETE CASCADE,
  path           TEXT NOT NULL,
  file_size      INTEGER NOT NULL CHECK (file_size >= 0),
  file_time      INTEGER NOT NULL,
  slot           INTEGER CHECK (slot >= 0),
  pixels_sha256  BLOB CHECK (length(pixels_sha256) = 32),
  hair_fraction  REAL NOT NULL,
  border_cropped INTEGER NOT NULL CHECK (border_cropped IN (0, 1)),
  lesion_cropped INTEGER NOT NULL CHECK (lesion_cropped IN (0, 1)),
  error          TEXT NOT NULL,
  PRIMARY KEY (recipe, sample_id),
  CHECK ((slot IS NULL) = (error <> '') AND (slot IS NULL) = (pixels_sha256 IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX prepared_by_sample ON prepared (sample_id);

CREATE TABLE split_sets (
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 128),
  seed       INTEGER NOT NULL,
  options    TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE split_roles (
  split_set_id INTEGER NOT NULL REFERENCES split_sets (id) ON DELETE CASCADE,
  sample_id    INTEGER NOT NULL REFERENCES samples (id) ON DELETE CASCADE,
  role         TEXT NOT NULL CHECK (role IN ('train', 'validation', 'test', 'external')),
  PRIMARY KEY (split_set_id, sample_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX split_roles_by_sample ON split_roles (sample_id);

CREATE TABLE notes (
  id               INTEGER PRIMARY KEY,
  key              TEXT NOT NULL UNIQUE CHECK (key <> ''),
  sample_id        INTEGER NOT NULL REFERENCES samples (id) ON DELETE RESTRICT,
  strategy         TEXT NOT NULL CHECK (strategy <> ''),
  provider         TEXT NOT NULL CHECK (provider <> ''),
  model            TEXT NOT NULL,
  template_version TEXT NOT NULL,
  variant          INTEGER NOT NULL CHECK (variant >= 0),
  text             TEXT NOT NULL,
  status           TEXT NOT NULL CHECK (status IN
                     ('written', 'truncated', 'refused', 'empty', 'invalid', 'failed')),
  reason           TEXT NOT NULL,
  parameters       TEXT NOT NULL,
  origin           TEXT NOT NULL,
  created_at       TEXT NOT NULL,
  input_tokens     INTEGER NOT NULL CHECK (input_tokens >= 0),
  output_tokens    INTEGER NOT NULL CHECK (output_tokens >= 0),
  cost             REAL NOT NULL CHECK (cost >= 0),
  attempts         INTEGER NOT NULL CHECK (attempts >= 1),
  CHECK (status <> 'written' OR text <> '')
) STRICT;
CREATE INDEX notes_by_sample ON notes (sample_id, strategy, variant, id);
CREATE INDEX notes_by_strategy ON notes (strategy, status, sample_id);

CREATE TABLE note_history (
  id          INTEGER PRIMARY KEY,
  note_id     INTEGER NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
  text        TEXT NOT NULL,
  reason      TEXT NOT NULL,
  replaced_at TEXT NOT NULL
) STRICT;
CREATE INDEX note_history_by_note ON note_history (note_id);

CREATE TABLE audits (
  note_id    INTEGER PRIMARY KEY REFERENCES notes (id) ON DELETE CASCADE,
  auditor    TEXT NOT NULL,
  verdict    TEXT NOT NULL CHECK (verdict IN ('pass', 'warn', 'fail')),
  issues     TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
  id          TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 128),
  study       TEXT NOT NULL,
  name        TEXT NOT NULL,
  config      TEXT NOT NULL,
  config_hash TEXT NOT NULL,
  status      TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'interrupted')),
  error       TEXT NOT NULL,
  started_at  TEXT NOT NULL,
  finished_at TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_study ON runs (study, config_hash);

CREATE TABLE results (
  run_id  TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  model   TEXT NOT NULL,
  mode    TEXT NOT NULL,
  notes   TEXT NOT NULL,
  seed    INTEGER NOT NULL,
  dataset TEXT NOT NULL,
  role    TEXT NOT NULL,
  task    TEXT NOT NULL,
  metric  TEXT NOT NULL,
  value   REAL NOT NULL,
  lo      REAL,
  hi      REAL,
  n       INTEGER NOT NULL CHECK (n >= 0),
  PRIMARY KEY (run_id, dataset, role, task, notes, metric),
  CHECK ((lo IS NULL) = (hi IS NULL) AND (lo IS NULL OR lo <= hi))
) STRICT, WITHOUT ROWID;

CREATE TABLE leakage_checks (
  id         INTEGER PRIMARY KEY,
  created_at TEXT NOT NULL,
  options    TEXT NOT NULL,
  samples    INTEGER NOT NULL,
  pictures   INTEGER NOT NULL,
  unreadable INTEGER NOT NULL,
  uncompared INTEGER NOT NULL,
  leaks      INTEGER NOT NULL,
  allowed    INTEGER NOT NULL CHECK (allowed IN (0, 1))
) STRICT;

CREATE TABLE leakage_overlaps (
  check_id INTEGER NOT NULL REFERENCES leakage_checks (id) ON DELETE CASCADE,
  kind     TEXT NOT NULL CHECK (kind IN ('id', 'group', 'bytes', 'pixels', 'near-duplicate')),
  a        INTEGER NOT NULL REFERENCES samples (id) ON DELETE CASCADE,
  b        INTEGER NOT NULL REFERENCES samples (id) ON DELETE CASCADE,
  role_a   TEXT NOT NULL,
  role_b   TEXT NOT NULL,
  leakage  INTEGER NOT NULL CHECK (leakage IN (0, 1)),
  distance INTEGER NOT NULL,
  PRIMARY KEY (check_id, kind, a, b, role_a, role_b)
) STRICT, WITHOUT ROWID;
)sql";

// Adds the status 'filtered' (a CHECK is part of its table, so the table is made anew), the ledger
// and the settings.
constexpr std::string_view kVersion2 = R"sql(
CREATE TABLE notes_2 (
  id               INTEGER PRIMARY KEY,
  key              TEXT NOT NULL UNIQUE CHECK (key <> ''),
  sample_id        INTEGER NOT NULL REFERENCES samples (id) ON DELETE RESTRICT,
  strategy         TEXT NOT NULL CHECK (strategy <> ''),
  provider         TEXT NOT NULL CHECK (provider <> ''),
  model            TEXT NOT NULL,
  template_version TEXT NOT NULL,
  variant          INTEGER NOT NULL CHECK (variant >= 0),
  text             TEXT NOT NULL,
  status           TEXT NOT NULL CHECK (status IN ('written', 'truncated', 'refused', 'filtered',
                                                   'empty', 'invalid', 'failed')),
  reason           TEXT NOT NULL,
  parameters       TEXT NOT NULL,
  origin           TEXT NOT NULL,
  created_at       TEXT NOT NULL,
  input_tokens     INTEGER NOT NULL CHECK (input_tokens >= 0),
  output_tokens    INTEGER NOT NULL CHECK (output_tokens >= 0),
  cost             REAL NOT NULL CHECK (cost >= 0),
  attempts         INTEGER NOT NULL CHECK (attempts >= 1),
  CHECK (status <> 'written' OR text <> '')
) STRICT;
INSERT INTO notes_2 SELECT * FROM notes;
DROP TABLE notes;
ALTER TABLE notes_2 RENAME TO notes;
CREATE INDEX notes_by_sample ON notes (sample_id, strategy, variant, id);
CREATE INDEX notes_by_strategy ON notes (strategy, status, sample_id);

CREATE TABLE ledger (
  id            INTEGER PRIMARY KEY,
  note_key      TEXT NOT NULL CHECK (note_key <> ''),
  sample_id     INTEGER NOT NULL,
  strategy      TEXT NOT NULL,
  provider      TEXT NOT NULL,
  model         TEXT NOT NULL,
  endpoint      TEXT NOT NULL,
  attempt       INTEGER NOT NULL CHECK (attempt >= 1),
  sent_at       TEXT NOT NULL,
  latency       REAL NOT NULL CHECK (latency >= 0),
  http_status   INTEGER NOT NULL,
  outcome       TEXT NOT NULL CHECK (outcome <> ''),
  reason        TEXT NOT NULL,
  input_tokens  INTEGER NOT NULL CHECK (input_tokens >= 0),
  output_tokens INTEGER NOT NULL CHECK (output_tokens >= 0),
  cost          REAL NOT NULL CHECK (cost >= 0)
) STRICT;
CREATE INDEX ledger_by_note ON ledger (note_key, id);

CREATE TABLE settings (
  name  TEXT PRIMARY KEY CHECK (name <> ''),
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// Requests handed out in batch files and the batches that run for them.
constexpr std::string_view kVersion3 = R"sql(
CREATE TABLE batch_exports (
  id            INTEGER PRIMARY KEY,
  created_at    TEXT NOT NULL,
  strategy      TEXT NOT NULL CHECK (strategy <> ''),
  strategy_toml TEXT NOT NULL,
  provider      TEXT NOT NULL CHECK (provider <> ''),
  model         TEXT NOT NULL,
  parameters    TEXT NOT NULL,
  schema        TEXT NOT NULL,
  input_price   REAL NOT NULL CHECK (input_price >= 0),
  output_price  REAL NOT NULL CHECK (output_price >= 0),
  images        INTEGER NOT NULL CHECK (images IN (0, 1)),
  fields        TEXT NOT NULL
) STRICT;

CREATE TABLE batch_files (
  id        INTEGER PRIMARY KEY,
  export_id INTEGER NOT NULL REFERENCES batch_exports (id),
  path      TEXT NOT NULL,
  sha256    TEXT NOT NULL,
  bytes     INTEGER NOT NULL CHECK (bytes >= 0),
  requests  INTEGER NOT NULL CHECK (requests >= 0),
  complete  INTEGER NOT NULL CHECK (complete IN (0, 1)),
  CHECK (complete = 0 OR length(sha256) = 64)
) STRICT;
CREATE INDEX batch_files_by_hash ON batch_files (sha256) WHERE complete = 1;

CREATE TABLE batch_requests (
  custom_id TEXT PRIMARY KEY CHECK (length(custom_id) BETWEEN 1 AND 64),
  export_id INTEGER NOT NULL REFERENCES batch_exports (id),
  file_id   INTEGER NOT NULL REFERENCES batch_files (id),
  note_key  TEXT NOT NULL CHECK (note_key <> ''),
  sample_id INTEGER NOT NULL REFERENCES samples (id) ON DELETE CASCADE,
  variant   INTEGER NOT NULL CHECK (variant >= 0),
  round     INTEGER NOT NULL CHECK (round >= 0),
  origin    TEXT NOT NULL,
  state     TEXT NOT NULL CHECK (state IN ('out', 'answered', 'closed')),
  UNIQUE (note_key, round)
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_requests_by_file ON batch_requests (file_id, state);
CREATE INDEX batch_requests_by_sample ON batch_requests (sample_id);

CREATE TABLE batch_jobs (
  id             INTEGER PRIMARY KEY,
  file_id        INTEGER NOT NULL REFERENCES batch_files (id),
  provider       TEXT NOT NULL CHECK (provider <> ''),
  endpoint       TEXT NOT NULL,
  input_file_id  TEXT NOT NULL DEFAULT '',
  create_started INTEGER NOT NULL DEFAULT 0 CHECK (create_started IN (0, 1)),
  batch_id       TEXT NOT NULL DEFAULT '',
  status         TEXT NOT NULL DEFAULT '',
  error          TEXT NOT NULL DEFAULT '',
  total          INTEGER NOT NULL DEFAULT 0,
  completed      INTEGER NOT NULL DEFAULT 0,
  failed         INTEGER NOT NULL DEFAULT 0,
  output_file_id TEXT NOT NULL DEFAULT '',
  error_file_id  TEXT NOT NULL DEFAULT '',
  fetched        INTEGER NOT NULL DEFAULT 0 CHECK (fetched IN (0, 1)),
  created_at     TEXT NOT NULL
) STRICT;
CREATE INDEX batch_jobs_by_file ON batch_jobs (file_id);
)sql";

// Results belong to the evaluation of a study, as those over all seeds belong to no single run. No
// program wrote the table before.
constexpr std::string_view kVersion4 = R"sql(
DROP TABLE results;

CREATE TABLE evaluations (
  study      TEXT PRIMARY KEY CHECK (study <> ''),
  key        TEXT NOT NULL CHECK (key <> ''),
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE results (
  study    TEXT NOT NULL REFERENCES evaluations (study) ON DELETE CASCADE,
  position INTEGER NOT NULL CHECK (position >= 0),
  run_id   TEXT REFERENCES runs (id) ON DELETE RESTRICT,
  model    TEXT NOT NULL,
  mode     TEXT NOT NULL,
  notes    TEXT NOT NULL,
  seed     TEXT NOT NULL CHECK (seed <> ''),
  dataset  TEXT NOT NULL,
  role     TEXT NOT NULL CHECK (role IN ('internal', 'external')),
  task     TEXT NOT NULL,
  metric   TEXT NOT NULL,
  value    REAL NOT NULL,
  lo       REAL,
  hi       REAL,
  n        INTEGER NOT NULL CHECK (n >= 0),
  seeds    INTEGER NOT NULL CHECK (seeds >= 1),
  PRIMARY KEY (study, position),
  UNIQUE (study, model, mode, notes, seed, dataset, role, task, metric),
  CHECK ((run_id IS NULL) = (seed = 'all')),
  CHECK ((lo IS NULL) = (hi IS NULL) AND (lo IS NULL OR lo <= hi))
) STRICT, WITHOUT ROWID;
CREATE INDEX results_by_run ON results (run_id) WHERE run_id IS NOT NULL;
)sql";

// The folders that the pictures came from: two imports under one name must mean the same pictures.
constexpr std::string_view kVersion5 = R"sql(
ALTER TABLE datasets ADD COLUMN pictures TEXT;
)sql";

// Classes are data: a workspace says in its settings of which field they are, so neither their
// number nor the words of their grade are checked here.
constexpr std::string_view kVersion6 = R"sql(
CREATE TABLE samples_6 (
  id               INTEGER PRIMARY KEY,
  dataset_id       INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  key              TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 512),
  digest           TEXT NOT NULL,
  image_path       TEXT NOT NULL,
  has_image        INTEGER NOT NULL GENERATED ALWAYS AS (image_path <> '') STORED,
  raw_label        TEXT NOT NULL,
  label            INTEGER CHECK (label >= 0),
  grade            TEXT NOT NULL,
  diagnosis        TEXT NOT NULL,
  subclass         TEXT NOT NULL,
  findings         TEXT NOT NULL,
  group_key        TEXT NOT NULL,
  split            TEXT NOT NULL CHECK (split IN ('', 'train', 'validation', 'test')),
  published_splits TEXT NOT NULL,
  modality         TEXT NOT NULL,
  metadata         TEXT NOT NULL,
  UNIQUE (dataset_id, key)
) STRICT;
INSERT INTO samples_6 (id, dataset_id, key, digest, image_path, raw_label, label, grade, diagnosis,
                       subclass, findings, group_key, split, published_splits, modality, metadata)
  SELECT id, dataset_id, key, digest, image_path, raw_label, label, malignancy, diagnosis,
         subclass, findings, group_key, split, published_splits, modality, metadata FROM samples;
DROP TABLE samples;
ALTER TABLE samples_6 RENAME TO samples;
CREATE INDEX samples_by_key ON samples (key, dataset_id);
CREATE INDEX samples_by_label ON samples (dataset_id, label, has_image);
CREATE INDEX samples_by_group ON samples (group_key, dataset_id) WHERE group_key <> '';
ALTER TABLE prepared RENAME COLUMN lesion_cropped TO subject_cropped;
)sql";

// Requests that were sent and not answered: what a killed run leaves of them may have been paid
// for.
constexpr std::string_view kVersion7 = R"sql(
CREATE TABLE under_way (
  note_key      TEXT NOT NULL CHECK (note_key <> ''),
  attempt       INTEGER NOT NULL CHECK (attempt >= 1),
  sample_id     INTEGER NOT NULL,
  strategy      TEXT NOT NULL,
  provider      TEXT NOT NULL,
  model         TEXT NOT NULL,
  endpoint      TEXT NOT NULL,
  sent_at       TEXT NOT NULL,
  input_tokens  INTEGER NOT NULL CHECK (input_tokens >= 0),
  output_tokens INTEGER NOT NULL CHECK (output_tokens >= 0),
  cost          REAL NOT NULL CHECK (cost >= 0),
  PRIMARY KEY (note_key, attempt)
) STRICT, WITHOUT ROWID;
)sql";

// What judges, language models that read notes, said of their claims.
constexpr std::string_view kVersion8 = R"sql(
CREATE TABLE judgements (
  id               INTEGER PRIMARY KEY,
  key              TEXT NOT NULL UNIQUE CHECK (key <> ''),
  note_id          INTEGER NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
  note_sha256      TEXT NOT NULL,
  judge            TEXT NOT NULL,
  provider         TEXT NOT NULL,
  model            TEXT NOT NULL,
  template_version TEXT NOT NULL,
  status           TEXT NOT NULL,
  verdicts         TEXT NOT NULL,
  reason           TEXT NOT NULL,
  parameters       TEXT NOT NULL,
  created_at       TEXT NOT NULL,
  input_tokens     INTEGER NOT NULL CHECK (input_tokens >= 0),
  output_tokens    INTEGER NOT NULL CHECK (output_tokens >= 0),
  cost             REAL NOT NULL CHECK (cost >= 0),
  attempts         INTEGER NOT NULL CHECK (attempts >= 1)
) STRICT;
CREATE INDEX judgements_by_note ON judgements (note_id, id);
)sql";

// Results name their run. They are left out of the new table: what a study measured is measured
// anew, from the predictions that its runs keep.
constexpr std::string_view kVersion9 = R"sql(
DELETE FROM evaluations;
DROP TABLE results;

CREATE TABLE results (
  study    TEXT NOT NULL REFERENCES evaluations (study) ON DELETE CASCADE,
  position INTEGER NOT NULL CHECK (position >= 0),
  run_id   TEXT REFERENCES runs (id) ON DELETE RESTRICT,
  run      TEXT NOT NULL,
  model    TEXT NOT NULL,
  mode     TEXT NOT NULL,
  notes    TEXT NOT NULL,
  seed     TEXT NOT NULL CHECK (seed <> ''),
  dataset  TEXT NOT NULL,
  role     TEXT NOT NULL CHECK (role IN ('internal', 'external')),
  task     TEXT NOT NULL,
  metric   TEXT NOT NULL,
  value    REAL NOT NULL,
  lo       REAL,
  hi       REAL,
  n        INTEGER NOT NULL CHECK (n >= 0),
  seeds    INTEGER NOT NULL CHECK (seeds >= 1),
  PRIMARY KEY (study, position),
  UNIQUE (study, run, model, mode, notes, seed, dataset, role, task, metric),
  CHECK ((run_id IS NULL) = (seed = 'all')),
  CHECK ((lo IS NULL) = (hi IS NULL) AND (lo IS NULL OR lo <= hi))
) STRICT, WITHOUT ROWID;
CREATE INDEX results_by_run ON results (run_id) WHERE run_id IS NOT NULL;
)sql";

// What became of a note by a policy of repair, and what readers said of notes. The latter are known
// by what was read, not by a row, so that they outlive it.
constexpr std::string_view kVersion10 = R"sql(
CREATE TABLE derivations (
  source_id INTEGER NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
  policy    TEXT NOT NULL CHECK (policy <> ''),
  note_id   INTEGER REFERENCES notes (id) ON DELETE CASCADE,
  maker     TEXT NOT NULL,
  outcome   TEXT NOT NULL CHECK (outcome IN ('accepted', 'stripped', 'asked', 'fell back',
                                             'rejected')),
  reason    TEXT NOT NULL,
  sentences INTEGER NOT NULL CHECK (sentences >= 0),
  asked     INTEGER NOT NULL CHECK (asked >= 0),
  PRIMARY KEY (source_id, policy),
  CHECK ((note_id IS NULL) = (outcome = 'rejected'))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX derivations_by_note ON derivations (note_id) WHERE note_id IS NOT NULL;

CREATE TABLE note_labels (
  note_hash  TEXT NOT NULL CHECK (length(note_hash) = 64),
  reader     TEXT NOT NULL CHECK (reader <> ''),
  labels     TEXT NOT NULL,
  labelled_at TEXT NOT NULL,
  PRIMARY KEY (note_hash, reader)
) STRICT, WITHOUT ROWID;
)sql";

// What is measured on the pictures of samples.
constexpr std::string_view kVersion11 = R"sql(
CREATE TABLE picture_measures (
  sample_id INTEGER PRIMARY KEY REFERENCES samples (id) ON DELETE CASCADE,
  path      TEXT NOT NULL,
  file_size INTEGER NOT NULL CHECK (file_size >= 0),
  file_time INTEGER NOT NULL,
  version   INTEGER NOT NULL,
  error     TEXT NOT NULL,
  found     INTEGER NOT NULL CHECK (found IN (0, 1)),
  measures  TEXT NOT NULL
) STRICT;
)sql";

// How a data set was imported, so that it can be imported again as it was, and what was left out.
constexpr std::string_view kVersion12 = R"sql(
ALTER TABLE datasets ADD COLUMN import_record TEXT;
)sql";

// What the data of a run's study were when it was trained.
constexpr std::string_view kVersion13 = R"sql(
ALTER TABLE runs ADD COLUMN data_state TEXT;
)sql";

// Of how many tokens the price is not known. Before, that was a cost of 0, as was what is free: a
// server of the machine.
constexpr std::string_view kVersion14 = R"sql(
ALTER TABLE notes ADD COLUMN unpriced INTEGER NOT NULL DEFAULT 0 CHECK (unpriced >= 0);
ALTER TABLE judgements ADD COLUMN unpriced INTEGER NOT NULL DEFAULT 0 CHECK (unpriced >= 0);
ALTER TABLE ledger ADD COLUMN unpriced INTEGER NOT NULL DEFAULT 0 CHECK (unpriced >= 0);
ALTER TABLE under_way ADD COLUMN unpriced INTEGER NOT NULL DEFAULT 0 CHECK (unpriced >= 0);
ALTER TABLE batch_exports ADD COLUMN priced INTEGER NOT NULL DEFAULT 1 CHECK (priced IN (0, 1));
UPDATE batch_exports SET priced = 0 WHERE input_price = 0 AND output_price = 0;
UPDATE under_way SET unpriced = input_tokens + output_tokens
  WHERE cost = 0 AND NOT (endpoint LIKE 'http://127.%' OR endpoint LIKE 'http://localhost:%' OR
                          endpoint LIKE 'http://localhost/%' OR endpoint LIKE 'http://[::1]%');
UPDATE ledger SET unpriced = input_tokens + output_tokens
  WHERE cost = 0 AND NOT (endpoint LIKE 'http://127.%' OR endpoint LIKE 'http://localhost:%' OR
                          endpoint LIKE 'http://localhost/%' OR endpoint LIKE 'http://[::1]%');
UPDATE notes SET unpriced = input_tokens + output_tokens WHERE cost = 0 AND EXISTS
  (SELECT 1 FROM ledger l WHERE l.note_key = notes.key AND l.unpriced > 0);
UPDATE judgements SET unpriced = input_tokens + output_tokens WHERE cost = 0 AND EXISTS
  (SELECT 1 FROM ledger l WHERE l.note_key = judgements.key AND l.unpriced > 0);
)sql";

}  // namespace

std::span<const Layout> layouts() {
  static constexpr std::array kLayouts = {
      Layout{1, kVersion1},   Layout{2, kVersion2},   Layout{3, kVersion3},
      Layout{4, kVersion4},   Layout{5, kVersion5},   Layout{6, kVersion6},
      Layout{7, kVersion7},   Layout{8, kVersion8},   Layout{9, kVersion9},
      Layout{10, kVersion10}, Layout{11, kVersion11}, Layout{12, kVersion12},
      Layout{13, kVersion13}, Layout{14, kVersion14}};
  return kLayouts;
}

}  // namespace epicrisis
