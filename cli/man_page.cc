#include <fmt/format.h>

#include <array>
#include <map>
#include <utility>

#include "command_table.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/version.h"

namespace epicrisis::cli {
namespace {

// Text that roff takes as it is.
std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\\') {
      safe += "\\e";
    } else if (c == '-') {
      safe += "\\-";
    } else if (c == '\'') {
      safe += "\\(aq";
    } else if (c == '`') {
      safe += "\\(ga";
    } else {
      safe += c;
    }
  }
  return safe.starts_with(".") ? "\\&" + safe : safe;
}

std::string bold(const std::string& text) { return "\\fB" + escaped(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + escaped(text) + "\\fR"; }

std::string entry(const OptionEntry& option) {
  std::string head;
  if (!option.short_name.empty()) head += bold(option.short_name) + ", ";
  if (!option.long_name.empty()) head += bold(option.long_name);
  if (!option.value.empty()) head += (head.empty() ? "" : " ") + italic(option.value);
  if (option.several) head += "...";
  return fmt::format(".TP\n{}\n{}{}\n", head, escaped(option.description),
                     option.required && !option.long_name.empty() ? " (required)" : "");
}

// Lines that begin with blanks are set as they are, others as a paragraph.
std::string footer(const std::string& text) {
  std::string page;
  for (const std::string& line : split(text, '\n')) {
    if (line.empty()) continue;
    page += line.starts_with("  ") ? fmt::format(".PP\n.nf\n{}\n.fi\n", escaped(line.substr(2)))
                                   : fmt::format(".PP\n{}\n", escaped(line));
  }
  return page;
}

void add_command(const CommandEntry& command, std::string& page) {
  if (command.commands.empty()) {
    page += fmt::format(".SS {}\n{}\n.PP\n{}\n", escaped(command.path),
                        escaped(command.description + "."), bold(usage(command)));
    for (const OptionEntry& argument : command.arguments) page += entry(argument);
    for (const OptionEntry& option : command.options) {
      if (option.group != "Common") page += entry(option);
    }
    page += footer(command.footer);
  }
  for (const CommandEntry& below : command.commands) add_command(below, page);
}

// The variables that give options, with these.
void add_variables(const CommandEntry& command, std::map<std::string, std::string>& variables) {
  for (const OptionEntry& option : command.options) {
    if (!option.variable.empty()) variables[option.variable] = option.long_name;
  }
  for (const CommandEntry& below : command.commands) add_variables(below, variables);
}

// The options that every command has, as one of them has them.
std::string common_options(const CommandEntry& program) {
  const CommandEntry* command = &program;
  while (!command->commands.empty()) command = &command->commands.front();
  std::string page;
  for (const OptionEntry& option : command->options) {
    if (option.group == "Common") page += entry(option);
  }
  return page;
}

constexpr std::string_view kExitStatus = R"(.TP
.B 0
It went well.
.TP
.B 1
A fault of the program.
.TP
.B 2
Wrong arguments or a wrong study file.
.TP
.B 3
Splits overlap, and that was not allowed.
.TP
.B 4
A file or an answer from outside is broken.
.TP
.B 5
The system or a service: disk full, no permission, no answer.
.TP
.B 130
Interrupted.
)";

// Those of Hugging Face's programs.
constexpr std::array<std::pair<const char*, const char*>, 5> kHubVariables{
    {{"HF_ENDPOINT", "The hub from which models are fetched, https://huggingface.co if not set."},
     {"HF_HOME", "Folder of Hugging Face's cache and token, ~/.cache/huggingface if not set."},
     {"HF_HUB_CACHE", "Folder of fetched models, hub in HF_HOME if not set."},
     {"HF_HUB_OFFLINE", "1: no model is fetched."},
     {"HF_TOKEN", "Token for models that are not for everybody."}}};

}  // namespace

std::string man_page(const CommandEntry& program) {
  std::string page = fmt::format(
      ".TH EPICRISIS 1 \"\" \"epicrisis {}\" \"User commands\"\n.SH NAME\nepicrisis \\- "
      "image\\-text data sets from labels and metadata, and models trained on them\n.SH "
      "SYNOPSIS\n{} {}\n.SH DESCRIPTION\n{}\n.SH COMMANDS\n",
      kVersion, bold(program.path), italic("COMMAND") + " [" + italic("OPTION") + "]...",
      escaped(program.description));
  for (const CommandEntry& command : program.commands) add_command(command, page);
  page += ".SH COMMON OPTIONS\nEvery command has these.\n" + common_options(program);
  page += ".SH ENVIRONMENT\nThe command line wins over these.\n";
  std::map<std::string, std::string> variables;
  add_variables(program, variables);
  for (const auto& [variable, option] : variables) {
    page += fmt::format(".TP\n{}\nTaken for {}.\n", bold(variable), bold(option));
  }
  page += fmt::format(".TP\n{}\nKey of an endpoint whose provider names none.\n",
                      bold("EPICRISIS_API_KEY"));
  page +=
      fmt::format(".TP\n{}\nFolders of models, separated by colons.\n", bold("EPICRISIS_MODELS"));
  for (const auto& [variable, meaning] : kHubVariables) {
    page += fmt::format(".TP\n{}\n{}\n", bold(variable), meaning);
  }
  page += fmt::format(".TP\n{}\nNo colours.\n", bold("NO_COLOR"));
  page += fmt::format(".SH EXIT STATUS\n{}", kExitStatus);
  if (!program.footer.empty()) page += ".SH EXAMPLES\n" + footer(program.footer);
  return page;
}

}  // namespace epicrisis::cli
