#include "study/sweep.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>
#include <unordered_set>
#include <utility>

#include "core/hex.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/inventory.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/tensor/safetensors.h"
#include "study/folders.h"
#include "study/report_files.h"
#include "study/run_use.h"

namespace epicrisis::study {
namespace {

constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kNameDigits = 16;   // of the names in embeddings/
constexpr std::size_t kRunIdDigits = 10;  // at the end of a run's id

bool is_hash(std::string_view text, std::size_t digits) {
  return text.size() == digits && is_hex(text);
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

bool is_plain_folder(const Path& path) {
  std::error_code error;
  return std::filesystem::symlink_status(path, error).type() ==
         std::filesystem::file_type::directory;
}

// ".epicrisis-<process>-<number>.part" of a process that lives no more: it was written aside and
// never got its name.
bool is_dead_part(const std::string& name) {
  const std::vector<std::string> parts = split(name, '-');
  if (parts.size() != 3 || parts[0] != ".epicrisis" || !parts[2].ends_with(".part")) return false;
  const std::optional<long long> process = parse_integer(parts[1]);
  if (!process || *process <= 0 || *process > 1LL << 30) return false;
  return kill(static_cast<pid_t>(*process), 0) != 0 && errno == ESRCH;
}

bool is_shard(const std::string& name) {
  return name == "lock" || (name.starts_with("shard-") && name.find(".eps") != name.npos);
}

// "study-run-1-0123456789": as a training names its folder.
bool is_run_id(const std::string& name) {
  const std::vector<std::string> parts = split(name, '-');
  return parts.size() >= 3 && is_hash(parts.back(), kRunIdDigits) &&
         is_number(parts[parts.size() - 2]);
}

// A run's folder holds a copy of each encoder, whose files have names of their makers.
bool is_run_file(const Path& run_folder, const Path& file) {
  const Path folder = file.parent_path();
  if (folder == run_folder / kEncoderFolder || folder == run_folder / kTextEncoderFolder) {
    return true;
  }
  const std::string extension = file.extension().string();
  return extension == ".json" || extension == ".jsonl" || extension == ".safetensors" ||
         is_dead_part(file.filename().string());
}

class Sweeper {
 public:
  Sweeper(Workspace& workspace, const RemovalOptions& options, SweepReport& report)
      : workspace_(workspace), options_(options), report_(report) {}

  std::string below(const Path& path) const {
    return path.lexically_relative(workspace_.root()).string();
  }
  // Whether the path lies in the workspace once links are followed; else it is told as kept.
  bool inside(const Path& path) {
    try {
      path_below(workspace_.root(), below(path), "unused file");
      return true;
    } catch (const InputError&) {
      keep(path, "it is a link that leads out of the workspace; remove it yourself");
      return false;
    }
  }
  void keep(const Path& path, std::string why) {
    const FolderSize size = folder_size(path);
    report_.kept.push_back({below(path), std::move(why), size.bytes, size.files});
  }

  void file(const Path& path, const std::string& why) {
    if (!inside(path)) return;
    UnusedFiles gone{below(path), why, 0, 0};
    take(path, gone);
    add(std::move(gone));
  }

  // A folder of ours with the files that are ours; others, and the folder with them, stay.
  void folder(const Path& path, const std::string& why,
              const std::function<bool(const Path&)>& is_ours) {
    if (!inside(path)) return;
    UnusedFiles gone{below(path), why, 0, 0};
    empty(path, is_ours, gone);
    add(std::move(gone));
  }

  void remove_if_empty(const Path& folder) const {
    std::error_code error;
    if (!options_.dry_run && std::filesystem::is_empty(folder, error) && !error) {
      std::filesystem::remove(folder, error);
    }
  }

 private:
  void empty(const Path& folder, const std::function<bool(const Path&)>& is_ours,
             UnusedFiles& gone) {
    for (const Path& entry : entries_of(folder)) {
      if (is_plain_folder(entry)) {
        empty(entry, is_ours, gone);
      } else if (is_ours(entry)) {
        take(entry, gone);
      } else {
        keep(entry, "it is no file that the program makes");
      }
    }
    remove_if_empty(folder);
  }

  void take(const Path& file, UnusedFiles& gone) {
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(file, error);
    // The bytes of a file go with the last of its names.
    const LinkedFiles::Met met = linked_.meet(file);
    if (!error && met.times == met.names) gone.bytes += bytes;
    ++gone.files;
    if (options_.dry_run) return;
    std::filesystem::remove(file, error);
    if (error) throw SystemError("cannot remove {}: {}", file.string(), error.message());
  }

  void add(UnusedFiles gone) {
    std::error_code error;
    // All that is in it is somebody else's, and stays.
    if (gone.files == 0 && !std::filesystem::is_empty(workspace_.root() / gone.place, error) &&
        !error) {
      return;
    }
    report_.gone.push_back(std::move(gone));
  }

  Workspace& workspace_;
  const RemovalOptions& options_;
  SweepReport& report_;
  LinkedFiles linked_;  // of what goes
};

void sweep_pictures(Workspace& workspace, IdleWorkspace& idle, Sweeper& sweeper) {
  const std::set<std::string> recipes = prepared_recipes(workspace.database());
  for (const Path& folder : entries_of(workspace.images())) {
    const std::string recipe = folder.filename().string();
    if (!is_safe_id(recipe) || !std::filesystem::is_directory(folder)) continue;
    const std::vector<Path> files = entries_of(folder);
    // Of somebody else: without a file that only a store of pictures has.
    if (std::ranges::none_of(files,
                             [](const Path& file) { return is_shard(file.filename().string()); })) {
      continue;
    }
    if (!recipes.contains(recipe)) {
      if (!idle.also("prepare-" + recipe)) continue;
      sweeper.folder(folder, "prepared pictures of a recipe that no sample has", [](const Path& f) {
        const std::string name = f.filename().string();
        return is_shard(name) || is_dead_part(name);
      });
      continue;
    }
    for (const Path& file : files) {
      const std::string name = file.filename().string();
      if (is_dead_part(name)) sweeper.file(file, "left by a process that died");
      if (is_shard(name) && name.find(".damaged") != name.npos) {
        sweeper.file(file, "damaged pictures, which were made anew");
      }
    }
  }
}

// The hashes that keys of cached features begin with: of a prepared picture, or of a text.
std::unordered_set<std::string> used_keys(Workspace& workspace, const Job& job) {
  std::unordered_set<std::string> keys;
  for_each_prepared_hash(workspace.database(), [&](std::string hash) {
    job.check();
    keys.insert(std::move(hash));
  });
  for_each_note(workspace.database(), {}, [&](const NoteRecord& note) {
    job.check();
    keys.insert(sha256_hex(note.text));
    return true;
  });
  const Field field = workspace_field(workspace.database());
  for (const ClassId id : field.class_ids()) keys.insert(sha256_hex(field.class_prompt(id)));
  return keys;
}

// Whether a row of the file is of something that the workspace has. A damaged file has none: its
// features are computed again in any case.
bool is_used(const Path& file, const std::unordered_set<std::string>& keys) {
  try {
    const std::map<std::string, std::string> metadata = read_safetensors_metadata(file);
    const auto list = metadata.find("keys");
    if (list == metadata.end()) return false;
    const Json rows = parse_json(list->second, file.string());
    return std::ranges::any_of(rows, [&](const Json& key) {
      return key.is_string() &&
             keys.contains(key.get_ref<const std::string&>().substr(0, kHashDigits));
    });
  } catch (const InputError&) {
    return false;
  }
}

void sweep_features(Workspace& workspace, Sweeper& sweeper, Job& job) {
  std::vector<Path> folders;
  for (const Path& folder : entries_of(workspace.embeddings())) {
    const std::vector<std::string> parts = split(folder.filename().string(), '-');
    const bool ours = parts.size() == 2 && (parts[0] == "image" || parts[0] == "text") &&
                      is_hash(parts[1], kNameDigits);
    if (ours && std::filesystem::is_directory(folder)) folders.push_back(folder);
  }
  if (folders.empty()) return;
  const std::unordered_set<std::string> keys = used_keys(workspace, job);
  Meter meter = job.meter("looking for unused features", 0, "files");
  for (const Path& folder : folders) {
    for (const Path& file : entries_of(folder)) {
      job.check();
      meter.add();
      if (is_dead_part(file.filename().string())) {
        sweeper.file(file, "left by a process that died");
      } else if (file.extension() == ".safetensors" && is_hash(file.stem().string(), kNameDigits) &&
                 !is_used(file, keys)) {
        sweeper.file(file, "features of pictures or notes that the workspace has no more");
      }
    }
    sweeper.remove_if_empty(folder);
  }
}

void sweep_runs(Workspace& workspace, Sweeper& sweeper) {
  std::set<std::string> known;
  for (const RunRecord& run : list_runs(workspace.database())) known.insert(run.id);
  const std::vector<std::string> names = dataset_names(workspace.database());
  for (const Path& folder : entries_of(workspace.runs())) {
    const std::string id = folder.filename().string();
    if (!std::filesystem::is_directory(folder)) continue;
    if (!known.contains(id)) {
      // A training that began meanwhile has its row before its folder.
      if (is_run_id(id) && !find_run(workspace.database(), id)) {
        sweeper.folder(folder, "a run that nothing needs",
                       [&](const Path& file) { return is_run_file(folder, file); });
      } else {
        sweeper.keep(folder, "the database has no run of this name, nor does a training give one");
      }
      continue;
    }
    for (const Path& file : entries_of(folder / "predictions")) {
      if (file.extension() != ".safetensors") continue;
      if (std::ranges::find(names, file.stem().string()) == names.end()) {
        sweeper.file(file, "predictions for a data set that the workspace has no more");
      }
    }
  }
}

}  // namespace

IdleWorkspace::IdleWorkspace(const Workspace& workspace) : workspace_(workspace) {
  for (const Path& file : entries_of(workspace.root() / "locks")) {
    const std::string name = file.stem().string();
    if (file.extension() == ".lock" && is_safe_id(name)) {
      locks_.emplace(name, workspace.lock(name));
    }
  }
}

bool IdleWorkspace::also(const std::string& lock) {
  if (locks_.contains(lock)) return true;
  try {
    locks_.emplace(lock, workspace_.lock(lock));
    return true;
  } catch (const SystemError&) {
    return false;
  }
}

SweepReport sweep(Workspace& workspace, IdleWorkspace& idle, const RemovalOptions& options,
                  Job& job) {
  SweepReport report;
  Sweeper sweeper(workspace, options, report);
  sweep_pictures(workspace, idle, sweeper);
  sweep_features(workspace, sweeper, job);
  sweep_runs(workspace, sweeper);
  for (const std::string& study : studies_being_removed(workspace.database())) {
    sweep_study(workspace, study, options, report);
    if (!options.dry_run) forget_removed_study(workspace.database(), study);
  }
  return report;
}

void sweep_study(Workspace& workspace, const std::string& study, const RemovalOptions& options,
                 SweepReport& report) {
  if (!is_safe_id(study)) return;
  // It was run again since: the files are the new one's.
  if (!study_content(workspace.database(), study).runs.empty()) return;
  Sweeper sweeper(workspace, options, report);
  std::vector<Path> files = {study_record(workspace, study)};
  for (Path& file : report_files(workspace, study)) files.push_back(std::move(file));
  for (const Path& file : files) {
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::symlink_status(file, error))) {
      sweeper.file(file, "of the study " + study);
    }
  }
}

}  // namespace epicrisis::study

namespace epicrisis {

std::uint64_t SweepReport::bytes() const {
  std::uint64_t sum = 0;
  for (const UnusedFiles& files : gone) sum += files.bytes;
  return sum;
}

}  // namespace epicrisis
