#pragma once

#include <map>
#include <string>

namespace epicrisis::study {

// model_fingerprint() of the copies of encoders that runs hold. Runs of a workspace share a copy as
// hard links, and a file of several names is read once.
class CopyFingerprints {
 public:
  // Errors as model_fingerprint().
  const std::string& of(const std::string& copy);

 private:
  std::map<std::string, std::string> known_;  // by names, places on the disk, sizes and times
};

}  // namespace epicrisis::study
