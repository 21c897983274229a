#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>

namespace epicrisis::cli {

// The command that was given: the last one of `notes batch export`; `app` itself where none was.
const CLI::App& given_command(const CLI::App& app);

// Texts of the library name a setting by its field, in backquotes: `allow_remote`. So they suit a
// study file and an HTTP client as well. Here the field becomes the option of `command` that sets
// it: --allow-remote, or --no-images for `images`; where `command` has none and the text goes on
// "of study run", that command's. Other fields stay.
std::string with_options(std::string_view text, const CLI::App& command);

}  // namespace epicrisis::cli
