#pragma once

#include <optional>

#include "epicrisis/image/image.h"
#include "epicrisis/image/segment.h"
#include "image/artefacts.h"
#include "image/plane.h"
#include "image/subject.h"
#include "image/texture.h"

namespace epicrisis {

// A picture with all that is found in it, for who measures and for who draws.
struct CloseLook {
  static constexpr int kSide = 224;    // the short side is scaled down to this
  static constexpr int kMinSide = 48;  // smaller pictures are not looked at: everything is empty

  explicit CloseLook(const Image& picture);

  Image with_hair;
  Image image;  // hairs painted over
  double hair = 0;
  SubjectMask mask;
  Plane inside;  // the mask on the picture's grid
  std::optional<Subject> subject;
  Texture texture;
  Artefacts artefacts;
};

}  // namespace epicrisis
