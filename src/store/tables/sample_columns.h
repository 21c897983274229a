#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "epicrisis/store/sql/database.h"
#include "epicrisis/store/tables/samples.h"

// Some columns of many samples, where whole ones would cost too much. What for_each_... hands out
// is read while the callback runs, so memory is one row; views are valid within the call, and the
// callback may read from the same database, not write to it.
namespace epicrisis {

struct SamplePicture {
  std::int64_t id = 0;
  std::string_view path;
  std::string_view dataset;
  std::string_view key;
};
// The samples of the filter with ids above `after_id`, in order of id, at most `limit` of them; the
// filter's own limit is not looked at.
void for_each_sample_picture(Database& database, const SampleFilter& filter, std::int64_t after_id,
                             std::int64_t limit,
                             const std::function<void(const SamplePicture&)>& callback);

struct SamplePlace {
  std::int64_t id = 0;
  std::string_view dataset;
  std::string_view split;             // the published one, or ""
  std::optional<std::int64_t> label;  // ClassId::index()
  std::string_view group;             // patient or case, or ""
};
// The samples of the filter, in order of id; its limit is not looked at.
void for_each_sample_place(Database& database, const SampleFilter& filter,
                           const std::function<void(const SamplePlace&)>& callback);

using SampleTextSink = std::function<void(std::string_view text, std::int64_t sample_id)>;
// All keys, in order of key, then data set.
void for_each_key(Database& database, const SampleTextSink& callback);
// The patients or cases that samples name, in order of these, then data set, then sample.
void for_each_group(Database& database, const SampleTextSink& callback);
// The same in no order, which is faster.
void for_each_group_unordered(Database& database, const SampleTextSink& callback);
// Of the samples in more than one published split, the JSON list of their splits; in no order.
void for_each_several_splits(Database& database, const SampleTextSink& callback);

struct SampleNames {
  std::string key;
  std::string group;  // patient or case, or ""
};
std::optional<SampleNames> find_sample_names(Database& database, std::int64_t id);

// The keys of the data set of this name, in no order.
void for_each_key_of(Database& database, std::string_view dataset,
                     const std::function<void(std::string_view key)>& callback);
// The keys of the samples of a data set, given by its id, with ids below `end_id`, in order of id.
// Return false from the callback to stop.
void for_each_key_below(
    Database& database, std::int64_t dataset_id, std::int64_t end_id,
    const std::function<bool(std::int64_t sample_id, std::string_view key)>& callback);

struct SampleValueCounts {
  std::int64_t groups = 0;  // samples that name a patient or case
  std::int64_t splits = 0;  // that have a published split
  std::int64_t labels = 0;  // that have a class
};
// Of the data set's samples with ids up to `last_id`.
SampleValueCounts count_sample_values(Database& database, std::int64_t dataset_id,
                                      std::int64_t last_id);
std::int64_t count_samples_of(Database& database, std::int64_t dataset_id);
// The highest id of any data set's samples; 0 where there are none.
std::int64_t last_sample_id(Database& database);
// "" where there is no such sample, or it has no picture.
std::string picture_path_of(Database& database, std::int64_t dataset_id, std::string_view key);

}  // namespace epicrisis
