#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/data/adapter.h"
#include "support/shared_data.h"

namespace epicrisis::test {

struct ReadResult {
  AdapterReport report;
  std::vector<Sample> samples;

  const Sample* find(std::string_view key) const {
    for (const Sample& sample : samples) {
      if (sample.key == key) return &sample;
    }
    return nullptr;
  }
  std::set<std::string> groups() const {
    std::set<std::string> groups;
    for (const Sample& sample : samples) groups.insert(sample.group);
    return groups;
  }
};

inline ReadResult read_once(std::string_view name, const AdapterInput& input) {
  ReadResult result;
  result.report = adapter(name).read(
      input, [&](Sample&& sample) { result.samples.push_back(std::move(sample)); });
  return result;
}

// Once more where the first read tells of shared ids, as an import does.
inline ReadResult read_all(std::string_view name, AdapterInput input) {
  ReadResult result = read_once(name, input);
  if (result.report.shared_ids == input.shared_ids) return result;
  input.shared_ids = result.report.shared_ids;
  return read_once(name, input);
}

inline std::string finding(const Sample& sample, std::string_view name) {
  for (const Finding& finding : sample.findings) {
    if (finding.name == name) return finding.value;
  }
  return {};
}

inline std::uint64_t count_of(const AdapterReport& report, ClassId label) {
  const auto count = report.by_label.find(label);
  return count == report.by_label.end() ? 0 : count->second;
}

using Counts = std::map<std::string, std::uint64_t>;

// A folder with a data set made for a test. Pictures are empty files: adapters never open them.
class DataFolder {
 public:
  const Path& path() const { return folder_.path(); }
  void text(const std::string& name, std::string_view content) {
    write_file(path() / name, content);
  }
  void picture(const std::string& name) { text(name, ""); }
  AdapterInput input() const {
    AdapterInput input;
    input.path = path();
    return input;
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace epicrisis::test
