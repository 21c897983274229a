#include "epicrisis/study/embed.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>
#include <unordered_map>

#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/version.h"
#include "epicrisis/tensor/npy.h"
#include "epicrisis/tensor/safetensors.h"
#include "study/folders.h"
#include "study/picture_batches.h"
#include "study/run_model.h"
#include "study/run_space.h"
#include "study/run_use.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFailures = 100;
constexpr const char* kTensors = "embeddings.safetensors";
constexpr const char* kImages = "images.npy";
constexpr const char* kImageTable = "images.csv";
constexpr const char* kTexts = "texts.npy";
constexpr const char* kTextTable = "texts.csv";
constexpr std::array kFiles = {kTensors, kImages, kImageTable, kTexts, kTextTable};

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

std::vector<std::string> write_files(const Path& run_folder, const Embeddings& embeddings,
                                     const Path& folder) {
  std::vector<std::string> written = {kTensors};
  std::vector<NamedTensor> tensors;
  if (embeddings.images.rows > 0) {
    tensors.push_back({"images", tensor_view(embeddings.images)});
    write_npy(folder / kImages, embeddings.images);
    write_image_table(embeddings, folder / kImageTable);
    written.insert(written.end(), {kImages, kImageTable});
  }
  if (embeddings.texts.rows > 0) {
    tensors.push_back({"texts", tensor_view(embeddings.texts)});
    write_npy(folder / kTexts, embeddings.texts);
    write_text_table(embeddings, folder / kTextTable);
    written.insert(written.end(), {kTexts, kTextTable});
  }
  write_safetensors(folder / kTensors, tensors,
                    {{"format", "epicrisis-embeddings"},
                     {"version", "1"},
                     {"program", kVersion},
                     {"run", fs::weakly_canonical(run_folder).filename().string()}});
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

// Notes of the samples, each text once, and what each note's is.
struct NoteTexts {
  std::vector<EmbeddedNote> notes;
  std::vector<std::string> texts;
  std::vector<std::size_t> text_of;  // of each note
};

NoteTexts notes_of(Workspace& workspace, const study::RunUse& use,
                   const std::vector<SampleLine>& samples, const SampleSelection& selection) {
  std::unordered_map<std::int64_t, std::size_t> places;
  for (std::size_t i = 0; i < samples.size(); ++i) places.emplace(samples[i].id, i);
  NoteFilter filter = study::note_filter(use);
  filter.datasets = selection.datasets;
  NoteTexts result;
  std::unordered_map<std::string, std::size_t> known;
  for_each_note(workspace.database(), filter, [&](const NoteRecord& note) {
    const auto place = places.find(note.sample_id);
    if (place == places.end()) return true;
    const auto [text, fresh] = known.emplace(note.text, result.texts.size());
    if (fresh) result.texts.push_back(note.text);
    result.text_of.push_back(text->second);
    result.notes.push_back(
        {samples[place->second], note.strategy, note.provider, note.model, note.variant});
    return true;
  });
  return result;
}

}  // namespace

Embeddings embed_samples(const Path& run_folder, Workspace& workspace,
                         const SampleSelection& selection, bool with_notes, Job& job) {
  study::RunUse use = study::read_run_use(run_folder);
  const std::vector<SampleLine> samples = study::select_samples(workspace, use, selection, job);
  study::find_image_encoder(run_folder, use, job);
  const study::RunModel model(run_folder, use);
  Embeddings result;
  // First, since a text encoder may be missing.
  if (with_notes && use.text_encoder) {
    NoteTexts notes = notes_of(workspace, use, samples, selection);
    if (notes.notes.empty()) {
      job.warn("none of the {} samples has a written note of the run's strategies", samples.size());
    } else {
      const FloatMatrix z = model.embed_texts(notes.texts, study::feature_folder(workspace), job);
      result.texts = FloatMatrix(notes.notes.size(), z.columns);
      for (std::size_t i = 0; i < notes.notes.size(); ++i) {
        std::ranges::copy(z.row(notes.text_of[i]), result.texts.row(i).begin());
      }
      result.notes = std::move(notes.notes);
    }
  }
  if (use.mode != Mode::kText) {
    study::SamplePictures pictures =
        study::embed_pictures(workspace, use, model, samples, selection, job);
    for (const std::size_t i : pictures.samples) result.samples.push_back(samples[i]);
    result.images = std::move(pictures.z);
    result.without_picture = pictures.without_picture;
    result.unreadable = pictures.unreadable;
    result.failures = std::move(pictures.failures);
  }
  return result;
}

Embeddings embed_files(const Path& run_folder, const std::vector<ListedPicture>& pictures,
                       Job& job) {
  study::RunUse use = study::read_run_use(run_folder);
  study::require_image_branch(run_folder, use);
  study::find_image_encoder(run_folder, use, job);
  const study::RunModel model(run_folder, use);
  Embeddings result;
  study::embed_picture_files(
      model, use.recipe, pictures, "embed",
      [&](const study::EmbeddedPictures& batch) {
        for (std::size_t i = 0; i < batch.errors.size(); ++i) {
          if (batch.errors[i].empty()) {
            result.files.push_back(pictures[batch.first + i].path);
            continue;
          }
          job.warn("{}", batch.errors[i]);
          ++result.unreadable;
          if (result.failures.size() < kMaxFailures) result.failures.push_back(batch.errors[i]);
        }
        result.images.columns = std::max(result.images.columns, batch.z.columns);
        result.images.rows += batch.z.rows;
        result.images.values.insert(result.images.values.end(), batch.z.values.begin(),
                                    batch.z.values.end());
      },
      job);
  return result;
}

void check_embedding_folder(const Path& folder, bool replace) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error)) {
    throw UsageError("{} is a file; give a folder for the embeddings", folder.string());
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

std::vector<Path> write_embeddings(const Path& run_folder, const Embeddings& embeddings,
                                   const Path& folder, bool replace) {
  check_embedding_folder(folder, replace);
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
    for (const std::string& name : write_files(run_folder, embeddings, fresh)) {
      files.push_back(folder / name);
    }
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

}  // namespace epicrisis
