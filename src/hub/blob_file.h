#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "core/posix_files.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/net/http.h"

namespace epicrisis {

// A blob of the cache that is being fetched: blobs/ETAG.incomplete, which is kept when the work
// ends early, and goes on where it ended. One process at a time: SystemError where another holds
// it.
class BlobFile {
 public:
  BlobFile(const Path& blobs, std::string etag, std::optional<std::uint64_t> bytes);

  std::uint64_t size() const { return size_; }
  const std::string& etag() const { return etag_; }
  std::optional<std::uint64_t> whole() const { return bytes_; }
  // SystemError where the disk is full.
  void append(std::string_view bytes);
  void begin_again();
  // What is wrong with the whole file: its size, or the checksum that its ETag is; "" if nothing.
  std::string fault() const;
  // Takes away what came.
  void drop();
  // Under its own name, synced.
  void finish();

 private:
  Path path_;
  std::string etag_;
  std::optional<std::uint64_t> bytes_;
  Descriptor file_{-1};
  std::uint64_t size_ = 0;
};

// Whether a text can name a blob.
bool is_blob_name(std::string_view etag);

// Puts an answer's body at the end of a blob, or begins it again where the whole came. What went
// wrong is kept for after the request.
class BlobSink final : public HttpSink {
 public:
  // `fetched` and `meter` are told of every byte.
  BlobSink(BlobFile& blob, Meter& meter, std::uint64_t& fetched)
      : blob_(blob), meter_(meter), fetched_(fetched), from_(blob.size()) {}
  bool begin(const HttpAnswer& head) override;
  bool take(std::string_view bytes) override;

  std::exception_ptr failed;  // the disk's error
  bool changed = false;       // the file is another one than was asked for

 private:
  bool says_another(const HttpAnswer& head) const;

  BlobFile& blob_;
  Meter& meter_;
  std::uint64_t& fetched_;
  std::uint64_t from_;
};

// An ETag without the marks around it: W/"abc" is abc.
std::string plain_etag(std::string_view etag);

}  // namespace epicrisis
