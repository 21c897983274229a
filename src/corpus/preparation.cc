#include "epicrisis/corpus/preparation.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <span>

#include "core/file_stamp.h"
#include "core/hex.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/image/contact_sheet.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/image/program_mark.h"
#include "store/tables/prepared.h"
#include "store/tables/sample_columns.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxFailures = 100;
constexpr std::size_t kMaxMessage = 500;

struct Source {
  std::string name;  // "ham10000/ISIC_0024306"
  FileStamp stamp;
};

void note_failure(PrepareReport& report, const std::string& name, std::string_view error) {
  ++report.failed;
  if (report.failures.size() < kMaxFailures) {
    report.failures.push_back(fmt::format("{}: {}", name, error));
  }
}

void record(Database& database, const std::string& recipe, const PrepareJob& job,
            const PrepareOutcome& outcome, const FileStamp& stamp, const ShardStore& store) {
  PreparedPicture picture;
  picture.file = {job.id, job.path.string(), stamp};
  picture.slot = outcome.index;
  if (outcome.index) {
    picture.pixels_sha256 =
        sha256_hex(std::as_bytes(store.pixels(static_cast<std::size_t>(*outcome.index))));
  } else {
    picture.error = clean_text(outcome.error, kMaxMessage);
    if (picture.error.empty()) picture.error = "unknown error";
  }
  put_prepared(database, recipe, picture,
               {outcome.hair_fraction, outcome.border_cropped, outcome.subject_cropped});
}

// A picture of a preview while it is made.
struct Preview {
  Path path;
  PreviewedPicture picture;
  Image before;  // no larger than the sheet shows it
  Image after;
  std::string error;
};

double mean_difference(const Image& a, const Image& b) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return static_cast<double>(sum) / (255.0 * static_cast<double>(a.pixels.size()));
}

void make_preview(Preview& preview, const PrepareRecipe& recipe) {
  PrepareRecipe plain;
  plain.size = recipe.size;
  plain.remove_hair = plain.crop_border = plain.crop_to_subject = false;
  try {
    const Image picture = load_image(preview.path);
    Prepared prepared = prepare_image(picture, recipe);
    preview.picture.changed = mean_difference(prepare_image(picture, plain).image, prepared.image);
    preview.picture.hair_fraction = prepared.hair_fraction;
    preview.picture.border_cropped = prepared.border_cropped;
    preview.picture.subject_cropped = prepared.subject_cropped;
    preview.after = std::move(prepared.image);
    preview.before = contact_sheet(std::span(&picture, 1), 1, recipe.size, 0);
  } catch (const InputError& error) {
    preview.error = error.what();
  } catch (const SystemError& error) {
    preview.error = error.what();
  }
}

// A picture that is there, to be held against its hash.
struct Check {
  PrepareJob picture;
  Source source;
  std::size_t slot = 0;
  std::string sha256;
};

// The pixels a side of a recipe, by its id: "v2-224-hair" -> 224; 1 where it has none.
int size_of_recipe(const std::string& id) {
  const std::vector<std::string> parts = split(id, '-');
  if (parts.size() < 2) return 1;
  return static_cast<int>(std::clamp(parse_integer(parts[1]).value_or(1), 1LL, 4096LL));
}

bool is_sound(const ShardStore& store, std::size_t slot, std::string_view sha256) {
  if (slot >= store.count()) return false;
  return sha256_hex(std::as_bytes(store.pixels(slot))) == sha256;
}

std::vector<bool> find_sound(std::span<const Check> checks, const ShardStore& store,
                             unsigned threads, const Job& job) {
  std::vector<char> sound(checks.size());
  parallel_for(checks.size(), threads, job, [&](std::size_t i) {
    sound[i] = is_sound(store, checks[i].slot, checks[i].sha256) ? 1 : 0;
  });
  return {sound.begin(), sound.end()};
}

// Rows whose pictures are no longer in the store, be it new, removed by hand or damaged: their
// slots are for other pictures from now on.
void forget_lost(Database& database, const PrepareReport& report, const ShardStore& store,
                 const Job& job) {
  for (const ShardStore::Replaced& lost : store.replaced()) {
    job.warn("{}; its pictures are prepared again", lost.message);
    forget_prepared(database, report.recipe, lost.first, lost.end);
  }
  forget_prepared_from(database, report.recipe, store.count());
}

}  // namespace

Json to_json(const PrepareReport& report) {
  return {{"recipe", report.recipe},   {"folder", report.folder.string()},
          {"samples", report.samples}, {"prepared", report.prepared},
          {"already", report.already}, {"failed", report.failed},
          {"damaged", report.damaged}, {"failures", report.failures}};
}

Json to_json(const PreparationPreview& preview) {
  Json pictures = Json::array();
  for (const PreviewedPicture& picture : preview.pictures) {
    pictures.push_back({{"name", picture.name},
                        {"changed", picture.changed},
                        {"hair_fraction", picture.hair_fraction},
                        {"border_cropped", picture.border_cropped},
                        {"subject_cropped", picture.subject_cropped}});
  }
  return {{"width", preview.sheet.width},
          {"height", preview.sheet.height},
          {"looked_at", preview.looked_at},
          {"pictures", std::move(pictures)}};
}

PreparationPreview write_preparation_preview(Workspace& workspace, const PrepareRecipe& recipe,
                                             const SampleFilter& filter, int count,
                                             const Path& file, const Job& job) {
  const std::string ending = ascii_lower(file.extension().string());
  const bool png = ending == ".png";
  if (!png && ending != ".jpg" && ending != ".jpeg") {
    throw UsageError("cannot write the preview {}: its name must end in .png, .jpg or .jpeg",
                     file.string());
  }
  PreparationPreview preview = preview_preparation(workspace, recipe, filter, count, job);
  write_file(file, with_program_mark(png ? encode_png(preview.sheet) : encode_jpeg(preview.sheet)));
  return preview;
}

PrepareRecipe usual_recipe(const Field& field) {
  PrepareRecipe recipe;
  recipe.remove_hair = field.remove_hair();
  recipe.crop_border = field.crop_border();
  recipe.crop_to_subject = field.crop_to_subject();
  return recipe;
}

PrepareReport prepare_samples(Workspace& workspace, const PrepareRecipe& recipe, Job& job,
                              const PrepareOptions& options) {
  PrepareReport report;
  report.recipe = recipe.id();
  report.folder = workspace.images() / report.recipe;
  const WorkspaceLock lock = workspace.lock(fmt::format("prepare-{}", report.recipe));
  Database& database = workspace.database();
  ShardStore store(report.folder, recipe.size, report.recipe,
                   workspace.kept() ? ShardStore::Mode::kWrite : ShardStore::Mode::kRead);
  forget_lost(database, report, store, job);

  SampleFilter filter = options.filter;
  filter.with_image = true;
  // 4096 samples at a time: memory does not grow with their number.
  constexpr std::int64_t kPage = 4096;
  const std::int64_t total = count_samples(database, filter);
  Meter progress = job.meter(fmt::format("prepare {}", report.recipe),
                             static_cast<std::uint64_t>(total), "images");
  std::int64_t after = filter.after_id;
  while (report.samples < total) {
    std::vector<PrepareJob> jobs;
    std::vector<Source> sources;
    std::vector<Check> checks;
    const std::int64_t before = report.samples;
    for_each_sample_picture(
        database, filter, after, std::min(kPage, total - report.samples),
        [&](const SamplePicture& sample) {
          ++report.samples;
          after = sample.id;
          const std::string path(sample.path);
          Source source{fmt::format("{}/{}", sample.dataset, sample.key), file_stamp(path)};
          const auto known = find_prepared(database, report.recipe, sample.id);
          if (known && known->file.path == path) {
            const bool same = source.stamp == known->file.stamp;
            const bool gone = source.stamp == FileStamp{};
            if (known->slot && (same || gone) && *known->slot < store.count()) {
              PrepareJob there{sample.id, path};
              if (options.verify) {
                checks.push_back({std::move(there), std::move(source),
                                  static_cast<std::size_t>(*known->slot), known->pixels_sha256});
              } else {
                ++report.already;
              }
              return;
            }
            if (!known->slot && same) {
              note_failure(report, source.name, known->error);
              return;
            }
          }
          jobs.push_back({sample.id, path});
          sources.push_back(std::move(source));
        });
    if (report.samples == before) break;
    const std::vector<bool> sound = find_sound(checks, store, options.threads, job);
    for (std::size_t i = 0; i < checks.size(); ++i) {
      if (sound[i]) {
        ++report.already;
        continue;
      }
      if (report.damaged++ == 0) {
        job.warn("{}: the prepared picture of {} is damaged and is made anew, as are all others",
                 report.folder.string(), checks[i].source.name);
      }
      jobs.push_back(std::move(checks[i].picture));
      sources.push_back(std::move(checks[i].source));
    }
    if (!jobs.empty() && !workspace.kept()) {
      throw SystemError(
          "{} of the pictures of {} are not prepared with the recipe {}, are damaged or have "
          "changed since ({} is the first), and the workspace is read-only. Run 'epicrisis prepare' "
          "where it can be written to, or in a copy of it",
          jobs.size(), workspace.root().string(), report.recipe, sources.front().name);
    }
    progress.skip(static_cast<std::uint64_t>(report.samples - before) - jobs.size());
    std::size_t done = 0;
    prepare_all(
        jobs, recipe, store, options.threads,
        [&](std::span<const PrepareOutcome> outcomes) {
          Transaction transaction(database);
          for (const PrepareOutcome& outcome : outcomes) {
            const std::size_t i = done++;
            if (outcome.id != jobs.at(i).id) {
              throw InternalError("prepare: outcome of sample {} came for sample {}", outcome.id,
                                  jobs.at(i).id);
            }
            record(database, report.recipe, jobs[i], outcome, sources[i].stamp, store);
            if (outcome.index) {
              ++report.prepared;
            } else {
              note_failure(report, sources[i].name, outcome.error);
            }
          }
          transaction.commit();
          progress.add(outcomes.size());
        },
        job);
  }
  progress.finish();
  if (report.samples != report.prepared + report.already + report.failed) {
    throw InternalError("prepare: {} samples, but {} prepared, {} already, {} failed",
                        report.samples, report.prepared, report.already, report.failed);
  }
  return report;
}

std::map<std::int64_t, std::string> known_failures(Database& database,
                                                   const PrepareRecipe& recipe) {
  std::map<std::int64_t, std::string> failures;
  for_each_failed_preparation(database, recipe.id(), [&](const FailedPreparation& failed) {
    if (file_stamp(failed.file.path) != failed.file.stamp) return;
    failures.emplace(failed.file.sample_id,
                     fmt::format("{}/{}: {}", failed.dataset, failed.key, failed.error));
  });
  return failures;
}

std::map<std::int64_t, std::string> gone_pictures(Database& database, const PrepareRecipe& recipe,
                                                  const SampleFilter& filter) {
  SampleFilter pictures = filter;
  pictures.with_image = true;
  const std::string id = recipe.id();
  std::map<std::int64_t, std::string> gone;
  for_each_sample_picture(
      database, pictures, filter.after_id, INT64_MAX, [&](const SamplePicture& sample) {
        const std::string path(sample.path);
        if (file_stamp(path) != FileStamp{}) return;
        const auto known = find_prepared(database, id, sample.id);
        if (known && known->slot && known->file.path == path) return;
        gone.emplace(sample.id, fmt::format("{}/{}: {}", sample.dataset, sample.key, path));
      });
  return gone;
}

std::vector<PreparedCheck> check_prepared(Workspace& workspace, Job& job) {
  Database& database = workspace.database();
  std::vector<PreparedCheck> checks;
  for (RecipePictures& one : count_prepared_pictures(database)) {
    PreparedCheck check;
    check.recipe = std::move(one.recipe);
    check.pictures = one.pictures;
    checks.push_back(std::move(check));
  }
  for (PreparedCheck& check : checks) {
    std::vector<Check> pictures;
    for_each_prepared_slot(database, check.recipe, [&](const PreparedSlot& slot) {
      Check picture;
      picture.source.name = fmt::format("{}/{}", slot.dataset, slot.key);
      picture.slot = static_cast<std::size_t>(slot.slot);
      picture.sha256 = slot.pixels_sha256;
      pictures.push_back(std::move(picture));
    });
    Meter meter = job.meter(check.recipe, pictures.size(), "images");
    try {
      const ShardStore store(workspace.images() / check.recipe, size_of_recipe(check.recipe),
                             check.recipe, ShardStore::Mode::kRead);
      constexpr std::size_t kPart = 4096;
      for (std::size_t begin = 0; begin < pictures.size(); begin += kPart) {
        const std::size_t count = std::min(kPart, pictures.size() - begin);
        const std::span<const Check> part = std::span(pictures).subspan(begin, count);
        const std::vector<bool> sound = find_sound(part, store, 0, job);
        for (std::size_t i = 0; i < count; ++i) {
          if (!sound[i] && check.damaged++ == 0) check.first = part[i].source.name;
        }
        meter.add(count);
      }
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      check.damaged = check.pictures;
      check.first = error.what();
    }
  }
  return checks;
}

PreparationPreview preview_preparation(Workspace& workspace, const PrepareRecipe& recipe,
                                       const SampleFilter& filter, int count, const Job& job) {
  Database& database = workspace.database();
  SampleFilter pictures = filter;
  pictures.with_image = true;
  const std::vector<std::int64_t> ids = sample_ids(database, pictures);
  const std::size_t wanted = static_cast<std::size_t>(std::max(count, 1));
  constexpr std::size_t kAtLeast = 96;
  std::vector<Preview> previews(std::min(ids.size(), std::max(8 * wanted, kAtLeast)));
  for (std::size_t i = 0; i < previews.size(); ++i) {
    const std::int64_t id = ids[i * ids.size() / previews.size()];
    const Sample sample = sample_by_id(database, id);
    previews[i].picture.name = fmt::format("{}/{}", sample.dataset, sample.key);
    previews[i].path = sample.image_path;
  }
  parallel_for(previews.size(), 0, job, [&](std::size_t i) { make_preview(previews[i], recipe); });
  for (const Preview& preview : previews) {
    if (!preview.error.empty()) job.warn("left out: {}", preview.error);
  }
  std::erase_if(previews, [](const Preview& preview) { return !preview.error.empty(); });
  if (previews.empty()) {
    throw UsageError("cannot make a preview: {} has no picture that can be read",
                     workspace.root().string());
  }
  PreparationPreview result;
  result.looked_at = previews.size();
  std::ranges::stable_sort(previews, std::greater<>(),
                           [](const Preview& preview) { return preview.picture.changed; });
  previews.resize(std::min(previews.size(), wanted));
  std::vector<Image> sheet;
  for (Preview& preview : previews) {
    result.pictures.push_back(std::move(preview.picture));
    sheet.push_back(std::move(preview.before));
    sheet.push_back(std::move(preview.after));
  }
  constexpr int kColumns = 6;
  constexpr int kGap = 6;
  result.sheet =
      contact_sheet(sheet, std::min(kColumns, static_cast<int>(sheet.size())), recipe.size, kGap);
  return result;
}

WorkspaceImages::WorkspaceImages(Workspace& workspace, const PrepareRecipe& recipe, bool verified)
    : recipe_(recipe.id()) {
  Database& database = workspace.database();
  for_each_prepared_content(database, recipe_, [&](const PreparedContent& content) {
    const Entry entry{content.sample_id, content.slot, content.pixels_sha256};
    entries_.push_back(entry);
  });
  if (entries_.empty()) {
    throw UsageError(
        "no picture in {} is prepared with the recipe {}. Run 'epicrisis prepare' first",
        workspace.root().string(), recipe_);
  }
  // After the rows: what they name was on the disk before them.
  store_ = std::make_unique<ShardStore>(workspace.images() / recipe_, recipe.size, recipe_,
                                        ShardStore::Mode::kRead);
  for (const Entry& entry : entries_) {
    if (entry.slot >= store_->count()) {
      throw InputError(
          "{} names picture {} of {}, which has only {}. Was the folder changed by hand? Remove it "
          "and run 'epicrisis prepare' again",
          database.path().string(), entry.slot, (workspace.images() / recipe_).string(),
          store_->count());
    }
  }
  if (!verified) sound_ = std::make_unique<std::atomic<bool>[]>(entries_.size());
}

std::span<const std::uint8_t> WorkspaceImages::pixels(std::size_t index) const {
  const auto slot = static_cast<std::size_t>(entries_.at(index).slot);
  // Two threads may both look; they find the same.
  if (sound_ && !sound_[index].load(std::memory_order_relaxed)) {
    if (!is_sound(*store_, slot, content_id(index))) {
      throw InputError(
          "the picture of sample {} that is prepared with the recipe {} is damaged: its SHA-256 is "
          "not the one that was recorded. Run the study or 'epicrisis prepare' again: it is made "
          "anew then",
          entries_[index].sample_id, recipe_);
    }
    sound_[index].store(true, std::memory_order_relaxed);
  }
  return store_->pixels(slot);
}

std::optional<std::size_t> WorkspaceImages::index_of(std::int64_t sample_id) const {
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), sample_id,
                       [](const Entry& entry, std::int64_t id) { return entry.sample_id < id; });
  if (found == entries_.end() || found->sample_id != sample_id) return std::nullopt;
  return static_cast<std::size_t>(found - entries_.begin());
}

std::vector<std::size_t> WorkspaceImages::indices_of(
    std::span<const std::int64_t> sample_ids) const {
  std::vector<std::size_t> indices;
  indices.reserve(sample_ids.size());
  std::size_t missing = 0;
  std::int64_t first_missing = 0;
  for (const std::int64_t id : sample_ids) {
    if (const auto index = index_of(id)) {
      indices.push_back(*index);
    } else if (missing++ == 0) {
      first_missing = id;
    }
  }
  if (missing > 0) {
    throw UsageError(
        "{} of {} not prepared with the recipe {}, the first is sample {}. Run "
        "'epicrisis prepare'",
        missing, counted(sample_ids.size(), "sample"), recipe_, first_missing);
  }
  return indices;
}

std::string WorkspaceImages::content_id(std::size_t index) const {
  return hex_of(entries_.at(index).content);
}

}  // namespace epicrisis
