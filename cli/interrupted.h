#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/job.h"

namespace epicrisis::cli {

inline constexpr std::string_view kGoesOn = "the same command goes on from there";

// Calls `work`. Where it is interrupted, says what is kept of it and how it goes on, and passes the
// interrupt on. `kept` gives the words, as things are by then.
template <typename Kept, typename Work>
decltype(auto) telling_what_is_kept(const Job& job, Kept&& kept, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const Interrupted&) {
    job.say(LogLevel::kWarning, kept());
    throw;
  }
}

// Of work that only looks.
inline std::string nothing_is_changed() {
  return "nothing was changed, and there is no outcome yet";
}

// Of work that prepares pictures and encodes them: `what` is "" or "of samples".
inline std::string encoded_is_kept(std::string_view what) {
  return "what was prepared and encoded " + std::string(what) + (what.empty() ? "" : " ") +
         "is kept where it may be written to, and " + std::string(kGoesOn);
}

// "; FILE was not written", for an output that appears whole; "" where none was asked for.
inline std::string not_written(const std::string& file) {
  return file.empty() ? "" : "; " + file + " was not written";
}

}  // namespace epicrisis::cli
