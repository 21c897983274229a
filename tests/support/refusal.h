#pragma once

#include <string>

#include "epicrisis/core/error.h"

namespace epicrisis::test {

// What the UsageError says that `work` ends in; "none" if it ends well.
template <typename Work>
std::string refusal(Work&& work) {
  try {
    work();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "none";
}

}  // namespace epicrisis::test
