#include <fmt/format.h>

#include "command_table.h"
#include "epicrisis/core/strings.h"

namespace epicrisis::cli {
namespace {

// The command's path without the program: "notes write".
std::string path_of(const CommandEntry& command) {
  const std::size_t blank = command.path.find(' ');
  return blank == std::string::npos ? "" : command.path.substr(blank + 1);
}

// All commands, the program first.
void flatten(const CommandEntry& command, std::vector<const CommandEntry*>& all) {
  all.push_back(&command);
  for (const CommandEntry& below : command.commands) flatten(below, all);
}
std::vector<const CommandEntry*> flatten(const CommandEntry& program) {
  std::vector<const CommandEntry*> all;
  flatten(program, all);
  return all;
}

std::string names_of(const std::vector<CommandEntry>& commands) {
  std::vector<std::string> names;
  for (const CommandEntry& command : commands) names.push_back(command.name);
  return join(names, " ");
}

// In single quotes, as bash and zsh take it: it's -> 'it'\''s'.
std::string quoted(const std::string& text) {
  std::string safe = "'";
  for (const char c : text) safe += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return safe + "'";
}

// The same for fish: it's -> 'it\'s'.
std::string fish_quoted(const std::string& text) {
  std::string safe = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') safe += '\\';
    safe += c;
  }
  return safe + "'";
}

// "f", "d" and the words: what bash offers for a value.
std::string bash_value(const OptionEntry& option) {
  std::vector<std::string> offers = option.words;
  const char* const kind = option.takes_file() ? "f" : option.takes_folder() ? "d" : "-";
  offers.insert(offers.begin(), kind);
  return join(offers, " ");
}

constexpr std::string_view kBash = R"(
_epicrisis() {
  local cur=${COMP_WORDS[COMP_CWORD]} last=$COMP_CWORD path= expected= given=0 i
  local commands options offers
  COMPREPLY=()
  # bash takes --option=value apart into three words.
  [[ $cur == '=' ]] && cur=
  for ((i = 1; i < last; i++)); do
    local word=${COMP_WORDS[i]}
    [[ $word == '=' ]] && continue
    if [[ -n $expected ]]; then
      expected=
      continue
    fi
    _epicrisis_command "$path"
    if [[ $word == -* ]]; then
      _epicrisis_value "$path" "$word" && expected=$word
    elif [[ " $commands " == *" $word "* ]]; then
      path=${path:+$path }$word
    else
      given=$((given + 1))
    fi
  done
  _epicrisis_command "$path"
  if [[ -z $expected && $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
    return
  fi
  if [[ -n $expected ]]; then
    _epicrisis_value "$path" "$expected"
  elif [[ -n $commands ]]; then
    offers="- $commands"
  else
    _epicrisis_argument "$path" $given || return
  fi
  COMPREPLY=($(compgen -W "${offers#?}" -- "$cur"))
  case $offers in
    f*) COMPREPLY+=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null ;;
    d*) COMPREPLY+=($(compgen -d -- "$cur")); compopt -o filenames 2>/dev/null ;;
  esac
}
complete -F _epicrisis epicrisis
)";

constexpr std::string_view kZshEnd = R"(
# Words, and files.
_epicrisis_words_or_files() {
  compadd -- "$@"
  _files
}

if [[ $funcstack[1] == _epicrisis ]]; then
  _epicrisis "$@"
else
  compdef _epicrisis epicrisis
fi
)";

// For _arguments: no colon, bracket or backslash of a text means anything.
std::string zsh_text(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\\' || c == ':' || c == '[' || c == ']') safe += '\\';
    safe += c;
  }
  return safe;
}

// ":DIR:_files -/", for a value or an argument.
std::string zsh_value(const OptionEntry& option) {
  std::string action = " ";
  if (!option.words.empty() && option.takes_file()) {
    action = " _epicrisis_words_or_files " + join(option.words, " ");
  } else if (!option.words.empty()) {
    action = "(" + join(option.words, " ") + ")";
  } else if (option.takes_file()) {
    action = "_files";
  } else if (option.takes_folder()) {
    action = "_files -/";
  }
  return fmt::format(":{}:{}", zsh_text(option.value), action);
}

std::string zsh_function(const CommandEntry& command) {
  std::string name = "_" + command.path;
  for (char& c : name) c = c == ' ' ? '_' : c;
  std::string text = fmt::format("\n{}() {{\n", name);
  if (!command.commands.empty()) {
    text += "  local curcontext=\"$curcontext\" state line\n  local -a commands\n";
  }
  text += "  _arguments -s -S";
  if (!command.commands.empty()) text += " -C";
  for (const OptionEntry& option : command.options) {
    const std::string value = option.value.empty() ? "" : zsh_value(option);
    const std::string rest = quoted("[" + zsh_text(option.description) + "]" + value);
    const std::string star = option.several ? "'*'" : "";
    if (option.short_name.empty()) {
      text += fmt::format(" \\\n    {}{}{}", star, option.long_name, rest);
    } else {
      text += fmt::format(" \\\n    '({} {})'{{{},{}}}{}", option.short_name, option.long_name,
                          option.short_name, option.long_name, rest);
    }
  }
  for (const OptionEntry& argument : command.arguments) {
    text += fmt::format(" \\\n    {}", quoted((argument.several ? "*" : "") + zsh_value(argument)));
  }
  if (command.commands.empty()) return text + "\n}\n";
  text +=
      " \\\n    ': :->command' '*:: :->rest'\n  case $state in\n    command)\n      commands=(\n";
  for (const CommandEntry& below : command.commands) {
    text += fmt::format("        {}\n", quoted(below.name + ":" + zsh_text(below.description)));
  }
  text += "      )\n      _describe command commands ;;\n    rest)\n      case $words[1] in\n";
  for (const CommandEntry& below : command.commands) {
    text += fmt::format("        {}) {}_{} ;;\n", below.name, name, below.name);
  }
  return text + "      esac ;;\n  esac\n}\n";
}

std::string fish_offers(const OptionEntry& option) {
  std::string words = join(option.words, " ");
  if (option.takes_folder() && !option.takes_file()) {
    words += (words.empty() ? "" : " ") + std::string("(__fish_complete_directories)");
  }
  return words.empty()
             ? ""
             : " -a " + (option.takes_folder() && !option.takes_file() ? "\"" + words + "\""
                                                                       : fish_quoted(words));
}

constexpr std::string_view kFish = R"(
# The command that was typed so far: "notes write".
function __epicrisis_path
    set -l path ''
    for word in (commandline -opc)[2..-1]
        set -l next (string trim -- "$path $word")
        contains -- $next $__epicrisis_commands; and set path $next
    end
    echo -- $path
end

function __epicrisis_at
    test (__epicrisis_path) = "$argv[1]"
end

complete -c epicrisis -f
)";

}  // namespace

std::string bash_completion(const CommandEntry& program) {
  std::string commands, values, arguments;
  for (const CommandEntry* command : flatten(program)) {
    const std::string path = path_of(*command);
    std::vector<std::string> options;
    for (const OptionEntry& option : command->options) {
      if (!option.short_name.empty()) options.push_back(option.short_name);
      options.push_back(option.long_name);
      if (option.value.empty()) continue;
      values += "    " + quoted(path + " " + option.long_name);
      if (!option.short_name.empty()) values += "|" + quoted(path + " " + option.short_name);
      values += fmt::format(") offers={} ;;\n", quoted(bash_value(option)));
    }
    commands += fmt::format("    {}) commands={} options={} ;;\n", quoted(path),
                            quoted(names_of(command->commands)), quoted(join(options, " ")));
    for (std::size_t i = 0; i < command->arguments.size(); ++i) {
      const OptionEntry& argument = command->arguments[i];
      arguments += fmt::format("    {}{}) offers={} ;;\n", quoted(fmt::format("{} {}", path, i)),
                               argument.several ? "|" + quoted(path + " ") + "*" : "",
                               quoted(bash_value(argument)));
    }
  }
  return fmt::format(
      "# bash completion for epicrisis\n"
      "\n# Sets commands and options of the command $1.\n"
      "_epicrisis_command() {{\n  case $1 in\n{}  esac\n}}\n"
      "\n# Sets offers to what is offered as the value of option $2 of the command $1: f for files,\n"
      "# d for folders or -, and words. Fails if it takes no value.\n"
      "_epicrisis_value() {{\n  case \"$1 $2\" in\n{}    *) return 1 ;;\n  esac\n}}\n"
      "\n# The same for its argument of number $2.\n"
      "_epicrisis_argument() {{\n  case \"$1 $2\" in\n{}    *) return 1 ;;\n  esac\n}}\n{}",
      commands, values, arguments, kBash);
}

std::string zsh_completion(const CommandEntry& program) {
  std::string text = "#compdef epicrisis\n";
  for (const CommandEntry* command : flatten(program)) text += zsh_function(*command);
  return text.append(kZshEnd);
}

std::string fish_completion(const CommandEntry& program) {
  std::string text = "# fish completion for epicrisis\nset -g __epicrisis_commands";
  for (const CommandEntry* command : flatten(program)) {
    if (command != &program) text += " " + fish_quoted(path_of(*command));
  }
  text += "\n";
  text.append(kFish);
  for (const CommandEntry* command : flatten(program)) {
    const std::string line =
        "complete -c epicrisis -n " + fish_quoted("__epicrisis_at \"" + path_of(*command) + "\"");
    for (const CommandEntry& below : command->commands) {
      text += fmt::format("{} -a {} -d {}\n", line, below.name, fish_quoted(below.description));
    }
    for (const OptionEntry& option : command->options) {
      text += line;
      if (!option.short_name.empty()) text += " -s " + option.short_name.substr(1);
      text += " -l " + option.long_name.substr(2);
      if (!option.value.empty()) text += option.takes_file() ? " -r -F" : " -x";
      text += fmt::format("{} -d {}\n", fish_offers(option), fish_quoted(option.description));
    }
    for (const OptionEntry& argument : command->arguments) {
      const std::string offers = fish_offers(argument);
      if (argument.takes_file()) text += line + " -F\n";
      if (!offers.empty()) text += line + offers + "\n";
    }
  }
  return text;
}

}  // namespace epicrisis::cli
