#pragma once

#include <string>
#include <vector>

#include "epicrisis/image/image.h"
#include "epicrisis/image/resize.h"

namespace epicrisis {

// How pictures become the square ones that models see. docs/preparation.md shows what each step
// does to real pictures.
struct PrepareRecipe {
  int size = 224;  // pixels a side, 16 to 2048
  bool remove_hair = true;
  bool crop_border = true;      // black frames and the dark corners of a round field
  bool crop_to_subject = true;  // move the square towards the subject where it is surely found
  // Names the recipe and the version of its algorithms, fit for a folder:
  // "v1-224-hair-border-lesion". Equal ids mean equal pixels for the same picture.
  std::string id() const;
};

struct Prepared {
  Image image;  // size x size
  // What was done, in pixels of the upright picture.
  double hair_fraction = 0;  // share of pixels that were painted over
  Box field;                 // what was left after the border crop; the whole picture if none
  Box crop;                  // the square that was scaled; may reach no further than `field`
  bool border_cropped = false;
  bool subject_cropped = false;  // the square was moved off the centre for the subject
};

// A picture that is square, of the wanted size, and where no step finds anything to do comes back
// byte for byte. Deterministic. InputError for a picture without pixels, UsageError for a size out
// of range.
Prepared prepare_image(const Image& image, const PrepareRecipe& recipe);

// The steps on their own.
// Paints over thin dark hairs (after Lee et al., "DullRazor", Comput. Biol. Med. 27, 1997; method
// and differences in docs/preparation.md). Returns the share of pixels painted; 0: the image is
// untouched.
double remove_hair(Image& image);
// The largest upright rectangle without black frame and without most of the dark corners.
Box find_field(const Image& image);

}  // namespace epicrisis
