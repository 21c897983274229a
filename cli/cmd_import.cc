#include <memory>

#include "command.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/import.h"
#include "epicrisis/data/field.h"
#include "epicrisis/store/workspace.h"
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

void print_tally(const std::string& what, const Tally& tally) {
  if (tally.count == 0) return;
  print_line(fmt::format("  {} {}", tally.count, what));
  print_examples(tally.examples, static_cast<std::int64_t>(tally.count), "    ");
}

void print_report(const ImportReport& report) {
  const AdapterReport& read = report.read;
  print_line(
      fmt::format("{}: {} rows read, {} samples ({} new, {} updated, {} unchanged), {} skipped",
                  read.dataset, read.rows, read.samples, report.written, report.updated,
                  report.unchanged, read.skipped_total()));
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
  if (read.skipped_total() > 0) print_line("Skipped:");
  for (const auto& [reason, tally] : read.skipped) print_tally(reason, tally);
  print_tally("rows without a picture", read.rows_without_picture);
  print_tally("ids met before", read.duplicate_ids);
  std::vector<std::string> unmapped;
  for (const auto& [raw, count] : read.unmapped)
    unmapped.push_back(fmt::format("'{}' ({})", raw, count));
  if (!unmapped.empty()) {
    print_line(fmt::format("Labels that the taxonomy does not know: {}", join(unmapped, ", ")));
  }
  if (read.in_several_splits > 0) {
    print_line(fmt::format("{} samples are in more than one published split; see 'epicrisis check'",
                           read.in_several_splits));
  }
  if (report.absent > 0) {
    print_line(
        fmt::format("{} samples of an earlier import are not in the source any more; they stay",
                    report.absent));
  }
  print_tally("pictures that no row names", read.pictures_without_row);
  print_tally("pictures behind another of their name", read.pictures_shadowed);
  for (const auto& [kind, tally] : read.warnings) print_tally(kind, tally);
}

void run(const Options& options, Globals& globals) {
  const bool json = globals.json;
  if (options.list) {
    list_adapters(json);
    return;
  }
  if (options.adapter.empty() || options.path.empty() || options.workspace.empty()) {
    throw UsageError(
        "import needs ADAPTER, PATH and --workspace DIR; 'epicrisis import --list' names the "
        "adapters");
  }
  // Before a workspace is made for nothing.
  adapter(options.adapter);
  if (!std::filesystem::is_directory(options.path)) {
    if (std::filesystem::exists(options.path)) {
      throw UsageError(
          "import: {} is a file; PATH is the folder of the data set, in which the adapter looks "
          "for its tables{}",
          options.path,
          options.adapter == "generic_csv" ? ": those that the column map (--map) names" : "");
    }
    throw UsageError("import: there is no folder {}", options.path);
  }
  bool created = false;
  Workspace workspace = Workspace::open_or_create(options.workspace, &created);
  if (created && !json) {
    print_line(fmt::format("Made a workspace in {}", workspace.root().string()));
  }
  ImportOptions import = options.import;
  import.column_map = options.column_map;
  if (!options.field.empty()) import.field = Field::load(options.field);
  import.tables_if_no_pictures = import.pictures.empty();
  const ImportReport report =
      import_dataset(workspace, options.adapter, options.path, globals.job, import);
  if (json) {
    Json document = to_json(report);
    document["workspace"] = workspace.root().string();
    document["workspace_made"] = created;
    print_json(document);
  } else {
    print_report(report);
  }
  if (report.read.samples == 0 && report.read.rows > 0) {
    globals.exit_code = exit_status(ErrorKind::kInput);
  }
}

}  // namespace

void add_import_command(CLI::App& app, Globals& globals) {
  CLI::App& command = *app.add_subcommand("import", "Read a data set into a workspace");
  const auto options = std::make_shared<Options>();
  takes(command.add_option("ADAPTER", options->adapter, "Which data set it is; --list names them"),
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
        "FILE");
  takes(command.add_option("--modality", options->import.modality,
                           "Words for the pictures where the data set has none: 'clinical image'"),
        "WORDS");
  command.add_flag("--moved", options->import.moved,
                   "The data set of this name was read from another folder, and is the same");
  command.add_flag("--list", options->list, "List the adapters");
  add_global_options(command, globals);
  add_examples(command,
               {"epicrisis import --list", "epicrisis import ham10000 data/ham10000 -w work",
                "epicrisis import generic_csv data/mine -w work --map columns.toml"});
  command.callback([options, &globals] { run(*options, globals); });
}

}  // namespace epicrisis::cli
