#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <exception>
#include <new>
#include <sstream>
#include <system_error>
#include <utility>

#include "cancel_on_signals.h"
#include "command.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/version.h"
#include "option_words.h"
#include "output.h"
#include "terminal_watcher.h"

namespace epicrisis::cli {

int exit_status(std::optional<ErrorKind> error) {
  if (!error) return 0;
  switch (*error) {
    case ErrorKind::kInternal:
      break;
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kLeakage:
      return 3;
    case ErrorKind::kInput:
      return 4;
    case ErrorKind::kSystem:
      return 5;
    case ErrorKind::kInterrupted:
      return 130;
  }
  return 1;
}

void add_global_options(CLI::App& command, Globals& globals) {
  in_group(command, "Common");
  command.add_flag("--json", globals.json, "Print the result as JSON");
  add_quiet_option(command, globals);
}

void add_quiet_option(CLI::App& command, Globals& globals) {
  in_group(command, "Common");
  command.add_flag("--quiet", globals.quiet, "No progress bars, only warnings and errors");
  command.get_option("--help")->group("Common");
  command.parse_complete_callback([&globals] {
    if (globals.quiet) globals.watcher.be_quiet();
  });
}

CLI::Option* add_workspace_option(CLI::App& command, std::string& workspace) {
  return takes(command.add_option("-w,--workspace", workspace, "Workspace folder"), "DIR")
      ->envname("EPICRISIS_WORKSPACE")
      ->required()
      ->each(share_as);
}

CLI::Option* add_threads_option(CLI::App& command, unsigned& threads) {
  return takes(command.add_option("--threads", threads, "All cores if not given"), "N")
      ->check(between(0, 1024));
}

CLI::Validator whole_number() {
  const auto fault = [](const std::string& text) -> std::string {
    const bool digits = !text.empty() && std::ranges::all_of(text, is_digit);
    return digits ? "" : fmt::format("'{}' is no whole number from 0 up", clean_text(text, 60));
  };
  return {fault, ""};
}

namespace {

mode_t given_umask = 077;

}  // namespace

void be_private() {
  given_umask = umask(077);
  umask(given_umask | 077);
}

void share_as(const std::string& workspace) {
  struct stat status {};
  if (stat(workspace.c_str(), &status) != 0) return;
  umask(given_umask | (~status.st_mode & 077));
}

void in_group(CLI::App& command, const std::string& heading) {
  command.option_defaults()->group(heading);
}

namespace {

// What people look for under another word.
constexpr std::array<std::pair<std::string_view, std::string_view>, 36> kOtherWords = {{
    {"help", "--help"},
    {"version", "--version"},
    {"fit", "train"},
    {"finetune", "train"},
    {"fine-tune", "train"},
    {"synthesize", "notes write"},
    {"synthesise", "notes write"},
    {"generate", "notes write"},
    {"eval", "evaluate"},
    {"test", "evaluate"},
    {"preprocess", "prepare"},
    {"leakage", "check"},
    {"claims", "notes audit"},
    {"info", "status"},
    {"delete", "remove"},
    {"prune", "runs"},
    {"validate", "study check"},
    {"folds", "split"},
    {"find", "search"},
    {"query", "search"},
    {"similar", "search"},
    {"retrieve", "search"},
    {"neighbours", "search"},
    {"neighbors", "search"},
    {"infer", "predict"},
    {"inference", "predict"},
    {"classify", "predict"},
    {"features", "embed"},
    {"encode", "embed"},
    {"measure", "findings"},
    {"load", "import"},
    {"add", "import"},
    {"fix", "notes repair"},
    {"correct", "notes repair"},
    {"label", "notes review"},
    {"annotate", "notes review"},
}};

// The commands of this name below `app`: "audit" is 'notes audit'.
void add_commands_named(const CLI::App& app, const std::string& name, const std::string& path,
                        std::vector<std::string>& found) {
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    const std::string there = path.empty() ? command->get_name() : path + " " + command->get_name();
    if (command->get_name() == name) found.push_back(there);
    add_commands_named(*command, name, there, found);
  }
}

void add_names_below(const CLI::App& app, std::vector<std::string>& names) {
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    names.push_back(command->get_name());
    add_names_below(*command, names);
  }
}

// What may have been meant by a word that is no command: "'notes audit'", "" if nothing is near.
// Commands at this place come first, then those of any place.
std::string meant_command(const CLI::App& app, const std::string& given,
                          const std::vector<std::string>& names) {
  const std::string word = ascii_lower(given);
  const auto other =
      std::ranges::find(kOtherWords, word, [](const auto& one) { return one.first; });
  std::vector<std::string> found;
  if (other != kOtherWords.end()) {
    found.emplace_back(other->second);
  } else if (add_commands_named(app, word, "", found); found.empty()) {
    std::vector<std::string> all;
    add_names_below(app, all);
    if (std::optional<std::string> here = nearest_name(word, names)) {
      found.push_back(std::move(*here));
    } else if (const std::optional<std::string> there = nearest_name(word, all)) {
      add_commands_named(app, *there, "", found);
    }
  }
  std::string meant;
  for (const std::string& path : found) {
    meant += (meant.empty() ? "'" : " or '") + path + "'";
  }
  return meant;
}

// Where a command takes no such word itself: "'--dataset NAME' or '--study NAME'", the options that
// take one; "" if there are none.
std::string options_with_values(const CommandEntry& command) {
  std::string options;
  for (const OptionEntry& one : command.options) {
    if (one.long_name.empty() || one.value.empty() || !one.variable.empty()) continue;
    options += fmt::format("{}'{} {}'", options.empty() ? "" : " or ", one.long_name, one.value);
  }
  return options;
}

// What is wrong with a word that is no command or no option; "" if that is not the fault.
std::string unknown_word(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining(true);
  if (words.empty()) return "";
  const CLI::App& given = given_command(app);
  const CommandEntry command = describe(given, parents_of(given));
  const auto is_option = [](const std::string& word) {
    return word.size() > 1 && word.starts_with('-');
  };
  // Of a command that has none below it a wrong option may be why a word is too many.
  auto first = command.commands.empty() ? std::ranges::find_if(words, is_option) : words.begin();
  if (first == words.end()) first = words.begin();
  const bool option = is_option(*first);
  const std::string word = first->substr(0, option ? first->find('=') : std::string::npos);
  std::vector<std::string> names;
  if (option) {
    for (const OptionEntry& one : command.options) names.push_back(one.long_name);
  } else {
    for (const CommandEntry& one : command.commands) names.push_back(one.name);
    if (names.empty()) {
      const std::string options = options_with_values(command);
      if (options.empty()) return "";
      return fmt::format("'{}' was not expected; is it meant by {}? '{} --help' lists all",
                         clean_text(word, 60), options, command.path);
    }
  }
  std::string meant;
  if (!option) {
    meant = meant_command(app, word, names);
  } else if (const std::optional<std::string> nearest = nearest_name(word, names)) {
    meant = fmt::format("'{}'", *nearest);
  }
  return fmt::format("there is no {} '{}'; {}'{} --help' lists them", option ? "option" : "command",
                     clean_text(word, 60),
                     meant.empty() ? "" : fmt::format("did you mean {}? ", meant), command.path);
}

// What the parser says, with the other way to give an option, and where to read on.
std::string parser_words(const CLI::App& app, const CLI::ParseError& error) {
  const CommandEntry command = describe(given_command(app), parents_of(given_command(app)));
  std::string words = clean_text(error.what(), 1000);
  for (const OptionEntry& option : command.options) {
    if (option.variable.empty() || words != option.long_name + " is required") continue;
    words += fmt::format(" (or in the environment: {})", option.variable);
  }
  return fmt::format("{}; see '{} --help'", words, command.path);
}

// "--name=": the parser would take the next word for its value.
void refuse_cut_values(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--") return;
    const bool name =
        word.size() > 3 && word.starts_with("--") && word.find('=') + 1 == word.size();
    if (!name) continue;
    throw UsageError("{}: {}", clean_text(word.substr(0, word.size() - 1), 60), kEmptyValue);
  }
}

// A word that is unknown is what is wrong, not that what it stands for is missing.
int report_parse_error(const CLI::App& app, const CLI::ParseError& error, const Job& job) {
  if (error.get_exit_code() == 0) {  // --help, --version
    std::ostringstream text;
    app.exit(error, text);
    print_text(text.str());
    return 0;
  }
  const std::string fault = unknown_word(app);
  job.say(LogLevel::kError, fault.empty() ? parser_words(app, error) : fault);
  return exit_status(ErrorKind::kUsage);
}

int run(CLI::App& app, int argc, char** argv, Job& job, TerminalWatcher& watcher) {
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  app.formatter_fn([](const CLI::App* command, const std::string&, CLI::AppFormatMode) {
    return help_text(describe(*command, parents_of(*command)));
  });
  Globals globals{job, watcher};
  add_init_command(app, globals);
  add_import_command(app, globals);
  add_status_command(app, globals);
  add_check_command(app, globals);
  add_split_command(app, globals);
  add_prepare_command(app, globals);
  add_findings_command(app, globals);
  add_notes_command(app, globals);
  add_models_command(app, globals);
  add_study_command(app, globals);
  add_train_command(app, globals);
  add_evaluate_command(app, globals);
  add_compare_command(app, globals);
  add_predict_command(app, globals);
  add_embed_command(app, globals);
  add_search_command(app, globals);
  add_report_command(app, globals);
  add_runs_command(app, globals);
  add_remove_command(app, globals);
  add_workspace_command(app, globals);
  add_demo_command(app, globals);
  add_completion_command(app, globals);
  // After the commands, which would take it over.
  add_examples(app, {"epicrisis import ham10000 data/ham10000 -w work",
                     "epicrisis notes write -w work --strategy M",
                     "epicrisis study run studies/ham-to-external.toml -w work"});
  try {
    refuse_cut_values({argv + 1, argv + argc});
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return report_parse_error(app, error, job);
  } catch (const Error& error) {
    job.say(LogLevel::kError, error.what());
    return exit_status(error.kind());
  }
  return globals.exit_code;
}

}  // namespace
}  // namespace epicrisis::cli

int main(int argc, char** argv) {
  using epicrisis::ErrorKind;
  using epicrisis::LogLevel;
  using epicrisis::cli::exit_status;
  CLI::App app{
      "Epicrisis: image-text data sets from labels and metadata, models trained on them, "
      "and what the text bought.",
      "epicrisis"};
  epicrisis::cli::TerminalWatcher watcher([&app](std::string_view text) {
    return epicrisis::cli::with_options(text, epicrisis::cli::given_command(app));
  });
  epicrisis::Job job(watcher);
  epicrisis::cli::cancel_on_signals(job);
  epicrisis::cli::be_private();
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is an error that tells its name
  std::signal(SIGPIPE, SIG_IGN);  // work that was paid for does not end because `head` has
  int status = 0;
  try {
    status = epicrisis::cli::run(app, argc, argv, job, watcher);
  } catch (const std::bad_alloc&) {
    job.say(LogLevel::kError, "out of memory; see the limits of memory (ulimit -v, a container's)");
    status = exit_status(ErrorKind::kSystem);
  } catch (const std::system_error& error) {
    job.say(LogLevel::kError, fmt::format("the system refused: {}", error.what()));
    status = exit_status(ErrorKind::kSystem);
  } catch (const std::exception& error) {
    job.say(LogLevel::kError, fmt::format("internal error: {}", error.what()));
    status = exit_status(ErrorKind::kInternal);
  }
  const int unwritten = epicrisis::cli::finish_output();
  if (unwritten == 0) return status;
  // Who reads a pipe and leaves has seen enough, and needs no word of it.
  if (unwritten != EPIPE) {
    job.say(LogLevel::kError,
            fmt::format("cannot write to standard output: {}; what was printed is "
                        "not complete",
                        std::generic_category().message(unwritten)));
  }
  return status != 0 ? status : exit_status(ErrorKind::kSystem);
}
