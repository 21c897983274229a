#include "corpus/fingerprints.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/file_stamp.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/leakage.h"
#include "epicrisis/corpus/picture_hash.h"
#include "epicrisis/image/decode.h"
#include "store/tables/fingerprints.h"

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
  const PictureFile file{work.sample_id, work.path, work.stamp};
  if (!work.error.empty()) {
    put_fingerprint_failure(database, file, kFingerprintVersion,
                            clean_text(work.error, kMaxMessage));
    return;
  }
  const Fingerprint& print = work.fingerprint;
  StoredFingerprint row;
  row.width = print.width;
  row.height = print.height;
  row.bytes_sha256 = print.bytes_sha256;
  row.pixels_sha256 = print.pixels_sha256;
  row.phash = print.phash;
  row.phash_whole = print.phash_whole;
  row.thumbnail.assign(print.thumbnail.begin(), print.thumbnail.end());
  row.thumbnail_whole.assign(print.thumbnail_whole.begin(), print.thumbnail_whole.end());
  put_fingerprint(database, file, kFingerprintVersion, row);
}

void copy_thumbnail(const std::vector<std::uint8_t>& blob, Thumbnail& thumbnail) {
  if (blob.size() != thumbnail.size()) {
    throw InternalError("a stored thumbnail has {} bytes, {} were expected", blob.size(),
                        thumbnail.size());
  }
  std::copy(blob.begin(), blob.end(), thumbnail.begin());
}

}  // namespace

Fingerprint load_fingerprint(Database& database, std::int64_t sample_id) {
  auto row = find_fingerprint(database, sample_id);
  if (!row) throw InternalError("sample {} has no fingerprint", sample_id);
  Fingerprint print;
  print.width = row->width;
  print.height = row->height;
  print.bytes_sha256 = std::move(row->bytes_sha256);
  print.pixels_sha256 = std::move(row->pixels_sha256);
  print.phash = row->phash;
  print.phash_whole = row->phash_whole;
  copy_thumbnail(row->thumbnail, print.thumbnail);
  copy_thumbnail(row->thumbnail_whole, print.thumbnail_whole);
  return print;
}

std::string picture_sha256(Database& database, const Sample& sample) {
  auto known =
      find_file_sha256(database, {sample.id, sample.image_path, file_stamp(sample.image_path)});
  if (known) return *std::move(known);
  return sha256_hex(read_file(sample.image_path, DecodeLimits().max_bytes));
}

std::int64_t update_fingerprints(Workspace& workspace, const SampleFilter& filter, Job& job,
                                 unsigned threads) {
  const WorkspaceLock lock = workspace.lock("fingerprints");
  Database& database = workspace.database();
  SampleFilter pictures = filter;
  pictures.with_image = true;
  const std::int64_t total = count_samples(database, pictures);
  Meter progress = job.meter(
      "fingerprints", static_cast<std::uint64_t>(std::max<std::int64_t>(total, 0)), "images");
  std::int64_t computed = 0;
  std::int64_t after = pictures.after_id;
  std::int64_t left = total;
  while (left > 0) {
    std::vector<Work> stale;
    std::int64_t seen = 0;
    for_each_fingerprint_state(
        database, pictures, after, std::min(kPage, left), [&](const PictureOfSample& picture) {
          Work work;
          work.sample_id = picture.sample_id;
          work.path = picture.path;
          work.stamp = file_stamp(work.path);
          after = work.sample_id;
          ++seen;
          if (picture.state != fingerprint_state(work.path, work.stamp, kFingerprintVersion)) {
            stale.push_back(std::move(work));
          }
        });
    if (seen == 0) break;
    left -= seen;
    progress.skip(static_cast<std::uint64_t>(seen) - stale.size());
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
