#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "epicrisis/study/study_check.h"

namespace epicrisis::study {

// The list that parts of a check write to; what was said of a place is not said of it again.
class Findings {
 public:
  explicit Findings(std::vector<StudyFinding>& list) : list_(list) {}
  // Some texts say their place themselves: it is taken off.
  void error(std::string place, ErrorKind kind, std::string text) {
    if (text.starts_with(place + ": ")) text.erase(0, place.size() + 2);
    add({FindingLevel::kError, std::move(place), std::move(text), kind});
  }
  void warning(std::string place, std::string text) {
    add({FindingLevel::kWarning, std::move(place), std::move(text)});
  }

 private:
  void add(StudyFinding finding) {
    const bool known = std::ranges::any_of(list_, [&](const StudyFinding& one) {
      return one.level == finding.level && one.place == finding.place && one.text == finding.text;
    });
    if (!known) list_.push_back(std::move(finding));
  }

  std::vector<StudyFinding>& list_;
};

}  // namespace epicrisis::study
