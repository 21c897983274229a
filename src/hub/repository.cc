#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <set>
#include <system_error>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/hub/hub.h"
#include "epicrisis/net/url.h"
#include "hub/blob_file.h"
#include "hub/hub_listing.h"
#include "hub/hub_requests.h"
#include "settings/hub_cache.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;

void require_online(const HubSettings& settings) {
  if (!settings.offline) return;
  throw UsageError(
      "HF_HUB_OFFLINE is set, so nothing is fetched from {}; unset it to fetch. What is in {} is "
      "found without",
      settings.endpoint, settings.cache.string());
}

// A path with its '/' as they are.
std::string escaped_path(std::string_view path) {
  std::vector<std::string> parts = split(path, '/');
  for (std::string& part : parts) part = escape_url_part(part);
  return join(parts, "/");
}

std::string file_url(const HubSettings& settings, const HubRepository& repository,
                     const std::string& file) {
  return fmt::format("{}/{}/resolve/{}/{}", settings.endpoint, repository.name.repository,
                     repository.commit, escaped_path(file));
}

Path repository_folder(const HubSettings& settings, const HubRepository& repository) {
  return settings.cache / hub_folder_name(repository.name.repository);
}

std::optional<std::uint64_t> bytes_of(const HttpAnswer& answer) {
  for (const char* name : {"x-linked-size", "content-length"}) {
    if (name == std::string_view("content-length") && answer.status / 100 != 2) continue;
    const auto bytes = parse_integer(answer.header(name));
    if (bytes && *bytes >= 0) return static_cast<std::uint64_t>(*bytes);
  }
  return std::nullopt;
}

// What the server says of a file, without its bytes.
HubFile ask_for_file(const HubRequests& requests, const HubSettings& settings,
                     const HubRepository& repository, const std::string& name) {
  const std::string url = file_url(settings, repository, name);
  const HttpAnswer answer =
      requests.ask_patiently("Asking for " + url, {"HEAD", url, 0, nullptr, false});
  HubFile file;
  file.name = name;
  const std::string_view linked = answer.header("x-linked-etag");
  file.etag = plain_etag(linked.empty() ? answer.header("etag") : linked);
  if (!is_blob_name(file.etag)) {
    throw InputError("{}: the server says no ETag that can name a file ('{}')", url,
                     clean_text(file.etag, 100));
  }
  file.bytes = bytes_of(answer);
  std::error_code error;
  const Path blob = repository_folder(settings, repository) / "blobs" / file.etag;
  const std::uintmax_t size = fs::file_size(blob, error);
  file.there = !error && (!file.bytes || size == *file.bytes);
  return file;
}

void make_folder(const Path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw_errno("make folder", folder, error.value());
}

// snapshots/COMMIT/NAME -> ../../blobs/ETAG, from below folders one ".." more each.
void link_file(const Path& folder, const std::string& commit, const HubFile& file) {
  const Path snapshot = folder / "snapshots" / commit;
  const Path place = snapshot / file.name;
  make_folder(snapshot);
  if (const Path below = Path(file.name).parent_path(); !below.empty()) {
    path_below(snapshot, below.string(), "file of a repository");
    make_folder(place.parent_path());
  }
  Path target;
  const auto depth = std::ranges::count(file.name, '/') + 2;
  for (std::ptrdiff_t i = 0; i < depth; ++i) target /= "..";
  target /= Path("blobs") / file.etag;
  std::error_code error;
  if (fs::is_symlink(place, error) && fs::read_symlink(place, error) == target) return;
  const Path aside = place.string() + ".incomplete";
  fs::remove(aside, error);
  fs::create_symlink(target, aside, error);
  if (!error) fs::rename(aside, place, error);
  if (error) throw_errno("link", place, error.value());
}

// Gets one file; asks anew, from where it ended, as long as bytes come.
class Fetching {
 public:
  Fetching(const HubRequests& requests, const HubSettings& settings,
           const HubRepository& repository, Meter& meter, std::uint64_t& fetched)
      : requests_(requests),
        settings_(settings),
        repository_(repository),
        blobs_(repository_folder(settings, repository) / "blobs"),
        meter_(meter),
        fetched_(fetched) {}

  void fetch(HubFile& file) {
    for (int begun = 0;; ++begun) {
      BlobFile blob(blobs_, file.etag, file.bytes);
      meter_.skip(blob.size());  // of an earlier try
      const bool same = take_all(file, blob);
      const std::string fault = same ? blob.fault() : "it changed at the server";
      if (fault.empty()) {
        blob.finish();
        file.there = true;
        return;
      }
      blob.drop();
      if (begun > 0) {
        throw InputError("Fetching {}: {}; what came is thrown away",
                         file_url(settings_, repository_, file.name), fault);
      }
      const HubFile now = ask_for_file(requests_, settings_, repository_, file.name);
      file.etag = now.etag;
      file.bytes = now.bytes;
    }
  }

 private:
  // False where the file is another one than was asked for.
  bool take_all(const HubFile& file, BlobFile& blob) {
    const std::string url = file_url(settings_, repository_, file.name);
    for (int attempt = 1;; ++attempt) {
      if (blob.size() > 0 && blob.whole() == blob.size()) return true;
      const std::uint64_t before = blob.size();
      const auto sink = std::make_shared<BlobSink>(blob, meter_, fetched_);
      HttpAnswer answer = requests_.ask({"GET", url, before, sink, true});
      if (sink->failed) std::rethrow_exception(sink->failed);
      if (sink->changed) return false;
      const bool good = answer.failure == HttpFailure::kNone && answer.status / 100 == 2;
      if (good && (!blob.whole() || blob.size() >= *blob.whole())) return true;
      if (answer.status == 416) return false;  // more is here than there
      if (!good && !HubRequests::is_passing(answer)) requests_.refuse("Fetching " + url, answer);
      if (blob.size() > before) attempt = 0;
      if (attempt == kHubAttempts) requests_.refuse("Fetching " + url, answer);
      requests_.wait_before(std::max(attempt, 1), answer);
    }
  }

  const HubRequests& requests_;
  const HubSettings& settings_;
  const HubRepository& repository_;
  Path blobs_;
  Meter& meter_;
  std::uint64_t& fetched_;
};

}  // namespace

HubRepository find_repository(HttpTransport& transport, const HubSettings& settings,
                              const HubName& name, bool all, const Job& job) {
  require_online(settings);
  const HubRequests requests(transport, settings, job);
  HubRepository repository;
  repository.name = name;
  const std::string url = fmt::format("{}/api/models/{}/revision/{}", settings.endpoint,
                                      name.repository, escape_url_part(name.revision));
  const HttpAnswer answer = requests.ask_patiently("Asking for " + url, {"GET", url, 0, nullptr});
  HubListing listing = parse_hub_listing(answer.body, url);
  repository.commit = std::move(listing.commit);
  const std::vector<std::string>& names = listing.names;
  const std::vector<std::string> wanted = all ? names : model_file_names(names);
  const std::set<std::string> kept(wanted.begin(), wanted.end());
  for (const std::string& one : names) {
    if (kept.count(one) == 0) repository.left_out.push_back(one);
  }
  for (const std::string& one : kept) {
    job.check();
    repository.files.push_back(ask_for_file(requests, settings, repository, one));
  }
  if (repository.files.empty()) {
    throw InputError("{}: none of its {} is of a model that is read{}", url,
                     counted(names.size(), "file"),
                     names.empty() ? "" : "; name `all` to fetch them all the same");
  }
  return repository;
}

Path fetch_repository(HttpTransport& transport, const HubSettings& settings,
                      HubRepository& repository, Job& job, std::uint64_t& fetched) {
  require_online(settings);
  const HubRequests requests(transport, settings, job);
  const Path folder = repository_folder(settings, repository);
  make_folder(folder / "blobs");
  std::uint64_t bytes = 0;
  for (const HubFile& file : repository.files) {
    if (!file.there) bytes += file.bytes.value_or(0);
  }
  Meter meter = job.meter("fetching", bytes, "bytes");
  Fetching fetching(requests, settings, repository, meter, fetched);
  for (HubFile& file : repository.files) {
    job.check();
    meter.note(file.name);
    std::error_code error;  // two files of one content are one blob
    file.there = file.there || fs::exists(folder / "blobs" / file.etag, error);
    if (!file.there) fetching.fetch(file);
    link_file(folder, repository.commit, file);
  }
  // Last, so that a branch never leads to a snapshot of which a part is missing.
  if (repository.name.revision != repository.commit) {
    write_file(folder / "refs" / repository.name.revision, repository.commit);
  }
  return folder / "snapshots" / repository.commit;
}

}  // namespace epicrisis
