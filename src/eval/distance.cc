#include "epicrisis/eval/distance.h"

#include <limits>
#include <map>
#include <numeric>
#include <string>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

// A sum of normalised rows: the mean cosine to them all is the product with it, divided by their
// number.
struct Sum {
  std::vector<double> values;
  double rows = 0;

  void add(std::span<const float> row) {
    values.resize(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) values[i] += row[i];
    ++rows;
  }
  double product(std::span<const float> row) const {
    return values.empty() ? 0 : std::inner_product(row.begin(), row.end(), values.begin(), 0.0);
  }
};

}  // namespace

NoteDistances note_distances(const RetrievalSet& set) {
  const std::size_t images = set.images.rows;
  if (set.note_images.size() != set.notes.rows ||
      (set.notes.rows > 0 && set.notes.columns != set.images.columns) ||
      (!set.image_groups.empty() && set.image_groups.size() != images)) {
    throw UsageError(
        "distances of notes: {} notes of width {}, {} of them with an image; {} images of width "
        "{}, {} groups",
        set.notes.rows, set.notes.columns, set.note_images.size(), images, set.images.columns,
        set.image_groups.size());
  }
  const auto group_of = [&](std::size_t image) {
    const bool grouped = !set.image_groups.empty() && !set.image_groups[image].empty();
    return grouped ? "group " + set.image_groups[image] : fmt::format("image {}", image);
  };
  const FloatMatrix pictures = normalised_rows(set.images);
  const FloatMatrix notes = normalised_rows(set.notes);
  std::vector<Sum> own(images);
  std::map<std::string, Sum> by_group;
  Sum all;
  for (std::size_t j = 0; j < notes.rows; ++j) {
    const std::size_t image = set.note_images[j];
    if (image >= images) {
      throw UsageError("distances of notes: note {} is of image {}, and there are {}", j, image,
                       images);
    }
    own[image].add(notes.row(j));
    by_group[group_of(image)].add(notes.row(j));
    all.add(notes.row(j));
  }
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  NoteDistances distances;
  for (std::size_t i = 0; i < images; ++i) {
    const std::span<const float> row = pictures.row(i);
    const auto found = by_group.find(group_of(i));
    const double near = found == by_group.end() ? 0 : found->second.product(row);
    const double far_notes = all.rows - (found == by_group.end() ? 0 : found->second.rows);
    distances.own.push_back(own[i].rows > 0 ? 1 - own[i].product(row) / own[i].rows : kNone);
    distances.others.push_back(far_notes > 0 ? 1 - (all.product(row) - near) / far_notes : kNone);
    distances.margin.push_back(distances.others.back() - distances.own.back());
  }
  return distances;
}

}  // namespace epicrisis
