#include "command_table.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "epicrisis/core/number_words.h"
#include "epicrisis/core/strings.h"

namespace epicrisis::cli {
namespace {

// A validator that lets all pass and describes itself by its words, as those of CLI11 do.
class Words : public CLI::Validator {
 public:
  explicit Words(std::function<std::vector<std::string>()> words) {
    desc_function_ = [words = std::move(words)] { return "{" + join(words(), ",") + "}"; };
  }
};

// Nobody means an empty value: a variable of a shell was not set. Taken for none at all, it would
// do something else than was asked for.
CLI::Validator no_empty_value() {
  const auto fault = [](const std::string& value) -> std::string {
    return trim(value).empty() ? kEmptyValue : "";
  };
  return {fault, ""};
}

// "0 to 1,000,000", "1 or more".
std::string range_words(double low, double high) {
  constexpr double kNoBound = 1e9;
  return high >= kNoBound ? number_words(low) + " or more"
                          : fmt::format("{} to {}", number_words(low), number_words(high));
}

// How a range describes itself to range_of(): as a part of what CLI11 calls the type.
constexpr std::string_view kRange = "RANGE ";

// "8 to 64"; "" if `text` is no range.
std::string range_of(const std::string& text) {
  return text.starts_with(kRange) ? text.substr(kRange.size()) : "";
}

CLI::Validator in_range(std::string_view kind, double low, double high,
                        const std::function<bool(const std::string&)>& is_in) {
  const std::string bounds = fmt::format("from {} to {}", number_words(low), number_words(high));
  const auto fault = [kind = std::string(kind), bounds, is_in](const std::string& value) {
    return is_in(value) ? std::string()
                        : fmt::format("'{}' is no {} {}", clean_text(value, 100), kind, bounds);
  };
  return {fault, std::string(kRange) + range_words(low, high)};
}

OptionEntry entry_of(const CLI::Option& option) {
  OptionEntry entry;
  if (!option.get_snames().empty()) entry.short_name = "-" + option.get_snames().front();
  if (!option.get_lnames().empty()) entry.long_name = "--" + option.get_lnames().front();
  entry.description = option.get_description();
  entry.group = option.get_group();
  entry.variable = option.get_envname();
  entry.required = option.get_required();
  entry.several = option.get_items_expected_max() > 1;
  if (option.get_positional()) entry.value = option.get_name();
  if (option.get_items_expected_max() == 0) return entry;
  // CLI11: the type, and what the validators say: "NAME:{M,P1}", "N:RANGE 1 to 100".
  std::vector<std::string> parts = split(option.get_type_name(), ':');
  entry.kind = parts.front();
  if (!option.get_positional()) entry.value = entry.kind;
  for (const std::string& part : parts) {
    if (part.starts_with("{")) entry.words = split(part.substr(1, part.size() - 2), ',');
    if (const std::string range = range_of(part); !range.empty()) {
      entry.description += fmt::format(" ({})", range);
    }
  }
  if (!option.get_default_str().empty()) {
    entry.description += fmt::format(" (default: {})", option.get_default_str());
  }
  if (!entry.variable.empty()) entry.description += fmt::format(" [${}]", entry.variable);
  return entry;
}

}  // namespace

bool OptionEntry::takes_file() const { return kind.find("FILE") != kind.npos; }
bool OptionEntry::takes_folder() const { return kind.find("DIR") != kind.npos; }

std::string parents_of(const CLI::App& command) {
  const CLI::App* const parent = command.get_parent();
  if (parent == nullptr) return "";
  const std::string above = parents_of(*parent);
  return (above.empty() ? "" : above + " ") + parent->get_name();
}

CommandEntry describe(const CLI::App& app, const std::string& path) {
  CommandEntry command;
  command.name = app.get_name();
  command.path = path.empty() ? command.name : path + " " + command.name;
  command.description = app.get_description();
  command.footer = app.get_footer();
  command.does_alone = app.get_require_subcommand_min() == 0;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    (option->get_positional() ? command.arguments : command.options).push_back(entry_of(*option));
  }
  for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!below->get_group().empty()) command.commands.push_back(describe(*below, command.path));
  }
  return command;
}

std::string usage(const CommandEntry& command) {
  std::string words = command.path;
  for (const OptionEntry& option : command.options) {
    if (option.required) words += fmt::format(" {} {}", option.long_name, option.value);
  }
  if (!command.options.empty()) words += " [OPTION]...";
  for (const OptionEntry& argument : command.arguments) {
    const std::string word = argument.value + (argument.several ? "..." : "");
    words += argument.required ? " " + word : " [" + word + "]";
  }
  if (!command.commands.empty()) words += command.does_alone ? " [COMMAND]" : " COMMAND";
  return words;
}

CLI::Validator no_folder(const std::string& what) {
  const auto fault = [what](const std::string& value) -> std::string {
    std::error_code error;
    if (!std::filesystem::is_directory(value, error)) return "";
    return fmt::format("{} is a folder; name {}", clean_text(value, 400), what);
  };
  return {fault, ""};
}

CLI::Validator whole_between(std::int64_t low, std::int64_t high) {
  return in_range("whole number", static_cast<double>(low), static_cast<double>(high),
                  [low, high](const std::string& value) {
                    const auto number = parse_integer(trim(value));
                    return number && *number >= low && *number <= high;
                  });
}

CLI::Validator between(double low, double high) {
  return in_range("number", low, high, [low, high](const std::string& value) {
    const auto number = parse_number(trim(value));
    return number && *number >= low && *number <= high;
  });
}

CLI::Option* takes(CLI::Option* option, const std::string& value,
                   std::function<std::vector<std::string>()> words) {
  option->type_name(value)->check(no_empty_value());
  if (words) option->check(Words(std::move(words)));
  return option;
}

void add_examples(CLI::App& command, const std::vector<std::string>& lines) {
  std::string footer = lines.size() == 1 ? "Example:" : "Examples:";
  for (const std::string& line : lines) footer += "\n  " + line;
  command.footer(footer);
}

}  // namespace epicrisis::cli
