#include "option_words.h"

#include <algorithm>

namespace epicrisis::cli {
namespace {

constexpr std::string_view kNameLetters = "abcdefghijklmnopqrstuvwxyz-";

// The option that sets `field`; "" if there is none.
std::string option_of(std::string_view field, const CLI::App& command) {
  std::string name(field);
  std::ranges::replace(name, '_', '-');
  for (const char* const prefix : {"--", "--no-"}) {
    if (command.get_option_no_throw(prefix + name) != nullptr) return prefix + name;
  }
  return "";
}

const CLI::App* subcommand_of(const CLI::App& command, std::string_view name) {
  for (const CLI::App* below : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (below->get_name() == name) return below;
  }
  return nullptr;
}

// The command that `rest` names behind a field: "... of study run does". Null if it names none.
const CLI::App* command_named(std::string_view rest, const CLI::App& command) {
  constexpr std::string_view kOf = " of ";
  if (!rest.starts_with(kOf)) return nullptr;
  rest.remove_prefix(kOf.size());
  const CLI::App* root = &command;
  while (root->get_parent() != nullptr) root = root->get_parent();
  const CLI::App* named = root;
  for (;;) {
    const std::size_t end = std::min(rest.size(), rest.find_first_not_of(kNameLetters));
    const CLI::App* below = subcommand_of(*named, rest.substr(0, end));
    if (below == nullptr) return named == root ? nullptr : named;
    named = below;
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
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
    const std::string_view field = text.substr(begin + 1, end - begin - 1);
    std::string option = option_of(field, command);
    if (option.empty()) {
      const CLI::App* const other = command_named(text.substr(end + 1), command);
      if (other != nullptr) option = option_of(field, *other);
    }
    words += text.substr(0, begin);
    // What opens no field may still end before one.
    words += option.empty() ? text.substr(begin, end - begin) : std::string_view(option);
    text.remove_prefix(option.empty() ? end : end + 1);
  }
  return words.append(text);
}

}  // namespace epicrisis::cli
