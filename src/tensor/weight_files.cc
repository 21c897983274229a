#include "tensor/weight_files.h"

#include <system_error>
#include <vector>

#include "epicrisis/core/error.h"

namespace epicrisis {

namespace fs = std::filesystem;

Path weight_file_in(const Path& folder) {
  std::error_code error;
  for (const char* name : {"model.safetensors", "pytorch_model.bin"}) {
    if (fs::is_regular_file(folder / name, error)) return folder / name;
  }
  std::vector<Path> others;
  for (fs::directory_iterator item(folder, error), end; !error && item != end;
       item.increment(error)) {
    const Path extension = item->path().extension();
    if (extension == ".pth" || extension == ".pt") others.push_back(item->path());
  }
  if (others.size() == 1) return others.front();
  throw InputError(
      "{}: {} weight file; model.safetensors, pytorch_model.bin or a single *.pth or *.pt was "
      "expected",
      folder.string(), others.empty() ? "no" : "more than one");
}

}  // namespace epicrisis
