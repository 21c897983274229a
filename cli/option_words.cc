#include "option_words.h"

#include <algorithm>

namespace epicrisis::cli {
namespace {

// The option that sets `field`; "" if there is none.
std::string option_of(std::string_view field, const CLI::App& command) {
  std::string name(field);
  std::ranges::replace(name, '_', '-');
  for (const char* const prefix : {"--", "--no-"}) {
    if (command.get_option_no_throw(prefix + name) != nullptr) return prefix + name;
  }
  return "";
}

}  // namespace

const CLI::App& given_command(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

std::string with_options(std::string_view text, const CLI::App& command) {
  std::string words;
  while (!text.empty()) {
    const std::size_t begin = text.find('`');
    const std::size_t end = begin == text.npos ? begin : text.find('`', begin + 1);
    if (end == text.npos) break;
    const std::string option = option_of(text.substr(begin + 1, end - begin - 1), command);
    words += text.substr(0, begin);
    // What opens no field may still end before one.
    words += option.empty() ? text.substr(begin, end - begin) : std::string_view(option);
    text.remove_prefix(option.empty() ? end : end + 1);
  }
  return words.append(text);
}

}  // namespace epicrisis::cli
