#include "epicrisis/image/prepare.h"

#include <algorithm>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/image/segment.h"

namespace epicrisis {
namespace {

constexpr int kVersion = 2;
// Background around the subject that the square should hold, as a share of its side.
constexpr double kMargin = 0.06;

// Moves a square of `side` along one axis, from the centre, by no more than it takes to hold
// [begin, end) with its margin. Where that is too long for the square, its middle is centred.
int place_square(int field_begin, int field_length, int side, int begin, int end) {
  const int lowest = field_begin;
  const int highest = field_begin + field_length - side;
  const int centre = field_begin + (field_length - side) / 2;
  const int margin = static_cast<int>(side * kMargin);
  int place = centre;
  if (end - begin + 2 * margin > side) {
    place = (begin + end - side) / 2;
  } else if (begin - margin < centre) {
    place = begin - margin;
  } else if (end + margin > centre + side) {
    place = end + margin - side;
  }
  return std::clamp(place, lowest, highest);
}

Box choose_square(const Image& image, const Box& field, bool to_subject) {
  Box square = centre_square(field.width, field.height);
  square.x += field.x;
  square.y += field.y;
  if (!to_subject || field.width == field.height) return square;
  const SubjectMask subject = segment_subject(crop(image, field));
  if (!subject.certain) return square;
  if (field.width > field.height) {
    const int begin = field.x + subject.box.x;
    square.x = place_square(field.x, field.width, square.width, begin, begin + subject.box.width);
  } else {
    const int begin = field.y + subject.box.y;
    square.y =
        place_square(field.y, field.height, square.height, begin, begin + subject.box.height);
  }
  return square;
}

}  // namespace

std::string PrepareRecipe::id() const {
  std::string id = fmt::format("v{}-{}", kVersion, size);
  if (remove_hair) id += "-hair";
  if (crop_border) id += "-border";
  if (crop_to_subject) id += "-lesion";
  return id;
}

Prepared prepare_image(const Image& image, const PrepareRecipe& recipe) {
  if (recipe.size < 16 || recipe.size > 2048) {
    throw UsageError("Preparing pictures at {} pixels; 16 to 2048 are possible", recipe.size);
  }
  if (image.width < 1 || image.height < 1) throw InputError("Preparing a picture without pixels");
  Prepared result;
  const Box whole{0, 0, image.width, image.height};
  result.field = recipe.crop_border ? find_field(image) : whole;
  result.border_cropped = result.field != whole;
  const Box centred = choose_square(image, result.field, false);
  result.crop = recipe.crop_to_subject ? choose_square(image, result.field, true) : centred;
  result.subject_cropped = result.crop != centred;
  if (recipe.remove_hair) {
    // Hair of a large picture is looked for at twice the wanted size: finer ones would not be seen
    // in the result.
    const int side = std::min(result.crop.width, 2 * recipe.size);
    Image work = resize_area(image, result.crop, side, side);
    result.hair_fraction = remove_hair(work);
    if (result.hair_fraction > 0) {
      result.image = resize_area(work, recipe.size, recipe.size);
      return result;
    }
  }
  result.image = resize_area(image, result.crop, recipe.size, recipe.size);
  return result;
}

}  // namespace epicrisis
