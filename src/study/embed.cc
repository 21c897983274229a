#include "epicrisis/study/embed.h"

#include <algorithm>
#include <unordered_map>

#include "epicrisis/core/error.h"
#include "epicrisis/image/resample.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/settings/picture_fit.h"
#include "study/encoder_model.h"
#include "study/picture_batches.h"
#include "study/run_model.h"
#include "study/run_space.h"
#include "study/run_use.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxFailures = 100;

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

// The rows of distinct texts, one for each note.
FloatMatrix rows_of_notes(const FloatMatrix& texts, const std::vector<std::size_t>& text_of) {
  FloatMatrix rows(text_of.size(), texts.columns);
  for (std::size_t i = 0; i < text_of.size(); ++i) {
    std::ranges::copy(texts.row(text_of[i]), rows.row(i).begin());
  }
  return rows;
}

Embeddings embed_listed(const study::PictureEncoder& encoder,
                        const std::vector<ListedPicture>& pictures, Job& job) {
  Embeddings result;
  study::embed_picture_files(
      encoder, pictures, "embed",
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

std::string name_of_run(const Path& folder) {
  return std::filesystem::weakly_canonical(folder).filename().string();
}

Path config_folder(const std::string& model) {
  const Path path = find_model(model);
  return std::filesystem::is_directory(path) ? path : path.parent_path();
}

}  // namespace

Embeddings embed_samples(const Path& run_folder, Workspace& workspace,
                         const SampleSelection& selection, bool with_notes, Job& job) {
  study::RunUse use = study::read_run_use(run_folder);
  const std::vector<SampleLine> samples = study::select_samples(workspace, use, selection, job);
  study::find_image_encoder(run_folder, use, job);
  const study::RunModel model(run_folder, use);
  Embeddings result;
  result.encoder = name_of_run(run_folder);
  // First, since a text encoder may be missing.
  if (with_notes && use.text_encoder) {
    NoteTexts notes = notes_of(workspace, use, samples, selection);
    if (notes.notes.empty()) {
      job.warn("none of the {} samples has a written note of the run's strategies", samples.size());
    } else {
      const FloatMatrix z = model.embed_texts(notes.texts, study::feature_folder(workspace), job);
      result.texts = rows_of_notes(z, notes.text_of);
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
  Embeddings result = embed_listed(study::picture_encoder(model, use.recipe, job), pictures, job);
  result.encoder = name_of_run(run_folder);
  return result;
}

Embeddings embed_files_by_model(const std::string& model,
                                const std::vector<ListedPicture>& pictures, Job& job) {
  const PictureFit fit = read_picture_fit(config_folder(model));
  const study::EncoderModel encoder(model);
  Embeddings result =
      embed_listed({fit.size, [&](const Image& image) { return fit_picture(image, fit); },
                    [&](const ImageSource& batch) { return encoder.embed(batch, job); }},
                   pictures, job);
  result.encoder = model;
  result.of_run = false;
  return result;
}

Embeddings embed_texts_by_model(const std::string& model, const std::vector<ListedText>& texts,
                                Job& job) {
  const study::EncoderModel encoder(model);
  Embeddings result;
  result.encoder = model;
  result.of_run = false;
  std::vector<std::string> all;
  for (const ListedText& one : texts) {
    all.push_back(one.text);
    EmbeddedNote note;
    note.sample.dataset = one.dataset;
    note.sample.key = one.key;
    note.strategy = one.strategy;
    note.provider = one.provider;
    note.model = one.model;
    note.variant = one.variant;
    result.notes.push_back(std::move(note));
  }
  result.texts = encoder.embed_texts(all, job);
  return result;
}

}  // namespace epicrisis
