#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/data/field.h"
#include "epicrisis/image/image.h"
#include "epicrisis/image/prepare.h"
#include "epicrisis/image/shards.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

// How the pictures of a field are prepared where nobody says otherwise.
PrepareRecipe usual_recipe(const Field& field);

struct PrepareOptions {
  SampleFilter filter = {};  // with_image is implied
  unsigned threads = 0;      // 0: all cores
  // Holds every picture that is there against its SHA-256, which reads them all; one that is
  // damaged is prepared again.
  bool verify = false;
};

struct PrepareReport {
  std::string recipe;                 // its id
  Path folder;                        // images/<recipe>
  std::int64_t samples = 0;           // with a picture file = prepared + already + failed
  std::int64_t prepared = 0;          // now
  std::int64_t already = 0;           // before, and the file is as it was
  std::int64_t failed = 0;            // now or before
  std::int64_t damaged = 0;           // of those prepared or failed now: were there, but damaged
  std::vector<std::string> failures;  // the first 100: "ham10000/ISIC_0024306: why"
};
Json to_json(const PrepareReport& report);

// Prepares the pictures of the samples and packs them into images/<recipe id>/. What is done is
// kept: a killed run goes on where it stopped; a file whose size and time are as before is not
// prepared again, one that failed before is not tried again until it changes. A picture whose file
// is gone stays prepared. What a damaged shard held is prepared again, with a warning. Takes the
// lock "prepare-<recipe>"; interrupts and a full disk are thrown, what was done stays. SystemError
// if something is to be prepared and the workspace is not kept().
PrepareReport prepare_samples(Workspace& workspace, const PrepareRecipe& recipe, Job& job,
                              const PrepareOptions& options = {});

// Pictures that failed to be prepared with the recipe and whose files are as they were, so that it
// would not be tried again: "ham10000/ISIC_0024306: why", by sample id.
std::map<std::int64_t, std::string> known_failures(Database& database, const PrepareRecipe& recipe);

// Pictures of the filter's samples that are not prepared with the recipe and whose files cannot be
// found: "ham10000/ISIC_0024306: file", by sample id. Looks for the files, reads none.
std::map<std::int64_t, std::string> gone_pictures(Database& database, const PrepareRecipe& recipe,
                                                  const SampleFilter& filter);

// The prepared pictures of one recipe, held against their SHA-256.
struct PreparedCheck {
  std::string recipe;
  std::int64_t pictures = 0;
  std::int64_t damaged = 0;  // all, where the files cannot be opened
  std::string first = "";    // "ham10000/ISIC_0024306", or why the files cannot be opened
};
// Of every recipe there is. Reads all pictures, changes nothing.
std::vector<PreparedCheck> check_prepared(Workspace& workspace, Job& job);

// A picture on a preview's sheet.
struct PreviewedPicture {
  std::string name;          // "ham10000/ISIC_0024306"
  double changed = 0;        // from its scaled centre square: mean difference of values, 0 to 1
  double hair_fraction = 0;  // as Prepared
  bool border_cropped = false;
  bool subject_cropped = false;
};
struct PreparationPreview {
  Image sheet;                             // each picture beside what the recipe makes of it
  std::vector<PreviewedPicture> pictures;  // in the order of the sheet, row by row
  std::size_t looked_at = 0;               // of which the most changed are shown
};
Json to_json(const PreparationPreview& preview);

// The `count` pictures that the recipe changes most, most changed first, among eight times as many
// (at least 96) that are taken evenly from the samples of the filter; pictures that cannot be read
// are left out. UsageError if none is left.
PreparationPreview preview_preparation(Workspace& workspace, const PrepareRecipe& recipe,
                                       const SampleFilter& filter, int count, const Job& job);
// The same, written to `file`: PNG or JPEG, as its name ends in .png, .jpg or .jpeg; UsageError if
// in none of them.
PreparationPreview write_preparation_preview(Workspace& workspace, const PrepareRecipe& recipe,
                                             const SampleFilter& filter, int count,
                                             const Path& file, const Job& job);

// The pictures of a recipe that are prepared, in order of sample id: what was there when it was
// made. Reading is thread-safe and needs neither Workspace nor Database to live.
class WorkspaceImages : public ImageSource {
 public:
  // UsageError if nothing was prepared with this recipe ("run 'epicrisis prepare'"). With
  // `verified` the pixels are known to be sound; else each picture is held against its SHA-256 when
  // it is first read, and pixels() is an InputError if it is damaged.
  WorkspaceImages(Workspace& workspace, const PrepareRecipe& recipe, bool verified = false);

  std::size_t count() const override { return entries_.size(); }
  int size() const override { return store_->size(); }
  std::span<const std::uint8_t> pixels(std::size_t index) const override;

  std::int64_t sample_id(std::size_t index) const { return entries_.at(index).sample_id; }
  std::optional<std::size_t> index_of(std::int64_t sample_id) const;
  // Indices of these samples, in their order. UsageError naming the number of those that are not
  // prepared and the first of them.
  std::vector<std::size_t> indices_of(std::span<const std::int64_t> sample_ids) const;
  // SHA-256 of the prepared pixels, 64 hex digits: names the picture for good, for caches.
  std::string content_id(std::size_t index) const;

 private:
  struct Entry {
    std::int64_t sample_id = 0;
    std::uint64_t slot = 0;
    std::array<std::uint8_t, 32> content{};
  };
  std::string recipe_;
  std::unique_ptr<ShardStore> store_;
  std::vector<Entry> entries_;
  std::unique_ptr<std::atomic<bool>[]> sound_;  // by index; null: all are
};

}  // namespace epicrisis
