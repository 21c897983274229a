#include "epicrisis/study/embedding_files.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <string>
#include <system_error>

#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/version.h"
#include "epicrisis/tensor/npy.h"
#include "epicrisis/tensor/safetensors.h"
#include "study/folders.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTensors = "embeddings.safetensors";
constexpr const char* kImages = "images.npy";
constexpr const char* kImageTable = "images.csv";
constexpr const char* kTexts = "texts.npy";
constexpr const char* kTextTable = "texts.csv";
constexpr std::array kFiles = {kTensors, kImages, kImageTable, kTexts, kTextTable};
constexpr std::string_view kTensorSuffix = ".safetensors";

std::vector<std::string> cells_of(std::size_t row, const SampleLine& sample) {
  return {std::to_string(row), sample.dataset,    sample.key,
          sample.group,        sample.class_name, sample.split};
}

void write_image_table(const Embeddings& embeddings, const Path& file) {
  const bool samples = embeddings.files.empty();
  std::string text = samples ? csv_row({"row", "dataset", "key", "group", "class", "split"})
                             : csv_row({"row", "picture"});
  for (std::size_t row = 0; row < embeddings.images.rows; ++row) {
    text += csv_row(
        samples ? cells_of(row, embeddings.samples[row])
                : std::vector<std::string>{std::to_string(row), embeddings.files[row].string()});
  }
  write_file(file, text);
}

void write_text_table(const Embeddings& embeddings, const Path& file) {
  std::string text = csv_row({"row", "dataset", "key", "group", "class", "split", "strategy",
                              "provider", "model", "variant"});
  for (std::size_t row = 0; row < embeddings.notes.size(); ++row) {
    const EmbeddedNote& note = embeddings.notes[row];
    std::vector<std::string> cells = cells_of(row, note.sample);
    cells.insert(cells.end(),
                 {note.strategy, note.provider, note.model, std::to_string(note.variant)});
    text += csv_row(cells);
  }
  write_file(file, text);
}

void write_tensors(const Embeddings& embeddings, const Path& file) {
  std::vector<NamedTensor> tensors;
  if (embeddings.images.rows > 0) tensors.push_back({"images", tensor_view(embeddings.images)});
  if (embeddings.texts.rows > 0) tensors.push_back({"texts", tensor_view(embeddings.texts)});
  std::map<std::string, std::string> metadata = {
      {"format", "epicrisis-embeddings"}, {"version", "1"}, {"program", kVersion}};
  metadata[embeddings.of_run ? "run" : "model"] = embeddings.encoder;
  write_safetensors(file, tensors, metadata);
}

std::vector<std::string> write_files(const Embeddings& embeddings, const Path& folder) {
  std::vector<std::string> written = {kTensors};
  if (embeddings.images.rows > 0) {
    write_npy(folder / kImages, embeddings.images);
    write_image_table(embeddings, folder / kImageTable);
    written.insert(written.end(), {kImages, kImageTable});
  }
  if (embeddings.texts.rows > 0) {
    write_npy(folder / kTexts, embeddings.texts);
    write_text_table(embeddings, folder / kTextTable);
    written.insert(written.end(), {kTexts, kTextTable});
  }
  write_tensors(embeddings, folder / kTensors);
  return written;
}

// A table of one's own may have the name of ours.
bool begins_as_embedding(const Path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return false;  // a named pipe would be waited for
  std::ifstream stream(file, std::ios::binary);
  std::string beginning(4096, '\0');
  stream.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
  beginning.resize(static_cast<std::size_t>(stream.gcount()));
  const std::string extension = file.extension().string();
  if (extension == ".csv") return beginning.starts_with("row,");
  if (extension == ".npy") return beginning.starts_with("\x93NUMPY");
  return beginning.find("epicrisis-embeddings") != std::string::npos;
}

void move_folder(const Path& from, const Path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) {
    throw SystemError("cannot move {} to {}: {}", from.string(), to.string(), error.message());
  }
}

void check_folder(const Path& folder, bool replace) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error)) {
    throw UsageError("{} is a file; give a folder for the embeddings, or a file that ends in {}",
                     folder.string(), kTensorSuffix);
  }
  for (const Path& entry : study::entries_of(folder)) {
    const std::string name = entry.filename().string();
    if (std::ranges::find(kFiles, name) == kFiles.end() || !begins_as_embedding(entry)) {
      throw UsageError("{} holds {}, which is no embedding; give a new folder", folder.string(),
                       name);
    }
    if (!replace) {
      throw UsageError(
          "{} holds embeddings; give a new folder, or `replace` to have new ones there",
          folder.string());
    }
  }
}

std::vector<Path> write_folder(const Embeddings& embeddings, const Path& folder) {
  Path target = fs::weakly_canonical(fs::absolute(folder)).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();
  const auto beside = [&](const char* what) {
    return target.parent_path() /
           fmt::format(".{}.{}-{}", target.filename().string(), what, getpid());
  };
  const Path fresh = beside("new");
  const Path old = beside("old");
  std::vector<Path> files;
  try {
    for (const std::string& name : write_files(embeddings, fresh)) files.push_back(folder / name);
    const bool there = !study::entries_of(target).empty();
    if (there) move_folder(target, old);
    move_folder(fresh, target);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(fresh, ignored);
    if (!fs::exists(target, ignored)) fs::rename(old, target, ignored);
    throw;
  }
  std::error_code ignored;
  fs::remove_all(old, ignored);
  return files;
}

// A file of tensors and its tables.
struct SingleFile {
  explicit SingleFile(const Path& target)
      : tensors(target),
        image_table(beside(target, kImageTable)),
        text_table(beside(target, kTextTable)) {}

  // "notes.safetensors" -> "notes.images.csv".
  static Path beside(const Path& target, const char* name) {
    return target.parent_path() / (target.stem().string() + "." + name);
  }

  Path tensors, image_table, text_table;
};

bool is_single_file(const Path& target) {
  std::error_code error;
  return target.extension() == kTensorSuffix && !fs::is_directory(target, error);
}

void check_file(const SingleFile& file, bool replace) {
  for (const Path& path : {file.tensors, file.image_table, file.text_table}) {
    std::error_code error;
    if (!fs::exists(fs::symlink_status(path, error))) continue;
    if (!begins_as_embedding(path)) {
      throw UsageError("{} is there, and is no embedding; give another name", path.string());
    }
    if (!replace) {
      throw UsageError("{} is there; give another name, or `replace` to have it written anew",
                       path.string());
    }
  }
}

// The table of an earlier one that has no rows now goes: it would be taken for the new one's.
std::vector<Path> write_single(const Embeddings& embeddings, const SingleFile& file) {
  std::vector<Path> files = {file.tensors};
  std::error_code ignored;
  const auto put = [&](const Path& table, std::size_t rows, auto&& write) {
    if (rows == 0) {
      fs::remove(table, ignored);
    } else {
      write(embeddings, table);
      files.push_back(table);
    }
  };
  put(file.image_table, embeddings.images.rows, write_image_table);
  put(file.text_table, embeddings.texts.rows, write_text_table);
  write_tensors(embeddings, file.tensors);
  return files;
}

}  // namespace

void check_embedding_target(const Path& target, bool replace) {
  if (is_single_file(target)) return check_file(SingleFile(target), replace);
  check_folder(target, replace);
}

std::vector<Path> write_embeddings(const Embeddings& embeddings, const Path& target, bool replace) {
  check_embedding_target(target, replace);
  if (is_single_file(target)) return write_single(embeddings, SingleFile(target));
  return write_folder(embeddings, target);
}

}  // namespace epicrisis
