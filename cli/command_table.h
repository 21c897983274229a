#pragma once

#include <CLI/App.hpp>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace epicrisis::cli {

// What the program's tree of commands holds, as texts: help, man page and the completions of shells
// are made of it, so that they cannot differ.

struct OptionEntry {
  std::string short_name;          // "-w", or ""
  std::string long_name;           // "--workspace"; "" for an argument
  std::string value;               // what it takes: "DIR", "NAME|FILE", ...; "" for a flag
  std::string kind;                // the same, of an argument what is behind its name
  std::string description;         // with range, default and environment variable
  std::string group;               // heading in the help
  std::string variable;            // environment variable that gives it too, or ""
  std::vector<std::string> words;  // that a shell offers as its value
  bool several = false;            // takes any number of values
  bool required = false;

  // Whether its value can be a file or a folder.
  bool takes_file() const;
  bool takes_folder() const;
  // "--workspace", or "ADAPTER" for an argument.
  const std::string& name() const { return long_name.empty() ? value : long_name; }
};

struct CommandEntry {
  std::string path;  // "epicrisis notes write"
  std::string name;  // "write"
  std::string description;
  std::string footer;  // examples and notes: lines that begin with blanks are as they are typed
  std::vector<OptionEntry> arguments;
  std::vector<OptionEntry> options;
  std::vector<CommandEntry> commands;  // those below
  bool does_alone = false;             // does something without one of them
};

// Of a command and those below it; hidden ones are left out. `path` is that of the command's
// parents.
CommandEntry describe(const CLI::App& app, const std::string& path = "");
// "epicrisis notes" of `epicrisis notes write`.
std::string parents_of(const CLI::App& command);

// "epicrisis notes write [OPTIONS] -w DIR", without "Usage:".
std::string usage(const CommandEntry& command);

// What `command --help` prints.
std::string help_text(const CommandEntry& command);
// A man page (roff, man(7)) of the whole program.
std::string man_page(const CommandEntry& program);
// Completions of the whole program.
std::string bash_completion(const CommandEntry& program);
std::string zsh_completion(const CommandEntry& program);
std::string fish_completion(const CommandEntry& program);

// What is said of an option or argument whose value is empty.
inline constexpr const char* kEmptyValue = "its value is empty; give one, or leave it out";

// For options that name a file to read: a folder is refused, and "name `what`" ("a picture") said.
CLI::Validator no_folder(const std::string& what);

// For options that take a number: one from `low` to `high`, a whole one of whole bounds. A bound of
// a billion or more is none to a person, who reads "1 or more".
CLI::Validator whole_between(std::int64_t low, std::int64_t high);
CLI::Validator between(double low, double high);
template <std::integral Low, std::integral High>
CLI::Validator between(Low low, High high) {
  return whole_between(static_cast<std::int64_t>(low), static_cast<std::int64_t>(high));
}

// Says how the value of `option` is called in the help, and what a shell offers for it: files where
// the name has FILE in it, folders where it has DIR, and the words, which are asked for only when
// they are shown. They do not limit the value, but an empty one is refused.
CLI::Option* takes(CLI::Option* option, const std::string& value,
                   std::function<std::vector<std::string>()> words = {});

// Sets the footer: "Examples:" and a line each.
void add_examples(CLI::App& command, const std::vector<std::string>& lines);

}  // namespace epicrisis::cli
