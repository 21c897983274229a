#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "command.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/shell_word.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/import.h"
#include "epicrisis/data/adapter_choice.h"
#include "epicrisis/data/column_proposal.h"
#include "epicrisis/data/field.h"
#include "epicrisis/data/read_remarks.h"
#include "epicrisis/store/workspace.h"
#include "interrupted.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

struct Options {
  std::string workspace;
  std::string adapter;
  std::string path;
  std::string column_map;
  std::string field;
  ImportOptions import;
  bool list = false;
  bool guess = false;
  std::string output;
};

std::vector<std::string> adapter_names() {
  std::vector<std::string> names;
  for (const Adapter* one : adapters()) names.emplace_back(one->name());
  return names;
}

void list_adapters(bool json) {
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows = {{"adapter", "reads", "expects", "terms"}};
  for (const Adapter* adapter : adapters()) {
    list.push_back(to_json(*adapter));
    rows.push_back({std::string(adapter->name()), std::string(adapter->describe()),
                    join(adapter->expected_files(), "; "), std::string(adapter->terms())});
  }
  if (json) {
    print_json({{"adapters", std::move(list)}});
  } else {
    print_table(rows);
  }
}

void print_report(const ImportReport& report) {
  const AdapterReport& read = report.read;
  print_line(fmt::format("{}: {} read, {} ({} new, {} updated, {} unchanged), {} skipped",
                         read.dataset, counted(read.rows, "row"), counted(read.samples, "sample"),
                         report.written, report.updated, report.unchanged, read.skipped_total()));
  std::vector<std::vector<std::string>> rows = {{"class", "in words", "samples"}};
  std::uint64_t labelled = 0;
  for (const auto& [label, count] : read.by_label) {
    const FieldClass& one = read.field.at(label);
    rows.push_back({one.name, one.words, fmt::format("{}", count)});
    labelled += count;
  }
  if (read.samples > labelled) {
    rows.push_back({"-", fmt::format("none of the {}", read.field.classes().size()),
                    fmt::format("{}", read.samples - labelled)});
  }
  print_table(rows);
  for (const ReadRemark& remark : remarks_on(read)) {
    print_line("  " + remark.text);
    for (const std::string& example : remark.examples) print_line("    " + example);
  }
  if (report.absent > 0) {
    print_line(fmt::format("  {} not in the source any more; what was imported stays",
                           counted(report.absent, "sample of an earlier import is",
                                   "samples of an earlier import are")));
    print_examples(report.absent_keys, report.absent, "    ");
  }
  if (report.lost.any()) print_line("  " + lost_in_words(report.lost));
  if (const std::string blocks = map_blocks(read); !blocks.empty()) {
    print_line(
        "To give these labels a class, complete `label` and paste into the column map, or into a "
        "file for --taxonomy that says which map it extends (extends = \"...\"). It is one of");
    print_line("  " + classes_in_words(read.field));
    print_line("or \"\" for none of them:");
    print_text(blocks);
  }
  if (const std::string blocks = words_blocks(read); !blocks.empty()) {
    print_line(
        "To say these values in words that notes and their audit understand, complete and paste "
        "likewise (of a table that the file has already, the lines alone; \"\" leaves a value "
        "out):");
    print_text(blocks);
  }
}

// A workspace that an import made goes again where the import fails, with the folders above it that
// were made for it.
class NewWorkspace {
 public:
  explicit NewWorkspace(Path root) : root_(std::move(root)) {
    std::error_code ignored;
    folder_was_there_ = std::filesystem::exists(root_, ignored);
    const Path whole = (std::filesystem::absolute(root_) / "").lexically_normal().parent_path();
    for (Path above = whole.parent_path(); !std::filesystem::exists(above, ignored);
         above = above.parent_path()) {
      missing_above_.push_back(above);
    }
    // Making it may fail half-way, as on a full disk.
    made_ = !folder_was_there_ || std::filesystem::is_empty(root_, ignored);
  }
  void made() { made_ = true; }
  void keep() { made_ = false; }
  // The workspace is closed by then. It is ours alone: the folder was not there, or empty, or one
  // that had the folders of a workspace and nothing else.
  ~NewWorkspace() {
    if (!made_) return;
    std::error_code ignored;
    if (!folder_was_there_) {
      std::filesystem::remove_all(root_, ignored);
      // One in which somebody else has put something meanwhile stays, and so do those above it.
      for (const Path& above : missing_above_) std::filesystem::remove(above, ignored);
      return;
    }
    std::vector<Path> entries;
    for (const auto& entry : std::filesystem::directory_iterator(root_, ignored)) {
      entries.push_back(entry.path());
    }
    for (const Path& entry : entries) std::filesystem::remove_all(entry, ignored);
  }
  NewWorkspace(const NewWorkspace&) = delete;
  NewWorkspace& operator=(const NewWorkspace&) = delete;

 private:
  Path root_;
  std::vector<Path> missing_above_;  // the innermost first
  bool folder_was_there_ = false;
  bool made_ = false;
};

bool is_there(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// "import PATH": what stands in the adapter's place is the folder, or should be one.
void settle_path(Options& options) {
  if (!options.path.empty() || options.adapter.empty()) return;
  const std::vector<std::string> names = adapter_names();
  if (std::ranges::find(names, options.adapter) != names.end()) return;
  if (is_there(options.adapter) || !nearest_name(options.adapter, names)) {
    options.path = std::exchange(options.adapter, "");
  }
}

void check_folder(const Options& options) {
  if (std::filesystem::is_directory(options.path)) return;
  if (is_there(options.path)) {
    throw UsageError(
        "import: {} is a file; PATH is the folder of the data set, in which the adapter looks "
        "for its tables{}",
        options.path,
        options.adapter == "generic_csv" ? ": those that the column map (--map) names" : "");
  }
  throw UsageError("import: there is no folder {}{}", options.path, near_path_words(options.path));
}

// The command that proposes a column map for the folder's table; "" where there is none.
std::string way_to_map(const Options& options) {
  if (!options.column_map.empty() || tables_in_words(options.path).empty()) return {};
  const std::string map = (Path(options.path) / "columns.toml").string();
  if (is_there(map)) return {};
  return fmt::format(": epicrisis import {} --guess -o {}", shell_word(options.path),
                     shell_word(map));
}

// A call that may need a column map: its UsageError says how to come by one.
template <typename Call>
decltype(auto) with_way_to_map(const Options& options, Call call) {
  try {
    return call();
  } catch (const UsageError& error) {
    const std::string text = error.what();
    throw UsageError("{}{}", text, text.ends_with("(`guess`)") ? way_to_map(options) : "");
  }
}

void settle_adapter(Options& options, bool json) {
  if (!options.adapter.empty()) return;
  AdapterInput input;
  input.path = std::filesystem::absolute(options.path).lexically_normal();
  input.pictures = options.import.pictures;
  input.taxonomy = options.import.taxonomy;
  input.column_map = options.column_map;
  input.field = options.import.field;
  const Adapter& sure =
      with_way_to_map(options, [&]() -> const Adapter& { return sure_adapter(input); });
  options.adapter = sure.name();
  if (!json) print_line(fmt::format("Read by the adapter {} ({})", sure.name(), sure.describe()));
}

void propose(const Options& options, bool json) {
  if (options.path.empty()) throw UsageError("import --guess needs PATH: a table or its folder");
  const ColumnProposal proposal =
      propose_column_map(options.path, options.import.field.value_or(Field::standard()));
  if (!options.output.empty()) {
    if (is_there(options.output)) {
      throw UsageError("import: {} is there already; name another file or remove it",
                       options.output);
    }
    write_file(options.output, proposal.toml);
  }
  if (json) {
    print_json({{"column_map", proposal.toml},
                {"written", options.output},
                {"remarks", proposal.remarks}});
  } else if (options.output.empty()) {
    print_text(proposal.toml);
  } else {
    print_line(fmt::format("Wrote {}; look it over before it is used", options.output));
    for (const std::string& remark : proposal.remarks) print_line("  " + remark);
  }
}

void run(Options options, Globals& globals) {
  const bool json = globals.json;
  if (options.list) {
    list_adapters(json);
    return;
  }
  settle_path(options);
  if (!options.field.empty()) options.import.field = Field::load(options.field);
  if (options.guess) {
    propose(options, json);
    return;
  }
  if (options.path.empty() || options.workspace.empty()) {
    throw UsageError(
        "import needs ADAPTER, PATH and --workspace DIR; 'epicrisis import --list' names the "
        "adapters; without ADAPTER the one that fits is looked for");
  }
  // Before a workspace is made for nothing.
  if (!options.adapter.empty()) adapter(options.adapter);
  check_folder(options);
  settle_adapter(options, json);
  NewWorkspace unfinished(options.workspace);
  bool created = false;
  Workspace workspace = Workspace::open_or_create(options.workspace, &created);
  if (created) unfinished.made();
  ImportOptions import = options.import;
  import.column_map = options.column_map;
  import.tables_if_no_pictures = import.pictures.empty();
  const auto kept = [&] {
    return fmt::format("nothing of {} was stored{}; the same command begins anew", options.path,
                       created ? std::string() : ", and the workspace is as it was");
  };
  const auto read = [&] {
    return telling_what_is_kept(globals.job, kept, [&] {
      return import_dataset(workspace, options.adapter, options.path, globals.job, import);
    });
  };
  const ImportReport report =
      options.adapter == "generic_csv" ? with_way_to_map(options, read) : read();
  const bool failed = report.read.samples == 0 && report.read.rows > 0;
  if (!failed) unfinished.keep();
  if (json) {
    Json document = to_json(report);
    document["workspace"] = workspace.root().string();
    document["workspace_made"] = created && !failed;
    print_json(document);
  } else {
    print_report(report);
    if (options.adapter == "imagefolder" && report.read.by_label.empty()) {
      const std::string way = way_to_map(options);
      if (!way.empty()) {
        print_line("No sample has a class; " + tables_in_words(options.path) + way);
      }
    }
    if (created) {
      const std::string root = workspace.root().string();
      print_line(failed ? fmt::format("No sample was read, so no workspace was made in {}", root)
                        : fmt::format("Made a workspace in {}", root));
    }
  }
  if (failed) globals.exit_code = exit_status(ErrorKind::kInput);
}

}  // namespace

void add_import_command(CLI::App& app, Globals& globals) {
  CLI::App& command = *app.add_subcommand("import", "Read a data set into a workspace");
  const auto options = std::make_shared<Options>();
  takes(command.add_option("ADAPTER", options->adapter,
                           "Which data set it is; --list names them; may be left out"),
        "NAME", adapter_names);
  takes(command.add_option("PATH", options->path, "Its folder"), "DIR");
  add_workspace_option(command, options->workspace)
      ->description("Workspace folder; made if missing")
      ->required(false);
  takes(command.add_option(
            "--name", options->import.name,
            "Name in the workspace; the adapter's, of csv_folder the folder's, if not given"),
        "NAME");
  takes(command.add_option("--pictures", options->import.pictures,
                           "Picture folder, below PATH or absolute; may be given several times"),
        "DIR");
  command.add_flag("--tables-only", options->import.tables_only,
                   "Take rows without a picture too; as if given where there is no picture at all");
  takes(command.add_option("--taxonomy", options->import.taxonomy,
                           "Label map: a built-in name or a TOML file"),
        "NAME|FILE");
  takes(command.add_option(
            "--field", options->field,
            "What the pictures are of: a built-in field or a field file; if not given, the "
            "workspace or the label map says it"),
        "NAME|FILE");
  takes(command.add_option("--map", options->column_map,
                           "Column map of generic_csv or imagefolder, a TOML file"),
        "FILE")
      ->check(no_folder("a column map"));
  takes(command.add_option("--modality", options->import.modality,
                           "Words for the pictures where the data set has none: 'clinical image'"),
        "WORDS");
  command.add_flag("--moved", options->import.moved,
                   "The data set of this name was read from another folder, and is the same");
  command.add_flag("--list", options->list, "List the adapters");
  command.add_flag("--guess", options->guess,
                   "Propose a column map for the table in PATH, with comments, and import nothing");
  takes(command.add_option("-o,--output", options->output, "Write the proposal to this new file"),
        "FILE");
  add_global_options(command, globals);
  add_examples(command,
               {"epicrisis import --list", "epicrisis import ham10000 data/ham10000 -w work",
                "epicrisis import data/ham10000 -w work",
                "epicrisis import data/mine --guess -o data/mine/columns.toml",
                "epicrisis import generic_csv data/mine -w work --map columns.toml"});
  command.callback([options, &globals] { run(*options, globals); });
}

}  // namespace epicrisis::cli
