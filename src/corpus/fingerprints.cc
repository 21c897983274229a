#include "corpus/fingerprints.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/leakage.h"
#include "epicrisis/corpus/picture_hash.h"
#include "epicrisis/image/decode.h"
#include "store/tables/sample_query.h"

namespace epicrisis {
namespace {

// Pictures between two commits: what a kill loses, and what memory holds.
constexpr std::int64_t kPage = 1024;
constexpr std::size_t kMaxMessage = 500;

struct Work {
  std::int64_t sample_id = 0;
  std::string path;
  FileStamp stamp;
  Fingerprint fingerprint;
  std::string error;
};

void compute(Work& work) {
  try {
    const DecodeLimits limits;
    const std::string bytes = read_file(work.path, limits.max_bytes);
    const auto span = std::as_bytes(std::span(bytes.data(), bytes.size()));
    work.fingerprint = fingerprint(span, decode_image(span, work.path, limits));
  } catch (const InputError& error) {
    work.error = error.what();
  } catch (const SystemError& error) {
    work.error = error.what();
  }
}

void store(Database& database, const Work& work) {
  const Fingerprint& print = work.fingerprint;
  Statement insert = database.prepare(
      "INSERT OR REPLACE INTO fingerprints (sample_id, path, file_size, file_time, version, error, "
      "width, height, bytes_sha256, pixels_sha256, phash, phash_whole, thumbnail, thumbnail_whole) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind_all(work.sample_id, work.path, work.stamp.size, work.stamp.time, kFingerprintVersion,
                  clean_text(work.error, kMaxMessage), print.width, print.height);
  if (work.error.empty()) {
    insert.bind(9, as_blob(bytes_of_hex(print.bytes_sha256)));
    insert.bind(10, as_blob(bytes_of_hex(print.pixels_sha256)));
    insert.bind(11, print.phash);
    insert.bind(12, print.phash_whole);
    insert.bind(13, std::span<const std::uint8_t>(print.thumbnail));
    insert.bind(14, std::span<const std::uint8_t>(print.thumbnail_whole));
  }
  insert.run();
}

void copy_thumbnail(std::span<const std::uint8_t> blob, Thumbnail& thumbnail) {
  if (blob.size() != thumbnail.size()) {
    throw InternalError("a stored thumbnail has {} bytes, {} were expected", blob.size(),
                        thumbnail.size());
  }
  std::copy(blob.begin(), blob.end(), thumbnail.begin());
}

}  // namespace

FileStamp file_stamp(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_size,
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

std::string hex_of(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const std::uint8_t byte : bytes) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

std::string bytes_of_hex(std::string_view hex) {
  const auto digit = [&](char c) -> unsigned {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
    throw InternalError("'{}' is not a hash in hex digits", hex);
  };
  if (hex.size() != 64) throw InternalError("'{}' is not a SHA-256 in hex digits", hex);
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) << 4U | digit(hex[i + 1]));
  }
  return bytes;
}

std::span<const std::uint8_t> as_blob(std::string_view bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

Fingerprint load_fingerprint(Database& database, std::int64_t sample_id) {
  Statement row = database.prepare(
      "SELECT width, height, bytes_sha256, pixels_sha256, phash, phash_whole, thumbnail, "
      "thumbnail_whole FROM fingerprints WHERE sample_id = ? AND error = ''");
  row.bind(1, sample_id);
  if (!row.step()) throw InternalError("sample {} has no fingerprint", sample_id);
  Fingerprint print;
  print.width = static_cast<int>(row.integer(0));
  print.height = static_cast<int>(row.integer(1));
  print.bytes_sha256 = hex_of(row.blob(2));
  print.pixels_sha256 = hex_of(row.blob(3));
  print.phash = row.bits(4);
  print.phash_whole = row.bits(5);
  copy_thumbnail(row.blob(6), print.thumbnail);
  copy_thumbnail(row.blob(7), print.thumbnail_whole);
  return print;
}

std::string picture_sha256(Database& database, const Sample& sample) {
  const FileStamp stamp = file_stamp(sample.image_path);
  Statement row = database.prepare(
      "SELECT bytes_sha256 FROM fingerprints WHERE sample_id = ? AND error = '' AND path = ? "
      "AND file_size = ? AND file_time = ?");
  row.bind_all(sample.id, sample.image_path, stamp.size, stamp.time);
  if (row.step()) return hex_of(row.blob(0));
  return sha256_hex(read_file(sample.image_path, DecodeLimits().max_bytes));
}

std::int64_t update_fingerprints(Workspace& workspace, const SampleFilter& filter, Job& job,
                                 unsigned threads) {
  const WorkspaceLock lock = workspace.lock("fingerprints");
  Database& database = workspace.database();
  SampleFilter pictures = filter;
  pictures.with_image = true;
  const SampleQuery query(pictures, SampleQuery::Use::kPages);
  const std::int64_t total = count_samples(database, pictures);
  Meter progress = job.meter(
      "fingerprints", static_cast<std::uint64_t>(std::max<std::int64_t>(total, 0)), "images");
  std::int64_t computed = 0;
  std::int64_t after = pictures.after_id;
  std::int64_t left = total;
  while (left > 0) {
    std::vector<Work> stale;
    std::int64_t seen = 0;
    {
      Statement rows =
          query.prepare(database,
                        "SELECT s.id, s.image_path, (SELECT f.path || char(0) || f.file_size || "
                        "' ' || f.file_time || ' ' || f.version FROM fingerprints f "
                        "WHERE f.sample_id = s.id)",
                        "ORDER BY s.id LIMIT ?");
      const int last = query.bind(rows, after);
      rows.bind(last + 1, std::min(kPage, left));
      while (rows.step()) {
        Work work;
        work.sample_id = rows.integer(0);
        work.path = rows.text(1);
        work.stamp = file_stamp(work.path);
        after = work.sample_id;
        ++seen;
        std::string known = work.path;
        known += '\0';
        known += fmt::format("{} {} {}", work.stamp.size, work.stamp.time, kFingerprintVersion);
        if (rows.text_view(2) != known) stale.push_back(std::move(work));
      }
    }
    if (seen == 0) break;
    left -= seen;
    progress.add(static_cast<std::uint64_t>(seen) - stale.size());
    if (stale.empty()) continue;
    parallel_for(stale.size(), threads, job, [&](std::size_t i) {
      compute(stale[i]);
      progress.add();
    });
    Transaction transaction(database);
    for (const Work& work : stale) store(database, work);
    transaction.commit();
    computed += static_cast<std::int64_t>(stale.size());
  }
  return computed;
}

}  // namespace epicrisis
