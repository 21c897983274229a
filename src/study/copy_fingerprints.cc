#include "study/copy_fingerprints.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "epicrisis/settings/model_folders.h"

namespace epicrisis::study {

const std::string& CopyFingerprints::of(const std::string& copy) {
  const ModelFiles files = model_files(copy);
  std::string facts;
  for (const std::string& name : files.names) {
    struct stat status {};
    ::stat((files.folder / name).c_str(), &status);
    facts += fmt::format("{}\n{} {} {} {} {}\n", name, status.st_dev, status.st_ino, status.st_size,
                         status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  }
  const auto known = known_.find(facts);
  if (known != known_.end()) return known->second;
  return known_.emplace(std::move(facts), model_fingerprint(copy)).first->second;
}

}  // namespace epicrisis::study
