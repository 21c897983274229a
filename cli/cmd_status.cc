#include <fmt/format.h>

#include <map>
#include <memory>

#include "command.h"
#include "epicrisis/core/cost.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/study/workspace_status.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

std::string number(std::int64_t count) { return fmt::format("{}", count); }

// "train 10, test 3", in the order of the roles.
std::string counts_of(const std::map<std::string, std::int64_t>& counts) {
  std::vector<std::string> parts;
  for (const char* role : {"train", "validation", "test", "external"}) {
    const auto found = counts.find(role);
    if (found != counts.end()) parts.push_back(fmt::format("{} {}", role, found->second));
  }
  return join(parts, ", ");
}

void print_dataset(const DatasetStatus& one, const Field& field) {
  print_line(fmt::format("{}: {}, {} with a picture; read by {} from {}", one.dataset.name,
                         counted(one.dataset.samples, "sample"), one.classes.with_image,
                         one.dataset.adapter, one.dataset.source));
  std::vector<std::string> classes;
  for (const auto& [id, count] : one.classes.labelled) {
    classes.push_back(fmt::format("{} {}", field.at(id).name, count));
  }
  if (one.classes.unlabelled > 0) {
    classes.push_back(fmt::format("without a class {}", one.classes.unlabelled));
  }
  print_line(fmt::format("  classes: {}", classes.empty() ? "none" : join(classes, ", ")));
  print_line(one.inventory.grouped > 0
                 ? fmt::format("  patients or cases: {}, named by {}", one.inventory.groups,
                               counted(one.inventory.grouped, "sample"))
                 : "  patients or cases: none named");
  if (!one.inventory.published.empty()) {
    print_line(fmt::format("  published split: {}", counts_of(one.inventory.published)));
  }
  for (const auto& [set, roles] : one.inventory.roles) {
    print_line(fmt::format("  split set {}: {}", set, counts_of(roles)));
  }
  for (const auto& [recipe, count] : one.inventory.prepared) {
    print_line(fmt::format("  prepared by {}: {}{}", recipe, count.pictures,
                           count.failed > 0 ? fmt::format(", failed {}", count.failed) : ""));
  }
}

void print_notes(const WorkspaceStatus& status) {
  if (status.notes.empty()) return;
  print_line("");
  std::vector<std::vector<std::string>> rows = {
      {"notes of", "strategy", "provider", "model", "status", "number", "US dollars"}};
  for (const NoteCount& count : status.notes) {
    rows.push_back({count.dataset, count.strategy, count.provider, count.model,
                    std::string(note_status_name(count.status)), number(count.notes),
                    dollars_words(count.cost, count.unpriced, 2)});
  }
  print_table(rows);
  if (status.spent.requests > 0) {
    print_line(fmt::format("Sent in all: {}, {} tokens in, {} out, {}",
                           counted(status.spent.requests, "request"), status.spent.input_tokens,
                           status.spent.output_tokens,
                           cost_words(status.spent.cost, status.spent.unpriced, 2)));
  }
}

void print_studies(const std::vector<StudyProgress>& studies) {
  if (studies.empty()) return;
  print_line("");
  std::vector<std::vector<std::string>> rows = {
      {"study", "runs", "done", "stale", "running", "interrupted", "failed", "missing", "report"}};
  for (const StudyProgress& study : studies) {
    rows.push_back({study.name, number(study.runs), number(study.done),
                    number(static_cast<std::int64_t>(study.stale.size())), number(study.running),
                    number(study.interrupted), number(study.failed), number(study.missing),
                    study.report.empty() ? "none" : study.report});
  }
  print_table(rows);
}

void print_status(const WorkspaceStatus& status) {
  print_line(fmt::format("{}, field {}", status.root, status.field.name()));
  for (const DatasetStatus& one : status.datasets) {
    print_line("");
    print_dataset(one, status.field);
  }
  print_notes(status);
  print_studies(status.studies);
  print_line("");
  std::vector<std::vector<std::string>> rows = {{"on the disk", "", "files"}};
  std::uint64_t all = 0;
  for (const DiskUse& use : status.disk) {
    all += use.bytes;
    rows.push_back({use.kind, bytes_words(use.bytes), number(use.files)});
  }
  rows.push_back({"together", bytes_words(all), ""});
  print_table(rows);
  print_line("");
  if (status.next.empty()) {
    print_line("Nothing waits to be done.");
    return;
  }
  print_line("What to do next:");
  for (const std::string& line : status.next) print_line("  " + line);
}

}  // namespace

void add_status_command(CLI::App& app, Globals& globals) {
  CLI::App* command = app.add_subcommand(
      "status", "What a workspace holds: data sets, notes, studies, disk, and what to do next");
  const auto folder = std::make_shared<std::string>();
  add_workspace_option(*command, *folder);
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis status -w work", "epicrisis status -w work --json"});
  command->callback([folder, &globals] {
    Workspace workspace = Workspace::open_to_look(*folder);
    const WorkspaceStatus status = workspace_status(workspace);
    if (globals.json) return print_json(to_json(status));
    print_status(status);
  });
}

}  // namespace epicrisis::cli
