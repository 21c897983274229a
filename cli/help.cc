#include <fmt/format.h>

#include <algorithm>

#include "command_table.h"
#include "epicrisis/core/strings.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

constexpr std::size_t kColumn = 28;  // at which descriptions begin

// A name and the text beside it; below it where the name is too long.
std::string row(const std::string& name, const std::string& text) {
  std::string line = "  " + name;
  const bool fits = line.size() + 2 <= kColumn;
  const std::string above = fits ? "" : line + "\n";
  if (!fits) line.clear();
  line.resize(kColumn, ' ');
  return above + wrapped(line, kColumn, text);
}

std::string left_of(const OptionEntry& option) {
  std::string left;
  if (!option.long_name.empty()) {
    left = (option.short_name.empty() ? "    " : option.short_name + ", ") + option.long_name;
  }
  if (!option.value.empty()) left += (left.empty() ? "" : " ") + option.value;
  return left + (option.several ? "..." : "");
}

}  // namespace

std::string help_text(const CommandEntry& command) {
  std::string text =
      wrapped("", 0, command.description) + "\n" + wrapped("Usage: ", 7, usage(command));
  if (!command.arguments.empty()) text += "\nArguments:\n";
  for (const OptionEntry& argument : command.arguments) {
    text += row(left_of(argument), argument.description);
  }
  std::vector<std::string> groups;
  for (const OptionEntry& option : command.options) {
    if (std::ranges::find(groups, option.group) == groups.end()) groups.push_back(option.group);
  }
  // What every command has comes last.
  std::stable_partition(groups.begin(), groups.end(),
                        [](const std::string& name) { return name != "Common"; });
  if (!command.commands.empty()) text += "\nCommands:\n";
  for (const CommandEntry& below : command.commands) text += row(below.name, below.description);
  for (const std::string& group : groups) {
    text += fmt::format("\n{}:\n", group);
    for (const OptionEntry& option : command.options) {
      if (option.group != group) continue;
      text += row(left_of(option), option.description + (option.required ? " (required)" : ""));
    }
  }
  if (!command.commands.empty()) {
    text += fmt::format("\n'{} COMMAND --help' says more of a command.\n", command.path);
  }
  if (!command.footer.empty()) text += "\n" + command.footer + "\n";
  return text;
}

}  // namespace epicrisis::cli
