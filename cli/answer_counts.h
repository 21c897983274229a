#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <map>
#include <string>

#include "output.h"

namespace epicrisis::cli {

// What was taken out of notes, by name: thoughts, control tokens.
inline void print_dropped(const std::map<std::string, std::int64_t>& dropped) {
  for (const auto& [what, count] : dropped) {
    print_line(fmt::format("  {} notes are written without {} that stood in them", count, what));
  }
}

inline void print_unknown_finish_reasons(const std::map<std::string, std::int64_t>& reasons) {
  for (const auto& [name, count] : reasons) {
    print_line(
        fmt::format("  {} answers kept out: finish_reason '{}' is not known; "
                    "[finish_reasons] of the provider's file can say what it means",
                    count, name));
  }
}

}  // namespace epicrisis::cli
