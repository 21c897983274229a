#include <fmt/format.h>

#include <memory>

#include "command.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/study/verify_workspace.h"
#include "interrupted.h"
#include "output.h"

namespace epicrisis::cli {
namespace {

void run(const std::string& folder, Globals& globals) {
  Workspace workspace = Workspace::open_to_read(folder);
  const VerifyReport report = telling_what_is_kept(
      globals.job, nothing_is_changed, [&] { return verify_workspace(workspace, globals.job); });
  if (!report.sound()) globals.exit_code = exit_status(ErrorKind::kInput);
  if (globals.json) return print_json(to_json(report));
  std::vector<std::vector<std::string>> rows = {{"", "checked", "damaged", "without a checksum"}};
  for (const VerifyTally& tally : report.tallies) {
    rows.push_back({tally.kind, fmt::format("{}", tally.checked), fmt::format("{}", tally.damaged),
                    fmt::format("{}", tally.unverified)});
  }
  print_table(rows);
  for (const WorkspaceFault& fault : report.faults) {
    print_line(fmt::format("{}: {}; {}", fault.place, fault.what, fault.remedy));
  }
  for (const std::string& path : report.left_over) {
    print_line(fmt::format("{}: the database does not name it; it can be removed", path));
  }
  print_line(report.sound() ? "Nothing is damaged." : counted(report.faults.size(), "fault") + ".");
}

}  // namespace

void warn_if_not_kept(const Workspace& workspace, const Job& job) {
  if (workspace.kept()) return;
  job.warn("{} cannot be written to: the outcome is not stored there", workspace.root().string());
}

void add_workspace_command(CLI::App& app, Globals& globals) {
  CLI::App* workspace = app.add_subcommand("workspace", "Look after a workspace");
  workspace->require_subcommand(1);
  CLI::App* command = workspace->add_subcommand(
      "verify", "Hold everything in a workspace against its checksums; changes nothing");
  const auto folder = std::make_shared<std::string>();
  add_workspace_option(*command, *folder);
  add_global_options(*command, globals);
  add_examples(*command, {"epicrisis workspace verify -w work"});
  command->callback([folder, &globals] { run(*folder, globals); });
}

}  // namespace epicrisis::cli
