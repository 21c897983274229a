// What stands in for training in the program: it opens the plugin that holds it, and with it
// LibTorch, when the first run has to be trained or used. To load LibTorch takes half a second,
// which the commands that need none do not pay.

#include "study/run_trainer.h"

#include <dlfcn.h>
#include <sys/resource.h>

#include <array>
#include <cstring>
#include <system_error>

#include "epicrisis/core/error.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/core/version.h"
#include "study/late_train/training_plugin.h"

namespace epicrisis::study {
namespace {

// Where the plugin may be, seen from the folder of the program: built, and installed.
constexpr std::array<const char*, 2> kFolders{".", EPICRISIS_PLUGIN_FOLDER};

Path plugin_file() {
  std::error_code error;
  const Path program = std::filesystem::read_symlink("/proc/self/exe", error);
  for (const char* folder : kFolders) {
    const Path file = program.parent_path() / folder / EPICRISIS_PLUGIN_NAME;
    if (std::filesystem::exists(file, error)) return file.lexically_normal();
  }
  throw SystemError(
      "cannot use LibTorch: {} is neither beside {} nor in {} there; install the program anew",
      EPICRISIS_PLUGIN_NAME, program.string(), EPICRISIS_PLUGIN_FOLDER);
}

// Where memory is short, LibTorch's algebra waits for ever for its buffers.
void require_memory() {
  constexpr rlim_t kLibraries = rlim_t{2} << 30;
  constexpr rlim_t kCore = rlim_t{64} << 20;
  rlimit limit{};
  const rlim_t wanted = kLibraries + kCore * available_cores();
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  if (limit.rlim_cur >= wanted) return;
  throw SystemError(
      "cannot use LibTorch within {} MiB of address space (ulimit -v); {} MiB or more are needed",
      limit.rlim_cur >> 20, wanted >> 20);
}

}  // namespace

const TrainingPlugin& training() {
  static const TrainingPlugin& plugin = []() -> const TrainingPlugin& {
    require_memory();
    const Path file = plugin_file();
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw SystemError("cannot use LibTorch: {}", dlerror());
    const auto get = reinterpret_cast<GetTrainingPlugin>(dlsym(library, kTrainingPluginSymbol));
    const TrainingPlugin* found = get != nullptr ? get() : nullptr;
    if (found == nullptr || std::strcmp(found->build, kVersion) != 0) {
      throw SystemError(
          "cannot use LibTorch: {} belongs to another build; install the program anew",
          file.string());
    }
    return *found;
  }();
  return plugin;
}

struct RunTrainer::State {
  RunTrainer* trainer = nullptr;  // the plugin's
  ~State() { training().destroy(trainer); }
};

RunTrainer::RunTrainer(Workspace& workspace, const Study& study, const StudyRun& run,
                       const CaseSet& set, const PictureTable& pictures, const RunNotes& notes,
                       Job& job)
    : state_(new State{training().make(workspace, study, run, set, pictures, notes, job)}) {}

RunTrainer::~RunTrainer() = default;

void RunTrainer::train(const TrainConfig& config, const Path& folder, Ranks* ranks) {
  training().train(*state_->trainer, config, folder, ranks);
}

void RunTrainer::predict(const Path& folder, const DatasetSlice& slice,
                         const std::string& identity) {
  training().predict(*state_->trainer, folder, slice, identity);
}

void RunTrainer::complete(const Path& folder) { training().complete(*state_->trainer, folder); }

std::string torch_in_this_build() { return EPICRISIS_TORCH_VERSION; }

}  // namespace epicrisis::study
