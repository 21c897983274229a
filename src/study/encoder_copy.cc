#include "study/encoder_copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <optional>
#include <system_error>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/settings/model_folders.h"
#include "study/folders.h"
#include "study/run_use.h"

namespace epicrisis::study {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const Path& from, const Path& to, const std::error_code& error) {
  throw SystemError("cannot copy {} to {}: {}", from.string(), to.string(), error.message());
}

// Shares the blocks of a file until one of the two is changed: file systems that can, do.
bool clone_file(const Path& from, const Path& to) {
  const int source = open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (source < 0) return false;
  const int target = open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  const bool cloned = target >= 0 && ioctl(target, FICLONE, source) == 0;
  if (target >= 0) close(target);
  close(source);
  return cloned;
}

// Under another name first: the place holds the whole file or what it held.
void put_file(const Path& from, const Path& to, bool may_link) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (error) fail(from, to, error);
  // As files that are written aside are called: what a killed process leaves is swept.
  const Path aside = to.parent_path() / fmt::format(".epicrisis-{}-0.part", getpid());
  fs::remove(aside, error);
  bool done = false;
  if (may_link) {
    fs::create_hard_link(from, aside, error);
    done = !error;
  }
  if (!done && !clone_file(from, aside)) {
    fs::copy_file(from, aside, fs::copy_options::overwrite_existing, error);
    if (error) {
      std::error_code ignored;
      fs::remove(aside, ignored);
      fail(from, to, error);
    }
    // A copy has the rights of its source, and an owner's file may be read-only.
    fs::permissions(aside, fs::perms::owner_write, fs::perm_options::add, error);
  }
  fs::rename(aside, to, error);
  if (error) fail(from, to, error);
  // Two names of one file already: renaming one to the other leaves both.
  fs::remove(aside, error);
}

bool are_plain_files(const Path& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    std::error_code error;
    if (fs::symlink_status(folder / name, error).type() != fs::file_type::regular) return false;
  }
  return true;
}

bool has_fingerprint(const Path& model, const std::string& sha256) {
  try {
    return model_fingerprint(model.string()) == sha256;
  } catch (const Error&) {
    return false;
  }
}

// The folder of an equal copy that the program made: in a run beside this one, or this one's copy
// of its other encoder, as one model may be both.
std::optional<Path> equal_copy(const ModelFiles& files, const std::string& sha256,
                               const Path& run_folder, const std::string& own_folder) {
  const Path runs = fs::absolute(run_folder).lexically_normal().parent_path();
  for (const Path& run : entries_of(runs)) {
    std::error_code error;
    const bool own_run = fs::equivalent(run, run_folder, error);
    for (const char* name : {kEncoderFolder, kTextEncoderFolder}) {
      const Path copy = run / name;
      if ((own_run && name == own_folder) ||
          fs::symlink_status(copy, error).type() != fs::file_type::directory ||
          !are_plain_files(copy, files.names) || !(own_run || names_copy(run, name, sha256))) {
        continue;
      }
      if (has_fingerprint(files.weights.empty() ? copy : copy / files.weights, sha256)) return copy;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string copy_encoder(const std::string& model, const std::string& sha256,
                         const Path& run_folder, const std::string& own_folder) {
  const ModelFiles files = model_files(model);
  const Path own = run_folder / own_folder;
  std::string copy = files.weights.empty() ? own_folder : own_folder + "/" + files.weights;
  if (are_plain_files(own, files.names) && has_fingerprint(run_folder / copy, sha256)) return copy;
  const std::optional<Path> equal = equal_copy(files, sha256, run_folder, own_folder);
  for (const std::string& name : files.names) {
    put_file(equal.value_or(files.folder) / name, own / name, equal.has_value());
  }
  if (!has_fingerprint(run_folder / copy, sha256)) {
    throw SystemError(
        "the copy of the model '{}' in {} is another than the model: it changed while "
        "it was copied",
        model, own.string());
  }
  return copy;
}

void copy_run_folder(const Path& from, const Path& to) {
  std::error_code error;
  fs::create_directories(to, error);
  if (error) fail(from, to, error);
  for (const Path& entry : entries_of(from)) {
    const std::string name = entry.filename().string();
    const bool links = name == kEncoderFolder || name == kTextEncoderFolder;
    if (!links || fs::symlink_status(entry, error).type() != fs::file_type::directory) {
      fs::copy(entry, to / name, fs::copy_options::recursive, error);
      if (error) fail(entry, to / name, error);
      continue;
    }
    for (fs::recursive_directory_iterator item(entry), end; item != end; ++item) {
      const Path place = to / item->path().lexically_relative(from);
      if (item->is_symlink()) {
        fs::create_directories(place.parent_path());
        fs::copy(item->path(), place, fs::copy_options::none, error);
        if (error) fail(item->path(), place, error);
      } else if (item->is_regular_file()) {
        put_file(item->path(), place, true);
      }
    }
  }
}

}  // namespace epicrisis::study
