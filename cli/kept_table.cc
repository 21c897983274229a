#include "kept_table.h"

#include <fmt/format.h>

#include <string>
#include <system_error>
#include <utility>

#include "epicrisis/core/error.h"

namespace epicrisis::cli {
namespace {

namespace fs = std::filesystem;

// Pipes and devices are written to where they are (AtomicFileWriter).
bool holds_something(const Path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error) || file.native().starts_with("/dev/")) return false;
  const std::uintmax_t size = fs::file_size(file, error);
  return !error && size > 0;
}

// "table.part.csv", "table.part-2.csv", ...: the first that nothing has.
Path name_beside(const Path& file) {
  for (unsigned number = 1;; ++number) {
    Path name =
        file.parent_path() / fmt::format("{}.part{}{}", file.stem().string(),
                                         number == 1 ? std::string() : fmt::format("-{}", number),
                                         file.extension().string());
    std::error_code error;
    if (fs::symlink_status(name, error).type() == fs::file_type::not_found) return name;
    if (number == 1000) {
      throw SystemError("cannot write beside {}: {} and {} more of that kind are there",
                        file.string(), name.string(), number - 1);
    }
  }
}

}  // namespace

KeptTable::KeptTable(Path file, std::string_view header)
    : file_(std::move(file)),
      replaces_(holds_something(file_)),
      part_(replaces_ ? name_beside(file_) : file_) {
  writer_.emplace(part_);
  writer_->write(header);
  header_bytes_ = writer_->position();
}

void KeptTable::write(std::string_view row) { writer_->write(row); }

bool KeptTable::finish(bool of_use) {
  if (!replaces_) {
    writer_->commit();
    return true;
  }
  if (!of_use) {
    writer_.reset();  // takes what it wrote away
    return false;
  }
  writer_->commit();
  std::error_code error;
  fs::rename(part_, file_, error);
  if (error) {
    throw SystemError("cannot write '{}': {}; what was done is in {}", file_.string(),
                      error.message(), part_.string());
  }
  return true;
}

Path KeptTable::keep_part() {
  if (writer_->position() == header_bytes_) return {};
  writer_->commit();
  return part_;
}

}  // namespace epicrisis::cli
