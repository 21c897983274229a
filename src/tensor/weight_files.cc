#include "tensor/weight_files.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/tensor/pytorch_file.h"
#include "epicrisis/tensor/safetensors.h"

namespace epicrisis {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kIndex = ".index.json";
constexpr std::uint64_t kMaxIndex = std::uint64_t{64} << 20;
constexpr std::size_t kMaxShards = 4096;
constexpr std::size_t kMaxTensors = 65536;

bool ends_as_weights(const std::string& name) {
  constexpr std::array<std::string_view, 7> kEnds{".safetensors", ".bin", ".pth",    ".pt",
                                                  ".ckpt",        ".pkl", ".pth.tar"};
  return std::ranges::any_of(kEnds, [&](std::string_view end) { return name.ends_with(end); });
}

bool is_index(const Path& path) { return path.filename().string().ends_with(kIndex); }

// A mark at some byte, and what a file with it is.
struct OtherFormat {
  std::size_t offset;
  std::string_view mark;
  std::string_view what;
};
constexpr std::array kOtherFormats{
    OtherFormat{0, "version https://git-lfs",
                "a pointer of Git LFS, not the weights; fetch them with 'git lfs pull'"},
    OtherFormat{0, "\x89HDF", "HDF5 (Keras, TensorFlow); save it as safetensors"},
    OtherFormat{0, "GGUF", "GGUF (llama.cpp); take the model's safetensors or PyTorch file"},
    OtherFormat{0, "\x1f\x8b", "compressed by gzip; unpack it"},
    OtherFormat{0, "\x93NUMPY", "one array of NumPy; save a state dict or safetensors"},
    OtherFormat{257, "ustar",
                "a tar archive; unpack it, or save a file of PyTorch before 0.2 anew"},
    OtherFormat{0, "<", "a web page or XML, not weights; look at what was downloaded"},
    OtherFormat{0, "{", "JSON, not weights"},
    OtherFormat{0, "\x80", "a pickle, but none of torch.save; save the state dict by torch.save"}};

TensorFile read_shards(const Path& index) {
  const std::string source = index.string();
  const auto file_of = parse_weight_index(read_file(index, kMaxIndex), source);
  const std::vector<Path> parts = weight_parts(index);
  auto shards = std::make_shared<std::vector<TensorFile>>();
  std::map<std::string, TensorView> tensors;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string name = parts[i].filename().string();
    shards->push_back(read_weights(parts[i]));
    for (const auto& [tensor, view] : shards->back().tensors()) {
      const auto place = file_of.find(tensor);
      if (place != file_of.end() && place->second != name) continue;
      if (!tensors.emplace(tensor, view).second) {
        throw InputError("{}: the tensor '{}' is in two shards and not in the index", source,
                         tensor);
      }
    }
  }
  for (const auto& [tensor, file] : file_of) {
    if (tensors.count(tensor) == 0) {
      throw InputError("{}: the tensor '{}' should be in {}, which has none of that name", source,
                       tensor, file);
    }
  }
  return {source, std::move(shards), std::move(tensors), {}};
}

// The parts of a dotted name that wrappers of torch put into it anywhere.
bool is_wrapper(std::string_view part) {
  return part == "_orig_mod" || part == "module" || part == "_fsdp_wrapped_module" ||
         part == "_checkpoint_wrapped_module";
}

// Of what a training put on top of the model for its task, which nobody misses.
bool is_of_a_head(const std::string& name) {
  constexpr std::array<std::string_view, 6> kHeads{"cls",  "classifier", "fc",
                                                   "head", "lm_head",    "qa_outputs"};
  return std::ranges::any_of(split(name, '.'), [&](const std::string& part) {
    return std::ranges::find(kHeads, part) != kHeads.end();
  });
}

bool is_averaged(const std::string& prefix) {
  return ascii_lower(prefix).find("ema") != std::string::npos;
}

// The prefixes under which most of the expected names are there, the shortest first.
std::vector<std::string> best_prefixes(const TensorFile& file,
                                       const std::set<std::string, std::less<>>& expected) {
  std::map<std::string, std::size_t> found;
  for (const auto& [name, tensor] : file.tensors()) {
    const std::string_view text = name;
    for (std::size_t start = 0;;) {
      if (expected.find(text.substr(start)) != expected.end()) ++found[name.substr(0, start)];
      const std::size_t dot = text.find('.', start);
      if (dot == std::string_view::npos) break;
      start = dot + 1;
    }
  }
  std::size_t most = 1;
  for (const auto& [prefix, count] : found) most = std::max(most, count);
  std::vector<std::string> best;
  for (const auto& [prefix, count] : found) {
    if (count == most) best.push_back(prefix);
  }
  std::ranges::stable_sort(best, {}, &std::string::size);
  return best;
}

std::string chosen_prefix(const TensorFile& file, const std::vector<std::string>& prefixes,
                          std::vector<std::string>& remarks) {
  if (prefixes.empty()) return "";
  if (prefixes.size() == 1) return prefixes.front();
  const auto averaged = std::ranges::find_if(prefixes, is_averaged);
  if (averaged != prefixes.end()) {
    remarks.push_back(
        fmt::format("{} holds the model {} times ({}); the averaged one, '{}', is taken",
                    file.source(), prefixes.size(), join(prefixes, ", "), *averaged));
    return *averaged;
  }
  if (prefixes.front().empty()) return "";
  throw InputError("{}: the model is there {} times, under {}; save the one that is meant alone",
                   file.source(), prefixes.size(), join(prefixes, ", "));
}

}  // namespace

Path weight_file_in(const Path& folder) {
  std::error_code error;
  for (const char* name : {"model.safetensors", "pytorch_model.bin", "open_clip_model.safetensors",
                           "open_clip_pytorch_model.bin"}) {
    if (fs::exists(folder / name, error)) return folder / name;
    Path index = folder / (std::string(name) + std::string(kIndex));
    if (fs::exists(index, error)) return index;
  }
  std::vector<std::string> others;
  for (fs::directory_iterator item(folder, error), end; !error && item != end;
       item.increment(error)) {
    const std::string name = item->path().filename().string();
    if (ends_as_weights(name) || is_index(name)) others.push_back(name);
  }
  std::ranges::sort(others);
  // An index speaks for its shards.
  const auto index = std::ranges::find_if(others, [](const auto& name) { return is_index(name); });
  if (index != others.end()) return folder / *index;
  if (others.size() == 1) return folder / others.front();
  constexpr std::size_t kShown = 5;
  const std::size_t count = others.size();
  const bool shards = std::ranges::any_of(
      others, [](const auto& name) { return name.find("-of-") != std::string::npos; });
  others.resize(std::min(count, kShown));
  throw InputError(
      "{}: {}; model.safetensors, pytorch_model.bin, an index of shards (model.safetensors{}) or a "
      "single file of weights (*.safetensors, *.pth, *.pt, *.bin) was expected{}",
      folder.string(),
      count == 0 ? "no weight file"
                 : fmt::format("{} weight files ({}{})", count, join(others, ", "),
                               count > kShown ? ", ..." : ""),
      kIndex, shards ? "; fetch the index that belongs to the shards" : "");
}

std::vector<Path> weight_parts(const Path& weights) {
  std::vector<Path> parts = {weights};
  if (!is_index(weights)) return parts;
  std::set<std::string> names;
  for (const auto& [tensor, file] :
       parse_weight_index(read_file(weights, kMaxIndex), weights.string())) {
    names.insert(file);
  }
  std::vector<std::string> missing;
  std::error_code error;
  for (const std::string& name : names) {
    parts.push_back(weights.parent_path() / name);
    if (!fs::exists(parts.back(), error)) missing.push_back(name);
  }
  if (!missing.empty()) {
    throw InputError("{}: {} of {} shards not there: {}; fetch them into the same folder",
                     weights.string(), missing.size(), names.size(), join(missing, ", "));
  }
  return parts;
}

std::string weights_sha256(const Path& weights) {
  const std::vector<Path> parts = weight_parts(weights);
  if (parts.size() == 1) return sha256_hex(MappedFile(weights).bytes());
  std::string all;
  for (const Path& part : parts) {
    all += part.filename().string() + sha256_hex(MappedFile(part).bytes());
  }
  return sha256_hex(all);
}

std::map<std::string, std::string> parse_weight_index(std::string_view text,
                                                      const std::string& source) {
  const Json json = parse_json(text, source);
  const Json map = json.is_object() ? json.value("weight_map", Json()) : Json();
  if (!map.is_object() || map.empty() || map.size() > kMaxTensors) {
    throw InputError("{}: 'weight_map' with the file of each tensor was expected", source);
  }
  std::map<std::string, std::string> file_of;
  std::set<std::string> files;
  for (const auto& [tensor, file] : map.items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : "";
    const bool plain = !name.empty() && name != "." && name != ".." &&
                       name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
    if (!plain || name.ends_with(kIndex)) {
      throw InputError("{}: tensor '{}': a file beside the index was expected, not {}", source,
                       clean_text(tensor, 100), clean_text(dump_json(file), 100));
    }
    files.insert(name);
    file_of.emplace(tensor, name);
  }
  if (files.size() > kMaxShards) {
    throw InputError("{}: {} shards, the cap is {}", source, files.size(), kMaxShards);
  }
  return file_of;
}

std::string other_than_weights(std::string_view bytes) {
  if (bytes.empty()) return "an empty file";
  for (const OtherFormat& format : kOtherFormats) {
    if (bytes.size() > format.offset && bytes.substr(format.offset).starts_with(format.mark)) {
      return std::string(format.what);
    }
  }
  return "";
}

std::string plain_tensor_name(const std::string& name) {
  std::vector<std::string> parts = split(name, '.');
  const std::string last = std::move(parts.back());
  parts.pop_back();
  std::erase_if(parts, is_wrapper);
  std::string plain;
  for (const std::string& part : parts) plain += part + ".";
  return plain + (last == "gamma" ? "weight" : last == "beta" ? "bias" : last);
}

std::map<std::string, std::size_t> wrapper_parts(const TensorFile& file) {
  std::map<std::string, std::size_t> found;
  for (const auto& [name, tensor] : file.tensors()) {
    const std::vector<std::string> parts = split(name, '.');
    for (const std::string& part : std::set<std::string>(parts.begin(), parts.end() - 1)) {
      if (is_wrapper(part)) ++found[part];
    }
  }
  return found;
}

TensorFile model_weights(const TensorFile& file, const std::vector<std::string>& expected,
                         std::vector<std::string>& remarks, std::string* taken_off) {
  TensorFile plain = file.renamed(plain_tensor_name);
  const std::vector<std::string> prefixes =
      best_prefixes(plain, {expected.begin(), expected.end()});
  const std::string prefix = chosen_prefix(plain, prefixes, remarks);
  if (taken_off != nullptr) *taken_off = prefix;
  if (prefix.empty()) return plain;
  std::size_t left_out = 0;
  TensorFile own = plain.renamed([&](const std::string& name) -> std::optional<std::string> {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
    if (!is_of_a_head(name)) ++left_out;
    return std::nullopt;
  });
  if (left_out > 0) {
    remarks.push_back(fmt::format("{}: the tensors below '{}' are read, {} others are left out",
                                  file.source(), prefix.substr(0, prefix.size() - 1), left_out));
  }
  return own;
}

TensorFile read_weights(const Path& path) {
  if (is_index(path)) return read_shards(path);
  const MappedFile file(path);
  if (is_pytorch(file.text())) return read_pytorch(path);
  // The eight bytes that begin a safetensors file are its header's length: below these marks.
  const std::string other = other_than_weights(file.text());
  const bool header = file.text().size() > 8 && file.text()[7] == '\0' && file.text()[8] == '{';
  if (!header && !other.empty()) throw InputError("{}: {}", path.string(), other);
  return read_safetensors(path);
}

}  // namespace epicrisis
