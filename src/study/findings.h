#pragma once

#include <string>
#include <utility>
#include <vector>

#include "epicrisis/study/study_check.h"

namespace epicrisis::study {

// The list that parts of a check write to.
class Findings {
 public:
  explicit Findings(std::vector<StudyFinding>& list) : list_(list) {}
  // Some texts say their place themselves: it is taken off.
  void error(std::string place, ErrorKind kind, std::string text) {
    if (text.starts_with(place + ": ")) text.erase(0, place.size() + 2);
    list_.push_back({FindingLevel::kError, std::move(place), std::move(text), kind});
  }
  void warning(std::string place, std::string text) {
    list_.push_back({FindingLevel::kWarning, std::move(place), std::move(text)});
  }

 private:
  std::vector<StudyFinding>& list_;
};

}  // namespace epicrisis::study
