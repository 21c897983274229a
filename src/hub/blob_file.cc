#include "hub/blob_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/hex.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::size_t kSha256Digits = 64;
constexpr std::size_t kSha1Digits = 40;

// The start and the whole of "bytes 100-199/200".
std::optional<std::pair<std::uint64_t, std::uint64_t>> range_of(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos) return std::nullopt;
  const auto start = parse_integer(text.substr(0, dash));
  const auto whole = parse_integer(text.substr(slash + 1));
  if (!start || !whole || *start < 0 || *whole < 0) return std::nullopt;
  return std::pair(static_cast<std::uint64_t>(*start), static_cast<std::uint64_t>(*whole));
}

}  // namespace

bool is_blob_name(std::string_view etag) { return is_safe_name(etag); }

std::string plain_etag(std::string_view etag) {
  etag = trim(etag);
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"')) {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

BlobFile::BlobFile(const Path& blobs, std::string etag, std::optional<std::uint64_t> bytes)
    : path_(blobs / (etag + ".incomplete")), etag_(std::move(etag)), bytes_(bytes) {
  file_ = Descriptor(open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (file_.get() < 0) throw_errno("write", path_, errno);
  if (flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) throw_errno("lock", path_, errno);
    throw SystemError("{}: another process fetches it at this moment; wait for that one",
                      path_.string());
  }
  struct stat status {};
  if (fstat(file_.get(), &status) != 0) throw_errno("read", path_, errno);
  size_ = static_cast<std::uint64_t>(status.st_size);
  if (bytes_ && size_ > *bytes_) begin_again();
}

void BlobFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file_.get(), bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_errno("write", path_, errno);
    }
    size_ += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void BlobFile::begin_again() {
  if (ftruncate(file_.get(), 0) != 0) throw_errno("write", path_, errno);
  size_ = 0;
}

std::string BlobFile::fault() const {
  if (bytes_ && size_ != *bytes_) {
    return fmt::format("{} bytes came, the server said {}", size_, *bytes_);
  }
  if (!is_hex(etag_)) return "";
  std::string sum;
  const MappedFile file(path_);
  if (etag_.size() == kSha256Digits) sum = sha256_hex(file.bytes());
  if (etag_.size() == kSha1Digits) sum = git_blob_hex(file.bytes());
  if (sum.empty() || sum == etag_) return "";
  return fmt::format("its checksum is {}, the server said {}", sum, etag_);
}

void BlobFile::drop() {
  std::error_code error;
  std::filesystem::remove(path_, error);
}

void BlobFile::finish() {
  if (fsync(file_.get()) != 0) throw_errno("write", path_, errno);
  std::error_code error;
  std::filesystem::rename(path_, path_.parent_path() / etag_, error);
  if (error) throw_errno("rename", path_, error.value());
}

bool BlobSink::begin(const HttpAnswer& head) {
  try {
    changed = says_another(head);
    if (changed) return false;
    if (head.status != 206) {
      if (blob_.size() > 0) blob_.begin_again();
      return true;
    }
    const auto range = range_of(head.header("content-range"));
    const bool fits = range && range->first == from_ && range->first == blob_.size() &&
                      (!blob_.whole() || range->second == *blob_.whole());
    if (!fits) {
      blob_.begin_again();
      changed = true;
    }
    return fits;
  } catch (...) {
    failed = std::current_exception();
    return false;
  }
}

// Where large files are stored apart, that place has ETags of its own, which may be of 64 digits
// too.
bool BlobSink::says_another(const HttpAnswer& head) const {
  const std::string linked = plain_etag(head.header("x-linked-etag"));
  if (!linked.empty()) return linked != blob_.etag();
  const std::string etag = plain_etag(head.header("etag"));
  const bool stored_here = blob_.etag().size() == kSha1Digits && etag.size() == kSha1Digits;
  return stored_here && is_hex(etag) && etag != blob_.etag();
}

bool BlobSink::take(std::string_view bytes) {
  try {
    if (blob_.whole() && blob_.size() + bytes.size() > *blob_.whole()) {
      blob_.begin_again();
      changed = true;
      return false;
    }
    blob_.append(bytes);
    fetched_ += bytes.size();
    meter_.add(bytes.size());
    return true;
  } catch (...) {
    failed = std::current_exception();
    return false;
  }
}

}  // namespace epicrisis
